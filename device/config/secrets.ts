import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { LynceusError } from "../../protocols/errors.ts";

/** Largest secret file read: a PEM bundle fits, a wrong path to something large does not. */
const MAX_SECRET_BYTES = 256 * 1024;

/**
 * Reads a secret named in the configuration: a file, `env:NAME`, or `credential:NAME` (systemd's `LoadCredential=` and
 * `LoadCredentialEncrypted=`, which put it where only this unit sees it). Secrets are read when needed (each connection), so that
 * rotated ones are used without a restart; the value itself is never logged or shown.
 */
export async function readSecret(
  reference: string,
  env: Readonly<Record<string, string | undefined>>,
): Promise<Uint8Array> {
  if (reference.startsWith("env:")) {
    const value = env[reference.slice(4)];
    if (value === undefined || value === "")
      throw unreadable(reference, "the environment variable is not set");
    return new TextEncoder().encode(value);
  }
  try {
    const data = await readFile(fileOf(reference, env));
    if (data.byteLength > MAX_SECRET_BYTES)
      throw new Error(`it is ${data.byteLength} bytes, at most ${MAX_SECRET_BYTES} are read`);
    return data;
  } catch (cause) {
    throw unreadable(reference, (cause as Error).message, cause);
  }
}

/** A name without a folder: a credential is one file. */
const CREDENTIAL = /^credential:([A-Za-z0-9_][A-Za-z0-9_.-]{0,254})$/;

function fileOf(reference: string, env: Readonly<Record<string, string | undefined>>): string {
  if (!reference.startsWith("credential:")) return reference;
  const name = CREDENTIAL.exec(reference)?.[1];
  const directory = env["CREDENTIALS_DIRECTORY"];
  if (name === undefined) throw new Error("the name of a credential has letters, digits, _, . and - only");
  if (directory === undefined || directory === "")
    throw new Error("systemd gave this process no credentials (LoadCredential= in its unit)");
  return join(directory, name);
}

/** PEM files of a link, as the configuration names them. */
export interface TlsFiles {
  readonly ca?: string | undefined;
  readonly cert?: string | undefined;
  readonly key?: string | undefined;
}

/** Reads the files of a device's TLS link, anew at each call. Throws LYN_SECRET_UNREADABLE. */
export function linkTls(
  files: TlsFiles | undefined,
  env: Readonly<Record<string, string | undefined>>,
): () => Promise<{ readonly ca?: Uint8Array; readonly cert?: Uint8Array; readonly key?: Uint8Array }> {
  const read = (name: string | undefined) => (name === undefined ? undefined : readSecret(name, env));
  return async () => {
    const [ca, cert, key] = await Promise.all([read(files?.ca), read(files?.cert), read(files?.key)]);
    return { ...(ca && { ca }), ...(cert && { cert }), ...(key && { key }) };
  };
}

/** The same as text, without the line end an editor leaves. */
export async function readSecretText(
  reference: string,
  env: Readonly<Record<string, string | undefined>>,
): Promise<string> {
  return new TextDecoder().decode(await readSecret(reference, env)).replace(/\r?\n$/, "");
}

function unreadable(reference: string, why: string, cause?: unknown): LynceusError {
  return new LynceusError("LYN_SECRET_UNREADABLE", `The secret ${reference} cannot be read: ${why}`, {
    remedy:
      "Create the file so that this user may read it, or set the environment variable that env:NAME names.",
    cause,
  });
}
