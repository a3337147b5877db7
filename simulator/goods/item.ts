import { type MaterialName, materialOf } from "../physics/materials.ts";
import type { Random } from "../random.ts";
import {
  aboutZ,
  add,
  apply,
  compose,
  IDENTITY,
  type Rotation,
  rotatedExtents,
  type Vector,
} from "../scene/geometry.ts";
import type { Part, Ring, Shape, Texture } from "../scene/shapes.ts";

/** Goods groups of the label vocabulary that parcels hold. */
export type GoodsGroup =
  | "food-organic"
  | "chemicals"
  | "plastics-rubber"
  | "leather-wood"
  | "paper-books"
  | "textiles"
  | "footwear"
  | "stone-glass-ceramic"
  | "metals"
  | "machinery"
  | "electronics"
  | "instruments"
  | "arms"
  | "furniture-toys"
  | "other";

/** Threat classes of the label vocabulary that are simulated. */
export const TARGET_CLASSES = [
  "firearm",
  "blade",
  "battery",
  "narcotic",
  "tobacco",
  "currency",
  "liquid",
  "ammunition",
  "explosive",
] as const;
export type TargetClass = (typeof TARGET_CLASSES)[number];

/** What customs would call it: one line of a declaration. */
export interface Trade {
  readonly group: GoodsGroup;
  readonly hs6: string;
  readonly description: string;
  /** Price of one piece, EUR. */
  readonly price: number;
}

export interface Item {
  readonly kind: string;
  readonly trade: Trade;
  readonly parts: readonly Part[];
  /** Threat class of each target the parts refer to. */
  readonly targets: readonly TargetClass[];
  /** Half extents in mm of the box around all parts, centred on the item's origin. */
  readonly half: Vector;
  /** Things that are only ever laid or stood one way. */
  readonly rests: "any" | "flat" | "upright";
  /**
   * Where it is put on purpose: `side` flat against a wall, `floor` flat on the bottom, `behind` over or under the
   * densest thing, `layer` unturned in the middle over whatever lies there (clothes and padding as wide as the room).
   */
  readonly place?: Place;
}

export type Place = "side" | "floor" | "behind" | "layer";

/** Optional properties of a part. */
export interface PartOptions {
  readonly turn?: Rotation;
  readonly density?: number;
  readonly texture?: Texture;
  readonly target?: number;
}

/** Collects the parts of one item; lengths are full lengths in mm. */
export class ItemBuilder {
  readonly random: Random;
  readonly #parts: Part[] = [];
  readonly #targets: TargetClass[] = [];
  #current: number | undefined;

  constructor(random: Random) {
    this.random = random;
  }

  /** The parts added until {@link endTarget} belong to one target of this class. */
  beginTarget(name: TargetClass): this {
    this.#current = this.#targets.length;
    this.#targets.push(name);
    return this;
  }

  endTarget(): this {
    this.#current = undefined;
    return this;
  }

  box(material: MaterialName, size: Vector, at: Vector, options: PartOptions = {}): this {
    return this.part({ kind: "box", half: halved(size) }, material, at, options);
  }

  ellipsoid(material: MaterialName, size: Vector, at: Vector, options: PartOptions = {}): this {
    return this.part({ kind: "ellipsoid", half: halved(size) }, material, at, options);
  }

  /** Stands along z unless turned. */
  cylinder(material: MaterialName, size: Vector, at: Vector, options: PartOptions = {}): this {
    return this.part({ kind: "cylinder", half: halved(size) }, material, at, options);
  }

  /** Round cone along z: diameter at the bottom, at the top, height. */
  frustum(
    material: MaterialName,
    bottom: number,
    top: number,
    height: number,
    at: Vector,
    options: PartOptions = {},
  ): this {
    const widest = Math.max(bottom, top) / 2;
    if (bottom >= top)
      return this.part(
        { kind: "frustum", half: [widest, widest, height / 2], top: top / 2 },
        material,
        at,
        options,
      );
    const upsideDown: Rotation = [1, 0, 0, 0, -1, 0, 0, 0, -1];
    const turn = options.turn ? compose(options.turn, upsideDown) : upsideDown;
    return this.part({ kind: "frustum", half: [widest, widest, height / 2], top: bottom / 2 }, material, at, {
      ...options,
      turn,
    });
  }

