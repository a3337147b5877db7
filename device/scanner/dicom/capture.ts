import { link } from "node:fs/promises";
import { join } from "node:path";
import { planScan } from "../../../protocols/dicom/scan-plan.ts";
import { isLynceusError, type LynceusError } from "../../../protocols/errors.ts";
import type { AcquisitionStatus } from "../../../protocols/vocabulary.ts";
import { syncEntries } from "../../durable.ts";
import { type ImagePlane, kindOf, scanViewOf } from "../../image/dicom/scan.ts";
import type { Capture, ScanKey, ScanView } from "../../scan.ts";
import type { ScanStore, ScanWriter } from "../../spool/port.ts";
import type { ScannerMachine } from "../port.ts";
import { evidenceOf, identifiersOf, originOf } from "./facts.ts";
import type { JoinedSet, Member } from "./joiner.ts";
import type { ObjectWorker } from "./object-worker.ts";

export interface CaptureOptions {
  readonly set: JoinedSet;
  readonly key: ScanKey;
  readonly lane: string;
  readonly store: ScanStore;
  readonly decoder: Pick<ObjectWorker, "decode">;
  readonly maxScanBytes: number;
  /** Puts a received file beside the planes, durable; absent: under a second name, since nobody writes into it. */
  readonly keepFile?: (from: string, to: string) => Promise<void>;
  /** An object of the set has no pixels that can be read; it is kept all the same. */
  readonly onUnreadable: (member: Member, error: LynceusError) => void;
}

/** Codes that say that an image cannot be analysed, not that the disk cannot be written. */
const UNREADABLE = [
  "LYN_DICOM_CODEC",
  "LYN_DICOM_FORMAT",
  "LYN_DICOM_INVALID",
  "LYN_DICOM_LIMIT",
  "LYN_DICOM_PIXELS",
  "LYN_DICOM_SYNTAX",
  "LYN_DICOM_TRUNCATED",
  "LYN_PLANE_INVALID",
  "LYN_SCAN_TOO_LARGE",
] as const;

/** What a key is made of. */
type KeyedSet = Pick<JoinedSet, "scanUid"> & { readonly members: readonly Pick<Member, "info">[] };

/** The key under which the spool knows a scan again: the Scan Instance UID of the machine. */
export function keyOf({ scanUid, members }: KeyedSet): ScanKey {
  const infos = members.map(({ info }) => info);
  const serial = infos.map(({ machine }) => machine.serial).find((value) => value !== null) ?? "unknown";
  const startedAt = infos.flatMap((info) => info.startedAt ?? []).sort()[0] ?? new Date(0).toISOString();
  return { serial: `dicom:${serial}`, scanRef: scanUid, startedAt };
}

/** Who made the images of a set, as they say. */
export function machineOf({ members }: Pick<KeyedSet, "members">): ScannerMachine | null {
  const machine = members[0]?.info.machine;
  return machine === undefined
    ? null
    : { vendor: machine.manufacturer, model: machine.model, serial: machine.serial };
}

/** The key of a set; what comes late to a scan that is stored whole is a scan of its own. Null: the spool has it already. */
export async function freshKeyOf(
  set: KeyedSet,
  lane: string,
  store: Pick<ScanStore, "find">,
): Promise<ScanKey | null> {
  const key = keyOf(set);
  const known = await store.find(lane, key);
  if (known === null || known.otherStart || !known.complete) return key;
  const instances = set.members.map(({ info }) => info.sopInstance).sort();
  const late = { ...key, scanRef: `${key.scanRef}#${instances[0]}` };
  const again = await store.find(lane, late);
  return again?.complete === true && !again.otherStart ? null : late;
}

/**
 * Writes a set into the spool as a capture: its planes, and beside them the objects as received, which are the evidence. A set
 * whose pixels cannot be read is a capture without views: it still ends in a hit that says so. Throws what the spool throws.
 */
