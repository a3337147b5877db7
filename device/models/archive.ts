import { once } from "node:events";
import { createReadStream } from "node:fs";
import { mkdir, readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { createGunzip } from "node:zlib";
import { extract, type ReadEntry } from "tar";
import { insideSchema, MAX_PACKAGE_FILE_BYTES, MAX_PACKAGE_FILES } from "../../models/package.ts";
import { LynceusError } from "../../protocols/errors.ts";
import { syncEntries, syncFile } from "../durable.ts";

/** Bounds of an archive `NAME-VERSION.tar.gz`; each has a test that reaches it. */
export interface ArchiveLimits {
  /** The archive itself, bytes. */
  readonly archiveBytes: number;
  /** What it unpacks to, tar headers included, bytes. */
  readonly unpackedBytes: number;
  /** One file, bytes. */
  readonly fileBytes: number;
  /** Files and folders. */
  readonly entries: number;
}

export const ARCHIVE_LIMITS: ArchiveLimits = {
  archiveBytes: 128 * 1024 * 1024,
  unpackedBytes: 256 * 1024 * 1024,
  fileBytes: MAX_PACKAGE_FILE_BYTES,
  // The manifest, the signature and the folders beside the files that the manifest lists.
  entries: MAX_PACKAGE_FILES + 16,
};
/** An archive within an archive would be unpacked beyond the count. */
const GZIP_MAGIC = [0x1f, 0x8b] as const;
const FILES: ReadonlySet<string> = new Set(["File", "OldFile", "ContiguousFile"]);

/**
 * Unpacks a package's archive into a folder that is made for it: plain files and folders under relative names only, durable
 * when this resolves. A folder `NAME-VERSION/` around them is taken off.
 * @throws LynceusError LYN_MODEL_ARCHIVE; what was written until then is left for the caller to remove.
 */
export async function unpackArchive(
  archive: string,
  into: string,
  limits: ArchiveLimits = ARCHIVE_LIMITS,
): Promise<void> {
  const { size } = await stat(archive);
  if (size > limits.archiveBytes)
    throw refused(archive, `${size} bytes, the limit is ${limits.archiveBytes}`);
  await mkdir(into, { recursive: true, mode: 0o750 });
  const judge = new Judge(limits);
  const unpack = extract({
    cwd: into,
    strict: true,
    preserveOwner: false,
    noMtime: true,
    umask: 0o027,
    filter: (_path, entry) => judge.takes(entry as ReadEntry),
  });
  const closed = new Promise<void>((resolve, reject) => {
    unpack.on("close", resolve);
    unpack.on("error", reject);
  });
  closed.catch(() => {}); // told where it is waited for
  try {
    let unpacked = 0;
    for await (const chunk of createReadStream(archive).pipe(createGunzip()) as AsyncIterable<Buffer>) {
      if (unpacked === 0 && GZIP_MAGIC.every((byte, at) => chunk[at] === byte))
        throw refused(archive, "it holds another archive");
      unpacked += chunk.length;
      if (unpacked > limits.unpackedBytes)
        throw refused(archive, `it unpacks to more than ${limits.unpackedBytes} bytes`);
      const more = unpack.write(chunk);
      if (judge.fault !== null) throw refused(archive, judge.fault);
      if (!more) await Promise.race([once(unpack, "drain"), closed]);
    }
    unpack.end();
    await closed;
  } catch (cause) {
    if (cause instanceof LynceusError) throw cause;
    throw refused(archive, judge.fault ?? (cause as Error).message, cause);
  }
  if (judge.fault !== null) throw refused(archive, judge.fault);
  await makeDurable(into);
}

/** Looks at each entry before anything of it is written. */
class Judge {
  fault: string | null = null;
  readonly #limits: ArchiveLimits;
  readonly #seen = new Set<string>();
  #top: string | null = null;
  #entries = 0;

  constructor(limits: ArchiveLimits) {
    this.#limits = limits;
  }

  takes(entry: ReadEntry): boolean {
    this.fault ??= this.#faultOf(entry);
    return this.fault === null;
  }

  #faultOf(entry: ReadEntry): string | null {
    const { type, size } = entry;
    const path = entry.path.replace(/^\.\//, "").replace(/\/$/, "");
    if (++this.#entries > this.#limits.entries) return `more than ${this.#limits.entries} files and folders`;
    const shown = JSON.stringify(entry.path.slice(0, 100));
    if (type !== "Directory" && !FILES.has(type)) return `${shown} is a ${type}, neither file nor folder`;
    if (type === "Directory" && (path === "" || path === ".")) return null;
    if (!insideSchema.safeParse(path).success) return `${shown} is no name inside of a package`;
    if (this.#seen.has(path)) return `${shown} is there twice`;
    this.#seen.add(path);
    if (size > this.#limits.fileBytes)
      return `${shown} has ${size} bytes, the limit is ${this.#limits.fileBytes}`;
    return this.#place(entry, path);
  }

  /** Takes off the folder around the package, which the first entry shows. */
  #place(entry: ReadEntry, path: string): string | null {
    const [first = "", ...rest] = path.split("/");
    const wrapped = /-\d+\.\d+\.\d+/.test(first);
    this.#top ??= wrapped ? first : "";
    if (this.#top !== (wrapped ? first : "")) return "it holds more than one package";
    if (wrapped) entry.path = rest.length === 0 ? "." : rest.join("/");
    return null;
  }
}

async function makeDurable(folder: string): Promise<void> {
  for (const entry of await readdir(folder, { withFileTypes: true, recursive: true })) {
    const path = join(entry.parentPath, entry.name);
    if (entry.isDirectory()) await syncEntries(path);
    else await syncFile(path);
  }
  await syncEntries(folder);
}

function refused(archive: string, message: string, cause?: unknown): LynceusError {
  return new LynceusError("LYN_MODEL_ARCHIVE", `The archive ${archive} is refused: ${message}`, {
    remedy:
      "Do not unpack it by other means. Fetch NAME-VERSION.tar.gz anew, or ask its provider for a whole one.",
    ...(cause === undefined ? {} : { cause }),
  });
}
