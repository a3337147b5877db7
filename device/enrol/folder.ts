import { createPrivateKey, X509Certificate } from "node:crypto";
import { chmod, mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { ENROLMENT_ROLES, type EnrolmentRole } from "../../protocols/enrolment.ts";
import { LynceusError } from "../../protocols/errors.ts";
import { enrolmentFiles } from "../config/security.ts";
import { replaceDurably } from "../durable.ts";

const enrolmentSchema = z.object({
  schema: z.literal("lynceus-enrolment/1"),
  authority: z.string(),
  site: z.string(),
  gateway: z.string(),
  /** The authority's own certificate, PEM: its server is spoken to only with it. */
  authorityCa: z.string(),
});
/** Where the certificates of a folder are from. */
export type Enrolment = z.output<typeof enrolmentSchema>;

/** When a certificate is valid, ms since the epoch. */
export interface Validity {
  readonly from: number;
  readonly to: number;
}

/**
 * The folder that `lynceus enroll` writes and the gateway renews: `enrolment.json`, `ca.pem`, and for each role one file with
 * certificate and key, mode 0600, which is replaced whole.
 */
export class EnrolmentFolder {
  readonly #path: string;

  constructor(options: { readonly path: string }) {
    this.#path = options.path;
  }

  /** @throws LynceusError `LYN_ENROLMENT` where there is none, or it cannot be read. */
  async read(): Promise<Enrolment> {
    try {
      return enrolmentSchema.parse(JSON.parse(await readFile(join(this.#path, "enrolment.json"), "utf8")));
    } catch (cause) {
      throw new LynceusError("LYN_ENROLMENT", `${this.#path} is no folder that an enrolment made`, {
        remedy: "Run `lynceus enroll --authority URL --token FILE --out FOLDER`.",
        cause,
      });
    }
  }

  /** Durable when this resolves; the enrolment is written last, so that a folder that has one is whole. */
  async write(enrolment: Enrolment, ca: string, pairs: ReadonlyMap<EnrolmentRole, string>): Promise<void> {
    await mkdir(this.#path, { recursive: true, mode: 0o700 });
    for (const [role, pair] of pairs) await this.writePair(role, pair);
    await replaceDurably(enrolmentFiles(this.#path).ca, ca);
    await replaceDurably(join(this.#path, "enrolment.json"), `${JSON.stringify(enrolment, null, 2)}\n`);
  }

  /** Certificate and key at once: whoever reads has the old pair or the new one. */
  async writePair(role: EnrolmentRole, pair: string): Promise<void> {
    const path = enrolmentFiles(this.#path).pair(role);
    const part = `${path}.part`;
    // The part takes its mode before the key is in it.
    await writeFile(part, "", { mode: 0o600 });
    await chmod(part, 0o600);
    await replaceDurably(path, pair, part);
  }

  readPair(role: EnrolmentRole): Promise<string> {
    return readFile(enrolmentFiles(this.#path).pair(role), "utf8");
  }

  async validity(role: EnrolmentRole): Promise<Validity> {
    const { validFromDate, validToDate } = new X509Certificate(await this.readPair(role));
    return { from: validFromDate.getTime(), to: validToDate.getTime() };
  }
}

/**
 * A role's file: the certificate that came for a key, and the key.
 * @throws LynceusError `LYN_ENROLMENT` where the certificate is for another key or another name.
 */
export function pairOf(certificate: string, key: string, commonName: string): string {
  const read = new X509Certificate(certificate);
  const fits = read.checkPrivateKey(createPrivateKey(key)) && read.subject === `CN=${commonName}`;
  if (fits) return `${certificate.trimEnd()}\n${key.trimEnd()}\n`;
  throw new LynceusError("LYN_ENROLMENT", `The authority sent a certificate that is not ${commonName}'s`, {
    remedy: "See the authority: a certificate must be for the key and the name that it was asked for.",
  });
}

/** All roles are enrolled together. */
export const ROLES: readonly EnrolmentRole[] = ENROLMENT_ROLES;
