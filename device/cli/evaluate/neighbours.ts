import type { Interval } from "./statistics.ts";

/** Scans that are searched among, and scans that are searched for: each is compared with each. */
const MAX_AMONG = 20_000;
const MAX_SEARCHED = 1000;
/** Places in which a scan of the same kind may stand. */
const TOP = 5;

/** How a scan looks, and what it is a scan of. */
export interface LookTally {
  readonly vector: Float32Array;
  /** Digest of the package: vectors of others cannot be compared. */
  readonly space: string;
  /** Images of one scan are not searched for among each other; null: a scan of its own. */
  readonly scanId: string | null;
  /** What the identifiers name; null where there are none. */
  readonly item: string | null;
  /** Goods group with the largest share; null where the data set does not say. */
  readonly kind: string | null;
}

export interface NeighbourFigures {
  readonly among: number;
  /** Scans of an item that was scanned more than once: whether another scan of it is the most similar. */
  readonly sameItem: Found | null;
  /** Whether a scan of another item with the same largest goods group is among the five most similar ones. */
  readonly sameKind: Found | null;
}

export interface Found {
  readonly searched: number;
  readonly share: number;
  readonly interval: Interval | null;
}

/**
 * How well vectors find scans again; null where no model gave any, or fewer than two scans.
 * @param intervalOf of the share that was found.
 */
export function neighbourFigures(
  all: readonly LookTally[],
  intervalOf: (found: readonly boolean[]) => Interval | null,
): NeighbourFigures | null {
  const among = all.filter(({ space }) => space === all[0]?.space).slice(0, MAX_AMONG);
  if (among.length < 2) return null;
  const items = countsOf(among, ({ item }) => item);
  const kinds = countsOf(among, ({ kind }) => kind);
  const again = among.filter(({ item }) => item !== null && (items.get(item) ?? 0) > 1);
  const found = spread(again).flatMap((one) => firstIsSame(one, among) ?? []);
  const alike = spread(among.filter(({ kind }) => kind !== null && (kinds.get(kind) ?? 0) > 1)).flatMap(
    (one) => kindInTop(one, among) ?? [],
  );
  const figure = (those: readonly boolean[]): Found | null =>
    those.length === 0
      ? null
      : { searched: those.length, share: shareOf(those), interval: intervalOf(those) };
  return { among: among.length, sameItem: figure(found), sameKind: figure(alike) };
}

/** Null where there is no other scan of the item. */
function firstIsSame(one: LookTally, among: readonly LookTally[]): boolean | null {
  const others = among.filter((other) => isOther(one, other));
  if (!others.some(({ item }) => item === one.item)) return null;
  return nearest(one, others, 1)[0]?.item === one.item;
}

/** Null where no other item is of the kind. */
function kindInTop(one: LookTally, among: readonly LookTally[]): boolean | null {
  const others = among.filter(
    (other) => isOther(one, other) && (one.item === null || other.item !== one.item),
  );
  if (!others.some(({ kind }) => kind === one.kind)) return null;
  return nearest(one, others, TOP).some(({ kind }) => kind === one.kind);
}

function isOther(one: LookTally, other: LookTally): boolean {
  return other !== one && (one.scanId === null || other.scanId !== one.scanId);
}

function nearest(one: LookTally, others: readonly LookTally[], count: number): readonly LookTally[] {
  const best: { readonly look: LookTally; readonly cosine: number }[] = [];
  for (const look of others) {
    const cosine = dot(one.vector, look.vector);
    if (best.length === count && cosine <= (best.at(-1)?.cosine ?? 0)) continue;
    const at = best.findIndex((each) => cosine > each.cosine);
    best.splice(at === -1 ? best.length : at, 0, { look, cosine });
    if (best.length > count) best.pop();
  }
  return best.map(({ look }) => look);
}

function dot(a: Float32Array, b: Float32Array): number {
  let sum = 0;
  for (let at = 0; at < a.length; at++) sum += a[at]! * b[at]!;
  return sum;
}

/** Not more than are searched for, from all over the set. */
function spread(all: readonly LookTally[]): readonly LookTally[] {
  const step = Math.max(1, all.length / MAX_SEARCHED);
  return Array.from({ length: Math.min(all.length, MAX_SEARCHED) }, (_, at) => all[Math.floor(at * step)]!);
}

function countsOf(
  all: readonly LookTally[],
  of: (one: LookTally) => string | null,
): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const one of all) {
    const key = of(one);
    if (key !== null) counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  return counts;
}

const shareOf = (found: readonly boolean[]) => found.filter(Boolean).length / found.length;
