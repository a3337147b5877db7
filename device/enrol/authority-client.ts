import { request } from "node:https";
import {
  type Enrolled,
  type EnrolRequest,
  enrolledSchema,
  enrolmentErrorSchema,
  MAX_ENROLMENT_BYTES,
  type RenewRequest,
} from "../../protocols/enrolment.ts";
import { LynceusError } from "../../protocols/errors.ts";

/** Time for a whole exchange, ms. */
const EXCHANGE_MS = 20_000;

export interface AuthorityClientOptions {
  /** `https://HOST:PORT` */
  readonly url: string;
  /** PEM: the only authority whose server is spoken to. */
  readonly ca: string;
  /** The role's certificate and key, PEM in one. */
  readonly pair?: string;
}

/** Asks an authority, over TLS 1.3, pinned to its certificate. */
export class AuthorityClient {
  readonly #options: AuthorityClientOptions;

  constructor(options: AuthorityClientOptions) {
    this.#options = options;
  }

  /** @throws LynceusError `LYN_ENROLMENT` */
  enrol(body: EnrolRequest, signal: AbortSignal): Promise<Enrolled> {
    return this.#post("/v1/enrol", body, signal);
  }

  /** @throws LynceusError `LYN_ENROLMENT` */
  renew(body: RenewRequest, signal: AbortSignal): Promise<Enrolled> {
    return this.#post("/v1/renew", body, signal);
  }

  async #post(path: string, body: object, signal: AbortSignal): Promise<Enrolled> {
    const { url } = this.#options;
    const { status, text } = await this.#exchange(path, JSON.stringify(body), signal).catch(
      (cause: unknown) => {
        throw failed(`${url} cannot be asked: ${(cause as Error).message}`, undefined, cause);
      },
    );
    const answer = parse(text);
    if (status === 200) {
      const parsed = enrolledSchema.safeParse(answer);
      if (parsed.success) return parsed.data;
      throw failed(`${url} answers something else than certificates`);
    }
    const refusal = enrolmentErrorSchema.safeParse(answer);
    if (!refusal.success) throw failed(`${url} answers with status ${status}`);
    const { code, message } = refusal.data.error;
    throw failed(`${url} refuses: ${message}`, code);
  }

  #exchange(path: string, body: string, signal: AbortSignal): Promise<{ status: number; text: string }> {
    const { url, ca, pair } = this.#options;
    const target = new URL(path, url);
    if (target.protocol !== "https:") throw failed(`${url} is no https:// address`);
    return new Promise((resolve, reject) => {
      const sent = request(
        target,
        {
          method: "POST",
          ca,
          ...(pair === undefined ? {} : { cert: pair, key: pair }),
          minVersion: "TLSv1.3",
          agent: false,
          signal: AbortSignal.any([signal, AbortSignal.timeout(EXCHANGE_MS)]),
          headers: { "content-type": "application/json", "content-length": Buffer.byteLength(body) },
        },
        (response) => {
          const chunks: Buffer[] = [];
          let size = 0;
          response.on("data", (chunk: Buffer) => {
            size += chunk.length;
            if (size > MAX_ENROLMENT_BYTES)
              sent.destroy(new Error(`its answer is over ${MAX_ENROLMENT_BYTES} bytes`));
            else chunks.push(chunk);
          });
          response.on("error", reject);
          response.on("end", () =>
            resolve({ status: response.statusCode ?? 0, text: Buffer.concat(chunks).toString("utf8") }),
          );
        },
      );
      sent.on("error", reject);
      sent.end(body);
    });
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

function failed(message: string, refusal?: string, cause?: unknown): LynceusError {
  const remedy =
    refusal === "TOKEN" || refusal === "REVOKED" || refusal === "CERTIFICATE"
      ? "Ask the authority for a new one-time token, then run `lynceus enroll` again."
      : "See that the authority runs, can be reached from here, and is the one that made the token.";
  return new LynceusError("LYN_ENROLMENT", `The gateway cannot be enrolled: ${message}`, {
    remedy,
    details: refusal === undefined ? {} : { refusal },
    cause,
  });
}
