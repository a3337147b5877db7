import { createHash } from "node:crypto";
import { constants, createReadStream } from "node:fs";
import { copyFile } from "node:fs/promises";
import { join } from "node:path";
import type { ObjectInfo } from "../../../protocols/dicom/object.ts";
import { planScan } from "../../../protocols/dicom/scan-plan.ts";
import { isLynceusError, type LynceusError } from "../../../protocols/errors.ts";
import { syncFile } from "../../durable.ts";
import type { DicomFile } from "../../image/dicom/scan.ts";
import type { Kept } from "../dicom/inbox.ts";
import { inspectFile } from "../dicom/inspect.ts";
import type { JoinedSet } from "../dicom/joiner.ts";
import type { ObjectWorker } from "../dicom/object-worker.ts";
import { DICOM_DRIVER_LIMITS } from "../dicom/options.ts";
import type { Sighting } from "./quiet.ts";

/** Objects of one scan that lie in the folder. */
export interface FolderSet {
  readonly scanUid: string;
  readonly members: readonly DicomFile[];
  /** False where views or energies that the objects state did not come in time. */
  readonly complete: boolean;
  /** First seen, and last seen whole, gateway clock ms. */
  readonly beganAt: number;
  readonly lastAt: number;
}

/** What a look at the DICOM files of a folder found. */
export interface DicomLook {
  readonly sets: readonly FolderSet[];
  /** Incomplete sets for which nothing came any more: they may be filed. */
  readonly over: readonly FolderSet[];
  readonly reports: readonly DicomFile[];
  readonly bad: readonly { readonly path: string; readonly error: LynceusError }[];
}

export interface DicomSetTimings {
  /** A set that is not whole, or does not say how large it is, waits so long after its last object (`cli.md`: 10 s). */
  readonly joinMs: number;
  /** An incomplete set is kept so long for an object that comes late. */
  readonly lateMs: number;
}

interface Known {
  readonly stamp: string;
  readonly read: ObjectInfo | LynceusError;
  readonly at: number;
}

const DICOM_NAME = /\.(dcs|dcm)$/i;
/** New files read in one look, so that a folder of thousands holds up nothing. */
const MAX_NEW = 64;

/** Whether a folder entry is taken for a DICOM object by its name. */
export function isDicomName(name: string): boolean {
  return !name.startsWith(".") && DICOM_NAME.test(name);
}

/**
 * Joins the DICOM objects of a folder by their Scan Instance UID, as they lie there: a file is read once, a set is whole at the
 * views × energies that its objects state, else some time after its last object came.
 */
export class DicomSets {
  readonly #worker: Pick<ObjectWorker, "inspect">;
  readonly #timings: DicomSetTimings;
  #known = new Map<string, Known>();
  /** Sets that were handed on incomplete, by how many objects. */
  readonly #held = new Map<string, { readonly members: number; readonly until: number }>();

  constructor(options: { worker: Pick<ObjectWorker, "inspect">; timings: DicomSetTimings }) {
    this.#worker = options.worker;
    this.#timings = options.timings;
  }

