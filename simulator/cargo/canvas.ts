import type { MaterialName } from "../physics/materials.ts";
import { type Fan, RAYS_PER_ROW, rowChords, type Section } from "./rays.ts";

/** A body with the same section all along x, or with one that changes from column to column. */
export interface Solid {
  readonly material: MaterialName;
  /** g/cm³; negative takes out what another solid put in (hollows). */
  readonly density: number;
  /** Extent along x, cm. */
  readonly from: number;
  readonly to: number;
  readonly section: Section | ((x: number) => Section | null);
  /** Factor on the density at x: corrugation, texture. */
  readonly weight?: (x: number) => number;
  /** Counts as load, not as part of the container. */
  readonly load?: boolean;
}

/** Areal densities of a cargo scan as they add up, g/cm², one plane a material. */
export class CargoCanvas {
  readonly width: number;
  readonly height: number;
  readonly planes = new Map<MaterialName, Float32Array>();
  /** What the load alone adds, of any material. */
  readonly load: Float32Array;
  readonly #fan: Fan;
  readonly #originX: number;
  readonly #columnCm: number;

  /** @param options `originX`: x of the left edge, cm; `columnCm`: x step of a column, cm. */
  constructor(options: {
    readonly fan: Fan;
    readonly width: number;
    readonly originX: number;
    readonly columnCm: number;
  }) {
    this.width = options.width;
    this.height = options.fan.slopes.length / RAYS_PER_ROW;
    this.load = new Float32Array(this.width * this.height);
    this.#fan = options.fan;
    this.#originX = options.originX;
    this.#columnCm = options.columnCm;
  }

  /** Column of a place along x; may lie outside of the canvas. */
  columnOf(x: number): number {
    return (x - this.#originX) / this.#columnCm;
  }

  /** Areal density of a material, made on first use. */
  planeOf(material: MaterialName): Float32Array {
    const found = this.planes.get(material);
    if (found !== undefined) return found;
    const plane = new Float32Array(this.width * this.height);
    this.planes.set(material, plane);
    return plane;
  }

  /** Adds a solid. Columns that it covers in part get their share. */
  add(solid: Solid): void {
    const left = this.columnOf(solid.from);
    const right = this.columnOf(solid.to);
    const first = Math.max(0, Math.floor(left));
    const last = Math.min(this.width, Math.ceil(right));
    if (first >= last) return;
    const plane = this.planeOf(solid.material);
    const constant = typeof solid.section === "function" ? null : rowChords(solid.section, this.#fan);
    for (let column = first; column < last; column++) {
      const cover = Math.min(right, column + 1) - Math.max(left, column);
      const x = this.#originX + (column + 0.5) * this.#columnCm;
      const chords = constant ?? this.#chordsAt(solid.section, x);
      if (chords === null) continue;
      const scale = cover * solid.density * (solid.weight?.(x) ?? 1);
      this.#addColumn(column, chords, scale, plane, solid.load === true);
    }
  }

  #chordsAt(section: Solid["section"], x: number): ReturnType<typeof rowChords> | null {
    if (typeof section !== "function") return null;
    const here = section(x);
    return here === null ? null : rowChords(here, this.#fan);
  }

  #addColumn(
    column: number,
    chords: ReturnType<typeof rowChords>,
    scale: number,
    plane: Float32Array,
    load: boolean,
  ): void {
    const { first, lengths } = chords;
    for (let i = 0, at = first * this.width + column; i < lengths.length; i++, at += this.width) {
      const added = lengths[i]! * scale;
      plane[at] = plane[at]! + added;
      if (load) this.load[at] = this.load[at]! + added;
    }
  }
}
