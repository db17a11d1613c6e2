import { EXIT } from "./exit-code.ts";

/**
 * Runs work that must put things in order before the program ends: SIGINT, SIGTERM and SIGHUP abort its signal, once. A second
 * one ends the program as it stands. Commands that only read need none of this: the system ends them at once.
 */
export async function interruptible<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const controller = new AbortController();
  const onSignal = () => {
    if (controller.signal.aborted) process.exit(EXIT.interrupted);
    controller.abort();
  };
  for (const name of SIGNALS) process.on(name, onSignal);
  try {
    return await work(controller.signal);
  } finally {
    for (const name of SIGNALS) process.off(name, onSignal);
  }
}

const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;
