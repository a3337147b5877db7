/**
 * The vocabularies of the contract (`labels.md`, `mqtt.md`, `line-scan.md`): const arrays and the union types of their
 * members. Within v1 members may be added, none is removed or changes its meaning.
 */

/** Threat classes, `detections[].class` (`labels.md`). Whether one is an alarm or evidence is the profile's word. */
export const THREAT_CLASSES = [
  "firearm",
  "blade",
  "ammunition",
  "explosive",
  "detonator",
  "battery",
  "narcotic",
  "tobacco",
  "currency",
  "liquid",
  "ivory",
  "radioactive-shielding",
  "hidden-compartment",
] as const;
export type ThreatClass = (typeof THREAT_CLASSES)[number];

/** Goods groups, `contents[].group` (`labels.md`), in the order of their HS chapters. */
export const GOODS_GROUPS = [
  "food-organic",
  "chemicals",
  "plastics-rubber",
  "leather-wood",
  "paper-books",
  "textiles",
  "footwear",
  "stone-glass-ceramic",
  "metals",
  "machinery",
  "electronics",
  "vehicles",
  "instruments",
  "arms",
  "furniture-toys",
  "other",
  "empty",
] as const;
export type GoodsGroup = (typeof GOODS_GROUPS)[number];

/** HS chapters of each goods group, both ends included; `empty` has none (`labels.md`). */
export const GOODS_GROUP_CHAPTERS = {
  "food-organic": { first: 1, last: 24 },
  chemicals: { first: 25, last: 38 },
  "plastics-rubber": { first: 39, last: 40 },
  "leather-wood": { first: 41, last: 46 },
  "paper-books": { first: 47, last: 49 },
  textiles: { first: 50, last: 63 },
  footwear: { first: 64, last: 67 },
  "stone-glass-ceramic": { first: 68, last: 70 },
  metals: { first: 71, last: 83 },
  machinery: { first: 84, last: 84 },
  electronics: { first: 85, last: 85 },
  vehicles: { first: 86, last: 89 },
  instruments: { first: 90, last: 92 },
  arms: { first: 93, last: 93 },
  "furniture-toys": { first: 94, last: 96 },
  other: { first: 97, last: 99 },
} as const satisfies Record<Exclude<GoodsGroup, "empty">, { first: number; last: number }>;

/**
 * The goods group of an HS chapter.
 * @param chapter two digits, `"01"` … `"99"`; a longer HS code may be given, its first two digits count.
 * @returns the group, or null where the text is no HS chapter.
 */
export function goodsGroupOfChapter(chapter: string): GoodsGroup | null {
  if (!/^\d{2}(\d{2}){0,4}$/.test(chapter)) return null;
  const number = Number(chapter.slice(0, 2));
  for (const [group, range] of Object.entries(GOODS_GROUP_CHAPTERS)) {
    if (number >= range.first && number <= range.last) return group as GoodsGroup;
  }
  return null;
}

/** What the gateway advises (`labels.md`); the authority decides. */
export const RECOMMENDATIONS = [
  "RELEASE",
  "RELEASE_PCA",
  "DOC_CHECK",
  "RESCAN",
  "ALT_SCREEN",
  "PHYS_EXAM",
  "HOLD",
  "RFI",
  "RFS",
  "DNL",
  "NO_DECISION",
] as const;
export type Recommendation = (typeof RECOMMENDATIONS)[number];

/** Recommendations that only a matched declaration with `direction: export` allows (`labels.md`). */
export const EXPORT_RECOMMENDATIONS = ["RFI", "RFS", "DNL"] as const satisfies readonly Recommendation[];

/** `decision` (`mqtt.md` "Hit"): ALARM a floor, band high or radiation; UNKNOWN not analysed. */
export const DECISIONS = ["ALARM", "CLEAR", "UNKNOWN"] as const;
export type Decision = (typeof DECISIONS)[number];

/** `score.band`: low below `bands.medium`, high from `bands.high` on. */
export const BANDS = ["low", "medium", "high"] as const;
export type Band = (typeof BANDS)[number];

/** Why a hit revision was made, `cause`. */
export const CAUSES = [
  "initial",
  "declaration",
  "cancellation",
  "rescore",
  "replaced-scan",
  "late-reading",
  "late-analysis",
] as const;
export type Cause = (typeof CAUSES)[number];

