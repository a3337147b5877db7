import { once } from "node:events";
import { parseArgs } from "node:util";
import { LynceusError } from "../../protocols/errors.ts";
import { type CargoScan, simulateCargo } from "./simulate.ts";

const SCENARIOS = ["containers", "pallets"] as const;
/** Rows of a scan, at most: the training wants few, a picture some more. */
const MAX_ROWS = 1024;

/**
 * Training stream of cargo scans on stdout. For each scan: u32 LE length of the header, the header as JSON with the truth,
 * then one plane (the last one: the higher energy) as height × width u16 LE. Every fourth scan has 16-bit counts, the
 * others are as a viewing station shows them. Ends quietly when the reader closes the pipe.
 */
async function main(): Promise<void> {
  const { seed, start, count, rows, scenario, mix } = options();
  process.stdout.on("error", () => process.exit(0));
  for (let index = start; index < start + count; index++) {
    const scan = simulateCargo({ seed, index, scenario, mix, rows, bits: index % 4 === 0 ? 16 : 8 });
    if (!process.stdout.write(encode(scan, index))) await once(process.stdout, "drain");
  }
}

function options() {
  const { values } = parseArgs({
    options: {
      seed: { type: "string", default: "1" },
      start: { type: "string", default: "0" },
      count: { type: "string", default: "1000000000" },
      rows: { type: "string", default: "160" },
      scenario: { type: "string", default: "containers" },
      mix: { type: "string", default: "training" },
    },
  });
  const scenario = SCENARIOS.find((name) => name === values.scenario);
  if (scenario === undefined) throw usage("--scenario", values.scenario, SCENARIOS.join(" or "));
  const mix = values.mix === "traffic" ? "traffic" : "training";
  if (mix !== values.mix) throw usage("--mix", values.mix, "training or traffic");
  return {
    scenario,
    mix,
    seed: whole("--seed", values.seed, Number.MAX_SAFE_INTEGER),
    start: whole("--start", values.start, Number.MAX_SAFE_INTEGER),
    count: whole("--count", values.count, Number.MAX_SAFE_INTEGER),
    rows: whole("--rows", values.rows, MAX_ROWS),
  } as const;
}

function whole(name: string, text: string, most: number): number {
  const value = Number(text);
  if (/^\d+$/.test(text) && value <= most) return value;
  throw usage(name, text, `a whole number up to ${most}`);
}

function usage(name: string, found: string, allowed: string): LynceusError {
  return new LynceusError("LYN_USAGE", `${name} ${found} is not known`, { remedy: `Give ${allowed}` });
}

/** Header and the last plane of one scan as one chunk. */
function encode(scan: CargoScan, index: number): Uint8Array {
  const { width, height, airLevel, truth } = scan;
  const { carrier, state, profile, inside, loads } = truth.cargo;
  const header = new TextEncoder().encode(
    JSON.stringify({ index, width, height, airLevel, carrier, state, profile, inside, loads }),
  );
  const samples = scan.planes[scan.planes.length - 1]!.samples;
  const out = new Uint8Array(4 + header.length + samples.length * 2);
  const view = new DataView(out.buffer);
  view.setUint32(0, header.length, true);
  out.set(header, 4);
  for (let i = 0, at = 4 + header.length; i < samples.length; i++, at += 2)
    view.setUint16(at, samples[i]!, true);
  return out;
}

await main().catch((error: unknown) => {
  if (!(error instanceof LynceusError)) throw error;
  process.stderr.write(`${error.code}: ${error.message}. ${error.remedy}.\n`);
  process.exitCode = 2;
});
