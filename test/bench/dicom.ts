import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Codecs } from "../../device/image/dicom/codecs.ts";
import { readHeadOf, readPlane } from "../../device/image/dicom/file.ts";
import { dxOf, fileOf } from "../fixtures/dicom.ts";
import { report, spreadOf } from "./figures.ts";

const ROUNDS = 9;
const WIDTH = 2000;
const HEIGHT = 1600;

/** Decodes one image in each transfer syntax, beside dcmtk on the same file. dcmtk's start is measured and taken off. */
export async function dicomFigures(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "lynceus-bench-dicom-"));
  const at = (name: string) => join(folder, `${name}.dcs`);
  try {
    writeFileSync(at("plain"), fileOf(dxOf("bench", { width: WIDTH, height: HEIGHT, samples: noisy() })));
    const tools: readonly (readonly [string, string, readonly string[], string])[] = [
      ["uncompressed", "plain", [], "dcmconv"],
      ["RLE", "rle", ["dcmcrle"], "dcmdrle"],
      ["JPEG lossless", "jpeg", ["dcmcjpeg", "+e1"], "dcmdjpeg"],
      ["JPEG-LS", "jpegls", ["dcmcjpls"], "dcmdjpls"],
    ];
    const start = median(() => execFileSync("dcmdrle", ["--version"], { stdio: "ignore" }));
    const codecs = new Codecs();
    for (const [name, file, [encoder, ...options], decoder] of tools) {
      if (encoder !== undefined)
        execFileSync(encoder, [...options, at("plain"), at(file)], { stdio: "ignore" });
      const theirs = median(() => execFileSync(decoder, [at(file), at("out")], { stdio: "ignore" })) - start;
      const ours = await medianOf(async () => readPlane(at(file), await readHeadOf(at(file)), codecs));
      const aim = name === "uncompressed" || name === "RLE" ? 1 : 0.5;
      report(
        `DICOM ${name}, ${WIDTH} × ${HEIGHT} × 16 bit`,
        `${ours.toFixed(0)} ms, ${decoder} ${theirs.toFixed(0)} ms, ratio ${(theirs / ours).toFixed(2)} (aim ≥ ${aim})`,
      );
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Something between a flat field and white noise, as detectors give. */
function noisy(): Uint16Array {
  let state = 12345;
  return Uint16Array.from({ length: WIDTH * HEIGHT }, (_, index) => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    const x = index % WIDTH;
    return 30_000 + Math.round(15_000 * Math.sin(x / 190)) + (state >>> 25);
  });
}

function median(run: () => unknown): number {
  const times = Array.from({ length: ROUNDS }, () => {
    const began = performance.now();
    run();
    return performance.now() - began;
  });
  return spreadOf(times).median;
}

async function medianOf(run: () => Promise<unknown>): Promise<number> {
  await run();
  const times: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const began = performance.now();
    await run();
    times.push(performance.now() - began);
  }
  return spreadOf(times).median;
}
