import { once } from "node:events";
import { connect, createServer, type Server, type Socket } from "node:net";
import { retryDelayMs, sleep } from "../backoff.ts";
import type { Address } from "../peripherals/address.ts";
import type { Random } from "../random.ts";

/** Time a connection may take to come about, ms. */
const CONNECT_TIMEOUT_MS = 5000;

/** Where the scanner's link comes from: it listens, or it connects. */
export interface Endpoint {
  /** Binds where it listens; the address bound, or the one it will connect to. */
  start(): Promise<Address>;
  /** The next connection, however long it takes; null when aborted. */
  next(signal: AbortSignal): Promise<Socket | null>;
  /** The last connection led to a working link: the next retry starts at the shortest delay. */
  worked(): void;
  stop(): Promise<void>;
}

/** Connects, retrying with jittered back-off while nobody answers. */
export class ConnectingEndpoint implements Endpoint {
  readonly #address: Address;
  readonly #random: Random;
  #attempt = 0;

  constructor(options: { readonly address: Address; readonly random: Random }) {
    this.#address = options.address;
    this.#random = options.random;
  }

  start(): Promise<Address> {
    return Promise.resolve(this.#address);
  }

  async next(signal: AbortSignal): Promise<Socket | null> {
    while (!signal.aborted) {
      // A gateway that accepts and hangs up is retried no faster than one that is away.
      if (this.#attempt > 0) await sleep(retryDelayMs(this.#attempt - 1, this.#random), signal);
      if (signal.aborted) return null;
      this.#attempt += 1;
      const socket = await tryConnect(this.#address, signal);
      if (socket !== null) return socket;
    }
    return null;
  }

  worked(): void {
    this.#attempt = 1;
  }

  stop(): Promise<void> {
    return Promise.resolve();
  }
}

async function tryConnect(address: Address, signal: AbortSignal): Promise<Socket | null> {
  const socket = connect({ host: address.host, port: address.port, noDelay: true });
  try {
    await once(socket, "connect", {
      signal: AbortSignal.any([signal, AbortSignal.timeout(CONNECT_TIMEOUT_MS)]),
    });
    return socket;
  } catch {
    socket.on("error", () => {});
    socket.destroy();
    return null;
  }
}

/** Listens; a new connection takes the place of one not served yet, since a gateway that came back has left the old one. */
export class ListeningEndpoint implements Endpoint {
  readonly #address: Address;
  #server: Server | null = null;
  #waiting: Socket | null = null;
  #serving: Socket | null = null;
  #arrived: () => void = () => {};

  constructor(options: { readonly address: Address }) {
    this.#address = options.address;
  }

  async start(): Promise<Address> {
    const server = createServer({ noDelay: true }, (socket) => this.#accept(socket));
    this.#server = server;
    server.listen(this.#address.port, this.#address.host);
    await once(server, "listening");
    const bound = server.address();
    const port = bound !== null && typeof bound === "object" ? bound.port : this.#address.port;
    return { host: this.#address.host, port };
  }

  async next(signal: AbortSignal): Promise<Socket | null> {
    while (!signal.aborted) {
      const socket = this.#waiting;
      this.#waiting = null;
      if (socket !== null && !socket.destroyed) {
        this.#serving = socket;
        return socket;
      }
      await new Promise<void>((resolve) => {
        const done = () => {
          signal.removeEventListener("abort", done);
          resolve();
        };
        this.#arrived = done;
        signal.addEventListener("abort", done, { once: true });
      });
    }
    return null;
  }

  worked(): void {}

  async stop(): Promise<void> {
    this.#waiting?.destroy();
    this.#serving?.destroy();
    const server = this.#server;
    this.#server = null;
    if (server !== null) await new Promise<void>((resolve) => server.close(() => resolve()));
  }

  #accept(socket: Socket): void {
    socket.on("error", () => socket.destroy());
    this.#waiting?.destroy();
    this.#waiting = socket;
    this.#serving?.destroy();
    this.#arrived();
  }
}
