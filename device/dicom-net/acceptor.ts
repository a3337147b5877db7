import { once } from "node:events";
import { type AddressInfo, createServer as createTcp, type Server, type Socket } from "node:net";
import { createServer as createTls, type TLSSocket } from "node:tls";
import { encodeAssociateReject } from "../../protocols/dicom/net/pdu.ts";
import { LynceusError } from "../../protocols/errors.ts";
import type { Log } from "../log.ts";
import type { AddressFilter } from "../transport/addresses.ts";
import { Association, type AssociationHandler } from "./association.ts";

/** Key and certificate of a listener; with `ca`, peers must show a certificate of it. PEM. */
export interface ListenerTls {
  readonly cert: Uint8Array;
  readonly key: Uint8Array;
  readonly ca?: Uint8Array;
}

export interface AcceptorOptions {
  readonly host: string;
  /** 0: any free one. */
  readonly port: number;
  readonly tls?: ListenerTls;
  readonly from: AddressFilter;
  readonly maxAssociations: number;
  /** A link on which nothing comes for so long is cut, ms. */
  readonly idleMs: number;
  /** An association request must be whole by then (ARTIM), ms. */
  readonly requestMs: number;
  readonly handler: () => AssociationHandler;
  readonly log: Log;
  /** Number of open associations, whenever it changes. */
  readonly onCount?: (open: number) => void;
}

/** Transient rejection: local limit exceeded (PS3.8, 9.3.4). */
const BUSY = { result: 2, source: 3, reason: 2 };
/** Links beyond the bound that still get an answer; further ones are closed at once. */
const SPARE_LINKS = 16;
/** Least bytes a peer must send in an idle period: one that trickles holds an association for nothing. */
const TRICKLE_BYTES = 1;

/** Listens for DICOM associations over TCP or TLS. */
export class Acceptor {
  readonly #options: AcceptorOptions;
  /** All links as the system gave them: also those that have not finished a TLS handshake. */
  readonly #links = new Set<Socket>();
  readonly #sockets = new Set<Socket>();
  /** Links that are being told that there is no room. */
  readonly #spare = new Set<Socket>();
  readonly #serving = new Set<Promise<void>>();
  #server: Server | null = null;

  constructor(options: AcceptorOptions) {
    this.#options = options;
  }

  /** Where it listens; null before `start`. */
  get address(): AddressInfo | null {
    const address = this.#server?.address();
    return typeof address === "object" ? (address ?? null) : null;
  }

  /** @throws LYN_LISTEN_FAILED */
  async start(): Promise<void> {
    const { tls, host, port, requestMs } = this.#options;
    const server =
      tls === undefined
        ? createTcp({ noDelay: true })
        : createTls({ ...tlsOptions(tls), handshakeTimeout: requestMs });
    server.on("connection", (link: Socket) => {
      if (this.#admits(link) && tls === undefined) this.#take(link);
    });
    if (tls !== undefined) server.on("secureConnection", (socket: TLSSocket) => this.#take(socket));
    server.on("tlsClientError", (error: Error, socket: TLSSocket) => {
      this.#options.log.warn({ err: error }, "no TLS with a DICOM peer");
      // A handshake that took too long is only told of: the link stays open.
      socket.destroy();
    });
    try {
      server.listen({ host, port });
      await once(server, "listening");
    } catch (cause) {
      throw new LynceusError("LYN_LISTEN_FAILED", `cannot listen on ${host}:${port} for DICOM`, {
        remedy:
          "Choose an address of this machine and a port that is free; below 1024 needs the right to it.",
        cause,
      });
    }
    server.on("error", (error) => this.#options.log.warn({ err: error }, "the DICOM listener had a fault"));
    this.#server = server;
  }

  /** Stops listening, cuts what is open, and waits until nothing of it is left. */
  async stop(): Promise<void> {
    const server = this.#server;
    this.#server = null;
    // Closed first: a scanner that is cut connects again at once, and would be served and waited for.
    const closing = server?.listening ? new Promise((resolve) => server.close(resolve)) : null;
    for (const socket of [...this.#sockets, ...this.#spare, ...this.#links]) socket.destroy();
    await Promise.allSettled(this.#serving);
    await closing;
  }

  /** Looks at a link before a byte is read of it, so that a peer that never shakes hands is counted and filtered as others are. */
  #admits(link: Socket): boolean {
    const address = link.remoteAddress ?? "";
    link.on("error", () => undefined);
    const { from, maxAssociations, log } = this.#options;
    if (this.#server === null || this.#links.size >= maxAssociations + SPARE_LINKS) {
      link.destroy();
      return false;
    }
    if (!from(address)) {
      log.warn({ address }, "a DICOM peer was turned away: its address is not allowed");
      link.destroy();
      return false;
    }
    this.#links.add(link);
    link.once("close", () => this.#links.delete(link));
    return true;
  }

  #take(socket: Socket): void {
    socket.on("error", () => undefined);
    if (this.#server === null) {
      socket.destroy();
      return;
    }
    if (this.#sockets.size >= this.#options.maxAssociations) {
      this.#turnAway(socket);
      return;
    }
    const address = socket.remoteAddress ?? "";
    const serving = this.#serve(socket, address).finally(() => this.#serving.delete(serving));
    this.#serving.add(serving);
  }

  /** Says that all associations are taken; a peer that does not listen is cut. */
  #turnAway(socket: Socket): void {
    if (this.#spare.size >= SPARE_LINKS) {
      socket.destroy();
      return;
    }
    this.#spare.add(socket);
    const timer = setTimeout(() => socket.destroy(), this.#options.requestMs);
    socket.once("close", () => {
      clearTimeout(timer);
      this.#spare.delete(socket);
    });
    socket.resume();
    socket.end(encodeAssociateReject(BUSY));
  }

  async #serve(socket: Socket, address: string): Promise<void> {
    const { idleMs, requestMs, handler, log } = this.#options;
    this.#sockets.add(socket);
    this.#options.onCount?.(this.#sockets.size);
    socket.setKeepAlive(true, 30_000);
    const artim = setTimeout(() => socket.destroy(), requestMs);
    const silence = watchTrickle(socket, idleMs);
    const association = new Association({ socket, handler: handler(), address });
    try {
      const fault = await association.serve(() => clearTimeout(artim));
      if (fault !== null) log.warn({ err: fault, address }, "a DICOM association ended with a fault");
    } finally {
      clearTimeout(artim);
      clearInterval(silence);
      this.#sockets.delete(socket);
      this.#options.onCount?.(this.#sockets.size);
      await closed(socket, Math.min(idleMs, 2_000));
    }
  }
}

/** Cuts a link on which less than a byte came, or went, in an idle period. */
function watchTrickle(socket: Socket, idleMs: number): NodeJS.Timeout {
  let before = -TRICKLE_BYTES;
  return setInterval(() => {
    const now = socket.bytesRead + socket.bytesWritten;
    if (now - before < TRICKLE_BYTES) socket.destroy();
    before = now;
  }, idleMs);
}

/** Gives the peer a moment to close its side, then cuts. */
async function closed(socket: Socket, ms: number): Promise<void> {
  if (socket.destroyed) return;
  const timer = setTimeout(() => socket.destroy(), ms);
  socket.resume();
  await once(socket, "close").catch(() => undefined);
  clearTimeout(timer);
}

function tlsOptions({ cert, key, ca }: ListenerTls) {
  const own = { cert: Buffer.from(cert), key: Buffer.from(key), minVersion: "TLSv1.2" as const };
  return ca === undefined
    ? own
    : { ...own, ca: Buffer.from(ca), requestCert: true, rejectUnauthorized: true };
}
