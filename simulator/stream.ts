import { once } from "node:events";
import { endianness } from "node:os";
import { parseArgs } from "node:util";
import { LynceusError } from "../protocols/errors.ts";
import { benchmarkScans } from "./benchmark/benchmark.ts";
import { BENCHMARK_SETS, type BenchmarkSet } from "./benchmark/sets.ts";
import {
  type Mix,
  PHYSICS,
  type Physics,
  SCENARIOS,
  type Scenario,
  type SimulatedScan,
  simulateScan,
} from "./scan.ts";
import { Workspace } from "./workspace.ts";

/**
 * Training stream on stdout. For each scan: u32 LE length of the header, the header as JSON, then the low and
 * the high plane of each view as height × width u16 LE. Ends quietly when the reader closes the pipe.
 * `--benchmark main|shifted` gives the frozen benchmark (`benchmark/README.md`) instead of walking a seed.
 * `--scenario` takes several names with commas between, by turns: scan n is of the (n modulo their count)-th.
 * `--take N` scans the same parcels once more (see `ScanOptions.take`).
 */
async function main(): Promise<void> {
  const values = options();
  let open = true;
  process.stdout.on("error", () => {
    open = false;
    process.exit(0);
  });
  for (const { scan, index } of scansOf(values)) {
    if (!open) return;
    if (!process.stdout.write(encodeScan(scan, index))) await once(process.stdout, "drain");
  }
}

type Values = Record<
  "seed" | "start" | "count" | "mix" | "scenario" | "physics" | "views" | "take",
  string
> & {
  readonly benchmark?: string;
};

/** The scans asked for: of the frozen benchmark (`--start` and `--count` are places in its list), else walked from the seed. */
function* scansOf(values: Values): Generator<{ readonly scan: SimulatedScan; readonly index: number }> {
  const start = whole("--start", values.start);
  const end = start + whole("--count", values.count);
  if (values.benchmark !== undefined) {
    const frozen = benchmarkScans(setOf(values.benchmark), { from: start, to: end });
    for (const { scan, entry } of frozen) yield { scan, index: entry.index };
    return;
  }
  const seed = whole("--seed", values.seed);
  const mix = mixOf(values.mix);
  const scenarios = scenariosOf(values.scenario);
  const physics = physicsOf(values.physics);
  const views = viewsOf(values.views);
  const take = whole("--take", values.take);
  const workspace = new Workspace();
  for (let index = start; index < end; index++) {
    const scenario = scenarios[index % scenarios.length] as Scenario;
    yield { scan: simulateScan({ seed, index, mix, scenario, physics, views, take, workspace }), index };
  }
}

/** Options of the command line. */
function options(): Values {
  try {
    return parseArgs({
      options: {
        seed: { type: "string", default: "1" },
        start: { type: "string", default: "0" },
        count: { type: "string", default: "1000000000" },
        mix: { type: "string", default: "training" },
        scenario: { type: "string", default: "parcels" },
        physics: { type: "string", default: "standard" },
        views: { type: "string", default: "1" },
        take: { type: "string", default: "0" },
        benchmark: { type: "string" },
      },
    }).values;
  } catch (cause) {
    throw new LynceusError("LYN_USAGE", "The options cannot be read", {
      remedy:
        "Give --seed, --start, --count, --mix, --scenario, --physics, --views, --take, --benchmark, each with a value",
      cause,
    });
  }
}

function whole(name: string, text: string): number {
  const value = Number(text);
  if (/^\d+$/.test(text) && Number.isSafeInteger(value)) return value;
  throw new LynceusError("LYN_USAGE", `${name} ${text} is no whole number`, { remedy: "Give 0 or more" });
}

function mixOf(text: string): Mix {
  if (text === "training" || text === "traffic") return text;
  throw new LynceusError("LYN_USAGE", `--mix ${text} is not known`, { remedy: "Give training or traffic" });
}

function scenariosOf(text: string): Scenario[] {
  return text.split(",").map((name) => {
    const known = SCENARIOS.find((scenario) => scenario === name);
    if (known !== undefined) return known;
    throw new LynceusError("LYN_USAGE", `--scenario ${name} is not known`, {
      remedy: `Give one or more of ${SCENARIOS.join(",")}`,
    });
  });
}

function physicsOf(text: string): Physics {
  const known = PHYSICS.find((physics) => physics === text);
  if (known !== undefined) return known;
  throw new LynceusError("LYN_USAGE", `--physics ${text} is not known`, {
    remedy: `Give ${PHYSICS.join(" or ")}`,
  });
}

function viewsOf(text: string): 1 | 2 {
  if (text === "1" || text === "2") return text === "1" ? 1 : 2;
  throw new LynceusError("LYN_USAGE", `--views ${text} is not known`, { remedy: "Give 1 or 2" });
}

function setOf(text: string): BenchmarkSet {
  const known = BENCHMARK_SETS.find((set) => set === text);
  if (known !== undefined) return known;
  throw new LynceusError("LYN_USAGE", `--benchmark ${text} is not known`, {
    remedy: `Give ${BENCHMARK_SETS.join(" or ")}`,
  });
}

/** Header and planes of one scan as one chunk. */
export function encodeScan(scan: SimulatedScan, index: number): Uint8Array {
  const header = new TextEncoder().encode(
    JSON.stringify({
      index,
      width: scan.width,
      height: scan.height,
      airLevel: scan.airLevel,
      views: scan.planes.length / 2,
      pixelPitchMm: scan.pixelPitchMm,
      massKg: scan.truth.massKg,
      targets: scan.truth.targets.map(({ maskRle: _, ...target }) => target),
      groups: scan.truth.groups.map(({ group, share }) => ({ group, share })),
    }),
  );
  const planeBytes = scan.width * scan.height * 2;
  const out = new Uint8Array(4 + header.length + scan.planes.length * planeBytes);
  const view = new DataView(out.buffer);
  view.setUint32(0, header.length, true);
  out.set(header, 4);
  let at = 4 + header.length;
  for (const { samples } of scan.planes) {
    writeSamples(samples, out, at);
    at += planeBytes;
  }
  return out;
}

/** Samples as u16 little-endian from `at` on. */
export function writeSamples(samples: Uint16Array, out: Uint8Array, at: number): void {
  if (endianness() === "LE") {
    out.set(new Uint8Array(samples.buffer, samples.byteOffset, samples.byteLength), at);
    return;
  }
  const view = new DataView(out.buffer);
  for (const [i, sample] of samples.entries()) view.setUint16(at + 2 * i, sample, true);
}

if (import.meta.main) {
  await main().catch((error: unknown) => {
    if (!(error instanceof LynceusError)) throw error;
    process.stderr.write(`${error.code}: ${error.message}. ${error.remedy}.\n`);
    process.exitCode = 2;
  });
}
