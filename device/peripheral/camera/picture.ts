import sharp from "sharp";

/** Longer sides of a picture are brought to this, pixels: enough for labels, bounded for memory and time. */
export const MAX_SIDE = 1920;
/** Pixels of a picture before that, at most. */
const MAX_PIXELS = 60_000_000;

/** A decoded picture: 3 bytes a pixel, row-major. */
export interface Picture {
  readonly width: number;
  readonly height: number;
  readonly rgb: Uint8Array;
}

/** Decodes a JPEG or PNG, turned upright as its EXIF says. Rejects what is no picture. */
export async function decodePicture(bytes: Uint8Array): Promise<Picture> {
  const { data, info } = await sharp(bytes, { limitInputPixels: MAX_PIXELS, failOn: "error" })
    .rotate()
    .resize({ width: MAX_SIDE, height: MAX_SIDE, fit: "inside", withoutEnlargement: true })
    .removeAlpha()
    .toColourspace("srgb")
    .raw()
    .toBuffer({ resolveWithObject: true });
  return { width: info.width, height: info.height, rgb: data };
}
