import { readdirSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { decodeScan } from "../../device/image/decode.ts";
import { groupImages, type ImageInput } from "../../device/image/naming.ts";
import { analyseScan, type ModelSet } from "../../device/inference/analyse.ts";
import { loadModels } from "../../device/inference/models.ts";
import type { AnalysableScan } from "../../device/inference/planes.ts";
import { simulateCargo } from "../../simulator/cargo/simulate.ts";
import { SCENARIOS, simulateScan } from "../../simulator/scan.ts";
import { ROOT, sharedPath } from "../fixtures/project.ts";
import { colouredOf, scanOfSimulated, wrongKinds } from "../fixtures/wrong-kinds.ts";

const SEED = 2026;
const WRONG = 200;
const GOOD = 60;
/** Shares of the issue: recognised wrong kinds, refused good scans. */
const LEAST_RECOGNISED = 0.95;
const MOST_REFUSED = 0.02;

/** What became of a scan: refused by the look at the image, no model for it, or analysed. */
type Fate = "IMAGE_QUALITY" | "NO_MODEL" | "analysed";

interface Outcome {
  readonly fate: Fate;
  readonly alarm: boolean;
  readonly text: string;
}

/** Models that accept whatever their manifest lists, without running: which of them is asked is what counts here. */
function asked(set: ModelSet): ModelSet {
  const nothing = { detections: [], contents: [], milliseconds: 0 };
  return { ...set, models: set.models.map((model) => ({ ...model, run: () => Promise.resolve(nothing) })) };
}

async function fateOf(scan: AnalysableScan, set: ModelSet): Promise<Outcome> {
  const { analysed, problems, detections } = await analyseScan(scan, set);
  const alarm = detections.some(({ score, threshold }) => score >= threshold);
  const code = problems.find((problem) => problem.code === "NO_MODEL" || problem.code === "IMAGE_QUALITY");
  const fate = analysed ? "analysed" : code?.code === "NO_MODEL" ? "NO_MODEL" : "IMAGE_QUALITY";
  return { fate, alarm, text: code?.text ?? "" };
}

/** Counts of fates by family. */
class Table {
  readonly #rows = new Map<string, Map<Fate | "all", number>>();

  add(family: string, fate: Fate): void {
    const row = this.#rows.get(family) ?? new Map<Fate | "all", number>();
    for (const key of ["all", fate] as const) row.set(key, (row.get(key) ?? 0) + 1);
    this.#rows.set(family, row);
  }

  share(...fates: readonly Fate[]): number {
    let found = 0;
    let all = 0;
    for (const row of this.#rows.values()) {
      all += row.get("all") ?? 0;
      for (const fate of fates) found += row.get(fate) ?? 0;
    }
    return found / all;
  }

  print(title: string): void {
    const columns = ["all", "IMAGE_QUALITY", "NO_MODEL", "analysed"] as const;
    const lines = [...this.#rows].map(([family, row]) => {
      return family.padEnd(28) + columns.map((column) => String(row.get(column) ?? 0).padStart(15)).join("");
    });
    console.log(
      [`${title.padEnd(28)}${columns.map((column) => column.padStart(15)).join("")}`, ...lines].join("\n"),
    );
  }
}

describe("wrong kinds of images", () => {
  let set: ModelSet;
  beforeAll(async () => {
    set = await loadModels({ folders: [join(ROOT, "models/packages")], names: null });
    expect(set.faults).toEqual([]);
    expect(set.models.map(({ name }) => name)).toContain("container-contents");
  });

  it("end as NO_MODEL or IMAGE_QUALITY, without an alarm", { timeout: 300_000 }, async () => {
    const table = new Table();
    let alarms = 0;
    for (const { family, scan } of wrongKinds(SEED, WRONG)) {
      const offered = family.endsWith("parcel")
        ? set.models.filter(({ subjects }) => subjects?.includes("item"))
        : family.endsWith("container")
          ? set.models.filter(({ subjects }) => subjects?.includes("cargo"))
          : set.models;
      const { fate, alarm } = await fateOf(scan, { ...set, models: offered });
      table.add(family, fate);
      if (alarm) alarms++;
    }
    table.print("wrong kind");
    expect(table.share("IMAGE_QUALITY", "NO_MODEL")).toBeGreaterThanOrEqual(LEAST_RECOGNISED);
    expect(alarms).toBeLessThanOrEqual(WRONG * (1 - LEAST_RECOGNISED));
  });

  it("are told from good scans, simulated and real", { timeout: 300_000 }, async () => {
    const table = new Table();
    const refused: string[] = [];
    const models = asked(set);
    const judge = async (family: string, name: string, scan: AnalysableScan, colourOnly = false) => {
      const { fate, text } = await fateOf(scan, models);
      // No package has to serve colours: what counts is that the image itself is not refused.
      const kept = colourOnly && fate === "NO_MODEL" ? "analysed" : fate;
      table.add(family, kept);
      if (kept !== "analysed") refused.push(`${family} ${name}: ${text}`);
    };
    for (let index = 0; index < GOOD; index++) {
      const mix = index % 2 === 0 ? "training" : "traffic";
      const scenario = SCENARIOS[index % SCENARIOS.length]!;
      const physics = index % 4 < 2 ? "standard" : "shifted";
      const parcel = simulateScan({ seed: SEED + 1, index, mix, scenario, physics });
      await judge(`${scenario}, ${physics}`, String(index), scanOfSimulated(parcel, index % 2 === 0));
      if (index % 4 === 0) await judge("parcel, coloured", String(index), colouredOf(parcel), true);
      if (index % 2 === 0) continue;
      const bits = index % 4 === 1 ? 8 : 16;
      const cargo = simulateCargo({ seed: SEED + 2, index, scenario: "containers", mix, rows: 160, bits });
      await judge("container", String(index), scanOfSimulated(cargo, false));
    }
    for (const [folder, family] of REAL) {
      for (const input of realInputs(folder)) {
        const { name, kind, marked, width, height, low, high, single, rgb } = await decodeScan(input);
        const view = { view: 0, width, height, pixelPitchMm: null };
        const planes = {
          ...(low && { low }),
          ...(high && { high }),
          ...(single && { single }),
          ...(rgb && { rgb }),
        };
        const scan = { kind, views: [{ ...view, ...planes }], airLevel: null, marked };
        await judge(family, name, scan, kind === "pseudo-colour");
      }
    }
    table.print("good scan");
    expect(table.share("IMAGE_QUALITY", "NO_MODEL"), refused.join("\n")).toBeLessThan(MOST_REFUSED);
  });
});

const REAL = [
  ["dual-energy", "real pair"],
  ["containers/images", "real container"],
  ["baggage/images", "real bag, coloured"],
] as const;
/** Real bags looked at: one in so many. */
const EVERY_BAG = 75;

function realInputs(name: string): readonly ImageInput[] {
  const folder = sharedPath("data", ...name.split("/"));
  if (folder === null) return [];
  const inputs = groupImages(folder, readdirSync(folder));
  return name.startsWith("baggage") ? inputs.filter((_, at) => at % EVERY_BAG === 0) : inputs;
}