  prism(
    material: MaterialName,
    rings: readonly Ring[],
    thickness: number,
    at: Vector,
    options: PartOptions = {},
  ): this {
    const outer = rings[0] ?? [];
    const [middle, reach] = boundsOf(outer, 2);
    const shape: Shape = {
      kind: "prism",
      half: [reach[0] ?? 0, reach[1] ?? 0, thickness / 2],
      rings: rings.map((ring) => movedRing(ring, -(middle[0] ?? 0), -(middle[1] ?? 0))),
    };
    const shift: Vector = [middle[0] ?? 0, middle[1] ?? 0, 0];
    return this.part(shape, material, add(at, apply(options.turn ?? IDENTITY, shift)), options);
  }

  wire(material: MaterialName, points: readonly Vector[], diameter: number, options: PartOptions = {}): this {
    const [middle, reach] = boundsOf(points.flat(), 3);
    const at: Vector = [middle[0] ?? 0, middle[1] ?? 0, middle[2] ?? 0];
    const back: Vector = [-at[0], -at[1], -at[2]];
    const r = diameter / 2;
    const half: Vector = [(reach[0] ?? 0) + r, (reach[1] ?? 0) + r, (reach[2] ?? 0) + r];
    const own = points.map((point) => add(point, back));
    return this.part({ kind: "wire", half, points: own, radius: r }, material, at, options);
  }

  part(shape: Shape, material: MaterialName, at: Vector, options: PartOptions): this {
    const target = options.target ?? this.#current;
    this.#parts.push({
      shape,
      material,
      at,
      density: options.density ?? materialOf(material).density,
      turn: options.turn ?? IDENTITY,
      ...(options.texture ? { texture: options.texture } : {}),
      ...(target === undefined ? {} : { target }),
    });
    return this;
  }

  /** Puts all parts of another item in, turned and moved; its targets come along. */
  include(item: Item, at: Vector, turn: Rotation = IDENTITY): this {
    const base = this.#targets.length;
    this.#targets.push(...item.targets);
    for (const part of item.parts) {
      this.#parts.push({
        ...part,
        at: add(at, apply(turn, part.at)),
        turn: compose(turn, part.turn),
        ...(part.target === undefined ? {} : { target: base + part.target }),
      });
    }
    return this;
  }

  /** The finished item, its origin in the middle of its box or at `origin` of the parts' frame. */
  done(kind: string, trade: Trade, rests: Item["rests"] = "any", origin?: Vector): Item {
    const low: [number, number, number] = [1e9, 1e9, 1e9];
    const high: [number, number, number] = [-1e9, -1e9, -1e9];
    for (const part of this.#parts) {
      const extent = rotatedExtents(part.turn, part.shape.half);
      for (let i = 0; i < 3; i++) {
        low[i] = Math.min(low[i] as number, (part.at[i] as number) - (extent[i] as number));
        high[i] = Math.max(high[i] as number, (part.at[i] as number) + (extent[i] as number));
      }
    }
    const middle = origin ?? [(low[0] + high[0]) / 2, (low[1] + high[1]) / 2, (low[2] + high[2]) / 2];
    const reach = (i: 0 | 1 | 2): number => Math.max(high[i] - middle[i], middle[i] - low[i]);
    const half: Vector = [reach(0), reach(1), reach(2)];
    const shift: Vector = [-middle[0], -middle[1], -middle[2]];
    const parts = this.#parts.map((part) => ({ ...part, at: add(part.at, shift) }));
    return { kind, trade, parts, targets: this.#targets.slice(), half, rests };
  }
}