/** What kind of image a scan is, `scan.kind`. */
export const SCAN_KINDS = ["dual-energy", "single-energy", "pseudo-colour", "ct", "ait", "other"] as const;
export type HitScanKind = (typeof SCAN_KINDS)[number];

/** How the acquisition went, `scan.acquisition[]` and SCAN_END's `acquisition`. */
export const ACQUISITION_STATUSES = [
  "SUCCESSFUL",
  "JAM",
  "OVERSIZE",
  "SLIP",
  "INCOMPLETE",
  "CUT",
  "MERGED",
  "STITCHED",
] as const;
export type AcquisitionStatus = (typeof ACQUISITION_STATUSES)[number];

/** Whether a scan belongs to the work of the site, `scan.purpose`. */
export const PURPOSES = ["OPERATIONAL", "NON_OPERATIONAL"] as const;
export type Purpose = (typeof PURPOSES)[number];

/** Where the pixels come from, `scan.origin`. */
export const ORIGINS = ["MACHINE", "SYNTHETIC", "AUGMENTED"] as const;
export type Origin = (typeof ORIGINS)[number];

/** Energies of a plane by name, as HELLO and hits name them. */
export const ENERGIES = ["low", "high", "single"] as const;
export type Energy = (typeof ENERGIES)[number];

/** Identifier schemes of `customs-aed/1.0`. */
export const IDENTIFIER_SCHEMES = [
  "S10",
  "SSCC",
  "MAWB",
  "HAWB",
  "HOUSE_REF",
  "ISO6346",
  "ULD",
  "S9_RECEPTACLE",
  "MRN",
  "UCR",
  "BL",
  "HBL",
  "GTIN",
  "SEAL",
  "PARCEL_OTHER",
] as const;
export type IdentifierScheme = (typeof IDENTIFIER_SCHEMES)[number];

/** Where an identifier was read, `identifiers[].source`. */
export const IDENTIFIER_SOURCES = ["barcode", "ocr", "dicos", "scanner", "operator"] as const;
export type IdentifierSource = (typeof IDENTIFIER_SOURCES)[number];

/** Data quality metrics of declarations: timeliness, completeness, accuracy, consistency. */
export const QUALITY_METRICS = {
  T1: "The declaration came too short a time before arrival or loading",
  T2: "Share of scans that had their declaration at scan time",
  T3: "Time between issue and receipt of the declaration",
  C1: "Required fields are missing",
  C2: "HS code missing where it is required",
  C3: "Gross mass or item mass missing or zero",
  C4: "Consignee incomplete",
  C5: "Country of origin missing on a commercial item",
  A1: "Description vague or a stop term",
  A2: "Description and HS code do not agree",
  A3: "Value suspicious",
  A4: "Masses do not agree",
  A5: "Piece count and scan count do not agree",
  A6: "Check digit or country code wrong",
  K1: "Currency, unit or code list value invalid, or a member outside the schema",
  K2: "The same identifier on two live declarations",
  K3: "Many low-value consignments of one party in a short time",
  K4: "Order, payment and declared value do not agree",
} as const;
export type QualityMetric = keyof typeof QUALITY_METRICS;

/** `customs-aed` direction. */
export const DIRECTIONS = ["import", "export", "transit", "transhipment"] as const;
export type Direction = (typeof DIRECTIONS)[number];

/** `customs-aed` flow. */
export const FLOWS = ["postal", "express", "air_cargo", "container", "road_rail"] as const;
export type Flow = (typeof FLOWS)[number];

/** Severity of an alert. */
export const SEVERITIES = ["info", "warning", "critical"] as const;
export type Severity = (typeof SEVERITIES)[number];

/** Result of an examination, `outcome.result` (`mqtt.md` "Outcome"). */
export const OUTCOME_RESULTS = ["confirmed", "refuted", "partial"] as const;
export type OutcomeResult = (typeof OUTCOME_RESULTS)[number];

/** Forms in which an image can be asked for, command `image`. */
export const IMAGE_FORMS = ["raw16", "rendered", "dicos", "tdr"] as const;
export type ImageForm = (typeof IMAGE_FORMS)[number];
