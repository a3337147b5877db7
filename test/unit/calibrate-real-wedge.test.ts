import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";
import { calibrate } from "../../device/cli/calibrate/run.ts";
import { decodeScan } from "../../device/image/decode.ts";
import { weighView } from "../../device/image/mass.ts";
import { readMassCalibration } from "../../device/image/mass-file.ts";
import { inputOf } from "../../device/image/naming.ts";
import { ROOT } from "../fixtures/project.ts";

const PAIRS = join(ROOT, "../shared/data/dual-energy");
const folder = mkdtempSync(join(tmpdir(), "lynceus-real-wedge-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const ALUMINIUM_G_CM3 = 2.7;
const box = (x: number, y: number, width: number, height: number) => ({ x, y, width, height });
const imagesOf = (pair: string) => [`${PAIRS}/${pair}.low.tif`, `${PAIRS}/${pair}.high.tif`] as const;

/** The case of test pieces: its wedge is engraved 9.5, 15.9 and 22.2 mm. Boxes by eye; `beside` shows the case alone. */
const ENGRAVED_MM = [9.5, 15.9, 22.2] as const;
const FITTED = {
  pair: "20191228_104346_36",
  beside: box(212, 320, 40, 30),
  steps: [box(118, 322, 18, 28), box(152, 322, 16, 28), box(184, 322, 12, 28)],
};
const OTHERS = [
  {
    pair: "20191228_104607_44",
    beside: box(306, 300, 36, 20),
    steps: [box(208, 322, 22, 28), box(246, 322, 18, 28), box(278, 322, 12, 28)],
  },
  {
    pair: "20191228_105508_56",
    beside: box(174, 318, 18, 26),
    steps: [box(76, 335, 22, 28), box(114, 335, 18, 28), box(144, 335, 12, 28)],
  },
];
/** A plate of three equal steps of a metal, lying bare; nothing says which or how thick: it is a unit of its own. */
const PLATE = "clean-20200103_170557_35";
const PLATE_STEPS = [box(30, 92, 80, 20), box(30, 52, 80, 24), box(30, 12, 80, 24)];

/** What a step weighs by a calibration, g/cm²: its pixels as a scan whose air is the case beside it. */
async function weighed(of: (typeof OTHERS)[number], at: number, file: string): Promise<number> {
  const [low, high] = imagesOf(of.pair);
  const scan = await decodeScan(inputOf(`${low},${high}`, () => true));
  const cut = (plane: Uint16Array, part: ReturnType<typeof box>) =>
    Uint16Array.from(
      { length: part.width * part.height },
      (_, i) => plane[(part.y + Math.floor(i / part.width)) * scan.width + part.x + (i % part.width)] ?? 0,
    );
  const mean = (values: Uint16Array) => values.reduce((sum, value) => sum + value, 0) / values.length;
  const airLevel = 50_000;
  const step = of.steps[at] ?? box(0, 0, 1, 1);
  const [lowPlane, highPlane] = ([scan.low, scan.high] as const).map((plane = new Uint16Array()) => {
    const air = mean(cut(plane, of.beside));
    return cut(plane, step).map((count) => Math.min(65_535, (count * airLevel) / air));
  }) as [Uint16Array, Uint16Array];
  const view = { width: step.width, height: step.height, airLevel, low: lowPlane, high: highPlane };
  const calibration = await readMassCalibration(file);
  const { kg } = weighView({ ...view, pixelPitchMm: { x: 10, y: 10 } }, calibration);
  return (kg * 1000) / (step.width * step.height);
}

it("fits a real machine from its test pieces, and weighs the same wedge in other scans of it", async () => {
  if (!existsSync(PAIRS)) {
    console.log(`no real pairs at ${PAIRS}: nothing is fitted`);
    return;
  }
  const description = {
    schema: "lynceus-wedge/1",
    image: imagesOf(FITTED.pair),
    steps: [
      ...FITTED.steps.map((step, at) => ({
        material: "aluminium",
        gcm2: ((ENGRAVED_MM[at] ?? 0) / 10) * ALUMINIUM_G_CM3,
        box: step,
        background: FITTED.beside,
      })),
      ...PLATE_STEPS.map((step, at) => ({
        material: "plate",
        gcm2: at + 1,
        box: step,
        image: imagesOf(PLATE),
      })),
    ],
  };
  writeFileSync(join(folder, "steps.json"), JSON.stringify(description));
  const said = await calibrate(join(folder, "steps.json"), join(folder, "mass.json"));
  expect(said).toMatch(/aluminium 3 steps, plate 3 steps/);
  const { curves } = await readMassCalibration(join(folder, "mass.json"));
  for (const { points } of curves) {
    const ratios = points.map(({ ratio }) => ratio);
    expect(ratios).toEqual(ratios.toSorted((a, b) => b - a)); // the beam hardens with each step
  }
  const figures: string[] = [];
  for (const other of OTHERS) {
    for (const at of ENGRAVED_MM.keys()) {
      const truth = ((ENGRAVED_MM[at] ?? 0) / 10) * ALUMINIUM_G_CM3;
      const found = await weighed(other, at, join(folder, "mass.json"));
      figures.push(`${other.pair} ${ENGRAVED_MM[at]} mm: ${found.toFixed(2)} of ${truth.toFixed(2)} g/cm²`);
      expect(Math.abs(found / truth - 1)).toBeLessThan(0.06);
    }
  }
  console.log(figures.join("\n"));
});
