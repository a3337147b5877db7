import sharp from "sharp";
import { decodeScan } from "../../../image/decode.ts";
import { outline } from "../../../image/draw.ts";
import { pseudoColour } from "../../../image/pseudo-colour.ts";
import { normaliseView } from "../../../inference/normalise.ts";
import { analysable } from "../collect.ts";
import type { Miss } from "../misses.ts";

/** What is shown around a box, as a multiple of its longer side, and the side of the picture, pixels. */
const AROUND = 2.2;
const LEAST = 96;
const SIDE = 180;
const MARK = { r: 214, g: 0, b: 28 };

/** The place of a miss in the usual pseudo-colours with its box, PNG. */
export async function thumbnail({ image, box }: Miss): Promise<Uint8Array> {
  const scan = analysable(await decodeScan(image.input), image);
  const { planes } = normaliseView(scan.kind, scan.views[0]!, scan.airLevel);
  const { width, height } = planes;
  const rgb = pseudoColour(planes);
  outline({ width, height, rgb }, whole(box, width, height), 1, MARK);
  const side = Math.round(Math.max(LEAST, AROUND * Math.max(box.width, box.height)));
  const crop = {
    left: within(box.x + box.width / 2 - side / 2, width - Math.min(side, width)),
    top: within(box.y + box.height / 2 - side / 2, height - Math.min(side, height)),
    width: Math.min(side, width),
    height: Math.min(side, height),
  };
  return sharp(rgb, { raw: { width, height, channels: 3 } })
    .extract(crop)
    .resize(SIDE, SIDE, { fit: "inside" })
    .png({ compressionLevel: 9 })
    .toBuffer();
}

function within(value: number, most: number): number {
  return Math.round(Math.min(most, Math.max(0, value)));
}

/** A box in whole pixels inside of the picture. */
function whole(box: Miss["box"], width: number, height: number): Miss["box"] {
  const x = within(box.x, width - 1);
  const y = within(box.y, height - 1);
  return {
    x,
    y,
    width: Math.max(1, Math.min(width - x, Math.round(box.width))),
    height: Math.max(1, Math.min(height - y, Math.round(box.height))),
  };
}
