import { GLYPH, glyphOf, textWidth } from "./font.ts";

/** An 8-bit colour. */
export interface Colour {
  readonly r: number;
  readonly g: number;
  readonly b: number;
}

/** A rectangle in pixels, right and bottom exclusive. */
export interface Rectangle {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** An interleaved 8-bit R, G, B picture that is drawn on; everything is clipped to it. */
export interface Canvas {
  readonly width: number;
  readonly height: number;
  readonly rgb: Uint8Array;
}

export function fill(canvas: Canvas, area: Rectangle, colour: Colour): void {
  const left = Math.max(0, Math.round(area.x));
  const right = Math.min(canvas.width, Math.round(area.x + area.width));
  const top = Math.max(0, Math.round(area.y));
  const bottom = Math.min(canvas.height, Math.round(area.y + area.height));
  for (let y = top; y < bottom; y++) {
    for (let x = left, at = (y * canvas.width + left) * 3; x < right; x++, at += 3) {
      canvas.rgb[at] = colour.r;
      canvas.rgb[at + 1] = colour.g;
      canvas.rgb[at + 2] = colour.b;
    }
  }
}

/**
 * The outline of a box, `thickness` pixels, drawn outwards so that it covers nothing of what it marks; along the edge of the
 * canvas it moves inwards to stay visible.
 */
export function outline(canvas: Canvas, box: Rectangle, thickness: number, colour: Colour): void {
  const x = Math.max(0, box.x - thickness);
  const y = Math.max(0, box.y - thickness);
  const width = Math.min(canvas.width, box.x + box.width + thickness) - x;
  const height = Math.min(canvas.height, box.y + box.height + thickness) - y;
  fill(canvas, { x, y, width, height: thickness }, colour);
  fill(canvas, { x, y: y + height - thickness, width, height: thickness }, colour);
  fill(canvas, { x, y, width: thickness, height }, colour);
  fill(canvas, { x: x + width - thickness, y, width: thickness, height }, colour);
}

/** Size of a text with its plate, pixels. */
export function plateSize(text: string, scale: number): { readonly width: number; readonly height: number } {
  return { width: (textWidth(text) + 4) * scale, height: (GLYPH.height + 4) * scale };
}

/** A text on a plate of colour whose top left corner is at `x`, `y`. */
export function plate(
  canvas: Canvas,
  at: { x: number; y: number },
  text: string,
  scale: number,
  colours: { ink: Colour; ground: Colour },
): void {
  fill(canvas, { ...at, ...plateSize(text, scale) }, colours.ground);
  let x = at.x + 2 * scale;
  for (const character of text) {
    glyphOf(character).forEach((row, line) => {
      for (let bit = 0; bit < GLYPH.width; bit++) {
        if (((row >> (GLYPH.width - 1 - bit)) & 1) === 0) continue;
        const dot = { x: x + bit * scale, y: at.y + (2 + line) * scale, width: scale, height: scale };
        fill(canvas, dot, colours.ink);
      }
    });
    x += GLYPH.advance * scale;
  }
}
