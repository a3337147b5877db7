import { once } from "node:events";
import { createServer, type Socket } from "node:net";
import { Readable, Writable } from "node:stream";
import { portOf } from "../../transport/modbus-replay.ts";
import type { Transport } from "../../transport/port.ts";

/** A port of this machine behind which a link's bytes go by; it ends with `close`. */
export interface Bridge {
  readonly port: number;
  close(): Promise<void>;
}

/** Lets a library that opens its own sockets speak through a transport: each connection opens one link, and ends with it. */
export async function bridgeTo(
  transport: Transport,
  onError: (error: unknown) => void = () => undefined,
): Promise<Bridge> {
  const over = new AbortController();
  const sockets = new Set<Socket>();
  const server = createServer({ noDelay: true }, (socket) => {
    sockets.add(socket);
    socket.on("error", () => undefined).on("close", () => sockets.delete(socket));
    carry(socket, transport, over.signal)
      .catch(onError)
      .finally(() => socket.destroy());
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    port: portOf(server),
    close: async () => {
      over.abort();
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, "close");
    },
  };
}

async function carry(socket: Socket, transport: Transport, signal: AbortSignal): Promise<void> {
  const link = await transport.open(signal);
  try {
    const out = Readable.toWeb(socket) as ReadableStream<Uint8Array>;
    const back = Writable.toWeb(socket) as WritableStream<Uint8Array>;
    // Whichever side ends first ends both.
    await Promise.race([out.pipeTo(link.sink), link.source.pipeTo(back), once(socket, "close")]);
  } finally {
    await link.close();
  }
}