/** Middles and half extents of points given as one flat list of `n` coordinates each. */
function boundsOf(flat: readonly number[], n: number): readonly [number[], number[]] {
  const low = new Array<number>(n).fill(Number.POSITIVE_INFINITY);
  const high = new Array<number>(n).fill(Number.NEGATIVE_INFINITY);
  for (let i = 0; i < flat.length; i++) {
    const value = flat[i] as number;
    low[i % n] = Math.min(low[i % n] as number, value);
    high[i % n] = Math.max(high[i % n] as number, value);
  }
  return [
    low.map((value, i) => (value + (high[i] as number)) / 2),
    low.map((value, i) => ((high[i] as number) - value) / 2),
  ];
}

function halved(size: Vector): Vector {
  return [size[0] / 2, size[1] / 2, size[2] / 2];
}

/** A texture with its own offset and direction. */
export function textured(random: Random, kind: Texture["kind"], amount: number, scale: number): Texture {
  return { kind, amount, scale, offset: random.range(0, 256), turn: random.range(0, 6.28) };
}

/** A slack chain of points in a box of these half extents: cables, straps, springs of wire. */
export function tangle(random: Random, half: Vector, count: number, reach: number): Vector[] {
  const points: Vector[] = [];
  let heading = random.range(0, 6.28);
  let bend = random.range(-0.5, 0.5);
  let x = random.range(-0.6, 0.6) * half[0];
  let y = random.range(-0.6, 0.6) * half[1];
  for (let i = 0; i < count; i++) {
    points.push([x, y, random.range(-1, 1) * half[2]]);
    bend = Math.max(-0.8, Math.min(0.8, bend + random.range(-0.25, 0.25)));
    heading += bend;
    const nx = x + Math.cos(heading) * reach;
    const ny = y + Math.sin(heading) * reach;
    if (Math.abs(nx) > half[0] || Math.abs(ny) > half[1]) heading += 1.9;
    x = Math.max(-half[0], Math.min(half[0], x + Math.cos(heading) * reach));
    y = Math.max(-half[1], Math.min(half[1], y + Math.sin(heading) * reach));
  }
  return points;
}

/** Rounded rectangle as a ring. */
export function roundedRing(width: number, height: number, radius: number, steps = 3): number[] {
  const ring: number[] = [];
  const r = Math.min(radius, width / 2, height / 2);
  const corners: [number, number, number][] = [
    [width / 2 - r, height / 2 - r, 0],
    [-width / 2 + r, height / 2 - r, Math.PI / 2],
    [-width / 2 + r, -height / 2 + r, Math.PI],
    [width / 2 - r, -height / 2 + r, Math.PI * 1.5],
  ];
  for (const [cx, cy, start] of corners) {
    for (let i = 0; i <= steps; i++) {
      const angle = start + (i / steps) * (Math.PI / 2);
      ring.push(cx + r * Math.cos(angle), cy + r * Math.sin(angle));
    }
  }
  return ring;
}

/** Regular ring; `wobble` makes it irregular. */
export function roundRing(
  diameterX: number,
  diameterY: number,
  steps: number,
  random?: Random,
  wobble = 0,
): number[] {
  const ring: number[] = [];
  for (let i = 0; i < steps; i++) {
    const angle = (i / steps) * 2 * Math.PI;
    const r = 1 + (random ? random.range(-wobble, wobble) : 0);
    ring.push((diameterX / 2) * r * Math.cos(angle), (diameterY / 2) * r * Math.sin(angle));
  }
  return ring;
}

/** Ring moved and turned in its plane. */
export function movedRing(ring: Ring, dx: number, dy: number, angle = 0): number[] {
  const out: number[] = [];
  const r = aboutZ(angle);
  for (let i = 0; i < ring.length; i += 2) {
    const p = apply(r, [ring[i] as number, ring[i + 1] as number, 0]);
    out.push(p[0] + dx, p[1] + dy);
  }
  return out;
}
