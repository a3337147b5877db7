import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { open } from "node:fs/promises";
import { basename, extname } from "node:path";
import { planScan, type ScanPlan } from "../../../protocols/dicom/scan-plan.ts";
import type { Codecs } from "../../image/dicom/codecs.ts";
import { analysableOf, type DicomObject, openObject, scanViewOf } from "../../image/dicom/scan.ts";
import { sniff } from "../../image/formats.ts";
import type { ImageInput } from "../../image/naming.ts";
import type { AnalysableScan } from "../../inference/planes.ts";
import { evidenceOf, identifiersOf } from "../../scanner/dicom/facts.ts";
import type { ScanFacts } from "./payload.ts";

/** A scan of DICOM objects, or of image files. */
export type ScanInput = ImageInput & {
  readonly objects?: readonly DicomObject[];
  /** Why it is a DICOM file and cannot be read as one. */
  readonly fault?: unknown;
};

const SNIFF_BYTES = 132;

/**
 * Joins the DICOM files among the inputs by their Scan Instance UID, at the place of the first of each (`cli.md`, "Inputs of
 * scan"). A file that cannot be read stays an input of its own and says so when its turn comes.
 */
export async function joinDicom(inputs: readonly ImageInput[]): Promise<readonly ScanInput[]> {
  const out: ScanInput[] = [];
  const places = new Map<string, number>();
  for (const input of inputs) {
    const { objects, ...fault } = await objectsOf(input);
    const [first] = objects;
    if (first === undefined) {
      out.push({ ...input, ...fault });
      continue;
    }
    const place = first.info.scanUid === "" ? undefined : places.get(first.info.scanUid);
    const known = place === undefined ? undefined : out[place];
    if (place !== undefined && known !== undefined) {
      const files = [...known.files, ...input.files] as unknown as ImageInput["files"];
      out[place] = { ...known, files, objects: [...(known.objects ?? []), ...objects] };
      continue;
    }
    places.set(first.info.scanUid, out.length);
    out.push({ ...input, objects });
  }
  return out;
}

async function objectsOf({
  files,
}: ImageInput): Promise<Pick<ScanInput, "fault"> & Required<Pick<ScanInput, "objects">>> {
  const objects: DicomObject[] = [];
  for (const file of files) {
    if (file === null || !(await isDicom(file))) return { objects: [] };
    try {
      objects.push(await openObject(file));
    } catch (fault) {
      return { objects: [], fault };
    }
  }
  return { objects };
}

async function isDicom(file: string): Promise<boolean> {
  await using handle = await open(file, "r");
  const { buffer, bytesRead } = await handle.read(new Uint8Array(SNIFF_BYTES), 0, SNIFF_BYTES, 0);
  return sniff(buffer.subarray(0, bytesRead)) === "dicom";
}

/** The planes and the facts of a joined scan. @throws LYN_DICOM_… where a plane cannot be decoded. */
export async function readDicomScan(
  objects: readonly DicomObject[],
  codecs: Codecs,
): Promise<{ readonly scan: AnalysableScan; readonly facts: ScanFacts }> {
  const plan = planScan(objects);
  const unread = objects.map(({ info }) => info.pixels).find((pixels) => pixels instanceof Error);
  if (plan.views.length === 0 && unread instanceof Error) throw unread;
  const scan = await analysableOf(plan, codecs);
  return { scan, facts: await factsOf(objects, plan, scan) };
}

async function factsOf(
  objects: readonly DicomObject[],
  plan: ScanPlan<DicomObject>,
  scan: AnalysableScan,
): Promise<ScanFacts> {
  const infos = objects.map(({ info }) => info);
  const startedAt = infos.map((info) => info.startedAt).find((at) => at !== null);
  const digests = new Map<DicomObject, { sha256: string; bytes: number }>();
  for (const object of objects) digests.set(object, await digestOf(object.path));
  const name = objects[0]?.path ?? "";
  return {
    name: basename(name, extname(name)),
    kind: scan.kind,
    views: plan.views.map(scanViewOf),
    acquisition: [...new Set(infos.flatMap(({ acquisition }) => acquisition))] as ScanFacts["acquisition"],
    purpose: infos.some(({ purpose }) => purpose === "NON_OPERATIONAL") ? "NON_OPERATIONAL" : "OPERATIONAL",
    origin: infos.map(({ origin }) => origin).find((origin) => origin !== "MACHINE") ?? "MACHINE",
    airLevel: null,
    identifiers: identifiersOf(infos),
    massKg: infos.map(({ massKg }) => massKg).find((mass) => mass !== null) ?? null,
    ...(startedAt === undefined ? {} : { capturedAt: Date.parse(startedAt) }),
    evidence: evidenceOf(plan, objects, (object) => digests.get(object) ?? null),
  };
}

async function digestOf(path: string): Promise<{ sha256: string; bytes: number }> {
  const hash = createHash("sha256");
  let bytes = 0;
  for await (const chunk of createReadStream(path)) {
    const data = chunk as Uint8Array;
    hash.update(data);
    bytes += data.length;
  }
  return { sha256: hash.digest("hex"), bytes };
}
