import type { Flow } from "../../protocols/vocabulary.ts";
import { type Detection, safetyFloor, soundDetections } from "./detections.ts";
import { type DeclaredGoods, declaredGoods } from "./goods.ts";
import type { FloorEntry, FusionInput, FusionSettings } from "./input.ts";
import { compareMass } from "./mass.ts";
import { isShared, type Match, matchDeclarations } from "./match.ts";
import { countPieces } from "./pieces.ts";
import { assessQuality, type Quality } from "./quality.ts";
import type { ScannedAgainst } from "./quality-of-scan.ts";

/** A matched declaration with the quality of its data. */
export interface MatchedDeclaration extends Match {
  readonly quality: Quality;
}

/** Everything known of one item, in the form in which the sources of evidence read it. */
export interface Case {
  readonly input: FusionInput;
  /** Whether at least one model looked at the image. */
  readonly analysed: boolean;
  /** Sound and from `reportFrom` up, best first. */
  readonly detections: readonly Detection[];
  /** Detections no hit can hold: unknown class, score that is no number. */
  readonly faultyDetections: number;
  readonly floor: readonly FloorEntry[];
  /** Best match first. */
  readonly matches: readonly MatchedDeclaration[];
  /**
   * The declaration whose mass and pieces are those of this item; null where none matches, or where several share the
   * identifier (a container of many consignments).
   */
  readonly own: MatchedDeclaration | null;
  /** What is declared to be inside; null without a matched declaration. */
  readonly goods: DeclaredGoods | null;
}

/** Applies the matching rules and the floor and puts lists into an order of their own. */
export function openCase(given: FusionInput): Case {
  const { analysis } = given;
  const { sound, faulty } = soundDetections(analysis);
  const found = matchDeclarations(given.scan, given.matches, given.settings);
  const settings = ofFlow(given.settings, found[0]?.stored.declaration.flow);
  const input = { ...given, settings };
  const [best] = found;
  const shared = best !== undefined && isShared(best.matchedBy.scheme);
  const together = shared ? found.filter((one) => isShared(one.matchedBy.scheme)) : found.slice(0, 1);
  const alone = together.length === 1 ? best : undefined;
  const matches = found.map((match) => ({
    ...match,
    quality: assessQuality(match.stored, settings, {
      duplicated: isDuplicated(match, found),
      consignments: given.splitting?.[match.stored.declaration.aedId]?.consignments,
      scanned: match === alone ? scannedAgainst(match, input) : undefined,
    }),
  }));
  return {
    input,
    analysed: analysis?.analysed === true,
    detections: sound.filter((one) => one.score >= settings.reportFrom),
    faultyDetections: faulty,
    floor: safetyFloor(sound, settings, input.heldFloor ?? []),
    matches,
    own: alone === undefined ? null : (matches[0] ?? null),
    goods: together.length === 0 ? null : declaredGoods(together.map((one) => one.stored.declaration)),
  };
}

/** What was measured and counted of an item whose declaration is its own. */
function scannedAgainst({ stored: { declaration }, matchedBy }: Match, input: FusionInput): ScannedAgainst {
  return {
    mass: compareMass(input, declaration, matchedBy),
    pieces: countPieces(declaration, input.piecesSeen),
  };
}

/** The settings with what the profile says of the item's flow. The floor is the same for all. */
function ofFlow(settings: FusionSettings, flow: Flow | undefined): FusionSettings {
  const own = flow === undefined ? undefined : settings.flows[flow];
  return own === undefined ? settings : { ...settings, ...own };
}

/** Metric K2: an identifier of a single item stands on two live declarations. */
function isDuplicated(match: Match, all: readonly Match[]): boolean {
  const { scheme, value } = match.matchedBy;
  if (isShared(scheme)) return false;
  return all.some(
    (other) => other !== match && other.matchedBy.scheme === scheme && other.matchedBy.value === value,
  );
}
