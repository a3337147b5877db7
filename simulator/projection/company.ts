import { once } from "node:events";
import { parseArgs } from "node:util";
import { LynceusError } from "../../protocols/errors.ts";
import { drawSettings } from "../physics/settings.ts";
import { Random } from "../random.ts";
import { type Mix, SCENARIOS, type Scenario, simulateScan } from "../scan.ts";
import { TALLY_CELL } from "../scene/canvas.ts";
import { MATTER_LABELS, type MatterMap } from "../scene/matter.ts";
import { PIXEL_PITCH_MM } from "../scene/scene.ts";
import { encodeScan, writeSamples } from "../stream.ts";
import { Workspace } from "../workspace.ts";
import { type Companion, companions } from "./companions.ts";

/**
 * Scans on stdout for training in the form of `../stream.ts`, each followed by things seen alone by the same machine:
 * per scan a record of `../stream.ts`, then u32 LE length and a JSON header (`photons` of each energy, `electronicCounts`,
 * `companions` with `width`, `height` and `targets`), then the low and the high plane of each companion as u16 LE, then what lies where in the scan
 * (`matter` in the header: `width` × `height` cells of `cell` pixels a side, u8 index into `labels` or 255).
 *
 *     node simulator/projection/company.ts [--seed S] [--start I] [--count N] [--mix M] [--scenario A,B] [--companions N]
 */
async function main(): Promise<void> {
  const { seed, start, count, mix, scenarios, companions: wanted } = options();
  process.stdout.on("error", () => process.exit(0));
  const workspace = new Workspace();
  for (let index = start; index < start + count; index++) {
    const scenario = scenarios[index % scenarios.length] as Scenario;
    const scan = simulateScan({ seed, index, mix, scenario, matter: true, workspace });
    // The machine of the scan: drawn from the same stream of numbers as in `simulateScan`.
    const settings = drawSettings(new Random(seed, `${scenario}/${mix}/${index}/detector`));
    const things = companions(
      settings,
      PIXEL_PITCH_MM,
      wanted,
      new Random(seed, `${scenario}/${mix}/${index}/company`),
    );
    const { photons, electronicCounts } = settings;
    process.stdout.write(encodeScan(scan, index));
    if (!process.stdout.write(encode(things, { photons, electronicCounts }, scan.matter)))
      await once(process.stdout, "drain");
  }
}

function encode(things: readonly Companion[], machine: object, map?: MatterMap): Uint8Array {
  const shown = things.map(({ width, height, targets }) => ({ width, height, targets }));
  const cells = map?.cells ?? new Uint8Array();
  const matter = {
    width: map?.width ?? 0,
    height: map?.height ?? 0,
    cell: TALLY_CELL,
    labels: MATTER_LABELS,
  };
  const header = new TextEncoder().encode(JSON.stringify({ ...machine, companions: shown, matter }));
  const samples = things.reduce((sum, { width, height }) => sum + 2 * width * height, 0);
  const out = new Uint8Array(4 + header.length + 2 * samples + cells.length);
  const view = new DataView(out.buffer);
  view.setUint32(0, header.length, true);
  out.set(header, 4);
  let at = 4 + header.length;
  for (const samples of things.flatMap(({ low, high }) => [low, high])) {
    writeSamples(samples, out, at);
    at += samples.byteLength;
  }
  out.set(cells, at);
  return out;
}

function options() {
  const usage = (cause?: unknown): LynceusError =>
    new LynceusError("LYN_USAGE", "The options cannot be read", {
      remedy: `Give --seed, --start, --count, --companions as numbers, --mix training or traffic, --scenario of ${SCENARIOS.join(",")}`,
      cause,
    });
  const text = (value: string) => ({ type: "string", default: value }) as const;
  const known = {
    seed: text("1"),
    start: text("0"),
    count: text("1000000000"),
    mix: text("training"),
    scenario: text("parcels"),
    companions: text("3"),
  };
  let values: Record<keyof typeof known, string>;
  try {
    values = parseArgs({ options: known }).values;
  } catch (cause) {
    throw usage(cause);
  }
  const whole = (value: string): number => {
    if (!/^\d+$/.test(value) || !Number.isSafeInteger(Number(value))) throw usage();
    return Number(value);
  };
  const scenarios = values.scenario.split(",").map((name) => {
    const scenario = SCENARIOS.find((one) => one === name);
    if (scenario === undefined) throw usage();
    return scenario;
  });
  if (values.mix !== "training" && values.mix !== "traffic") throw usage();
  const mix: Mix = values.mix;
  return {
    seed: whole(values.seed),
    start: whole(values.start),
    count: whole(values.count),
    companions: Math.min(16, whole(values.companions)),
    mix,
    scenarios,
  };
}

if (import.meta.main) {
  await main().catch((error: unknown) => {
    if (!(error instanceof LynceusError)) throw error;
    process.stderr.write(`${error.code}: ${error.message}. ${error.remedy}.\n`);
    process.exitCode = 2;
  });
}
