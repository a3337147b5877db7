import { formatTag } from "../dictionary.ts";
import type { DataSet } from "../model.ts";
import { TAG } from "../tags.ts";
import { find, itemsOf, numberOf, numbersOf, textOf, textsOf } from "../values.ts";
import type { Finding } from "./finding.ts";
import { ABORT_REASONS, ASSESSMENT, THREAT, THREAT_CATEGORIES } from "./modules.ts";
import { checkRequirements } from "./require.ts";

type Say = (rule: string, tag: number, message: string, remedy: string, level?: Finding["level"]) => void;

/** Consistency of a threat detection report within itself (reference, 1.9; IIC 1 v03 clause 12). */
export function checkReport(set: DataSet): readonly Finding[] {
  const findings: Finding[] = [];
  const say: Say = (rule, tag, message, remedy, level = "error") =>
    findings.push({ rule, level, tag: formatTag(tag).slice(1, -1), message, remedy });
  const threats = itemsOf(set, TAG.threats);
  checkDecision(set, threats, say);
  checkOrigin(set, say);
  checkFigures(set, threats, say);
  const ids = threats.map((item) => numberOf(item, TAG.ptoId));
  if (new Set(ids).size !== ids.length) {
    say("TDR-24", TAG.ptoId, "two objects have one id", "Number the objects of a report from 0.");
  }
  for (const [index, item] of threats.entries()) findings.push(...checkThreat(set, item, index));
  return findings;
}

function alarming(item: DataSet): boolean {
  return itemsOf(item, TAG.assessments).some((assessment) =>
    ["HIGH_THREAT", "THREAT"].includes(textOf(assessment, TAG.assessmentFlag) ?? ""),
  );
}

function checkDecision(set: DataSet, threats: readonly DataSet[], say: Say): void {
  const decision = textOf(set, TAG.decision);
  const flagged = threats.filter(alarming).length;
  if (decision === "ALARM" && threats.length === 0) {
    say(
      "TDR-14",
      TAG.threats,
      "ALARM without an object",
      "Name the object that caused the alarm, or say UNKNOWN.",
    );
  }
  if (decision === "ALARM" && find(set, TAG.alarmObjects) === undefined) {
    say(
      "TDR-15",
      TAG.alarmObjects,
      "ALARM without the number of alarm objects",
      "Count the flagged objects.",
    );
  }
  const counted = numberOf(set, TAG.alarmObjects);
  if (decision === "ALARM" && counted !== null && counted !== flagged) {
    say(
      "TDR-16",
      TAG.alarmObjects,
      `${counted} alarm objects are counted, ${flagged} are flagged`,
      "Count the objects flagged THREAT or HIGH_THREAT.",
      "warning",
    );
  }
  if (decision === "CLEAR" && flagged > 0) {
    say(
      "TDR-17",
      TAG.decision,
      `CLEAR, but ${flagged} objects are flagged`,
      "Say ALARM, or flag them NO_THREAT.",
    );
  }
}

function checkOrigin(set: DataSet, say: Say): void {
  const type = textOf(set, TAG.tdrType);
  if (type === "MACHINE" && textsOf(set, TAG.algorithm).length === 0) {
    say("TDR-18", TAG.algorithm, "a MACHINE report names no algorithm", "Write manufacturer and version.");
  }
  if (type === "OPERATOR" && itemsOf(set, TAG.operatorIdentification).length === 0) {
    say(
      "TDR-19",
      TAG.operatorIdentification,
      "an OPERATOR report names no operator",
      "Identify who decided.",
    );
  }
  const reasons = textsOf(set, TAG.abortReason);
  if (textOf(set, TAG.abortFlag) === "ABORT" && reasons.length === 0) {
    say("TDR-20", TAG.abortReason, "ABORT without a reason", `Write one of ${ABORT_REASONS.join(", ")}.`);
  }
  if (reasons.some((reason) => !ABORT_REASONS.includes(reason))) {
    say(
      "TDR-21",
      TAG.abortReason,
      "an abort reason that DICOS does not know",
      `Use ${ABORT_REASONS.join(", ")}.`,
    );
  }
  const additional = textOf(set, TAG.additionalScreening) === "YES";
  if (additional && find(set, TAG.additionalCriteria) === undefined) {
    say(
      "TDR-25",
      TAG.additionalCriteria,
      "additional screening without its criteria",
      "Write why it was done.",
    );
  }
}

function checkFigures(set: DataSet, threats: readonly DataSet[], say: Say): void {
  const total = numberOf(set, TAG.totalObjects) ?? 0;
  const alarms = numberOf(set, TAG.alarmObjects) ?? 0;
  if (alarms > total || threats.length > total) {
    say(
      "TDR-22",
      TAG.totalObjects,
      `${total} objects in all, but ${threats.length} are listed and ${alarms} alarm`,
      "Count every listed object.",
    );
  }
  if ((numberOf(set, TAG.processingTime) ?? 1) <= 0) {
    say(
      "TDR-23",
      TAG.processingTime,
      "the processing time is not above 0 ms",
      "Write milliseconds.",
      "warning",
    );
  }
}

function checkThreat(set: DataSet, item: DataSet, index: number): readonly Finding[] {
  const version = textOf(set, TAG.dicosVersion);
  const path = `4010,1011[${index}]/`;
  const findings = [...checkRequirements(item, THREAT, version, path)];
  const say = (
    rule: string,
    tag: number,
    message: string,
    remedy: string,
    level: Finding["level"] = "error",
  ) => findings.push({ rule, level, tag: path + formatTag(tag).slice(1, -1), message, remedy });
  const machine = textOf(set, TAG.tdrType) === "MACHINE";
  for (const assessment of itemsOf(item, TAG.assessments)) {
    findings.push(...checkRequirements(assessment, ASSESSMENT, version, `${path}4010,1038/`));
    const category = textOf(assessment, TAG.threatCategory);
    if (category === null ? machine : !THREAT_CATEGORIES.includes(category)) {
      say(
        "PTO-08",
        TAG.threatCategory,
        "no threat category that DICOS knows",
        `Use ${THREAT_CATEGORIES.join(", ")}.`,
        "warning",
      );
    }
    const probability = numberOf(assessment, TAG.probability);
    if (probability !== null && !(probability >= 0 && probability <= 1)) {
      say("PTO-09", TAG.probability, "a probability outside 0..1", "Write a share, not percent.");
    }
  }
  const places = itemsOf(item, TAG.representations);
  if (machine && places.length === 0) {
    say(
      "PTO-10",
      TAG.representations,
      "an object without its place",
      "Write one item for each image it was seen in.",
    );
  }
  for (const place of places) {
    if (itemsOf(place, TAG.referencedInstances).length === 0) {
      say("PTO-11", TAG.referencedInstances, "a place without its image", "Refer to the image instance.");
    }
    if (numbersOf(place, TAG.boundingPolygon).length < 6 && textOf(set, TAG.ooiType) !== "PERSON") {
      say(
        "PTO-12",
        TAG.boundingPolygon,
        "a bounding polygon of fewer than 2 points",
        "Write X, Y, Z triplets.",
        // The reference files leave it empty where the place is a voxel list.
        "warning",
      );
    }
  }
  return findings;
}
