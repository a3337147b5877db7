/**
 * What the shipped detector, which was taught with simulated parcels only, says of real dual-energy pairs of another machine: bags and
 * test pieces with knives against pairs without threats. Whether the surest blade of a pair tells the two apart, by the pitch
 * that the pairs are taken to have (nobody tells it), and how many of either raise an alarm. Needs `../shared/data/dual-energy`.
 *
 *     node test/bench/real-pairs.ts          LYNCEUS_PITCH=0.8,1,1.2,1.5
 */
import { fileURLToPath } from "node:url";
import { bootstrap, rocArea } from "../../device/cli/evaluate/statistics.ts";
import { analyseScan } from "../../device/inference/analyse.ts";
import { loadModels } from "../../device/inference/models.ts";
import { realInputs, realScan } from "../fixtures/fates.ts";
import { report } from "./figures.ts";

const ROUNDS = 1000;
const pitches = (process.env["LYNCEUS_PITCH"] ?? "0.8,1,1.2,1.5").split(",").map(Number);
const packages = fileURLToPath(new URL("../../models/packages", import.meta.url));
const set = await loadModels({ folders: [packages], names: ["threat-detector"] });
const pairs = await Promise.all(realInputs("dual-energy", 1).map(realScan));
if (pairs.length === 0) process.stdout.write("../shared/data/dual-energy is absent: nothing was measured\n");
for (const pitch of pairs.length === 0 ? [] : pitches) await judge(pitch);
process.exit(0);

interface Said {
  readonly knife: boolean;
  /** Score of the surest blade, 0 where none was found. */
  readonly blade: number;
  readonly alarms: ReadonlySet<string>;
}

async function judge(pitchMm: number): Promise<void> {
  const said: Said[] = [];
  for (const { name, scan } of pairs) {
    const views = scan.views.map((view) => ({ ...view, pixelPitchMm: { x: pitchMm, y: pitchMm } }));
    const { detections } = await analyseScan({ ...scan, views }, set);
    said.push({
      knife: !name.startsWith("clean-"),
      blade: Math.max(0, ...detections.filter((one) => one.class === "blade").map(({ score }) => score)),
      alarms: new Set(
        detections.filter(({ score, threshold }) => score >= threshold).map((one) => one.class),
      ),
    });
  }
  report(`real pairs, taken for ${pitchMm} mm`, textOf(said));
}

function textOf(said: readonly Said[]): string {
  const range = bootstrap({ scans: said.length, rounds: ROUNDS, seed: 1 }, (times) =>
    areaOf(said.flatMap((one, at) => Array.from({ length: times[at]! }, () => one))),
  );
  const knives = said.filter(({ knife }) => knife);
  const clean = said.filter(({ knife }) => !knife);
  const alarmed = (of: readonly Said[]) =>
    `${of.filter(({ alarms }) => alarms.has("blade")).length} of ${of.length}`;
  const other = clean.filter(({ alarms }) => [...alarms].some((one) => one !== "blade")).length;
  return (
    `AUC of blade ${areaOf(said)?.toFixed(3)} (${range?.low.toFixed(3)}–${range?.high.toFixed(3)}); ` +
    `blade alarms: with knives ${alarmed(knives)}, without ${alarmed(clean)}; other alarms without threats ${other} of ${clean.length}`
  );
}

function areaOf(said: readonly Said[]): number | null {
  return rocArea(
    said.map(({ blade }) => blade),
    said.map(({ knife }) => knife),
  );
}
