import { createCipheriv, createDecipheriv, createHash, randomBytes } from "node:crypto";
import { basename } from "node:path";
import { LynceusError } from "../../protocols/errors.ts";
import type { PlaneCipher, Scan } from "../scan.ts";

/** AES-256: bytes of a site key and of a plane's key. */
export const KEY_BYTES = 32;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;

/** A site key by which the keys of planes are sealed. Named by the first 16 hex digits of its SHA-256. */
interface SiteKey {
  readonly name: string;
  readonly bytes: Uint8Array;
}

/**
 * Seals and unseals the keys of planes. Each plane has a key of its own, which is in memory only while the scan is; on disk it is
 * sealed by the site key (AES-256-GCM, bound to the plane's folder and file). Whoever destroys the site key has destroyed every
 * plane.
 */
export class PlaneVault {
  readonly #keys: readonly SiteKey[];

  /**
   * @param keys the site key, then those that were before it: they unseal only.
   * @throws LynceusError `LYN_SPOOL_KEY` where one is not 32 bytes.
   */
  constructor(keys: readonly Uint8Array[]) {
    this.#keys = keys.map((bytes) => {
      if (bytes.length !== KEY_BYTES) throw unusable(`it has ${bytes.length} bytes`);
      return { bytes, name: createHash("sha256").update(bytes).digest("hex").slice(0, 16) };
    });
  }

  /** The key of a new plane; null where nothing is to be encrypted. */
  newCipher(): PlaneCipher | null {
    return this.#keys.length === 0 ? null : { key: randomBytes(KEY_BYTES).toString("base64") };
  }

  /** A scan as it is stored: no plane's key in the open. */
  seal<Whole extends Pick<Scan, "planes" | "directory">>(scan: Whole): Whole {
    const site = this.#keys[0];
    if (site === undefined || scan.planes.every(({ cipher }) => cipher === undefined)) return scan;
    const planes = scan.planes.map((plane) => {
      if (plane.cipher === undefined || !("key" in plane.cipher)) return plane;
      const nonce = randomBytes(NONCE_BYTES);
      const cipher = createCipheriv("aes-256-gcm", site.bytes, nonce).setAAD(boundTo(scan, plane));
      const sealed = Buffer.concat([
        nonce,
        cipher.update(plane.cipher.key, "base64"),
        cipher.final(),
        cipher.getAuthTag(),
      ]);
      return { ...plane, cipher: { by: site.name, sealed: sealed.toString("base64") } };
    });
    return { ...scan, planes };
  }

  /** A scan as it is worked on. A plane whose site key is not here stays sealed: it cannot be read. */
  unseal<Whole extends Pick<Scan, "planes" | "directory">>(scan: Whole): Whole {
    if (scan.planes.every(({ cipher }) => cipher === undefined)) return scan;
    const planes = scan.planes.map((plane) => {
      if (plane.cipher === undefined || "key" in plane.cipher) return plane;
      const { by, sealed } = plane.cipher;
      const site = this.#keys.find(({ name }) => name === by);
      const key =
        site === undefined ? null : unsealed(site, Buffer.from(sealed, "base64"), boundTo(scan, plane));
      return key === null ? plane : { ...plane, cipher: { key } };
    });
    return { ...scan, planes };
  }
}

/** A sealed key fits its own plane only. The folder is that of the acquisition, whatever the scan is called later. */
function boundTo({ directory }: Pick<Scan, "directory">, { file }: { readonly file: string }): Uint8Array {
  return new TextEncoder().encode(`lynceus-plane/1\n${basename(directory)}\n${file}`);
}

function unsealed(site: SiteKey, bytes: Uint8Array, bound: Uint8Array): string | null {
  if (bytes.length !== NONCE_BYTES + KEY_BYTES + TAG_BYTES) return null;
  const decipher = createDecipheriv("aes-256-gcm", site.bytes, bytes.subarray(0, NONCE_BYTES)).setAAD(bound);
  decipher.setAuthTag(bytes.subarray(-TAG_BYTES));
  try {
    return Buffer.concat([
      decipher.update(bytes.subarray(NONCE_BYTES, -TAG_BYTES)),
      decipher.final(),
    ]).toString("base64");
  } catch {
    return null;
  }
}

/**
 * A site key as it stands in a secret: 32 bytes plain, in hex or in base64.
 * @throws LynceusError `LYN_SPOOL_KEY`
 */
export function parseSiteKey(content: Uint8Array): Uint8Array {
  if (content.length === KEY_BYTES) return content;
  const text = new TextDecoder().decode(content).trim();
  if (/^[0-9a-fA-F]{64}$/.test(text)) return new Uint8Array(Buffer.from(text, "hex"));
  if (/^[A-Za-z0-9+/]{43}=$/.test(text)) return new Uint8Array(Buffer.from(text, "base64"));
  throw unusable("it is not 32 bytes, plain, in hex or in base64");
}

function unusable(why: string): LynceusError {
  return new LynceusError("LYN_SPOOL_KEY", `The key of spool.encryption cannot be used: ${why}`, {
    remedy: "Make one with: openssl rand -out spool.key 32 && chmod 600 spool.key",
  });
}
