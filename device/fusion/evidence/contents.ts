import type { GoodsGroup } from "../../../protocols/vocabulary.ts";
import { calibrated } from "../calibration.ts";
import type { Case } from "../case.ts";
import type { DeclaredGoods } from "../goods.ts";
import { logit } from "../odds.ts";
import { type EvidenceRow, percent } from "./row.ts";

/** Groups that cannot be told apart in an image and are declared for one another (a laptop is machinery, HS 8471). */
const ALIKE: readonly ReadonlySet<string>[] = [new Set(["machinery", "electronics", "instruments"])];
/** Groups that wrap other goods: without a known share of the mass their presence says nothing. */
const PACKAGING: ReadonlySet<string> = new Set(["plastics-rubber", "paper-books", "leather-wood"]);
/** Groups that are not goods of their own. */
const NOT_GOODS: ReadonlySet<string> = new Set(["other", "empty"]);

/** How far the image contradicts the declared goods, 0..1 each; null where one of them says nothing. */
export interface ContentsView {
  /** Mean score of the declared groups. */
  readonly declaredSeen: number;
  /** Strongest group that is not declared: its score × its share of the mass. */
  readonly otherSeen: number;
  readonly other: GoodsGroup | null;
  /** Share of the declaration that can be checked: clear, and of groups the model knows. */
  readonly checked: number;
}

/**
 * Contents against declared goods, by the posterior of every group and never by the first alone. The mismatch
 * q = (1 − declared groups seen) × (strongest other group) speaks by logit q − logit q₀, where q₀ is what honest goods
 * show, within `weights.contents` (agreement only as far as the declared goods are seen); discounted for dependence, for the unclear part of the declaration and for a poor image.
 */
export function contentsEvidence(subject: Case): readonly EvidenceRow[] {
  const { goods, input } = subject;
  const view = viewContents(subject);
  if (goods === null || view === null) return [];
  const { weights, discounts } = input.settings;
  const mismatch = (1 - view.declaredSeen) * view.otherSeen;
  const excess = logit(mismatch) - logit(weights.contentsTypical);
  const held = Math.min(
    weights.contents.differ,
    Math.max(-weights.contents.agree * view.declaredSeen, excess),
  );
  const raw = discounts.declared * view.checked * trust(input.analysis?.quality) * held;
  const source = goods.documents ? "documents" : "contents";
  const logOdds = calibrated(input.settings, source, raw);
  if (logOdds === 0) return [];
  const code = goods.documents ? "DOCUMENTS_NOT_FLAT" : "CONTENTS_MISMATCH";
  return [{ source, code, logOdds, detail: inWords(view, goods) }];
}

/** How far the image can be trusted, 0..1. */
function trust(quality: number | undefined): number {
  return quality !== undefined && quality >= 0 && quality <= 1 ? quality : 0;
}

function inWords(view: ContentsView, goods: DeclaredGoods): string {
  const declared = goods.documents ? "documents" : [...goods.groups].sort().join(", ");
  const other = view.other === null ? "nothing else" : `${view.other} (${percent(view.otherSeen)})`;
  return `declared ${declared}: seen with ${percent(view.declaredSeen)}; beside it the image shows ${other}`;
}

function viewContents({ goods, input, analysed }: Case): ContentsView | null {
  const seen = new Map<string, { score: number; weight: number }>();
  for (const { group, score, share } of analysed ? (input.analysis?.contents ?? []) : []) {
    if (!(score >= 0 && score <= 1) || NOT_GOODS.has(group)) continue;
    const weight = share ?? (PACKAGING.has(group) ? 0 : 1);
    seen.set(group, {
      score: Math.max(score, seen.get(group)?.score ?? 0),
      weight: Math.max(weight, seen.get(group)?.weight ?? 0),
    });
  }
  const declared = [...(goods?.groups ?? [])].filter((group) => seen.has(group)).sort();
  if (goods === null || declared.length === 0) return null;
  const explained = new Set([...goods.groups].flatMap((group) => [group, ...alike(group)]));
  const support = declared.map((group) =>
    Math.max(...[group, ...alike(group)].map((one) => seen.get(one)?.score ?? 0)),
  );
  let other: { group: string; score: number } | null = null;
  for (const [group, { score, weight }] of [...seen].sort(([one], [two]) => (one < two ? -1 : 1))) {
    if (explained.has(group) || score * weight <= (other?.score ?? 0)) continue;
    other = { group, score: score * weight };
  }
  return {
    declaredSeen: support.reduce((sum, score) => sum + score, 0) / support.length,
    otherSeen: other?.score ?? 0,
    other: (other?.group ?? null) as GoodsGroup | null,
    checked: (1 - goods.unclear) * (declared.length / goods.groups.size),
  };
}

function alike(group: string): readonly string[] {
  return ALIKE.filter((family) => family.has(group)).flatMap((family) => [...family]);
}
