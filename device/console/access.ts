import { createHash, randomBytes, timingSafeEqual } from "node:crypto";
import { isLoopback } from "../config/console.ts";

/** A session at the page lasts so long, ms. */
const SESSION_MS = 12 * 3.6e6;
/** Sessions at once; the oldest goes. */
export const MAX_SESSIONS = 32;
/** Shorter tokens can be guessed. */
export const MIN_TOKEN = 16;

export interface AccessOptions {
  /** Null: whoever reaches the address may read, which only this machine can. */
  readonly token: (() => Promise<string>) | null;
  /** Called with each wrong token's arrival: somebody should know. */
  readonly onWrong: () => void;
  /** ms, monotonic */
  readonly now: () => number;
}

/** Who may read the console: whoever has the token, as `Authorization: Bearer` or once at the form, which gives a cookie. */
export class Access {
  readonly #options: AccessOptions;
  readonly #sessions = new Map<string, number>();

  constructor(options: AccessOptions) {
    this.#options = options;
  }

  get needsToken(): boolean {
    return this.#options.token !== null;
  }

  /** Whether a request may be answered. */
  async allows(request: { readonly authorization?: string; readonly session?: string }): Promise<boolean> {
    if (!this.needsToken) return true;
    const { session, authorization } = request;
    if (session !== undefined && (this.#sessions.get(digest(session)) ?? 0) > this.#options.now())
      return true;
    const bearer = /^Bearer ([\x21-\x7e]{1,512})$/.exec(authorization ?? "")?.[1];
    return bearer !== undefined && (await this.#isToken(bearer));
  }

  /** Opens a session for whoever has the token; null: it is wrong. */
  async open(token: string): Promise<string | null> {
    if (!(await this.#isToken(token))) return null;
    const session = randomBytes(32).toString("base64url");
    this.#sessions.set(digest(session), this.#options.now() + SESSION_MS);
    const [oldest] = this.#sessions.keys();
    if (this.#sessions.size > MAX_SESSIONS && oldest !== undefined) this.#sessions.delete(oldest);
    return session;
  }

  /** A token of this length cannot be guessed: whoever sends wrong ones must not be able to lock the others out. */
  async #isToken(given: string): Promise<boolean> {
    const token = (await this.#options.token?.()) ?? "";
    if (token.length >= MIN_TOKEN && same(given, token)) return true;
    this.#options.onWrong();
    return false;
  }
}

/**
 * Whether a request names a host that the console is reached by. On loopback only the machine's own names: a page of the web that
 * has its name resolve to 127.0.0.1 must not read the console through a technician's browser.
 */
export function mayAsk(host: string | undefined, listening: string): boolean {
  if (!isLoopback(listening)) return true;
  const name = (host ?? "").replace(/:\d{1,5}$/, "").replace(/^\[|\]$/g, "");
  return isLoopback(name);
}

function digest(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}

function same(a: string, b: string): boolean {
  const hash = (text: string) => createHash("sha256").update(text).digest();
  return timingSafeEqual(hash(a), hash(b));
}
