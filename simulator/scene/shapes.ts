import type { MaterialName } from "../physics/materials.ts";
import type { Rotation, Vector } from "./geometry.ts";

/** Closed ring of points, mm: x0, y0, x1, y1 … */
export type Ring = readonly number[];

/**
 * A solid with an exact chord for any parallel ray. `half` are the half extents of its local box in mm.
 * `prism` is a polygon (even-odd rings, so inner rings are holes) extruded along local z; `cylinder` stands
 * along local z on an ellipse; `frustum` is a round cone along z with radius half[0] at −z and `top` at +z.
 */
export type Shape =
  | { readonly kind: "box" | "ellipsoid" | "cylinder"; readonly half: Vector }
  | { readonly kind: "frustum"; readonly half: Vector; readonly top: number }
  | { readonly kind: "prism"; readonly half: Vector; readonly rings: readonly Ring[] }
  | {
      readonly kind: "wire";
      readonly half: Vector;
      readonly points: readonly Vector[];
      readonly radius: number;
    };

/** Modulates the areal density across the image so that stuff is not as smooth as a drawing. */
export interface Texture {
  readonly kind: "soft" | "wrinkle" | "grain" | "weave";
  /** Relative amplitude, 0–1. */
  readonly amount: number;
  /** mm of the plane per cell of the 256-cell field. */
  readonly scale: number;
  readonly offset: number;
  readonly turn: number;
}

export interface Part {
  readonly shape: Shape;
  readonly material: MaterialName;
  /** g/cm³; negative takes away what an outer part laid down (hollows). */
  readonly density: number;
  readonly at: Vector;
  readonly turn: Rotation;
  readonly texture?: Texture;
  /** Index into the item's targets. */
  readonly target?: number;
}
