import type { Truncatable, UnsealedHit } from "./hit.ts";
import type { Detection, MatchedDeclaration } from "./hit-scan.ts";
import type { Evidence } from "./hit-score.ts";
import { LIST_LIMITS, type LimitedList, MAX_HIT_DATA_BYTES, MAX_TEXT } from "./limits.ts";

type Limits = Readonly<Record<LimitedList, number>>;

/** Ever shorter lists, tried in turn until the hit fits its event. The last fits whatever stands in the texts. */
const LEVELS: readonly Limits[] = [
  LIST_LIMITS,
  { ...LIST_LIMITS, findings: 4 },
  { ...LIST_LIMITS, findings: 2, detections: 48, evidence: 32, declarations: 10, identifiers: 32 },
  {
    ...LIST_LIMITS,
    findings: 1,
    detections: 16,
    evidence: 12,
    reasons: 10,
    declarations: 4,
    identifiers: 16,
    models: 8,
    images: 12,
  },
];

/** Control characters: each would take six bytes of JSON, and no reader shows them. */
const CONTROL = /\p{Cc}/gu;

/** At most {@link MAX_TEXT} UTF-16 units, without cutting a surrogate pair in two; ends in an ellipsis where it was cut. */
export function cutText(text: string): string {
  if (text.length <= MAX_TEXT) return text;
  return `${text.slice(0, MAX_TEXT - 1).replace(/[\ud800-\udbff]$/, "")}…`;
}

/** Cuts lists and texts and remembers which. */
class Cutter {
  readonly cut: Set<Truncatable>;
  readonly #limits: Limits;

  constructor(limits: Limits, already: readonly Truncatable[]) {
    this.#limits = limits;
    this.cut = new Set(already);
  }

  take<Entry>(list: LimitedList, entries: readonly Entry[]): Entry[] {
    if (entries.length > this.#limits[list]) this.cut.add(list);
    return entries.slice(0, this.#limits[list]);
  }

  text(words: string): string {
    if (words.length > MAX_TEXT) this.cut.add("texts");
    return cutText(words.replaceAll(CONTROL, " "));
  }

  /** Best first, but an alarm is never cut in favour of a detection that is none. */
  detections(all: readonly Detection[]): Detection[] {
    const alarms = all.filter((entry) => entry.alarm).length;
    const most = this.#limits.detections;
    let alarmsLeft = Math.min(alarms, most);
    let othersLeft = Math.max(0, most - alarms);
    const kept = all.filter((entry) => (entry.alarm ? alarmsLeft-- > 0 : othersLeft-- > 0));
    if (kept.length < all.length) this.cut.add("detections");
    return kept;
  }

  declaration(entry: MatchedDeclaration): MatchedDeclaration {
    const findings = this.take("findings", entry.quality.findings).map((finding) => ({
      ...finding,
      pointer: finding.pointer.slice(0, MAX_TEXT),
      message: this.text(finding.message),
    }));
    return { ...entry, quality: { ...entry.quality, findings } };
  }

  /** Evidence beyond the limit is summed into the last row, since it must go on adding up. */
  evidence(all: readonly Evidence[]): Evidence[] {
    const most = this.#limits.evidence;
    const rows = all.map((row) => ({ ...row, detail: this.text(row.detail) }));
    if (rows.length <= most) return rows;
    this.cut.add("evidence");
    const rest = rows.slice(most - 1);
    const logOdds = rest.reduce((sum, row) => sum + row.logOdds, 0);
    const detail = `${rest.length} further rows, summed`;
    return [...rows.slice(0, most - 1), { source: "sum", code: "OTHER", logOdds, detail }];
  }
}

function cutTo<Type extends UnsealedHit>(hit: Type, limits: Limits): Type {
  const cutter = new Cutter(limits, hit.truncated);
  const { load, score } = hit;
  const shorter = {
    ...hit,
    identifiers: cutter.take("identifiers", hit.identifiers),
    detections: cutter.detections(hit.detections),
    contents: cutter.take("contents", hit.contents),
    load: load === null ? null : { ...load, profile: cutter.take("profile", load.profile) },
    hsChapters: cutter.take("hsChapters", hit.hsChapters),
    declarations: cutter.take("declarations", hit.declarations).map((entry) => cutter.declaration(entry)),
    score: { ...score, evidence: cutter.evidence(score.evidence) },
    reasons: cutter
      .take("reasons", hit.reasons)
      .map((reason) => ({ ...reason, text: cutter.text(reason.text) })),
    images: cutter.take("images", hit.images),
    similar: cutter.take("similar", hit.similar),
    models: cutter.take("models", hit.models),
  };
  return { ...shorter, truncated: [...cutter.cut] };
}

/** Size of `data` as it travels, bytes of UTF-8. */
function jsonBytes(data: unknown): number {
  return new TextEncoder().encode(JSON.stringify(data)).length;
}

/**
 * Cuts the lists and texts of a hit to the contract's lengths, and further until it fits an event of 64 KiB; names what
 * was cut in `truncated`, beside what it names already. Lists are best first, so what is lost is the least.
 */
export function cutHit<Type extends UnsealedHit>(hit: Type): Type {
  let cut = hit;
  for (const limits of LEVELS) {
    cut = cutTo(hit, limits);
    if (jsonBytes(cut) <= MAX_HIT_DATA_BYTES) break;
  }
  return cut;
}