  /** `whole`: names of files that nobody writes any more. */
  async look(
    folder: string,
    sightings: ReadonlyMap<string, Sighting>,
    whole: ReadonlySet<string>,
    now: number,
  ): Promise<DicomLook> {
    const names = [...whole].filter(isDicomName).sort();
    await this.#read(folder, names, sightings, now);
    const groups = new Map<string, { file: DicomFile; at: number }[]>();
    const reports: DicomFile[] = [];
    const bad: { path: string; error: LynceusError }[] = [];
    for (const name of names) {
      const known = this.#known.get(name);
      if (known === undefined) continue;
      const path = join(folder, name);
      const { read: info, at } = known;
      if (info instanceof Error) bad.push({ path, error: info });
      else if (info.kind === "tdr") reports.push({ path, info });
      else {
        const uid = info.scanUid === "" ? path : info.scanUid;
        groups.set(uid, [...(groups.get(uid) ?? []), { file: { path, info }, at }]);
      }
    }
    const all = [...groups].map(([uid, members]) => setOf(uid, members));
    const isOver = ({ scanUid, members }: FolderSet) => {
      const held = this.#held.get(scanUid);
      return held?.members === members.length && now >= held.until;
    };
    const over = all.filter(isOver);
    for (const { scanUid } of over) this.#held.delete(scanUid);
    return { sets: all.filter((set) => !over.includes(set) && this.#isReady(set, now)), over, reports, bad };
  }

  /** Keeps an incomplete set where it lies, for what may come late. */
  hold({ scanUid, members }: Pick<FolderSet, "scanUid" | "members">, now: number): void {
    this.#held.set(scanUid, { members: members.length, until: now + this.#timings.lateMs });
    const [oldest] = this.#held.keys();
    if (this.#held.size > DICOM_DRIVER_LIMITS.maxOpenScans && oldest !== undefined) this.#held.delete(oldest);
  }

  #isReady({ scanUid, members, lastAt }: FolderSet, now: number): boolean {
    if (this.#held.get(scanUid)?.members === members.length) return false;
    const { complete } = planScan(members);
    const most = members.length >= DICOM_DRIVER_LIMITS.maxObjectsOfScan;
    return complete === true || most || now - lastAt >= this.#timings.joinMs;
  }

  async #read(
    folder: string,
    names: readonly string[],
    sightings: ReadonlyMap<string, Sighting>,
    now: number,
  ): Promise<void> {
    const known = new Map<string, Known>();
    let fresh = 0;
    for (const name of names) {
      const stamp = stampOf(sightings.get(name));
      const before = this.#known.get(name);
      if (before?.stamp === stamp) known.set(name, before);
      else if (fresh++ < MAX_NEW) {
        const read = await this.#inspect(join(folder, name));
        if (read !== null) known.set(name, { stamp, read, at: now });
      }
    }
    this.#known = known;
  }

  /** Null: it went away. */
  async #inspect(path: string): Promise<ObjectInfo | LynceusError | null> {
    try {
      return (await inspectFile(path, this.#worker)).info;
    } catch (error) {
      if (isLynceusError(error)) return error;
      if ((error as NodeJS.ErrnoException).code === "ENOENT") return null;
      throw error;
    }
  }
}

/** The set as the DICOM lane has it: with the digests of its files. */
export async function joinedOf({ members, ...set }: FolderSet): Promise<JoinedSet> {
  const joined: { path: string; info: ObjectInfo; kept: Kept }[] = [];
  for (const { path, info } of members) joined.push({ path, info, kept: await keptOf(path) });
  return { ...set, members: joined };
}

/** A copy that is durable: somebody may write into the file that lies in the folder. */
export async function copyDurably(from: string, to: string): Promise<void> {
  await copyFile(from, to, constants.COPYFILE_EXCL | constants.COPYFILE_FICLONE);
  await syncFile(to);
}

function setOf(scanUid: string, members: readonly { file: DicomFile; at: number }[]): FolderSet {
  const files = members.map(({ file }) => file);
  const times = members.map(({ at }) => at);
  const complete = planScan(files).complete !== false;
  return { scanUid, members: files, complete, beganAt: Math.min(...times), lastAt: Math.max(...times) };
}

function stampOf(sighting: Sighting | undefined): string {
  return sighting === undefined ? "" : `${sighting.inode} ${sighting.size} ${sighting.modifiedAt}`;
}

async function keptOf(path: string): Promise<Kept> {
  const hash = createHash("sha256");
  let bytes = 0;
  for await (const chunk of createReadStream(path)) {
    const data = chunk as Uint8Array;
    hash.update(data);
    bytes += data.length;
  }
  return { path, sha256: hash.digest("hex"), bytes };
}
