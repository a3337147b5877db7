import type { ObjectInfo } from "./object.ts";
import type { PixelDescription } from "./pixels/description.ts";

/** `line-scan.md`: at most 8 views a scan. */
export const MAX_VIEWS = 8;

/** A plane of a scan and the object that holds it. */
export interface PlannedPlane<T> {
  readonly energy: "low" | "high" | "single";
  readonly object: T;
}

/** A view of a scan: one plane, or a low and a high one of equal size. */
export interface PlannedView<T> {
  /** 0-based, in the order of the scanner's view numbers. */
  readonly view: number;
  readonly name: string;
  readonly width: number;
  readonly height: number;
  readonly planes: readonly PlannedPlane<T>[];
}

/** How the objects of one Scan Instance UID make a scan. */
export interface ScanPlan<T> {
  readonly kind: "dual-energy" | "single-energy" | "pseudo-colour" | "ct" | "ait" | "other";
  readonly views: readonly PlannedView<T>[];
  /** All views and energies that the objects state are there; null where they state none. */
  readonly complete: boolean | null;
}

interface Placed<T> {
  readonly object: T;
  readonly info: ObjectInfo;
  readonly pixels: PixelDescription;
}

/**
 * Lays the objects of one scan out as views and energies (reference, 1.8: one object holds one energy of one view). Objects
 * whose pixels cannot be read, and images computed of others, are no planes.
 */
export function planScan<T extends { readonly info: ObjectInfo }>(objects: readonly T[]): ScanPlan<T> {
  const complete = isComplete(objects.map(({ info }) => info));
  const images = objects.flatMap((object): Placed<T>[] => {
    const { info } = object;
    if (info.pixels === null || info.pixels instanceof Error || info.derived) return [];
    return [{ object, info, pixels: info.pixels }];
  });
  const kinds = new Set(
    objects.map(({ info }) => info.kind).filter((kind) => kind !== "tdr" && kind !== "qr"),
  );
  // A volume is no view: it is kept as it came, for a model that reads volumes.
  if (kinds.has("ct")) return { kind: "ct", views: [], complete };
  const views = viewsOf(images).slice(0, MAX_VIEWS);
  if (kinds.has("ait")) return { kind: "ait", views, complete };
  return { kind: kindOf(images, views), views, complete };
}

/**
 * Whether all views × energies that any object states are there. Two objects of one place (for processing and for presentation)
 * are one. Null where a number is not stated, and nothing that is stated is missing: more may come.
 */
function isComplete(infos: readonly ObjectInfo[]): boolean | null {
  const most = (of: (info: ObjectInfo) => number | null) =>
    infos.reduce<number | null>(
      (top, info) => (of(info) === null ? top : Math.max(top ?? 0, of(info) ?? 0)),
      null,
    );
  const views = most(({ viewCount }) => viewCount);
  const energies = most(({ energyCount }) => energyCount);
  if (views === null && energies === null) return null;
  const images = infos.filter(({ kind, derived }) => kind !== "tdr" && !derived);
  const places = new Set(
    images.map((info) => `${info.view ?? 0} ${info.energy ?? info.energyRank ?? info.sopInstance}`),
  );
  if (places.size < (views ?? 1) * (energies ?? 1)) return false;
  return views === null || energies === null ? null : true;
}

function viewsOf<T>(images: readonly Placed<T>[]): readonly PlannedView<T>[] {
  const groups = new Map<number, Placed<T>[]>();
  for (const image of images) {
    const number = image.info.view ?? 0;
    groups.set(number, [...(groups.get(number) ?? []), image]);
  }
  const ordered = [...groups.entries()].sort(([a], [b]) => a - b);
  return ordered
    .flatMap(([, group]) => pairsOf(group))
    .map((planes, view) => {
      const { info, pixels } = planes[0]!.placed;
      const name = info.viewName ?? `view ${info.view ?? view}`;
      return {
        view,
        name,
        width: pixels.columns,
        height: pixels.rows,
        planes: planes.map(({ energy, placed }) => ({ energy, object: placed.object })),
      };
    });
}

type Pair<T> = readonly { readonly energy: PlannedPlane<T>["energy"]; readonly placed: Placed<T> }[];

/** Low and high planes of one view that fit each other; what has no partner stands alone. */
function pairsOf<T>(group: readonly Placed<T>[]): readonly Pair<T>[] {
  const named = namedEnergies(group);
  const high = named.filter(({ energy }) => energy === "high");
  const pairs: Pair<T>[] = [];
  const used = new Set<Placed<T>>();
  for (const low of named.filter(({ energy }) => energy === "low")) {
    const partner = high.find(({ placed }) => !used.has(placed) && fits(low.placed, placed));
    if (partner === undefined) continue;
    used.add(low.placed).add(partner.placed);
    pairs.push([
      { energy: "low", placed: low.placed },
      { energy: "high", placed: partner.placed },
    ]);
  }
  const alone = group.filter((placed) => !used.has(placed));
  return [...pairs, ...alone.map((placed) => [{ energy: "single" as const, placed }])];
}

function namedEnergies<T>(
  group: readonly Placed<T>[],
): { energy: "low" | "high" | null; placed: Placed<T> }[] {
  const said = group.map((placed) => ({ energy: placed.info.energy, placed }));
  const [first, second, ...more] = said;
  const unnamed = first && second && more.length === 0 && first.energy === null && second.energy === null;
  if (!unnamed) return said;
  const [one, other] = [first.placed.info.energyRank, second.placed.info.energyRank];
  if (one === null || other === null || one === other) return said;
  return [
    { energy: one < other ? "low" : "high", placed: first.placed },
    { energy: one < other ? "high" : "low", placed: second.placed },
  ];
}

function fits<T>({ pixels: a }: Placed<T>, { pixels: b }: Placed<T>): boolean {
  const grey = a.samplesPerPixel === 1 && b.samplesPerPixel === 1;
  const palette = a.photometric === "PALETTE COLOR" || b.photometric === "PALETTE COLOR";
  return a.rows === b.rows && a.columns === b.columns && grey && !palette;
}

function kindOf<T>(images: readonly Placed<T>[], views: readonly PlannedView<T>[]): ScanPlan<T>["kind"] {
  if (views.length === 0) return "other";
  // The scale of logarithmic values is not told: no model can read them as transmission.
  if (images.some(({ info }) => info.logarithmic)) return "other";
  const coloured = images.some(
    ({ pixels }) => pixels.samplesPerPixel === 3 || pixels.photometric === "PALETTE COLOR",
  );
  if (coloured) return "pseudo-colour";
  return views.every(({ planes }) => planes.length === 2) ? "dual-energy" : "single-energy";
}
