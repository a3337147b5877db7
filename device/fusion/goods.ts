import type { Declaration } from "../../protocols/declaration.ts";
import { type GoodsGroup, goodsGroupOfChapter } from "../../protocols/vocabulary.ts";
import { accountsFor, groupOfDescription } from "./goods-terms.ts";

/** What declarations say is inside. */
export interface DeclaredGoods {
  /** Goods groups that items name, by HS chapter or, without one, by their words. */
  readonly groups: ReadonlySet<GoodsGroup>;
  /** HS chapters, two digits. */
  readonly chapters: ReadonlySet<string>;
  /** Share of the items that name no goods group (vague, without HS, cut off by central), 0..1. */
  readonly unclear: number;
  /** Declared as documents only. */
  readonly documents: boolean;
  /** Whether any item accounts for an object of this class. */
  accountsFor(threatClass: string): boolean;
}

/** What several declarations of one item (a container with many consignments) say together. */
export function declaredGoods(declarations: readonly Declaration[]): DeclaredGoods {
  const items = declarations.flatMap((declaration) => declaration.items ?? []);
  const documents = declarations.every((declaration) => declaration.consignment?.category === "documents");
  const groups = new Set<GoodsGroup>(documents ? ["paper-books"] : []);
  const chapters = new Set<string>();
  let unclear = declarations.reduce((count, declaration) => count + itemsNotSent(declaration), 0);
  const total = unclear + items.length;
  for (const item of items) {
    const group =
      item.hs6 === undefined ? groupOfDescription(item.description) : goodsGroupOfChapter(item.hs6);
    if (group === null) unclear += documents ? 0 : 1;
    else groups.add(group);
    if (item.hs6 !== undefined) chapters.add(item.hs6.slice(0, 2));
  }
  return {
    groups,
    chapters,
    unclear: total === 0 ? Number(!documents) : unclear / total,
    documents,
    accountsFor: (threatClass) => items.some((item) => accountsFor(item, threatClass)),
  };
}

function itemsNotSent({ items, itemsTotal }: Declaration): number {
  return Math.max(0, (itemsTotal ?? 0) - (items?.length ?? 0));
}
