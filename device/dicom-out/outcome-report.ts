import type { TdrOptions, ThreatObject } from "../../protocols/dicom/dicos/tdr.ts";
import { SOP_CLASS } from "../../protocols/dicom/uids.ts";
import type { Outcome } from "../../protocols/mqtt/outcome.ts";
import type { Received } from "../../protocols/mqtt/received.ts";
import type { Scan } from "../scan.ts";
import { equipmentOf, inspectedOf, namesOf } from "./references.ts";
import { categoryOf, fileOf, type Report, type ReportSource, reportUid } from "./report.ts";
import { derivedUid } from "./uids.ts";

/** What an examination decided, in the words of a report: what was confirmed is an alarm. */
const DECISIONS: Readonly<Record<string, TdrOptions["decision"]>> = { confirmed: "ALARM", refuted: "CLEAR" };

/**
 * The OPERATOR report on the outcome of an examination: it refers to the machine's report on the hit that was acted on. It names
 * no person, since an outcome does not. Null where an alarm has no image to point at.
 */
export function outcomeReport(
  outcome: Received<Outcome>,
  scan: Scan,
  around: Pick<ReportSource, "version" | "software"> & { readonly site: string; readonly gateway: string },
): Report | null {
  const names = namesOf(scan);
  const { scanId } = scan;
  const decision = DECISIONS[outcome.result] ?? "UNKNOWN";
  const sopInstance = derivedUid(scanId, "outcome", outcome.outcomeId, outcome.at);
  const places = scan.views.flatMap(({ view, width, height, energies }) => {
    const images = energies.flatMap((energy) => names.instanceOf(view, energy) ?? []);
    return images.length === 0 ? [] : [{ images, x: 0, y: 0, width, height }];
  });
  if (decision === "ALARM" && places.length === 0) return null;
  const report = { sopClass: SOP_CLASS.dicosTdr, sopInstance: reportUid(scanId, outcome.revision) };
  const found = outcome.classes.length === 0 ? ["irregularity"] : outcome.classes;
  const objects = found.map(
    (name): ThreatObject => ({
      category: categoryOf(name),
      description: name,
      flag: "THREAT",
      ability: "NO_INTERFERENCE",
      probability: null,
      places,
      // An examination finds goods, not boxes: all that is known is which report led to it.
      refersTo: { ptoId: 0, report },
    }),
  );
  const at = Date.parse(outcome.at);
  const options: TdrOptions = {
    version: around.version,
    sopInstance,
    scanUid: names.scanUid,
    seriesUid: derivedUid(scanId, "outcome series"),
    scanId: names.scanId,
    scannedAt: Date.parse(scan.key.startedAt) || scan.beganAt,
    createdAt: at,
    equipment: equipmentOf(scan, { ...around, version: around.software }),
    inspected: inspectedOf(scan, scan),
    acquisition: scan.acquisition[0] ?? "SUCCESSFUL",
    purpose: scan.purpose,
    type: "OPERATOR",
    decision,
    abort: decision === "UNKNOWN" ? "NOT_REVIEWED" : null,
    algorithm: [],
    startedAt: scan.receivedAt,
    decidedAt: Math.max(at, scan.receivedAt + 1),
    images: names.all,
    frameOfReference: names.frameOfReference,
    objects: decision === "ALARM" ? objects : [],
    operator: "customs officer",
  };
  return { sopInstance, bytes: fileOf(options) };
}
