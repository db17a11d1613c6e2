import { connect, createServer, type Socket } from "node:net";

/** What stands between a client and a server, and what goes wrong there. */
export interface FaultProxy {
  readonly port: number;
  /** How many connections there have been. */
  readonly connections: () => number;
  /** Bytes that have come from the client, all connections together. */
  readonly sentBytes: () => number;
  close(): Promise<void>;
}

export interface Faults {
  /** Each connection is reset when it has had so many packets from the client. */
  readonly resetAfterPackets?: number;
  /** The first connection is reset when so many bytes have come from the client. */
  readonly resetOnceAfterBytes?: number;
  /** Nothing is taken from the client any more when so many bytes have come, and nothing is answered. */
  readonly stallAfterBytes?: number;
}

export async function startFaultProxy(toPort: number, faults: Faults): Promise<FaultProxy> {
  const sockets = new Set<Socket>();
  let connections = 0;
  let sentBytes = 0;
  const server = createServer((client) => {
    connections += 1;
    const isFirst = connections === 1;
    const upstream = connect(toPort, "127.0.0.1");
    let packets = 0;
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.on("error", () => undefined).on("close", () => sockets.delete(socket));
    }
    const reset = (): void => {
      client.resetAndDestroy();
      upstream.destroy();
    };
    client.on("data", (bytes) => {
      packets += 1;
      sentBytes += bytes.length;
      if (packets === faults.resetAfterPackets) return reset();
      if (isFirst && sentBytes > (faults.resetOnceAfterBytes ?? Number.POSITIVE_INFINITY)) return reset();
      if (sentBytes > (faults.stallAfterBytes ?? Number.POSITIVE_INFINITY)) {
        client.pause();
        upstream.pause();
        return;
      }
      if (!upstream.write(bytes)) {
        client.pause();
        upstream.once("drain", () => client.resume());
      }
    });
    upstream.on("data", (bytes) => {
      if (client.destroyed) return;
      if (!client.write(bytes)) {
        upstream.pause();
        client.once("drain", () => upstream.resume());
      }
    });
    client.on("end", () => upstream.end());
    upstream.on("end", () => client.end());
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  return {
    port: address.port,
    connections: () => connections,
    sentBytes: () => sentBytes,
    close: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
