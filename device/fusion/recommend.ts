import type { Band, Decision, Recommendation } from "../../protocols/vocabulary.ts";
import type { Case } from "./case.ts";
import { alarmThreshold, roleOf } from "./detections.ts";
import { trustedRole } from "./evidence/parties.ts";
import { radiationAlarms } from "./evidence/radiation.ts";
import type { EvidenceRow } from "./evidence/row.ts";
import type { FusionInput } from "./input.ts";
import { declaredEuros } from "./money.ts";

/** What the recommendation is drawn from, beside the case. */
export interface Verdict {
  readonly decision: Decision;
  readonly band: Band;
  readonly rows: readonly EvidenceRow[];
  /** Drawn at random, or examined because all are. */
  readonly drawn: boolean;
}

/** Advice that a random pick goes beyond. */
const MILD: ReadonlySet<string> = new Set(["RELEASE", "RELEASE_PCA", "DOC_CHECK", "RFI", "ALT_SCREEN"]);
/** Acquisitions whose picture is not that of the whole item. */
const SPOILT: ReadonlySet<string> = new Set(["INCOMPLETE", "CUT", "JAM", "SLIP"]);
/** Data quality below which papers are looked at before release. */
const POOR_QUALITY = 0.6;
/** Flows with a referral protocol before loading (`customs-standards.md` §3.3). */
const REFERRED: ReadonlySet<string> = new Set(["postal", "express", "air_cargo", "container"]);

/** Whether the scan is work of the site: an operational scan of a real machine, or a test site that says so. */
export function isDecidable({ scan, decideOnSynthetic }: FusionInput): boolean {
  return decideOnSynthetic || (scan.purpose === "OPERATIONAL" && scan.origin === "MACHINE");
}

/** Whether the acquisition itself says that the picture is spoilt. */
export function isSpoilt({ scan }: FusionInput): boolean {
  return scan.acquisition.some((status) => SPOILT.has(status));
}

/** What the gateway advises (`labels.md`); the authority decides. */
export function recommend(subject: Case, verdict: Verdict): Recommendation {
  if (!isDecidable(subject.input)) return "NO_DECISION";
  if (verdict.decision === "ALARM") return onAlarm(subject, verdict);
  if (verdict.decision === "UNKNOWN") return onUnknown(subject);
  const advised = onClear(subject, verdict);
  if (!verdict.drawn || !MILD.has(advised)) return advised;
  return isReferred(subject) ? "RFS" : "PHYS_EXAM";
}

function onClear(subject: Case, verdict: Verdict): Recommendation {
  const problems = new Set(subject.input.analysis?.problems.map((problem) => problem.code));
  if (problems.has("IMAGE_QUALITY") || problems.has("MODEL_FAULT") || isSpoilt(subject.input))
    return "RESCAN";
  if (problems.has("OPAQUE_REGION")) return "ALT_SCREEN";
  if (showsAlarm(subject)) return isReferred(subject) ? "RFS" : "ALT_SCREEN";
  const asked = onReferral(subject);
  if (asked !== null) return asked;
  return verdict.band === "medium" ? onMedium(subject, verdict) : onLow(subject, verdict);
}

/**
 * Before loading an alarm is referred: do not load where the image or the portal settles it, screening by a second method
 * where the image weighs, information where only data does. At destination it is held or opened.
 */
function onAlarm(subject: Case, { rows }: Verdict): Recommendation {
  const settled = subject.floor.length > 0 || radiationAlarms(subject);
  if (!isReferred(subject)) return settled ? "HOLD" : "PHYS_EXAM";
  if (settled) return "DNL";
  return weighs(rows, "image", "declaration", "contents", "documents", "mass", "xray-mass") ? "RFS" : "RFI";
}

/** No model serves this kind of scan: scanning again would not help. Everything else may be better the second time. */
function onUnknown({ input }: Case): Recommendation {
  const problems = input.analysis?.problems ?? [];
  const onlyNoModel = problems.length > 0 && problems.every((problem) => problem.code === "NO_MODEL");
  return onlyNoModel && !isSpoilt(input) ? "NO_DECISION" : "RESCAN";
}

function onMedium(subject: Case, { rows }: Verdict): Recommendation {
  const referred = isReferred(subject);
  if (weighs(rows, "image", "declaration", "contents", "documents")) return referred ? "RFS" : "ALT_SCREEN";
  return onPapers(subject);
}

