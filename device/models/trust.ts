import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { SIGNATURE_BYTES, SIGNATURE_FILE, signerOf } from "../../models/signature.ts";
import { LynceusError } from "../../protocols/errors.ts";

/** Instead of a key id: the package came with the release. */
export const RELEASE = "release";

/** Whose packages are run (contract `model-package.md`): those signed by a key in `trust.models`, and those of the release. */
export interface ModelTrust {
  /** Raw Ed25519 public keys, hex: it crosses to the analysis process. */
  readonly keys: readonly string[];
  /** SHA-256 of `model.json` of each package of the release, hex. */
  readonly digests: readonly string[];
}

/**
 * Whom a verified package is trusted by: the id of the key that signed it, or {@link RELEASE}.
 * @param sha256 of the `model.json` that was verified, hex.
 * @throws LynceusError LYN_MODEL_SIGNATURE
 */
export async function trustedBy(
  { directory, sha256 }: { readonly directory: string; readonly sha256: string },
  trust: ModelTrust,
): Promise<string> {
  if (trust.digests.includes(sha256)) return RELEASE;
  const signature = await signatureOf(directory);
  const manifest = await readFile(join(directory, "model.json"));
  const keys = trust.keys.map((key) => new Uint8Array(Buffer.from(key, "hex")));
  // What was signed must be what was verified, should the file have changed in between.
  const same = createHash("sha256").update(manifest).digest("hex") === sha256;
  const signer = signature === null || !same ? null : signerOf(manifest, signature, keys);
  if (signer !== null) return signer;
  const why = signature === null ? `it has no ${SIGNATURE_FILE}` : "no key in trust.models signed it";
  throw new LynceusError("LYN_MODEL_SIGNATURE", `The package ${directory} is not trusted: ${why}`, {
    remedy:
      keys.length === 0
        ? "Name the provider's Ed25519 public key in trust.models; get it from the provider, not from the package."
        : "Do not use it. Ask its provider for a package signed with the key that this site trusts.",
  });
}

async function signatureOf(directory: string): Promise<Uint8Array | null> {
  try {
    const bytes = new Uint8Array(await readFile(join(directory, SIGNATURE_FILE)));
    return bytes.length === SIGNATURE_BYTES ? bytes : null;
  } catch {
    return null;
  }
}
