import { createServer as createHttp, type Server } from "node:http";
import { createServer as createHttps, type Server as SecureServer } from "node:https";
import { getRequestListener } from "@hono/node-server";
import type { Hono } from "hono";
import { backoffMs, pause } from "../backoff.ts";
import type { Log } from "../log.ts";

/** A port that is taken is tried again with full jitter up to this, ms. */
const RETRY = { baseMs: 1000, maxMs: 60_000 };
/** Certificate files are looked at this often, ms. */
const RENEW_MS = 60_000;
/** Connections at once: some pages, and Prometheus. */
const MAX_CONNECTIONS = 64;
/** A TLS handshake, and then a request's head, must be there by then, ms. */
const HEAD_MS = 10_000;

/** PEM of the console's certificate. */
export interface Identity {
  readonly cert: Uint8Array;
  readonly key: Uint8Array;
}

export interface ConsoleServerOptions {
  readonly host: string;
  readonly port: number;
  readonly app: Hono;
  /** Null: plain HTTP, on loopback. */
  readonly identity: (() => Promise<Identity>) | null;
  readonly random: () => number;
  readonly log: Log;
}

/** Listens for ever: a port that is taken or a certificate that cannot be read is a state, said and tried again. */
export class ConsoleServer {
  readonly #options: ConsoleServerOptions;
  readonly #stopped = new AbortController();
  #server: Server | SecureServer | null = null;
  #running: Promise<void> = Promise.resolve();
  #renewing: NodeJS.Timeout | null = null;

  constructor(options: ConsoleServerOptions) {
    this.#options = options;
  }

  /** Port that it listens on; null while it does not. */
  get port(): number | null {
    const address = this.#server?.listening === true ? this.#server.address() : null;
    return typeof address === "object" && address !== null ? address.port : null;
  }

  /** Returns at once. */
  start(): void {
    this.#running = this.#run(this.#stopped.signal);
  }

  async stop(): Promise<void> {
    this.#stopped.abort();
    if (this.#renewing !== null) clearInterval(this.#renewing);
    const server = this.#server;
    server?.closeAllConnections();
    await new Promise<void>((resolve) => (server === null ? resolve() : server.close(() => resolve())));
    await this.#running;
  }

  async #run(signal: AbortSignal): Promise<void> {
    const { log, host, port, random } = this.#options;
    for (let attempt = 0; !signal.aborted; attempt += 1) {
      try {
        await this.#listen();
        log.info({ host, port: this.port }, "the console listens");
        return;
      } catch (error) {
        if (attempt === 0)
          log.error({ err: error, host, port }, "the console cannot listen; it is tried again");
        await pause(backoffMs(attempt, RETRY, random), signal);
      }
    }
  }

  async #listen(): Promise<void> {
    const { app, host, port, identity } = this.#options;
    const answer = getRequestListener(app.fetch);
    const limits = {
      headersTimeout: HEAD_MS,
      requestTimeout: HEAD_MS,
      handshakeTimeout: HEAD_MS,
      maxHeaderSize: 16_384,
    };
    const server =
      identity === null
        ? createHttp(limits, answer)
        : createHttps({ ...limits, ...pem(await identity()), minVersion: "TLSv1.3" }, answer);
    server.maxConnections = MAX_CONNECTIONS;
    server.on("clientError", (_error, socket) => socket.destroy());
    await new Promise<void>((resolve, reject) => {
      server.once("error", reject);
      server.listen(port, host, () => resolve());
    });
    if (this.#stopped.signal.aborted) {
      server.close();
      return;
    }
    server.on("error", (error) => this.#options.log.warn({ err: error }, "the console's listener failed"));
    this.#server = server;
    if (identity !== null)
      this.#renewing = setInterval(
        () => void this.#renew(server as SecureServer, identity),
        RENEW_MS,
      ).unref();
  }

  /** A renewed certificate serves the next connection; an unreadable one leaves the old one in use. */
  async #renew(server: SecureServer, identity: () => Promise<Identity>): Promise<void> {
    try {
      server.setSecureContext({ ...pem(await identity()), minVersion: "TLSv1.3" });
    } catch (error) {
      this.#options.log.warn(
        { err: error },
        "the console's certificate cannot be renewed; the old one is used",
      );
    }
  }
}

function pem({ cert, key }: Identity): { readonly cert: Buffer; readonly key: Buffer } {
  return { cert: Buffer.from(cert), key: Buffer.from(key) };
}
