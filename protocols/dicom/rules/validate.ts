import { formatTag } from "../dictionary.ts";
import type { DataSet } from "../model.ts";
import type { Part10 } from "../part10.ts";
import { TAG } from "../tags.ts";
import { isDicos, isUid, objectKind, SOP_CLASS } from "../uids.ts";
import { numberOf, textOf } from "../values.ts";
import type { Finding } from "./finding.ts";
import { COMMON, DX, IMAGE, type Requirement, TDR } from "./modules.ts";
import { checkReport } from "./report.ts";
import { checkRequirements } from "./require.ts";

/** A registered root or `2.25`: the first arc is 0, 1 or 2, and no arc begins with a zero. */
const SOUND_UID = /^[0-2](\.(0|[1-9][0-9]*))+$/;
const REFERENCE = "Have the writer use a registered UID root, or 2.25 with a UUID.";

/**
 * Checks an object rule by rule: what DICOS V02, V02A and V03 require by the public toolkit headers and reference files, and
 * what is inferred from them. It is no conformance test: the standard itself is not public.
 */
export function validatePart10(file: Part10): readonly Finding[] {
  const { dataset } = file;
  const sopClass = textOf(dataset, TAG.sopClass) ?? textOf(file.meta, TAG.mediaSopClass) ?? "";
  const version = textOf(dataset, TAG.dicosVersion);
  const dicos = isDicos(sopClass);
  const kind = objectKind(sopClass);
  const requirements: Requirement[] = dicos ? [...COMMON] : [];
  if (kind === "dx" || kind === "ct" || kind === "ait") requirements.push(...IMAGE);
  if (dicos && kind === "dx") requirements.push(...DX);
  if (kind === "tdr") requirements.push(...TDR);
  return [
    ...checkMeta(file),
    ...checkRequirements(dataset, requirements, version),
    ...checkUids(dataset),
    ...(kind === "dx" && dicos ? checkIntent(dataset, sopClass) : []),
    ...(kind === "tdr" ? checkReport(dataset) : []),
    ...(dicos ? checkOperational(dataset) : []),
  ];
}

function finding(
  rule: string,
  level: Finding["level"],
  tag: number,
  message: string,
  remedy: string,
): Finding {
  return { rule, level, tag: formatTag(tag).slice(1, -1), message, remedy };
}

function checkMeta({ meta, dataset }: Part10): readonly Finding[] {
  const findings: Finding[] = [];
  const pairs = [
    ["META-01", TAG.mediaSopClass, TAG.sopClass],
    ["META-02", TAG.mediaSopInstance, TAG.sopInstance],
    ["META-03", TAG.metaDicosVersion, TAG.dicosVersion],
  ] as const;
  for (const [rule, outer, inner] of pairs) {
    const said = textOf(meta, outer);
    const meant = textOf(dataset, inner);
    if (said === meant || (rule === "META-03" && said === null)) continue;
    const message = `the file meta information says otherwise than ${formatTag(inner)}`;
    findings.push(finding(rule, "error", outer, message, "Write the same value in both."));
  }
  return findings;
}

function checkUids(dataset: DataSet): readonly Finding[] {
  const tags = [TAG.sopInstance, TAG.scanUid, TAG.seriesUid, TAG.frameOfReference];
  return tags.flatMap((tag) => {
    const uid = textOf(dataset, tag);
    if (uid === null || SOUND_UID.test(uid)) return [];
    if (!isUid(uid))
      return [finding("UID-01", "error", tag, "this is no UID", "Write digits and dots, at most 64.")];
    return [finding("UID-02", "warning", tag, "the UID has no registered root", REFERENCE)];
  });
}

function checkIntent(dataset: DataSet, sopClass: string): readonly Finding[] {
  const intent = textOf(dataset, TAG.presentationIntent);
  const expected = sopClass.startsWith(SOP_CLASS.dicosDxPresentation) ? "FOR PRESENTATION" : "FOR PROCESSING";
  const findings: Finding[] = [];
  if (intent !== null && intent !== expected) {
    const message = "the presentation intent does not agree with the SOP class";
    findings.push(finding("DX-23", "error", TAG.presentationIntent, message, `Write ${expected}.`));
  }
  const kvp = numberOf(dataset, TAG.kvp);
  if (kvp !== null && !(kvp > 0 && kvp <= 1000)) {
    const message = `${kvp} kV is no tube voltage of a DX machine`;
    findings.push(finding("DX-24", "warning", TAG.kvp, message, "Write kilovolts."));
  }
  return findings;
}

/** An operational scan is of a machine (reference, 1.9, check 6). */
function checkOperational(dataset: DataSet): readonly Finding[] {
  const origin = textOf(dataset, TAG.imageOrigin);
  if (origin === null || origin === "MACHINE" || textOf(dataset, TAG.scanType) !== "OPERATIONAL") return [];
  const message = `an OPERATIONAL scan whose image is ${origin}`;
  return [
    finding(
      "SCAN-06",
      "error",
      TAG.imageOrigin,
      message,
      "Mark it NON_OPERATIONAL; it must not be decided on.",
    ),
  ];
}
