import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { copyFile, mkdir, readdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { LynceusError } from "../../protocols/errors.ts";

/** A file of an export. */
export interface ExportedFile {
  /** Relative, with `/`. */
  readonly path: string;
  readonly bytes: number;
  /** hex */
  readonly sha256: string;
}

/** A new folder that an export is written into; each file is measured as it is written. */
export class ExportFolder {
  readonly #path: string;
  readonly #files: ExportedFile[] = [];

  constructor(path: string) {
    this.#path = path;
  }

  get files(): readonly ExportedFile[] {
    return this.#files;
  }

  /** Makes the folder. @throws LYN_EXPORT where it holds something already, or cannot be made */
  async open(): Promise<void> {
    try {
      // Images and papers of consignments: not for everybody on the machine.
      await mkdir(this.#path, { recursive: true, mode: 0o750 });
      if ((await readdir(this.#path)).length > 0) throw new Error("it is not empty");
    } catch (cause) {
      throw new LynceusError("LYN_EXPORT", `${this.#path} cannot be written: ${(cause as Error).message}`, {
        remedy: "Give a new or empty folder with --out.",
        cause,
      });
    }
  }

  async write(path: string, content: string | Uint8Array): Promise<ExportedFile> {
    await this.#folderOf(path);
    await writeFile(join(this.#path, path), content, { mode: 0o640 });
    const bytes = typeof content === "string" ? Buffer.byteLength(content) : content.length;
    return this.#note({ path, bytes, sha256: createHash("sha256").update(content).digest("hex") });
  }

  /** Copies a file of the spool. Rejects where it is gone. */
  async copy(path: string, from: string): Promise<ExportedFile> {
    await this.#folderOf(path);
    const to = join(this.#path, path);
    await copyFile(from, to);
    const hash = createHash("sha256");
    let bytes = 0;
    for await (const chunk of createReadStream(to) as AsyncIterable<Uint8Array>) {
      hash.update(chunk);
      bytes += chunk.length;
    }
    return this.#note({ path, bytes, sha256: hash.digest("hex") });
  }

  #note(file: ExportedFile): ExportedFile {
    this.#files.push(file);
    return file;
  }

  #folderOf(path: string): Promise<unknown> {
    return mkdir(dirname(join(this.#path, path)), { recursive: true, mode: 0o750 });
  }
}

/** JSON that a person can read too. */
export function jsonText(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}

/** One JSON object a line. */
export function ndjson(values: Iterable<unknown>): string {
  let text = "";
  for (const value of values) text += `${JSON.stringify(value)}\n`;
  return text;
}
