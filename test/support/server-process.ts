import { type ChildProcess, spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { connect, createServer } from "node:net";
import { toolEnv } from "./tools.ts";

/** A server that runs in the foreground as a child of the test, and ends with it at the latest. */
export interface ServerProcess {
  readonly port: number;
  /** What it has said so far, for messages. */
  readonly said: () => string;
  /** Ends the processes that it has started for its connections; it goes on to listen. */
  killConnections(): void;
  /** Ends all of it at once. */
  kill(): Promise<void>;
}

/** A port of this machine that nobody listens on. */
export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === "string") throw new Error("no port");
  return address.port;
}

/** Starts a program and waits until it listens. */
export async function startServer(program: string, args: readonly string[], port: number): Promise<ServerProcess> {
  const child = spawn(program, args, { stdio: ["ignore", "pipe", "pipe"], env: toolEnv() });
  let said = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream?.on("data", (bytes: Buffer) => {
      said = (said + bytes.toString()).slice(-20_000);
    });
  }
  const ended = new Promise<void>((resolve) => child.once("close", () => resolve()).once("error", () => resolve()));
  const killConnections = (): void => {
    for (const pid of childrenOf(child.pid ?? 0)) killPid(pid);
  };
  const kill = async (): Promise<void> => {
    killTree(child);
    await ended;
  };
  process.once("exit", () => killTree(child));
  for (let tries = 0; tries < 600; tries++) {
    if (child.exitCode !== null) break;
    if (await listens(port)) return { port, said: () => said, killConnections, kill };
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  await kill();
  throw new Error(`${program} does not listen on ${port}:\n${said}`);
}

function killTree({ pid }: ChildProcess): void {
  if (pid !== undefined) killPid(pid);
}

function killPid(pid: number): void {
  const children = childrenOf(pid);
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // It has ended by itself.
  }
  for (const child of children) killPid(child);
}

function childrenOf(pid: number): readonly number[] {
  try {
    return readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").split(" ").filter(Boolean).map(Number);
  } catch {
    return [];
  }
}

function listens(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1");
    socket.once("connect", () => {
      socket.destroy();
      resolve(true);
    });
    socket.once("error", () => resolve(false));
  });
}
