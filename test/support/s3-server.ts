import { spawnSync } from "node:child_process";
import { createServer, type IncomingMessage, request } from "node:http";
import { freePort, type ServerProcess, startServer } from "./server-process.ts";

export const BUCKET = "backups";
/** Credentials that it takes: it takes all. */
export const S3_ENVIRONMENT = {
  AWS_ACCESS_KEY_ID: "nomount",
  AWS_SECRET_ACCESS_KEY: "s3cret",
  AWS_REGION: "us-east-1",
  AWS_EC2_METADATA_DISABLED: "true",
};

export const hasMoto = spawnSync("python3", ["-c", "import moto.server"], { timeout: 60_000, stdio: "ignore" }).status === 0;

/** Starts moto (Python), which keeps everything in memory, with one bucket. */
export async function startMoto(): Promise<ServerProcess> {
  const port = await freePort();
  const server = await startServer("python3", ["-m", "moto.server", "-H", "127.0.0.1", "-p", String(port)], port);
  await fetch(`http://127.0.0.1:${port}/${BUCKET}`, { method: "PUT" });
  return server;
}

/** What is answered instead of passing a request on; undefined passes it. */
export type Answer = (
  request: IncomingMessage,
  count: number,
) => { readonly status: number; readonly code: string } | "silence" | undefined;

export interface S3Proxy {
  readonly port: number;
  readonly requests: readonly string[];
  close(): Promise<void>;
}

/** Stands before an S3 server, and answers some of the requests by itself. */
export async function startS3Proxy(toPort: number, answer: Answer): Promise<S3Proxy> {
  const requests: string[] = [];
  const server = createServer((incoming, outgoing) => {
    requests.push(`${incoming.method} ${incoming.url}`);
    const said = answer(incoming, requests.length);
    if (said === "silence") {
      incoming.resume();
      return;
    }
    if (said !== undefined) {
      incoming.resume();
      incoming.once("end", () => {
        outgoing.writeHead(said.status, { "content-type": "application/xml" });
        outgoing.end(`<?xml version="1.0"?><Error><Code>${said.code}</Code><Message>made for a test</Message></Error>`);
      });
      return;
    }
    const { method, url, headers } = incoming;
    const upstream = request({ host: "127.0.0.1", port: toPort, method, path: url, headers }, (response) => {
      outgoing.writeHead(response.statusCode ?? 500, response.headers);
      response.pipe(outgoing);
    });
    upstream.on("error", () => outgoing.destroy());
    incoming.pipe(upstream);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  const close = async (): Promise<void> => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  };
  return { port: address.port, requests, close };
}
