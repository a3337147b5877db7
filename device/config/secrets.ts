import { readFile } from "node:fs/promises";
import { LynceusError } from "../../protocols/errors.ts";

/** Largest secret file read: a PEM bundle fits, a wrong path to something large does not. */
const MAX_SECRET_BYTES = 256 * 1024;

/**
 * Reads a secret named in the configuration: a file, or `env:NAME`. Secrets are read when needed (each connection), so that
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
    const data = await readFile(reference);
    if (data.byteLength > MAX_SECRET_BYTES)
      throw new Error(`it is ${data.byteLength} bytes, at most ${MAX_SECRET_BYTES} are read`);
    return data;
  } catch (cause) {
    throw unreadable(reference, (cause as Error).message, cause);
  }
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
