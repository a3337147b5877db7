import { createHash, createPrivateKey, X509Certificate } from "node:crypto";
import type { Log } from "../log.ts";
import type { Credentials } from "./connection-options.ts";

/** Files are looked at this often, ms. */
const LOOK_MS = 30_000;

export interface CredentialWatchOptions<Role extends string> {
  readonly read: (role: Role) => Promise<Credentials>;
  /** Connect anew with what is there now. */
  readonly renew: (role: Role) => Promise<void>;
  /** ms since the epoch. */
  readonly clock: () => number;
  readonly log: Log;
  readonly lookMs?: number;
}

/**
 * Rotation without a restart: looks whether the files that a connection was made with (certificates, keys, revocation list,
 * password) have changed, and has it made anew when what is there now can be used.
 */
export class CredentialWatch<Role extends string> {
  readonly #options: CredentialWatchOptions<Role>;
  readonly #used = new Map<Role, string>();
  #timer: NodeJS.Timeout | null = null;
  #looking: Promise<void> = Promise.resolve();

  constructor(options: CredentialWatchOptions<Role>) {
    this.#options = options;
  }

  start(): void {
    this.#timer ??= setInterval(() => this.lookNow(), this.#options.lookMs ?? LOOK_MS);
  }

  /** Files were just replaced: not at the next look, but now. Does nothing unless it is started. */
  lookNow(): void {
    if (this.#timer !== null) this.#looking = this.#looking.then(() => this.#look());
  }

  async stop(): Promise<void> {
    if (this.#timer !== null) clearInterval(this.#timer);
    this.#timer = null;
    await this.#looking;
  }

  /** What a role's connection is made with. */
  used(role: Role, credentials: Credentials): void {
    this.#used.set(role, digestOf(credentials));
  }

  async #look(): Promise<void> {
    const { read, renew, clock, log } = this.#options;
    for (const [role, used] of [...this.#used]) {
      try {
        const now = await read(role);
        if (digestOf(now) === used || !usable(now, clock())) continue;
        log.info({ role }, "certificates for the broker have changed; connecting anew with them");
        await renew(role);
      } catch (error) {
        log.warn(
          { role, err: error },
          "certificates for the broker cannot be read; the connection stays as it is",
        );
      }
    }
  }
}

/** A pair that is half replaced, or not of now, is left for the next look: the connection that is up is worth more. */
function usable({ cert, key }: Credentials, now: number): boolean {
  if (cert === undefined || key === undefined) return true;
  const certificate = new X509Certificate(cert);
  if (now < Date.parse(certificate.validFrom) || now > Date.parse(certificate.validTo)) return false;
  return certificate.checkPrivateKey(createPrivateKey(Buffer.from(key)));
}

function digestOf(credentials: Credentials): string {
  const hash = createHash("sha256");
  for (const [name, value] of Object.entries(credentials).sort(([a], [b]) => (a < b ? -1 : 1)))
    hash
      .update(`${name}\n`)
      .update(value ?? "")
      .update("\n");
  return hash.digest("hex");
}
