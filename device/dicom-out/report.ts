import type { DicosVersion } from "../../protocols/dicom/dicos/common.ts";
import { type TdrOptions, type ThreatObject, tdrDataSet } from "../../protocols/dicom/dicos/tdr.ts";
import { encodePart10, part10Of } from "../../protocols/dicom/part10.ts";
import { SOP_CLASS, SYNTAX } from "../../protocols/dicom/uids.ts";
import { IMPLEMENTATION } from "../dicom-net/implementation.ts";
import type { HitData } from "../fusion/hit.ts";
import type { Scan } from "../scan.ts";
import { equipmentOf, inspectedOf, namesOf, type ScanNames } from "./references.ts";
import { derivedUid } from "./uids.ts";

/** What a report is made of. */
export interface ReportSource {
  readonly hit: Pick<
    HitData,
    | "revision"
    | "decidedAt"
    | "receivedAt"
    | "decision"
    | "reasons"
    | "detections"
    | "identifiers"
    | "measured"
    | "models"
    | "scan"
    | "site"
    | "gateway"
  >;
  readonly scan: Scan;
  readonly version: DicosVersion;
  /** Version of this program. */
  readonly software: string;
}

/** A finished report. */
export interface Report {
  readonly sopInstance: string;
  readonly bytes: Uint8Array;
}

/** Classes of the detectors in DICOS's few words; PI is a prohibited item. */
const CATEGORIES: Readonly<Record<string, ThreatObject["category"]>> = {
  explosive: "EXPLOSIVE",
  firearm: "PI",
  "firearm-part": "PI",
  ammunition: "PI",
  blade: "PI",
  narcotic: "CONTRABAND",
  tobacco: "CONTRABAND",
  currency: "CONTRABAND",
};
/** The category of a detector's class. */
export function categoryOf(name: string): ThreatObject["category"] {
  return CATEGORIES[name] ?? "OTHER";
}

/** Objects listed in a report; a hit holds at most 100. */
const MAX_OBJECTS = 100;

/** UID of the machine report on a revision of a hit. */
export function reportUid(scanId: string, revision: number): string {
  return derivedUid(scanId, "tdr", revision);
}

/**
 * The MACHINE report on a hit, as a file. A pure function of hit and scan: whoever has both makes the same bytes, so that the
 * digest in the hit stands for a file that can be made again.
 */
export function machineReport(source: ReportSource): Report {
  const { hit, scan, version, software } = source;
  const names = namesOf(scan);
  const sopInstance = reportUid(scan.scanId, hit.revision);
  const found = objectsOf(source, names);
  const decidedAt = Date.parse(hit.decidedAt);
  // An alarm must name its object; where nothing can be pointed at, not even an image, the report cannot say ALARM.
  const decision = hit.decision === "ALARM" && found.length === 0 ? "UNKNOWN" : hit.decision;
  const options: TdrOptions = {
    version,
    sopInstance,
    scanUid: names.scanUid,
    seriesUid: derivedUid(scan.scanId, "tdr series"),
    scanId: names.scanId,
    scannedAt: Date.parse(scan.key.startedAt) || scan.beganAt,
    createdAt: decidedAt,
    equipment: equipmentOf(scan, { site: hit.site, gateway: hit.gateway, version: software }),
    inspected: inspectedOf(scan, hit),
    acquisition: hit.scan.acquisition[0] ?? "SUCCESSFUL",
    purpose: hit.scan.purpose,
    type: "MACHINE",
    decision,
    abort: decision === "UNKNOWN" ? abortOf(source) : null,
    algorithm: ["Lynceus", software, ...hit.models.map(({ name, version: of }) => `${name}@${of}`)],
    startedAt: Date.parse(hit.receivedAt),
    decidedAt,
    images: names.all,
    frameOfReference: names.frameOfReference,
    objects: found,
  };
  return { sopInstance, bytes: fileOf(options) };
}

/** A report as a file in explicit little endian. */
export function fileOf(options: TdrOptions): Uint8Array {
  const meta = {
    sopClass: SOP_CLASS.dicosTdr,
    sopInstance: options.sopInstance,
    transferSyntax: SYNTAX.explicitLittle,
    dicosVersion: options.version,
    ...IMPLEMENTATION,
  };
  return encodePart10(part10Of(tdrDataSet(options), meta));
}

function objectsOf({ hit, scan }: ReportSource, names: ScanNames): readonly ThreatObject[] {
  const opaque = hit.reasons.some(({ code }) => code === "OPAQUE_REGION");
  const ability = opaque ? "SHIELD" : "NO_INTERFERENCE";
  const objects = hit.detections.slice(0, MAX_OBJECTS - 1).map((detection): ThreatObject => {
    const places = detection.boxes.flatMap(({ view, ...box }) => {
      const energies = scan.views.find((one) => one.view === view)?.energies ?? [];
      const images = energies.flatMap((energy) => names.instanceOf(view, energy) ?? []);
      return images.length === 0 ? [] : [{ images, ...box }];
    });
    const flag = flagOf(hit.decision, detection.alarm);
    const category = categoryOf(detection.class);
    return { category, description: detection.class, flag, ability, probability: detection.score, places };
  });
  const pointed = objects.filter(({ places }) => places.length > 0);
  if (hit.decision !== "ALARM" || pointed.some(({ flag }) => flag === "THREAT")) return pointed;
  return [...pointed, ...wholeScan({ hit, scan }, names, ability)];
}

/** CLEAR lists nothing as a threat (reference, 1.9, check 2), whatever a single detector says. */
function flagOf(decision: HitData["decision"], alarm: boolean): ThreatObject["flag"] {
  if (decision === "ALARM") return alarm ? "THREAT" : "NO_THREAT";
  if (decision === "CLEAR") return alarm ? "UNKNOWN" : "NO_THREAT";
  return "UNKNOWN";
}

/** An alarm that is of no place in the image (radiation, papers) is of the whole object. */
function wholeScan(
  { hit, scan }: Pick<ReportSource, "hit" | "scan">,
  names: ScanNames,
  ability: ThreatObject["ability"],
): readonly ThreatObject[] {
  const places = scan.views.flatMap(({ view, width, height, energies }) => {
    const images = energies.flatMap((energy) => names.instanceOf(view, energy) ?? []);
    return images.length === 0 ? [] : [{ images, x: 0, y: 0, width, height }];
  });
  if (places.length === 0) return [];
  const description = hit.reasons[0]?.code ?? "ANOMALY";
  return [{ category: "ANOMALY", description, flag: "THREAT", ability, probability: null, places }];
}

/** Why nobody can rely on a decision, in the words DICOS has. */
function abortOf({ hit }: ReportSource): string {
  const codes = new Set<string>(hit.reasons.map(({ code }) => code));
  if (hit.scan.acquisition.includes("INCOMPLETE")) return "INCOMPLETE_SCAN";
  if (codes.has("NO_MODEL")) return "UNKNOWN_DATATYPE";
  if (codes.has("MODEL_FAULT")) return "TIMEOUT";
  if (codes.has("IMAGE_QUALITY")) return "OUT_OF_BOUNDS";
  return "NOT_REVIEWED";
}