export async function captureOf(options: CaptureOptions): Promise<Capture> {
  const { set, key, lane, store, maxScanBytes, keepFile = link } = options;
  const writer = await store.begin({ lane, maxBytes: maxScanBytes });
  try {
    const { kind, views } = await writePlanes(options, writer);
    const planes = await writer.finish();
    const evidence = evidenceOf(planScan(set.members), set.members, (object) => keptOf(set, object));
    for (const { kept } of set.members) {
      await keepFile(kept.path, join(writer.directory, `${kept.sha256.slice(0, 32)}.dcs`)).catch(existing);
    }
    await syncEntries(writer.directory);
    const infos = set.members.map(({ info }) => info);
    const massKg = infos.map((info) => info.massKg).find((mass) => mass !== null);
    const { beganAt, lastAt } = set;
    return {
      key,
      scanId: writer.scanId,
      directory: writer.directory,
      beganAt,
      capturedAt: lastAt,
      // The last byte in: what is waited for others after it is the gateway's own time.
      receivedAt: lastAt,
      kind,
      views,
      planes,
      acquisition: acquisitionOf(set),
      purpose: infos.some(({ purpose }) => purpose === "NON_OPERATIONAL") ? "NON_OPERATIONAL" : "OPERATIONAL",
      origin: infos.map(({ origin }) => origin).find((origin) => origin !== "MACHINE") ?? "MACHINE",
      airLevel: null,
      identifiers: identifiersOf(infos),
      evidence,
      dicom: originOf(set),
      ...(massKg === undefined || massKg === null ? {} : { statedMassKg: massKg }),
    };
  } catch (error) {
    await writer.discard();
    throw error;
  }
}

async function writePlanes(
  { set, decoder, onUnreadable }: CaptureOptions,
  writer: ScanWriter,
): Promise<{ kind: Capture["kind"]; views: readonly ScanView[] }> {
  const plan = planScan(set.members);
  for (const member of set.members) {
    const { pixels } = member.info;
    if (pixels instanceof Error && plan.kind !== "ct") onUnreadable(member, pixels);
  }
  const views: ScanView[] = [];
  const written: Pick<ImagePlane, "format">[] = [];
  for (const planned of plan.views) {
    const energies: ScanView["energies"][number][] = [];
    const view = scanViewOf(planned);
    for (const plane of planned.planes) {
      try {
        const image = await decoder.decode(plane);
        const { width, height } = view;
        const { energy, format } = image;
        await writer.writePlane({ view: view.view, energy, width, height, format }, bytesOf(image));
        energies.push(energy);
        written.push({ format });
      } catch (error) {
        if (!isLynceusError(error, ...UNREADABLE)) throw error;
        onUnreadable(plane.object, error);
      }
    }
    if (energies.length > 0) views.push({ ...view, energies });
  }
  return { kind: finalKind(kindOf(plan, written), views), views };
}

/** Half of a pair is no pair, and a scan none of whose planes could be read is of no kind that a model takes. */
function finalKind(kind: Capture["kind"], views: readonly ScanView[]): Capture["kind"] {
  if (kind === "ct" || kind === "ait") return kind;
  if (views.length === 0) return "other";
  return kind === "dual-energy" && views.some(({ energies }) => energies.length < 2) ? "other" : kind;
}

function keptOf(set: JoinedSet, object: { readonly path: string }) {
  return set.members.find(({ path }) => path === object.path)?.kept ?? null;
}

function acquisitionOf({ members, complete }: JoinedSet): readonly AcquisitionStatus[] {
  const said = new Set(members.flatMap(({ info }) => info.acquisition as readonly AcquisitionStatus[]));
  if (!complete) {
    said.delete("SUCCESSFUL");
    said.add("INCOMPLETE");
  }
  if (said.size > 1) said.delete("SUCCESSFUL");
  return [...said];
}

function bytesOf(image: ImagePlane): Uint8Array {
  if (image.format === "rgb8") return image.rgb;
  const { samples } = image;
  const bytes = new Uint8Array(samples.buffer, samples.byteOffset, samples.byteLength);
  return new Uint8Array(Uint16Array.of(1).buffer)[0] === 1 ? bytes : Buffer.from(bytes).swap16();
}

/** Two objects of one content are one file. */
function existing(error: unknown): void {
  if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
}
