import type { Truncatable, UnsealedHit } from "./hit.ts";
import type { MatchedDeclaration } from "./hit-scan.ts";
import { LIST_LIMITS, MAX_TEXT } from "./limits.ts";

type Cutter = (list: Exclude<Truncatable, "texts">, entries: number) => void;

/** At most {@link MAX_TEXT} UTF-16 units, without cutting a surrogate pair in two; ends in an ellipsis where it was cut. */
export function cutText(text: string): string {
  if (text.length <= MAX_TEXT) return text;
  return `${text.slice(0, MAX_TEXT - 1).replace(/[\ud800-\udbff]$/, "")}…`;
}

function cutDeclaration(declaration: MatchedDeclaration, note: Cutter, text: (words: string) => string) {
  const { findings } = declaration.quality;
  note("findings", findings.length);
  return {
    ...declaration,
    quality: {
      ...declaration.quality,
      findings: findings.slice(0, LIST_LIMITS.findings).map((finding) => ({
        ...finding,
        pointer: finding.pointer.slice(0, MAX_TEXT),
        message: text(finding.message),
      })),
    },
  };
}

/**
 * Cuts the lists and texts of a hit to the contract's lengths and names what was cut in `truncated` (beside what it
 * names already). Lists are best first, so what is lost is the least. Evidence beyond its limit is summed into the last
 * row, since evidence must go on adding up.
 */
export function cutHit<Type extends UnsealedHit>(hit: Type): Type {
  const cut = new Set<Truncatable>(hit.truncated);
  const note: Cutter = (list, entries) => {
    if (entries > LIST_LIMITS[list]) cut.add(list);
  };
  const text = (words: string): string => {
    if (words.length > MAX_TEXT) cut.add("texts");
    return cutText(words);
  };
  const take = <Entry>(list: Exclude<Truncatable, "texts">, entries: readonly Entry[]): Entry[] => {
    note(list, entries.length);
    return entries.slice(0, LIST_LIMITS[list]);
  };
  const { load, score } = hit;
  const shorter = {
    ...hit,
    identifiers: take("identifiers", hit.identifiers),
    detections: take("detections", hit.detections),
    contents: take("contents", hit.contents),
    load: load === null ? null : { ...load, profile: take("profile", load.profile) },
    hsChapters: take("hsChapters", hit.hsChapters),
    declarations: take("declarations", hit.declarations).map((entry) => cutDeclaration(entry, note, text)),
    score: { ...score, evidence: cutEvidence(score.evidence, note, text) },
    reasons: take("reasons", hit.reasons).map((reason) => ({ ...reason, text: text(reason.text) })),
    images: take("images", hit.images),
    similar: take("similar", hit.similar),
    models: take("models", hit.models),
  };
  return { ...shorter, truncated: [...cut] };
}

type EvidenceRow = UnsealedHit["score"]["evidence"][number];

function cutEvidence(
  rows: readonly EvidenceRow[],
  note: Cutter,
  text: (words: string) => string,
): EvidenceRow[] {
  note("evidence", rows.length);
  const shown = rows.map((row) => ({ ...row, detail: text(row.detail) }));
  if (shown.length <= LIST_LIMITS.evidence) return shown;
  const kept = shown.slice(0, LIST_LIMITS.evidence - 1);
  const rest = shown.slice(LIST_LIMITS.evidence - 1);
  const logOdds = rest.reduce((sum, row) => sum + row.logOdds, 0);
  return [...kept, { source: "sum", code: "OTHER", logOdds, detail: `${rest.length} further rows, summed` }];
}
