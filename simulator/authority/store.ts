import { createHash, randomBytes, X509Certificate } from "node:crypto";
import { appendFile, chmod, mkdir, readdir, readFile, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { EnrolmentToken } from "../../protocols/enrolment.ts";
import { LynceusError } from "../../protocols/errors.ts";
import { type KeyPair, keyPem, makeAuthority, makeCrl, readAuthority } from "./certificates.ts";

/** The authority's own certificate, ms: ten years. */
const AUTHORITY_MS = 3653 * 86_400_000;
/** Lines of the audit about what was refused, a run: a flood of requests does not fill the disk. */
const MAX_REFUSED_LINES = 1_000;

/** A line of the audit. */
export interface AuditEntry {
  readonly event: "token" | "enrolled" | "renewed" | "revoked" | "refused";
  readonly [detail: string]: string | readonly string[] | null;
}

/** What a token was made for. */
export interface StoredToken {
  readonly site: string;
  readonly gateway: string;
  readonly notAfter: string;
}

/**
 * The authority's folder. Each token and each certificate is a file of its own, so that the server and the commands beside it
 * never write the same one: a token is used up by moving its file, which one process alone can do.
 *
 *     ca.pem ca.key        the authority itself (ca.key: mode 0600)
 *     tokens/ used/        by SHA-256 of the token: the token itself is kept nowhere
 *     issued/ revoked/     by serial number
 *     crl.pem audit.ndjson
 */
export class AuthorityStore {
  readonly #folder: string;
  readonly #clock: () => number;
  #pair: KeyPair | null = null;
  #refused = 0;

  constructor(options: { readonly folder: string; readonly clock: () => number }) {
    this.#folder = options.folder;
    this.#clock = options.clock;
  }

  /** Makes the authority where there is none yet. */
  async start(): Promise<void> {
    for (const name of ["tokens", "used", "issued", "revoked"])
      await mkdir(this.#at(name), { recursive: true, mode: 0o700 });
    try {
      const [certificate, key] = await Promise.all([this.#read("ca.pem"), this.#read("ca.key")]);
      this.#pair = await readAuthority(certificate, key);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw unusable(this.#folder, error);
      this.#pair = await makeAuthority("Lynceus reference authority", new Date(this.#clock() + AUTHORITY_MS));
      await this.#write("ca.key", await keyPem(this.#pair.key), 0o600);
      await this.#write("ca.pem", this.#pair.certificate.toString("pem"), 0o644);
    }
    await this.writeCrl();
  }

  get pair(): KeyPair {
    if (this.#pair === null) throw new Error("the authority was not started");
    return this.#pair;
  }

  get caPem(): string {
    return this.pair.certificate.toString("pem");
  }

  /** A one-time token for one gateway. */
  async issueToken(
    name: { readonly site: string; readonly gateway: string },
    { authority, lifetimeMs }: { readonly authority: string; readonly lifetimeMs: number },
  ): Promise<EnrolmentToken> {
    const token = randomBytes(32).toString("base64url");
    const notAfter = new Date(this.#clock() + lifetimeMs).toISOString();
    const stored: StoredToken = { ...name, notAfter };
    await this.#write(join("tokens", `${digestOf(token)}.json`), JSON.stringify(stored), 0o600);
    await this.audit({ event: "token", ...stored });
    return { schema: "lynceus-enrolment-token/1", authority, ...name, token, notAfter, ca: this.caPem };
  }

  /** Uses a token up: what it was made for, or null where there is none, or it was used before. */
  async useToken(token: string): Promise<StoredToken | null> {
    const name = `${digestOf(token)}.json`;
    try {
      await rename(this.#at("tokens", name), this.#at("used", name));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "ENOENT") return null;
      throw error;
    }
    return JSON.parse(await this.#read(join("used", name))) as StoredToken;
  }

  async keepIssued(serial: string, pem: string): Promise<void> {
    await this.#write(join("issued", `${serial}.pem`), pem, 0o644);
  }

  async isRevoked(serial: string): Promise<boolean> {
    return (await readdir(this.#at("revoked"))).includes(`${serial}.json`);
  }

  /** Revokes certificates by serial number or by common name (`SITE.GATEWAY`, `SITE.GATEWAY.ROLE`); says which. */
  async revoke(which: string): Promise<readonly string[]> {
    const serials: string[] = [];
    for (const file of await readdir(this.#at("issued"))) {
      const serial = file.replace(/\.pem$/, "");
      const name = new X509Certificate(await this.#read(join("issued", file))).subject.replace(/^CN=/, "");
      if (which !== serial && which !== name && !name.startsWith(`${which}.`)) continue;
      if (await this.isRevoked(serial)) continue;
      const at = new Date(this.#clock()).toISOString();
      await this.#write(join("revoked", `${serial}.json`), JSON.stringify({ serial, name, at }), 0o644);
      await this.audit({ event: "revoked", serial, name });
      serials.push(serial);
    }
    await this.writeCrl();
    return serials;
  }

  /** Makes the list of what was revoked anew. */
  async writeCrl(): Promise<string> {
    const files = await readdir(this.#at("revoked"));
    const entries = files
      .filter((file) => file.endsWith(".json"))
      .map(
        async (file) => JSON.parse(await this.#read(join("revoked", file))) as { serial: string; at: string },
      );
    const revoked = (await Promise.all(entries)).map(({ serial, at }) => ({ serial, at: new Date(at) }));
    const crl = await makeCrl(this.pair, revoked, new Date(this.#clock()));
    await this.#write("crl.pem", crl, 0o644);
    return crl;
  }

  /** One line for each thing that was done or refused. */
  async audit(entry: AuditEntry): Promise<void> {
    if (entry.event === "refused" && ++this.#refused > MAX_REFUSED_LINES) return;
    const line = JSON.stringify({ at: new Date(this.#clock()).toISOString(), ...entry });
    await appendFile(this.#at("audit.ndjson"), `${line}\n`, { mode: 0o640 });
  }

  #at(...parts: readonly string[]): string {
    return join(this.#folder, ...parts);
  }

  #read(name: string): Promise<string> {
    return readFile(this.#at(name), "utf8");
  }

  async #write(name: string, content: string, mode: number): Promise<void> {
    const part = this.#at(`${name}.${randomBytes(4).toString("hex")}.part`);
    await writeFile(part, content, { mode });
    await chmod(part, mode);
    await rename(part, this.#at(name));
  }
}

function digestOf(token: string): string {
  return createHash("sha256").update(token).digest("hex");
}

function unusable(folder: string, cause: unknown): LynceusError {
  return new LynceusError(
    "LYN_AUTHORITY",
    `The authority in ${folder} cannot be used: ${(cause as Error).message}`,
    {
      remedy: "Name another folder with --dir; a new authority is made in it.",
      cause,
    },
  );
}
