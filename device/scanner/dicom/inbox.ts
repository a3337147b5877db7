import { createHash } from "node:crypto";
import { mkdir, open, readdir, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { syncEntries } from "../../durable.ts";
import { DICOM_DRIVER_LIMITS } from "./options.ts";

const DAY_MS = 86_400_000;

/** A file that is durable in the inbox. */
export interface Kept {
  readonly path: string;
  readonly sha256: string;
  readonly bytes: number;
}

/** What is remembered of an instance that was taken. */
export interface InstanceMark {
  /** SHA-256 of the data set as received, hex. */
  readonly content: string;
  readonly transferSyntax: string;
}

/**
 * What a lane has received over DICOM and not yet made a scan of: `incoming/` holds what is still coming (removed at a start),
 * `objects/` what was answered Success, `reports/` threat reports, `instances/DAY/` a mark for each instance taken.
 */
export class Inbox {
  readonly #folder: string;
  readonly #clock: () => number;
  #counter = 0;

  constructor(options: { folder: string; clock: () => number }) {
    this.#folder = options.folder;
    this.#clock = options.clock;
  }

  /** Makes the folders durable and drops what was half received. */
  async start(): Promise<void> {
    await rm(this.#at("incoming"), { recursive: true, force: true });
    for (const name of ["incoming", "objects", "reports", "instances"]) {
      await mkdir(this.#at(name), { recursive: true, mode: 0o750 });
    }
    await syncEntries(this.#folder);
    await this.#forget();
  }

  /** A new file for an object that begins to come. */
  newPath(): string {
    this.#counter += 1;
    return this.#at("incoming", `${process.pid}-${this.#counter}.part`);
  }

  /** Moves a file whose content is durable to where a restart finds it; durable when this resolves. */
  async keep(path: string, sha256: string, bytes: number, as: "objects" | "reports"): Promise<Kept> {
    const target = this.#at(as, `${sha256.slice(0, 32)}.dcs`);
    await rename(path, target);
    await syncEntries(this.#at(as));
    return { path: target, sha256, bytes };
  }

  /** Objects that a stop or crash left, as kept. */
  async objects(): Promise<readonly Kept[]> {
    const names = (await readdir(this.#at("objects"))).filter((name) => name.endsWith(".dcs")).sort();
    const kept: Kept[] = [];
    for (const name of names) {
      const path = this.#at("objects", name);
      kept.push({ path, ...(await digestOf(path)) });
    }
    return kept;
  }

  /** What is remembered of an instance taken in the last days, null for an unknown one. */
  async known(sopInstance: string): Promise<InstanceMark | null> {
    const name = markOf(sopInstance);
    for (const day of await readdir(this.#at("instances"))) {
      const text = await readFile(this.#at("instances", day, name), "utf8").catch(() => null);
      const [content = "", transferSyntax = ""] = text?.trim().split(" ") ?? [];
      if (content !== "") return { content, transferSyntax };
    }
    return null;
  }

  /** Remembers an instance. Not made durable: what is sent again after a power cut is known by its scan. */
  async remember(sopInstance: string, { content, transferSyntax }: InstanceMark): Promise<void> {
    const day = this.#at("instances", new Date(this.#clock()).toISOString().slice(0, 10));
    const isNew = await mkdir(day, { recursive: true, mode: 0o750 });
    if (isNew !== undefined) await this.#forget();
    await writeFile(join(day, markOf(sopInstance)), `${content} ${transferSyntax}`);
  }

  /** Bounds the reports kept; the oldest go. */
  async trimReports(): Promise<void> {
    const names = await readdir(this.#at("reports"));
    if (names.length <= DICOM_DRIVER_LIMITS.maxReports) return;
    const aged: { path: string; at: number }[] = [];
    for (const name of names) {
      const path = this.#at("reports", name);
      aged.push({ path, at: (await stat(path)).mtimeMs });
    }
    aged.sort((a, b) => a.at - b.at);
    for (const { path } of aged.slice(0, names.length - DICOM_DRIVER_LIMITS.maxReports))
      await rm(path, { force: true });
  }

  /** Drops marks of days long past. */
  async #forget(): Promise<void> {
    const oldest = new Date(this.#clock() - DICOM_DRIVER_LIMITS.rememberDays * DAY_MS)
      .toISOString()
      .slice(0, 10);
    for (const day of await readdir(this.#at("instances"))) {
      if (day < oldest) await rm(this.#at("instances", day), { recursive: true, force: true });
    }
  }

  #at(...parts: readonly string[]): string {
    return join(this.#folder, ...parts);
  }
}

function markOf(sopInstance: string): string {
  return createHash("sha1").update(sopInstance).digest("hex");
}

async function digestOf(path: string): Promise<{ sha256: string; bytes: number }> {
  const hash = createHash("sha256");
  let bytes = 0;
  await using handle = await open(path, "r");
  for await (const chunk of handle.createReadStream({ autoClose: false })) {
    const data = chunk as Uint8Array;
    hash.update(data);
    bytes += data.length;
  }
  return { sha256: hash.digest("hex"), bytes };
}
