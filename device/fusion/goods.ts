import type { Declaration } from "../../protocols/declaration.ts";
import { type GoodsGroup, goodsGroupOfChapter } from "../../protocols/vocabulary.ts";
import { accountsFor, goodsOfDescription } from "./goods-terms.ts";

/** Descriptions that are read of what is declared together; items beyond them that have no HS code count as unclear. */
export const MAX_DESCRIPTIONS = 50;

/** What declarations say is inside. */
export interface DeclaredGoods {
  /** Goods groups that items name, by HS chapter or, without one, by their words. */
  readonly groups: ReadonlySet<GoodsGroup>;
  /** HS chapters of the codes that are declared, two digits. */
  readonly chapters: ReadonlySet<string>;
  /** HS chapters that codes (1) and words (their chance) name together, two digits. */
  readonly suggested: ReadonlyMap<string, number>;
  /** Share of the items that name no goods group (vague, without HS, cut off by central), 0..1. */
  readonly unclear: number;
  /** Declared as documents only. */
  readonly documents: boolean;
  /** Whether any item accounts for an object of this class. */
  accountsFor(threatClass: string): boolean;
}

/** By its category, or, where that says nothing, by the Immediate Release category of correspondence and documents. */
function isDocuments({ consignment }: Declaration): boolean {
  const { category, irgCategory } = consignment ?? {};
  return category === "documents" || (irgCategory === 1 && (category === undefined || category === "other"));
}

/** What several declarations of one item (a container with many consignments) say together. */
export function declaredGoods(declarations: readonly Declaration[]): DeclaredGoods {
  const items = declarations.flatMap((declaration) => declaration.items ?? []);
  const documents = declarations.every(isDocuments);
  const groups = new Set<GoodsGroup>(documents ? ["paper-books"] : []);
  const chapters = new Set<string>();
  let unclear = declarations.reduce((count, declaration) => count + itemsNotSent(declaration), 0);
  const total = unclear + items.length;
  const suggested = new Map<string, number>();
  const suggest = (chapter: string, score: number) =>
    suggested.set(chapter, Math.max(score, suggested.get(chapter) ?? 0));
  let read = 0;
  for (const { hs6, description, descriptionLang } of items) {
    const said = read < MAX_DESCRIPTIONS ? goodsOfDescription(description, descriptionLang) : null;
    read += 1;
    const group = hs6 === undefined ? (said?.group ?? null) : goodsGroupOfChapter(hs6);
    // Words that agree with their code add nothing to it; those that name other goods, or stand alone, say what they mean.
    if (said !== null && said.group !== null && (hs6 === undefined || said.group !== group))
      for (const { chapter, score } of said.chapters) suggest(chapter, score);
    if (group === null) unclear += documents ? 0 : 1;
    else groups.add(group);
    if (hs6 === undefined) continue;
    chapters.add(hs6.slice(0, 2));
    suggest(hs6.slice(0, 2), 1);
  }
  return {
    groups,
    chapters,
    suggested,
    unclear: total === 0 ? Number(!documents) : unclear / total,
    documents,
    accountsFor: (threatClass) => items.some((item) => accountsFor(item, threatClass)),
  };
}

function itemsNotSent({ items, itemsTotal }: Declaration): number {
  return Math.max(0, (itemsTotal ?? 0) - (items?.length ?? 0));
}
