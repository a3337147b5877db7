import { once } from "node:events";
import { createServer, type Server } from "node:https";
import type { AddressInfo } from "node:net";
import type { TLSSocket } from "node:tls";
import { getRequestListener, type HttpBindings } from "@hono/node-server";
import { type Context, Hono } from "hono";
import { bodyLimit } from "hono/body-limit";
import type { z } from "zod";
import {
  type ENROLMENT_ERRORS,
  enrolSchema,
  MAX_ENROLMENT_BYTES,
  renewSchema,
} from "../../protocols/enrolment.ts";
import type { Address } from "../peripherals/address.ts";
import { type Authority, type Peer, Refusal } from "./authority.ts";
import { certify, keyPem, makeKey } from "./certificates.ts";
import type { AuthorityStore } from "./store.ts";

/** Its own certificate is made at each start, ms. */
const SERVER_MS = 90 * 86_400_000;
/** A request must be whole in this time, ms. */
const REQUEST_MS = 15_000;
const MAX_CONNECTIONS = 64;

type Env = { Bindings: HttpBindings };
type ErrorCode = (typeof ENROLMENT_ERRORS)[number];

export interface AuthorityServerOptions {
  readonly address: Address;
  readonly authority: Authority;
  readonly store: AuthorityStore;
}

/** The authority behind HTTPS (TLS 1.3): certificates for tokens and for certificates; its own one and the revocation list for all. */
export class AuthorityServer {
  readonly #options: AuthorityServerOptions;
  #server: Server | null = null;

  constructor(options: AuthorityServerOptions) {
    this.#options = options;
  }

  async start(): Promise<Address> {
    const { address, store } = this.#options;
    const keys = await makeKey();
    const certificate = await certify(store.pair, keys.publicKey, {
      commonName: "Lynceus reference authority, server",
      use: "server",
      hosts: [...new Set([address.host, "localhost", "127.0.0.1"])].filter((host) => host !== "0.0.0.0"),
      notAfter: new Date(Date.now() + SERVER_MS),
    });
    const server = createServer(
      {
        key: await keyPem(keys.privateKey),
        cert: certificate.toString("pem"),
        ca: store.caPem,
        minVersion: "TLSv1.3",
        requestCert: true,
        rejectUnauthorized: false, // Who has no certificate yet comes with a token: `renew` asks for it.
        requestTimeout: REQUEST_MS,
        headersTimeout: REQUEST_MS,
      },
      getRequestListener(this.#routes().fetch),
    );
    server.maxConnections = MAX_CONNECTIONS;
    server.listen(address.port, address.host);
    await once(server, "listening");
    this.#server = server;
    return { host: address.host, port: (server.address() as AddressInfo).port };
  }

  async stop(): Promise<void> {
    const server = this.#server;
    this.#server = null;
    if (server === null) return;
    server.closeAllConnections();
    server.close();
    await once(server, "close");
  }

  #routes(): Hono<Env> {
    const { authority, store } = this.#options;
    const app = new Hono<Env>();
    app.use(
      bodyLimit({
        maxSize: MAX_ENROLMENT_BYTES,
        onError: (context) => this.#refuse(context, "TOO_LARGE", "over 128 KiB"),
      }),
    );
    app.get("/v1/ca.pem", (context) => context.text(store.caPem));
    app.get("/v1/crl.pem", async (context) => context.text(await store.writeCrl()));
    app.post("/v1/enrol", (context) =>
      this.#answer(context, enrolSchema, (request) => authority.enrol(request)),
    );
    app.post("/v1/renew", (context) =>
      this.#answer(context, renewSchema, (request) =>
        authority.renew(peerOf(context.env.incoming.socket), request),
      ),
    );
    app.notFound((context) =>
      this.#refuse(context, "NOT_FOUND", "see /v1/enrol, /v1/renew, /v1/ca.pem, /v1/crl.pem"),
    );
    app.onError((error, context) => {
      if (error instanceof Refusal) return this.#refuse(context, error.code, error.message);
      process.stderr.write(`${error.stack ?? error}\n`);
      return this.#refuse(context, "FAILED", "see the authority's own messages");
    });
    return app;
  }

  async #answer<Schema extends z.ZodType>(
    context: Context<Env>,
    schema: Schema,
    work: (request: z.output<Schema>) => Promise<object>,
  ): Promise<Response> {
    const body: unknown = await context.req.json().catch(() => null);
    const parsed = schema.safeParse(body);
    if (!parsed.success) {
      const issue = parsed.error.issues[0];
      throw new Refusal(
        "BAD_REQUEST",
        `/${issue?.path.join("/") ?? ""} ${issue?.message ?? "is not a request"}`,
      );
    }
    return context.json(await work(parsed.data));
  }

  async #refuse(context: Context, code: ErrorCode, message: string): Promise<Response> {
    await this.#options.store.audit({ event: "refused", code, message, path: context.req.path });
    const status = { TOO_LARGE: 413, NOT_FOUND: 404, FAILED: 500, BAD_REQUEST: 400 }[code as string] ?? 403;
    return context.json({ error: { code, message: message.slice(0, 500) } }, status as 400);
  }
}

function peerOf(socket: unknown): Peer | null {
  const { authorized, getPeerCertificate } = socket as TLSSocket;
  if (!authorized) return null;
  const { subject, serialNumber } = getPeerCertificate.call(socket as TLSSocket);
  return { commonName: String(subject.CN), serial: serialNumber.toLowerCase() };
}
