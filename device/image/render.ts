import sharp from "sharp";
import { type Canvas, type Colour, outline, plate, plateSize, type Rectangle } from "./draw.ts";
import { type Mark, selectMarks } from "./marks.ts";
import type { PicturePlanes } from "./picture-planes.ts";
import { pseudoColour } from "./pseudo-colour.ts";

const INK: Colour = { r: 255, g: 255, b: 255 };
const HALO: Colour = { r: 255, g: 255, b: 255 };
/** Red and violet do not occur in the palette of the scan itself. */
const ALARM: Colour = { r: 214, g: 0, b: 28 };
const NOTICE: Colour = { r: 142, g: 36, b: 170 };

/**
 * What an analyst would look at, as PNG: the scan in the usual pseudo-colours with boxes, labels and scores; same size and
 * orientation as the plane (`mqtt.md`, detections). Alarms are red and bold, what is below its threshold violet and thin.
 */
export async function renderView(planes: PicturePlanes, marks: readonly Mark[]): Promise<Uint8Array> {
  const canvas = { width: planes.width, height: planes.height, rgb: pseudoColour(planes) };
  drawMarks(canvas, marks);
  const raw = { width: canvas.width, height: canvas.height, channels: 3 as const };
  return sharp(canvas.rgb, { raw }).png({ compressionLevel: 6 }).toBuffer();
}

/** Draws boxes, then labels, the most important on top. */
export function drawMarks(canvas: Canvas, marks: readonly Mark[]): void {
  const shown = selectMarks(marks);
  const scale = Math.min(4, Math.max(1, Math.round(Math.min(canvas.width, canvas.height * 1.5) / 400)));
  for (const mark of shown.toReversed()) {
    const thickness = mark.alarm ? 1 + scale : 1;
    outline(canvas, mark, thickness + 1, HALO);
    outline(canvas, mark, thickness, colourOf(mark));
  }
  const taken: Rectangle[] = [];
  for (const mark of shown) {
    const text = labelOf(mark, canvas.width);
    const fitting = textScale(canvas, text, mark.alarm ? scale : Math.max(1, scale - 1));
    const at = place(canvas, mark, plateSize(text, fitting), taken);
    taken.push(at);
    plate(canvas, at, text, fitting, { ink: INK, ground: colourOf(mark) });
  }
}

function colourOf(mark: Mark): Colour {
  return mark.alarm ? ALARM : NOTICE;
}

/** Class and score; the class is cut where the picture is too narrow for it. */
function labelOf(mark: Mark, width: number): string {
  const score = percent(mark.score);
  let name = mark.class.replaceAll("-", " ");
  while (name.length > 1 && plateSize(`${name}. ${score}`, 1).width > width) name = name.slice(0, -1);
  const cut = name.length < mark.class.length && plateSize(`${mark.class} ${score}`, 1).width > width;
  return cut ? `${name}. ${score}` : `${mark.class.replaceAll("-", " ")} ${score}`;
}

function percent(score: number): string {
  if (score < 0.01) return "<1%";
  return `${Math.min(99, Math.round(score * 100))}%`;
}

function textScale(canvas: Canvas, text: string, scale: number): number {
  let fitting = scale;
  while (fitting > 1 && plateSize(text, fitting).width > canvas.width) fitting--;
  return fitting;
}

/** Above the box, below it, inside it, or the first free line of the picture: wherever no other label is. */
function place(
  canvas: Canvas,
  mark: Rectangle,
  size: { width: number; height: number },
  taken: readonly Rectangle[],
): Rectangle {
  const x = Math.round(Math.max(0, Math.min(mark.x - 2, canvas.width - size.width)));
  const right = Math.round(
    Math.max(0, Math.min(mark.x + mark.width - size.width, canvas.width - size.width)),
  );
  const above = Math.round(mark.y - size.height - 2);
  const below = Math.round(mark.y + mark.height + 2);
  const inside = Math.round(mark.y + 2);
  const spots = [above, below, inside].flatMap((y) => [x, right].map((left) => ({ x: left, y, ...size })));
  for (let y = 0; y + size.height <= canvas.height; y += size.height + 1) spots.push({ x, y, ...size });
  const fits = (spot: Rectangle) => spot.y >= 0 && spot.y + spot.height <= canvas.height;
  const free = spots.find((spot) => fits(spot) && !taken.some((other) => overlap(spot, other)));
  return free ?? spots.find(fits) ?? { x, y: 0, ...size };
}

function overlap(a: Rectangle, b: Rectangle): boolean {
  return a.x < b.x + b.width && b.x < a.x + a.width && a.y < b.y + b.height && b.y < a.y + a.height;
}
