import { describe, expect, it } from "vitest";
import type { PixelDescription } from "../../protocols/dicom/pixels/description.ts";
import { decodeJpegLossless } from "../../protocols/dicom/pixels/jpeg-lossless.ts";
import { isLynceusError } from "../../protocols/errors.ts";
import { Dice } from "../fixtures/mutate.ts";

/** Lengths of the codes of the categories 0 to 16: all that there are, the last of 16 bits. */
const LENGTHS = [2, 3, 3, 3, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 16];

interface Picture {
  readonly rows: number;
  readonly columns: number;
  readonly precision: number;
  readonly predictor: number;
  readonly pointTransform: number;
  /** Lines between two restarts; 0: none. */
  readonly restartLines: number;
  readonly samples: readonly number[];
}

describe("JPEG lossless of one component", () => {
  it("gives the samples back, whatever their bits, predictor, point transform and restarts", () => {
    const dice = new Dice(31);
    for (let round = 0; round < 300; round++) {
      const picture = anyPicture(dice, (round % 7) + 1);
      const { precision, pointTransform, samples } = picture;
      const bitsAllocated = precision <= 8 && round % 2 === 0 ? 8 : 16;
      const decoded = decodeJpegLossless(encoded(picture), described(picture, bitsAllocated));
      const bytes = decoded ?? new Uint8Array();
      const found = bitsAllocated === 8 ? [...bytes] : [...new Uint16Array(bytes.buffer)];
      expect(found, JSON.stringify(picture)).toEqual(
        samples.map((sample) => (sample >> pointTransform) << pointTransform),
      );
    }
  });

  it("answers damage with a typed error or with samples, never with anything else", () => {
    const dice = new Dice(32);
    let broken = 0;
    for (let round = 0; round < 3_000; round++) {
      const picture = anyPicture(dice, (round % 7) + 1);
      const frame = encoded(picture);
      for (let times = between(dice, 1, 4); times > 0; times--)
        frame[between(dice, 2, frame.length - 1)] = between(dice, 0, 255);
      const cut = round % 3 === 0 ? frame.subarray(0, between(dice, 2, frame.length - 1)) : frame;
      try {
        const decoded = decodeJpegLossless(cut, described(picture, 16));
        expect([undefined, picture.rows * picture.columns * 2]).toContain(decoded?.length);
      } catch (error) {
        if (!isLynceusError(error, "LYN_DICOM_CODEC")) throw error;
        broken += 1;
      }
    }
    expect(broken).toBeGreaterThan(500);
  });

  it("says that bits end early, and leaves colours and restarts within a line to another decoder", () => {
    const picture = { ...anyPicture(new Dice(33), 1), rows: 20, columns: 20, precision: 16, restartLines: 0 };
    const whole = { ...picture, samples: Array.from({ length: 400 }, (_, at) => (at * 7919) % 65_536) };
    const frame = encoded(whole);
    const of = described(whole, 16);
    expect(() => decodeJpegLossless(frame.subarray(0, frame.length - 40), of)).toThrow(/end early/);
    expect(decodeJpegLossless(frame, { ...of, samplesPerPixel: 3 })).toBeNull();
    expect(decodeJpegLossless(frame, { ...of, columns: 15, rows: 1 })).toHaveLength(30);
    const within = encoded({ ...whole, restartLines: 1 });
    expect(decodeJpegLossless(within, { ...of, columns: 16 })).toBeNull();
  });
});

function anyPicture(dice: Dice, predictor: number): Picture {
  const precision = between(dice, 2, 16);
  const [rows, columns] = [between(dice, 1, 9), between(dice, 1, 9)];
  const top = 2 ** precision - 1;
  // Now and then from end to end: differences of sixteen bits.
  const steep = between(dice, 0, 2) === 0;
  const samples = Array.from({ length: rows * columns }, () =>
    steep ? dice.pick([0, top, 2 ** (precision - 1)]) : between(dice, 0, top),
  );
  return {
    ...{ rows, columns, precision, predictor, samples },
    pointTransform: between(dice, 0, Math.min(3, precision - 1)),
    restartLines: between(dice, 0, 3),
  };
}

