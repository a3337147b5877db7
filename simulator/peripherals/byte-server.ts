import { once } from "node:events";
import { createServer, type Server, type Socket } from "node:net";
import { sleep } from "../backoff.ts";
import type { Address } from "./address.ts";
import { MAX_CLIENTS } from "./line-server.ts";

/** A client that takes nothing while this much waits for it is cut off, bytes. */
const MAX_PENDING_BYTES = 64 * 1024;

export interface ByteServerOptions {
  readonly address: Address;
  /** What a client sent. */
  readonly onData?: (chunk: Uint8Array, send: (bytes: Uint8Array) => void) => void;
  /** A client has connected. */
  readonly onClient?: () => void;
}

/** A peripheral behind a serial server that speaks bytes of its own; see {@link LineServer} for those that speak lines. */
export class ByteServer {
  readonly #options: ByteServerOptions;
  readonly #clients = new Set<Socket>();
  readonly #waiting = new Set<() => void>();
  #server: Server | null = null;

  constructor(options: ByteServerOptions) {
    this.#options = options;
  }

  /** Binds; resolves with the address, its port filled in. */
  async start(): Promise<Address> {
    const { address } = this.#options;
    const server = createServer({ noDelay: true }, (socket) => this.#accept(socket));
    this.#server = server;
    server.listen(address.port, address.host);
    await once(server, "listening");
    const bound = server.address();
    return {
      host: address.host,
      port: bound !== null && typeof bound === "object" ? bound.port : address.port,
    };
  }

  async stop(): Promise<void> {
    this.cut();
    const server = this.#server;
    this.#server = null;
    if (server !== null) await new Promise<void>((resolve) => server.close(() => resolve()));
  }

  get clients(): number {
    return this.#clients.size;
  }

  /** Resolves true once a client is connected, false after `timeoutMs` or when aborted. */
  async untilClient(timeoutMs: number, signal: AbortSignal): Promise<boolean> {
    if (this.#clients.size > 0) return true;
    const arrived = new AbortController();
    const wake = () => arrived.abort();
    this.#waiting.add(wake);
    await sleep(timeoutMs, AbortSignal.any([signal, arrived.signal]));
    this.#waiting.delete(wake);
    return this.#clients.size > 0;
  }

  /** Sends to every client. */
  broadcast(bytes: Uint8Array): void {
    for (const socket of this.#clients) send(socket, bytes);
  }

  /** The cable is pulled: every client is cut off. */
  cut(): void {
    for (const socket of this.#clients) socket.destroy();
  }

  #accept(socket: Socket): void {
    if (this.#clients.size >= MAX_CLIENTS) {
      socket.destroy();
      return;
    }
    this.#clients.add(socket);
    socket.on("data", (chunk: Uint8Array) => this.#options.onData?.(chunk, (bytes) => send(socket, bytes)));
    socket.on("error", () => socket.destroy());
    socket.on("close", () => this.#clients.delete(socket));
    this.#options.onClient?.();
    for (const wake of this.#waiting) wake();
  }
}

function send(socket: Socket, bytes: Uint8Array): void {
  if (socket.destroyed) return;
  socket.write(bytes);
  if (socket.writableLength > MAX_PENDING_BYTES) socket.destroy();
}
