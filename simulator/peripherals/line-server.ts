import { once } from "node:events";
import { createServer, type Server, type Socket } from "node:net";
import type { Address } from "./address.ts";

/** Clients of one peripheral at once; a serial server usually takes one, some a few. */
export const MAX_CLIENTS = 4;
/** Longest line a client may send, bytes; a longer one is handed on cut, and the rest up to its end is dropped. */
export const MAX_LINE_BYTES = 256;
/** A client that takes nothing while this much waits for it is cut off, bytes. */
const MAX_PENDING_BYTES = 64 * 1024;

/** One connected client of a {@link LineServer}. */
export interface LineClient {
  /** Sends `text` and CR LF. */
  send(text: string): void;
  onClose(listener: () => void): void;
}

export interface LineServerOptions {
  readonly address: Address;
  /** A client has connected; the returned function takes its lines, without their ends. */
  readonly onClient: (client: LineClient) => (line: string) => void;
}

/** A peripheral behind a serial server: TCP, ASCII lines that end with CR LF (CR or LF alone are taken too). */
export class LineServer {
  readonly #options: LineServerOptions;
  readonly #clients = new Set<Socket>();
  readonly #waiting = new Set<() => void>();
  #server: Server | null = null;

  constructor(options: LineServerOptions) {
    this.#options = options;
  }

  /** Binds; resolves with the address, its port filled in. */
  async start(): Promise<Address> {
    const server = createServer({ noDelay: true }, (socket) => this.#accept(socket));
    this.#server = server;
    server.listen(this.#options.address.port, this.#options.address.host);
    await once(server, "listening");
    const bound = server.address();
    const port = bound !== null && typeof bound === "object" ? bound.port : this.#options.address.port;
    return { host: this.#options.address.host, port };
  }

  async stop(): Promise<void> {
    for (const socket of this.#clients) socket.destroy();
    const server = this.#server;
    if (server === null) return;
    this.#server = null;
    await new Promise<void>((resolve) => server.close(() => resolve()));
  }

  /** The cable is pulled: clients come back when they like. */
  cut(): void {
    for (const socket of this.#clients) socket.destroy();
  }

  get clients(): number {
    return this.#clients.size;
  }

  /** Resolves true once a client is connected, false after `timeoutMs` or when aborted. */
  async untilClient(timeoutMs: number, signal: AbortSignal): Promise<boolean> {
    if (this.#clients.size > 0 || signal.aborted) return this.#clients.size > 0;
    await new Promise<void>((resolve) => {
      const done = () => {
        clearTimeout(timer);
        signal.removeEventListener("abort", done);
        this.#waiting.delete(done);
        resolve();
      };
      const timer = setTimeout(done, timeoutMs);
      signal.addEventListener("abort", done, { once: true });
      this.#waiting.add(done);
    });
    return this.#clients.size > 0;
  }

  /** Sends `text` and CR LF to every client. */
  broadcast(text: string): void {
    for (const socket of this.#clients) sendLine(socket, text);
  }

  #accept(socket: Socket): void {
    if (this.#clients.size >= MAX_CLIENTS) {
      socket.destroy();
      return;
    }
    this.#clients.add(socket);
    const closed: (() => void)[] = [];
    const onLine = this.#options.onClient({
      send: (text) => sendLine(socket, text),
      onClose: (listener) => closed.push(listener),
    });
    const split = lineSplitter(onLine);
    socket.on("data", split);
    socket.on("error", () => socket.destroy());
    socket.on("close", () => {
      this.#clients.delete(socket);
      for (const listener of closed) listener();
    });
    for (const wake of this.#waiting) wake();
  }
}

function sendLine(socket: Socket, text: string): void {
  if (socket.destroyed) return;
  socket.write(`${text}\r\n`, "latin1");
  if (socket.writableLength > MAX_PENDING_BYTES) socket.destroy();
}

/** Splits chunks into lines; empty lines are dropped, memory is bounded by {@link MAX_LINE_BYTES}. */
function lineSplitter(onLine: (line: string) => void): (chunk: Uint8Array) => void {
  let held = "";
  return (chunk) => {
    for (const byte of chunk) {
      if (byte === 0x0d || byte === 0x0a) {
        const line = held;
        held = "";
        if (line.length > 0) onLine(line);
      } else if (held.length < MAX_LINE_BYTES) {
        held += String.fromCharCode(byte);
      }
    }
  };
}
