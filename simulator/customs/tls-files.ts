import { readFile } from "node:fs/promises";
import { LynceusError } from "../../protocols/errors.ts";

/** What central shows a broker that asks for certificates, and whom it believes: PEM. */
export interface TlsFiles {
  readonly ca?: Buffer;
  readonly cert?: Buffer;
  readonly key?: Buffer;
}

/** Reads the files that options name. Throws `LYN_PATH_MISSING`. */
export async function readTlsFiles(names: {
  readonly ca?: string | undefined;
  readonly cert?: string | undefined;
  readonly key?: string | undefined;
}): Promise<TlsFiles> {
  const read: [string, Buffer][] = [];
  for (const [option, file] of Object.entries(names)) {
    if (file !== undefined) read.push([option, await pem(option, file)]);
  }
  return Object.fromEntries(read);
}

function pem(option: string, file: string): Promise<Buffer> {
  return readFile(file).catch((cause: unknown) => {
    throw new LynceusError(
      "LYN_PATH_MISSING",
      `--${option} ${file} cannot be read: ${(cause as Error).message}`,
      { remedy: `Name a PEM file that exists with --${option}.`, cause },
    );
  });
}
