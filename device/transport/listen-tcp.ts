import { createServer, type Server, type Socket } from "node:net";
import { LynceusError } from "../../protocols/errors.ts";
import type { AddressFilter } from "./addresses.ts";
import { duplexLink } from "./duplex.ts";
import type { Link, OpenOptions, Transport } from "./port.ts";
import { KEEP_ALIVE_MS, remoteOf } from "./tcp.ts";
import { listenTls, type TlsSource } from "./tls.ts";

/** Peers that are told at once that the lane is taken; beyond it they are closed unheard. */
export const MAX_SURPLUS_PEERS = 4;
/**
 * A peer that comes while another is connected waits this long before it is turned away, ms: most often it is the same one,
 * back before the end of its old connection was noticed.
 */
const SECOND_PEER_PATIENCE_MS = 250;

/** A listening transport says where it listens, for port 0. */
export interface ListeningTransport extends Transport {
  /** The bound port, null while it does not listen. */
  readonly port: number | null;
}

interface ListenOptions {
  readonly url: string;
  readonly host: string;
  readonly port: number;
  readonly allows: AddressFilter;
  /** Read when the port is opened; absent: plain TCP. */
  readonly tls?: TlsSource | undefined;
}

interface Waiter {
  resolve(link: Link): void;
  reject(error: unknown): void;
}

/**
 * `listen+tcp://HOST:PORT`, or with `tls` `listen+tls://HOST:PORT`: the peer opens the connection. The port stays open from the first `open` until its signal
 * aborts. One peer is the link at a time. One that comes between two links is kept for the next `open`, the newest
 * of several; one that comes while another is connected is surplus.
 */
export function listenTcpTransport(options: ListenOptions): ListeningTransport {
  return new ListenTcp(options);
}

class ListenTcp implements ListeningTransport {
  readonly passive = true;
  readonly url: string;
  readonly #options: ListenOptions;
  readonly #surplus = new Set<Socket>();
  #server: Server | null = null;
  #waiter: Waiter | null = null;
  #kept: Socket | null = null;
  #current: Socket | null = null;
  #onSurplus: ((link: Link) => void) | null = null;

  constructor(options: ListenOptions) {
    this.url = options.url;
    this.#options = options;
  }

  get port(): number | null {
    const address = this.#server?.address() ?? null;
    return address === null || typeof address === "string" ? null : address.port;
  }

  async open(signal: AbortSignal, options: OpenOptions = {}): Promise<Link> {
    signal.throwIfAborted();
    this.#onSurplus = options.onSurplus ?? null;
    if (this.#server === null) await this.#listen(signal);
    const kept = this.#kept;
    this.#kept = null;
    if (kept !== null && !kept.destroyed) return this.#adopt(kept);
    return this.#wait(signal);
  }

  #wait(signal: AbortSignal): Promise<Link> {
    return new Promise((resolve, reject) => {
      const settle = () => {
        this.#waiter = null;
        signal.removeEventListener("abort", onAbort);
      };
      const onAbort = () => {
        settle();
        reject(signal.reason);
      };
      signal.addEventListener("abort", onAbort, { once: true });
      this.#waiter = {
        resolve: (link) => {
          settle();
          resolve(link);
        },
        reject: (error) => {
          settle();
          reject(error);
        },
      };
    });
  }

  async #listen(signal: AbortSignal): Promise<void> {
    const { host, port } = this.#options;
    const server = await this.#createServer();
    await new Promise<void>((resolve, reject) => {
      server.once("error", (cause) => reject(cannotListen(host, port, cause)));
      server.listen({ host, port }, resolve);
    });
    if (signal.aborted) {
      server.close();
      signal.throwIfAborted();
    }
    server.on("error", (cause) => this.#waiter?.reject(cannotListen(host, port, cause)));
    signal.addEventListener("abort", () => this.#shut(), { once: true });
    this.#server = server;
  }

  async #createServer(): Promise<Server> {
    const { tls, allows } = this.#options;
    const arrived = (socket: Socket) => this.#arrived(socket);
    if (tls === undefined)
      return createServer({ noDelay: true, keepAlive: true, keepAliveInitialDelay: KEEP_ALIVE_MS }, arrived);
    return listenTls(
      await tls(),
      (socket) => allows(remoteOf(socket)),
      (socket) => arrived(socket.setKeepAlive(true, KEEP_ALIVE_MS)),
    );
  }

  #shut(): void {
    this.#server?.close();
    this.#server = null;
    this.#kept?.destroy();
    this.#kept = null;
    for (const socket of this.#surplus) socket.destroy();
  }

  #arrived(socket: Socket): void {
    socket.on("error", () => socket.destroy());
    if (!this.#options.allows(remoteOf(socket))) {
      socket.destroy();
      return;
    }
    if (this.#current === null) this.#admit(socket);
    else this.#queue(socket);
  }

  /** The lane is free: the peer becomes the link, now or at the next `open`. */
  #admit(socket: Socket): void {
    if (this.#waiter !== null) {
      this.#waiter.resolve(this.#adopt(socket));
      return;
    }
    this.#kept?.destroy();
    this.#kept = socket;
    socket.once("close", () => {
      if (this.#kept === socket) this.#kept = null;
    });
  }

  /** The lane is taken: the peer waits a moment for the other to be gone, then it is turned away. */
  #queue(socket: Socket): void {
    if (this.#surplus.size >= MAX_SURPLUS_PEERS) {
      socket.destroy();
      return;
    }
    this.#surplus.add(socket);
    const decide = () => {
      clearTimeout(timer);
      this.#current?.off("close", decide);
      if (socket.destroyed) return;
      if (this.#current !== null && !this.#current.destroyed) this.#turnAway(socket);
      else {
        this.#surplus.delete(socket);
        this.#admit(socket);
      }
    };
    const timer = setTimeout(decide, SECOND_PEER_PATIENCE_MS);
    this.#current?.once("close", decide);
    socket.once("close", () => this.#surplus.delete(socket));
  }

  #turnAway(socket: Socket): void {
    if (this.#onSurplus === null) socket.destroy();
    else this.#onSurplus(duplexLink(socket, { peer: peerOf(socket) }));
  }

  #adopt(socket: Socket): Link {
    this.#current = socket;
    socket.once("close", () => {
      if (this.#current === socket) this.#current = null;
    });
    return duplexLink(socket, { peer: peerOf(socket) });
  }
}

function peerOf(socket: Socket): string {
  return `tcp ${remoteOf(socket)}:${socket.remotePort ?? 0}`;
}

function cannotListen(host: string, port: number, cause: Error): LynceusError {
  return new LynceusError("LYN_LISTEN_FAILED", `Cannot listen on ${host}:${port}: ${cause.message}`, {
    remedy: "Free the port, choose another, or give an address that this machine has",
    details: { host, port, errno: (cause as NodeJS.ErrnoException).code ?? null },
    cause,
  });
}
