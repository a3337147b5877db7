import { once } from "node:events";
import { parseArgs } from "node:util";
import { LynceusError } from "../../protocols/errors.ts";
import { composites } from "./dataset.ts";

/**
 * Composites on stdout for training, in the form of `../stream.ts`: u32 LE length of the header, the header as JSON, the low
 * and the high plane as height × width u16 LE. `source` names the pair, so that a split keeps together what shares it.
 *
 *     node simulator/projection/stream.ts --scans DIR [--seed S] [--count N] [--threats N] [--pitch MM]
 */
async function main(): Promise<void> {
  const values = options();
  process.stdout.on("error", () => process.exit(0));
  for await (const { index, source, pixelPitchMm, scan } of composites(values)) {
    const { width, height, airLevel, origin, targets } = scan;
    const pitch = { x: pixelPitchMm, y: pixelPitchMm };
    const shown = targets.map((target) => ({ ...target, maskRle: undefined }));
    const header = {
      index,
      width,
      height,
      airLevel,
      pixelPitchMm: pitch,
      origin,
      source,
      targets: shown,
      groups: [],
    };
    const text = new TextEncoder().encode(JSON.stringify(header));
    const record = new Uint8Array(4 + text.length + 4 * width * height);
    const view = new DataView(record.buffer);
    view.setUint32(0, text.length, true);
    record.set(text, 4);
    let at = 4 + text.length;
    for (const plane of [scan.low, scan.high]) {
      for (const sample of plane) {
        view.setUint16(at, sample, true);
        at += 2;
      }
    }
    if (!process.stdout.write(record)) await once(process.stdout, "drain");
  }
}

interface Values {
  readonly scans: string;
  readonly seed: number;
  readonly count: number;
  readonly threats: number;
  readonly pixelPitchMm?: number;
}

function options(): Values {
  const names = { scans: { type: "string" }, seed: { type: "string", default: "1" } } as const;
  const counts = {
    count: { type: "string", default: "1000000" },
    threats: { type: "string", default: "2" },
  } as const;
  const usage = (cause?: unknown): LynceusError =>
    new LynceusError("LYN_USAGE", "The options cannot be read", {
      remedy: "Give --scans DIR, and --seed, --count, --threats (1 to 8), --pitch (mm a pixel) as numbers",
      cause,
    });
  let values: { scans?: string; seed: string; count: string; threats: string; pitch?: string };
  try {
    values = parseArgs({ options: { ...names, ...counts, pitch: { type: "string" } } }).values;
  } catch (cause) {
    throw usage(cause);
  }
  const { scans, pitch } = values;
  const [seed, count, threats] = [values.seed, values.count, values.threats].map(Number) as [
    number,
    number,
    number,
  ];
  const whole = [seed, count, threats].every((value) => Number.isSafeInteger(value) && value >= 0);
  if (scans === undefined || !whole || threats < 1 || threats > 8) throw usage();
  if (pitch !== undefined && !(Number(pitch) > 0)) throw usage();
  return { scans, seed, count, threats, ...(pitch === undefined ? {} : { pixelPitchMm: Number(pitch) }) };
}

if (import.meta.main) {
  await main().catch((error: unknown) => {
    if (!(error instanceof LynceusError)) throw error;
    process.stderr.write(`${error.code}: ${error.message}. ${error.remedy}.\n`);
    process.exitCode = 2;
  });
}
