import { QUALITY_METRICS, type QualityMetric, THREAT_CLASSES, type ThreatClass } from "./terms.ts";

type UpperSnake<Text extends string> = Text extends `${infer Head}-${infer Tail}`
  ? `${Uppercase<Head>}_${UpperSnake<Tail>}`
  : Uppercase<Text>;

/** `THREAT_<CLASS>`, hyphen → underscore (`labels.md`). */
export type ThreatReason = `THREAT_${UpperSnake<ThreatClass>}`;
/** `DATA_QUALITY_<METRIC>`, T1 … K4. */
export type QualityReason = `DATA_QUALITY_${QualityMetric}`;

const OTHER_REASONS = {
  RADIATION_GAMMA: "The portal measured gamma radiation above its alarm level",
  RADIATION_NEUTRON: "The portal measured neutron radiation above its alarm level",
  MASS_MISMATCH: "The measured mass and the declared mass do not agree",
  CONTENTS_MISMATCH: "The goods in the image are not the goods declared",
  DECLARED_EMPTY_LOADED: "Declared empty, the image shows a load",
  DECLARED_LOADED_EMPTY: "Declared loaded, the image shows no load",
  DOCUMENTS_NOT_FLAT: "Declared as documents, the image shows something else than flat paper",
  BATTERY_UNDECLARED: "A lithium battery in the image is not declared",
  PIECES_MISMATCH: "The number of pieces seen is not the number declared",
  DECLARATION_MISSING: "No declaration matches this consignment",
  DECLARATION_LATE: "The declaration came after the scan",
  VALUE_SUSPECT: "The declared value does not fit the goods",
  SPLIT_CONSIGNMENT: "The consignment looks like part of a larger one that was split",
  SIMILAR_TO_HIT: "The scan resembles an earlier one in which something was found",
  TRUSTED_TRADER: "A trusted trader stands behind the consignment; lowers the score",
  WATCH_LIST: "A party of the consignment is on the authority's watch list",
  OPAQUE_REGION: "A region lets too little radiation through to be judged",
  IMAGE_QUALITY: "The image is too poor to be judged with the usual certainty",
  MODEL_FAULT: "A model failed or ran out of time on this scan",
  TRACKING_AMBIGUOUS: "Readings could not be tied to this item with certainty",
  DECLARATION_RISK:
    "The data of the declaration looks like that of consignments in which something was found",
  CENTRAL_RISK: "The central system's own risk figure for the declaration",
  NO_MODEL: "No loaded model serves this kind of scan",
} as const;

/** A reason code, stable, UPPER_SNAKE. */
export type ReasonCode = ThreatReason | QualityReason | keyof typeof OTHER_REASONS;

/** The reason code of a threat class, e.g. `radioactive-shielding` → `THREAT_RADIOACTIVE_SHIELDING`. */
export function reasonForThreat(threat: ThreatClass): ThreatReason {
  return `THREAT_${threat.toUpperCase().replaceAll("-", "_")}` as ThreatReason;
}

/** The reason code of a data quality metric, e.g. `A1` → `DATA_QUALITY_A1`. */
export function reasonForMetric(metric: QualityMetric): QualityReason {
  return `DATA_QUALITY_${metric}`;
}

function describeReasons(): Record<ReasonCode, string> {
  const table: Partial<Record<ReasonCode, string>> = {};
  for (const threat of THREAT_CLASSES)
    table[reasonForThreat(threat)] = `The image shows what looks like: ${threat}`;
  for (const [metric, text] of Object.entries(QUALITY_METRICS)) {
    table[reasonForMetric(metric as QualityMetric)] = `Declaration data quality: ${text}`;
  }
  return { ...table, ...OTHER_REASONS } as Record<ReasonCode, string>;
}

/** Every reason code with a one-line description. */
export const REASON_CODES: Readonly<Record<ReasonCode, string>> = Object.freeze(describeReasons());