function between(dice: Dice, least: number, most: number): number {
  return least + dice.below(most - least + 1);
}

function described({ rows, columns }: Picture, bitsAllocated: 8 | 16): PixelDescription {
  return {
    ...{ rows, columns, frames: 1, samplesPerPixel: 1, photometric: "MONOCHROME2", bitsAllocated },
    ...{ bitsStored: bitsAllocated, highBit: bitsAllocated - 1, signed: false, float: false, planar: false },
    frameBytes: (rows * columns * bitsAllocated) / 8,
  };
}

/** ITU-T T.81 process 14 the other way round, as its annex H says it. */
function encoded(picture: Picture): Uint8Array {
  const { rows, columns, precision, predictor, pointTransform, restartLines } = picture;
  const counts = Array.from({ length: 16 }, (_, at) => LENGTHS.filter((length) => length === at + 1).length);
  const head = [
    ...[0xff, 0xd8, 0xff, 0xc3, 0, 11, precision, rows >> 8, rows & 255, columns >> 8, columns & 255],
    ...[1, 1, 0x11, 0, 0xff, 0xc4, 0, 36, 0, ...counts, ...LENGTHS.keys()],
    ...(restartLines === 0
      ? []
      : [0xff, 0xdd, 0, 4, (restartLines * columns) >> 8, (restartLines * columns) & 255]),
    ...[0xff, 0xda, 0, 8, 1, 1, 0, predictor, 0, pointTransform],
  ];
  const out = [...head];
  for (let from = 0, mark = 0; from < rows; from += restartLines || rows, mark++) {
    if (from > 0) out.push(0xff, 0xd0 + ((mark - 1) % 8));
    const bits = lines(picture, from, Math.min(rows, from + (restartLines || rows)));
    for (let at = 0; at < bits.length; at += 8) {
      const byte = Number.parseInt(bits.slice(at, at + 8).padEnd(8, "1"), 2);
      out.push(byte, ...(byte === 0xff ? [0] : []));
    }
  }
  return Uint8Array.from([...out, 0xff, 0xd9]);
}

function lines(
  { columns, precision, predictor, pointTransform, samples }: Picture,
  from: number,
  to: number,
): string {
  const at = (row: number, column: number) => (samples[row * columns + column] ?? 0) >> pointTransform;
  let bits = "";
  for (let row = from; row < to; row++) {
    for (let column = 0; column < columns; column++) {
      const [left, above, corner] = [at(row, column - 1), at(row - 1, column), at(row - 1, column - 1)];
      const told = [0, left, above, corner, left + above - corner];
      told.push(left + ((above - corner) >> 1), above + ((left - corner) >> 1), (left + above) >> 1);
      const first = row === from ? (column === 0 ? 2 ** (precision - pointTransform - 1) : left) : null;
      const prediction = first ?? (column === 0 ? above : (told[predictor] ?? 0));
      const modulo = (at(row, column) - prediction) & 0xffff;
      const difference = modulo > 32_768 ? modulo - 65_536 : modulo;
      bits += difference === 32_768 ? codeOf(16) : codeOf(category(difference)) + extra(difference);
    }
  }
  return bits;
}

function category(difference: number): number {
  return difference === 0 ? 0 : Math.floor(Math.log2(Math.abs(difference))) + 1;
}

function extra(difference: number): string {
  const length = category(difference);
  if (length === 0) return "";
  return (difference < 0 ? difference + 2 ** length - 1 : difference).toString(2).padStart(length, "0");
}

/** Codes count on from one to the next, longer ones to the right of shorter ones. */
function codeOf(value: number): string {
  let code = 0;
  for (let at = 1; at <= value; at++) code = (code + 1) << ((LENGTHS[at] ?? 0) - (LENGTHS[at - 1] ?? 0));
  return code.toString(2).padStart(LENGTHS[value] ?? 0, "0");
}
