import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { argv } from "node:process";
import { benchmarkScans } from "../benchmark/benchmark.ts";
import { encodeGrey16 } from "../dataset/png.ts";

/**
 * Writes scans of the frozen benchmark as 16-bit pairs with sidecars, and what is true of them as `truth.ndjson`:
 * `node simulator/season/export-benchmark.ts OUT FROM TO`. `lynceus scan OUT/images --json` then says what the image models
 * make of them, and `measure.ts` joins the two into the table that a season is drawn from.
 */
const [out = "", from = "0", to = "400"] = argv.slice(2);
const images = join(out, "images");
mkdirSync(images, { recursive: true });
const lines: string[] = [];
for (const { entry, scan, same } of benchmarkScans("main", { from: Number(from), to: Number(to) })) {
  if (!same.planes || !same.truth) throw new Error(`scan ${entry.index} is not what was frozen`);
  const { truth, width, height, airLevel, pixelPitchMm } = scan;
  const stem = truth.index.toString().padStart(8, "0");
  for (const [energy, name] of ["low", "high"].entries()) {
    const plane = scan.planes[energy];
    if (plane !== undefined)
      writeFileSync(join(images, `${stem}.${name}.png`), encodeGrey16(width, height, plane.samples));
  }
  writeFileSync(join(images, `${stem}.json`), JSON.stringify({ airLevel, pixelPitchMm }));
  const targets = truth.targets.map((target) => ({
    class: target.class,
    tier: target.tier,
    massKg: target.massKg,
  }));
  const { scenario, mix } = entry;
  lines.push(JSON.stringify({ stem, scenario, mix, targets, groups: truth.groups, massKg: truth.massKg }));
}
writeFileSync(join(out, "truth.ndjson"), `${lines.join("\n")}\n`);