function onLow(subject: Case, { rows }: Verdict): Recommendation {
  const [best] = subject.matches;
  if (best === undefined) return "DOC_CHECK";
  const poor = best.quality.score < POOR_QUALITY || weighs(rows, "mass", "xray-mass", "pieces");
  if (poor || categoryDoubtful(subject)) return onPapers(subject);
  const doubts = best.quality.findings.length > 0 || weighs(rows, "declaration", "contents", "documents");
  return doubts ? onDoubts(subject) : "RELEASE";
}

/**
 * What only papers bring up. A trusted trader, goods that come back, or a site whose examiners are busy: they are checked after
 * release, where the law allows it. None of this ever touches an alarm or what the image shows.
 */
function onPapers(subject: Case): Recommendation {
  if (isReferred(subject)) return "RFI";
  const lenient = trustedRole(subject) !== null || isReturn(subject) || isBusy(subject.input);
  return lenient && !inTransit(subject) ? "RELEASE_PCA" : "DOC_CHECK";
}

/** Small faults: by Immediate Release category (`customs-standards.md` §3.1) and value, from release to a look at the papers. */
function onDoubts(subject: Case): Recommendation {
  const category = declarationOf(subject)?.consignment?.irgCategory;
  if (inTransit(subject)) return "RELEASE";
  if (category === 4) return onPapers(subject);
  const light = category === 1 || (category === 2 && isLowValue(subject));
  return light && trustedRole(subject) !== null ? "RELEASE" : "RELEASE_PCA";
}

/** Declared as documents or as of low value, with a value that is neither. */
function categoryDoubtful(subject: Case): boolean {
  const category = declarationOf(subject)?.consignment?.irgCategory;
  const euros = eurosOf(subject);
  return (category === 1 || category === 2) && euros !== null && euros > subject.input.settings.deMinimisEur;
}

function isLowValue(subject: Case): boolean {
  const euros = eurosOf(subject);
  return euros !== null && euros <= subject.input.settings.deMinimisEur;
}

function eurosOf(subject: Case): number | null {
  const declaration = declarationOf(subject);
  return declaration === undefined ? null : declaredEuros(declaration);
}

function declarationOf({ matches }: Case) {
  return matches[0]?.stored.declaration;
}

function isReturn(subject: Case): boolean {
  return declarationOf(subject)?.consignment?.category === "returned_goods";
}

function inTransit(subject: Case): boolean {
  const direction = declarationOf(subject)?.direction;
  return direction === "transit" || direction === "transhipment";
}

/** As many examinations were proposed in the last hour as the site can make. */
function isBusy({ settings, proposedLastHour }: FusionInput): boolean {
  return (
    settings.examinationsPerHour !== null &&
    proposedLastHour !== undefined &&
    proposedLastHour >= settings.examinationsPerHour
  );
}

/**
 * What an authority already asked for before loading (PLACI) is not settled by an X-ray scan alone: two screening methods are due
 * for an RFS (`customs-standards.md` §3.3), an RFI waits for its answer, and what must not be loaded stays.
 */
function onReferral(subject: Case): Recommendation | null {
  const status = declarationOf(subject)?.placi?.status;
  const referred = isReferred(subject);
  if (status === "DNL") return referred ? "DNL" : "HOLD";
  if (status === "RFS") return secondMethodDone(subject) ? null : "ALT_SCREEN";
  if (status === "RFI") return referred ? "RFI" : "DOC_CHECK";
  return null;
}

/** Whether the declaration names a screening method beside X-ray. */
function secondMethodDone(subject: Case): boolean {
  return (declarationOf(subject)?.placi?.methods ?? []).some((method) => method !== "XRY");
}

/** A threat above its threshold, though the fused score is not high, is never simply released. */
function showsAlarm({ detections, input: { settings } }: Case): boolean {
  return detections.some(
    (one) => roleOf(one.class, settings) === "alarm" && one.score >= alarmThreshold(one, settings),
  );
}

/** RFI, RFS and DNL are words of an export, and of flows that know referrals. */
function isReferred({ matches }: Case): boolean {
  const declaration = matches[0]?.stored.declaration;
  return declaration?.direction === "export" && REFERRED.has(declaration.flow ?? "");
}

function weighs(rows: readonly EvidenceRow[], ...sources: readonly EvidenceRow["source"][]): boolean {
  return rows.some((row) => row.logOdds > 0 && sources.includes(row.source));
}
