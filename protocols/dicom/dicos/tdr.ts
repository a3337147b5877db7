import { dataSet, element } from "../build.ts";
import type { DataSet, DicomElement } from "../model.ts";
import { TAG } from "../tags.ts";
import { dicomTime } from "../time.ts";
import { SOP_CLASS } from "../uids.ts";
import { type CommonOptions, commonElements } from "./common.ts";

/** An instance that a report refers to. */
export interface InstanceReference {
  readonly sopClass: string;
  readonly sopInstance: string;
}

/** A potential threat object (IIC 1 v03, table 70). */
export interface ThreatObject {
  readonly category: "EXPLOSIVE" | "PI" | "CONTRABAND" | "ANOMALY" | "OTHER" | "PHARMACEUTICAL";
  /** The detector's own word for it. */
  readonly description: string;
  readonly flag: "HIGH_THREAT" | "THREAT" | "NO_THREAT" | "UNKNOWN";
  readonly ability: "NO_INTERFERENCE" | "SHIELD";
  /** 0..1; null where nothing was estimated. */
  readonly probability: number | null;
  /** One place an image or view: pixels, 0-based, right and bottom exclusive; the images that show it. */
  readonly places: readonly {
    readonly images: readonly InstanceReference[];
    readonly x: number;
    readonly y: number;
    readonly width: number;
    readonly height: number;
  }[];
  /** The object of an earlier report that this one is about. */
  readonly refersTo?: { readonly ptoId: number; readonly report: InstanceReference };
}

/** A threat detection report (IIC 1 v03, clause 12). */
export interface TdrOptions extends Omit<CommonOptions, "sopClass" | "modality"> {
  readonly type: "MACHINE" | "OPERATOR" | "GROUND TRUTH";
  readonly decision: "ALARM" | "CLEAR" | "UNKNOWN";
  /** Why the analysis did not finish; null: it did. */
  readonly abort: string | null;
  /** Manufacturer, version, parameters. */
  readonly algorithm: readonly string[];
  /** ms since the epoch. */
  readonly startedAt: number;
  readonly decidedAt: number;
  readonly images: readonly InstanceReference[];
  readonly frameOfReference: string;
  readonly objects: readonly ThreatObject[];
  /** Who decided; of OPERATOR reports only. */
  readonly operator?: string;
}

const ALARMING: readonly ThreatObject["flag"][] = ["HIGH_THREAT", "THREAT"];
const PERSON_CODE = { value: "OPERATOR", scheme: "99LYNCEUS", meaning: "Operator" };

/**
 * A report as a data set that keeps every consistency rule: alarm objects are counted as they are flagged, an aborted analysis
 * says why, an operator is named, times are above 0.
 */
export function tdrDataSet(options: TdrOptions): DataSet {
  const { type, decision, abort, objects, version, decidedAt, startedAt } = options;
  const milliseconds = Math.max(1, decidedAt - startedAt);
  const alarms = objects.filter(({ flag }) => ALARMING.includes(flag)).length;
  const common = commonElements({ ...options, sopClass: SOP_CLASS.dicosTdr, modality: "TDR" });
  return dataSet([
    ...common,
    element(TAG.referencedScan, options.images.map(referenceOf)),
    ...(type === "OPERATOR" ? [operatorElement(options.operator ?? "unknown")] : []),
    element(TAG.instanceNumber, 0),
    element(TAG.frameOfReference, options.frameOfReference),
    element(TAG.positionReference, []),
    ...(objects.length === 0
      ? []
      : [
          element(
            TAG.threats,
            objects.map((object, id) => threatItem(object, id, options, milliseconds)),
          ),
        ]),
    ...(abort === null ? [] : [element(TAG.abortReason, abort)]),
    element(TAG.abortFlag, abort === null ? "SUCCESS" : "ABORT"),
    element(TAG.tdrType, type),
    ...(type === "MACHINE" ? [element(TAG.algorithm, options.algorithm.map(cleanText))] : []),
    element(TAG.decisionTime, dicomTime(decidedAt).dateTime),
    element(TAG.decision, decision),
    element(TAG.totalObjects, objects.length),
    ...(decision === "ALARM" ? [element(TAG.alarmObjects, alarms)] : []),
    element(TAG.processingTime, milliseconds),
    element(TAG.additionalScreening, "NO"),
    ...(version === "V03" ? [element(TAG.imageScale, 1)] : []),
  ]);
}

function threatItem(
  object: ThreatObject,
  id: number,
  { version, startedAt, decidedAt }: TdrOptions,
  ms: number,
): DataSet {
  const { category, description, flag, ability, probability, places, refersTo } = object;
  return dataSet([
    element(TAG.ptoId, id),
    element(TAG.representations, places.map(placeItem)),
    element(TAG.assessments, [
      dataSet([
        element(TAG.threatCategory, category),
        element(TAG.threatDescription, cleanText(description)),
        element(TAG.ability, ability),
        element(TAG.assessmentFlag, flag),
        ...(probability === null ? [] : [element(TAG.probability, Math.min(1, Math.max(0, probability)))]),
      ]),
    ]),
    ...(refersTo === undefined ? [] : [refersToElement(refersTo)]),
    ...(version === "V03"
      ? [
          element(TAG.ptoStart, dicomTime(startedAt).dateTime),
          element(TAG.ptoEnd, dicomTime(decidedAt).dateTime),
          element(TAG.ptoMilliseconds, ms),
        ]
      : []),
  ]);
}

/** Base and extents with a depth of 1, as the reference files write for projections; the empty bitmap means all of it. */
function placeItem({ images, x, y, width, height }: ThreatObject["places"][number]): DataSet {
  return dataSet([
    element(TAG.referencedInstances, images.map(referenceOf)),
    element(TAG.roiVoxels, [
      dataSet([
        element(TAG.roiBase, [x, y, 0]),
        element(TAG.roiExtents, [width, height, 1]),
        element(TAG.roiBitmap, new Uint8Array(0)),
      ]),
    ]),
    element(TAG.boundingPolygon, [x, y, 0, x + width, y + height, 1]),
  ]);
}

function referenceOf({ sopClass, sopInstance }: InstanceReference): DataSet {
  return dataSet([
    element(TAG.referencedSopClass, sopClass),
    element(TAG.referencedSopInstance, sopInstance),
  ]);
}

function refersToElement({ ptoId, report }: NonNullable<ThreatObject["refersTo"]>): DicomElement {
  return element(TAG.referencedPto, [
    dataSet([element(TAG.ptoId, ptoId), element(TAG.referencedTdr, [referenceOf(report)])]),
  ]);
}

/** Person Identification Code Sequence (0040,1101), with the name as long code value; no personal data but what was given. */
function operatorElement(operator: string): DicomElement {
  const code = dataSet([
    element(0x0008_0100, PERSON_CODE.value),
    element(0x0008_0102, PERSON_CODE.scheme),
    element(0x0008_0104, cleanText(operator) || PERSON_CODE.meaning),
  ]);
  return element(TAG.operatorIdentification, [dataSet([element(0x0040_1101, [code], "SQ")])]);
}

function cleanText(text: string): string {
  return text.replaceAll("\\", "/").slice(0, 64);
}
