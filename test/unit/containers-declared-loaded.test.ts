import { existsSync, readFileSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { runScan } from "../../device/cli/scan/run.ts";
import { builtInModels } from "../../device/inference/built-in.ts";
import type { Hit } from "../../protocols/mqtt/hit.ts";
import { declarationOf } from "../fixtures/fusion.ts";
import { sharedPath } from "../fixtures/project.ts";

const CONTAINER = "CSQU3054383";

/** A container declared full. */
const DECLARED_LOADED = declarationOf({
  flow: "container",
  sourceRegime: "CARGO_REPORT",
  identifiers: [{ scheme: "ISO6346", value: CONTAINER, level: "equipment", checkOk: true }],
  equipment: [{ id: CONTAINER, kind: "container", load: "fcl" }],
  items: [
    { seq: 1, description: "green coffee in bags", hs6: "090111", netMassKg: 18_000, originCountry: "BR" },
  ],
  consignment: { category: "sale_of_goods", packageCount: 320, grossMassKg: 18_500 },
});

/** Hits of these images, in their order, each under a declaration that says it is loaded. */
async function hitsOf(images: readonly string[]): Promise<readonly Hit[]> {
  const work = await mkdtemp(join(tmpdir(), "lynceus-containers-"));
  const declaration = join(work, "declaration.json");
  const hits: Hit[] = [];
  try {
    await writeFile(declaration, JSON.stringify(DECLARED_LOADED));
    await runScan({
      inputs: images,
      declaration,
      models: [builtInModels()],
      out: (line) => void hits.push(JSON.parse(line) as Hit),
      say: () => undefined,
    });
  } finally {
    await rm(work, { recursive: true, force: true });
  }
  return hits;
}

it("real containers, all declared loaded: the empty ones are flagged and none of the loaded", {
  timeout: 600_000,
}, async () => {
  const folder = sharedPath("data/containers");
  if (folder === null || !existsSync(join(folder, "labels.csv"))) {
    console.log("containers: the shared radiographs are not here, nothing was checked");
    return;
  }
  const rows = readFileSync(join(folder, "labels.csv"), "utf8")
    .trim()
    .split("\n")
    .slice(1)
    .map((line) => line.split(",") as [string, string, string])
    .map(([file, , contents]) => ({ file, empty: contents.trim() === "empty" }));
  const all = await hitsOf(rows.map(({ file }) => join(folder, "images", file)));
  const hits = new Map(rows.map(({ file }, at) => [file, all[at]]));
  const flagged = (file: string) =>
    hits.get(file)?.reasons.some(({ code, weight }) => code === "DECLARED_LOADED_EMPTY" && weight > 0) ===
    true;
  const empty = rows.filter((row) => row.empty);
  const loaded = rows.filter((row) => !row.empty);
  const found = empty.filter(({ file }) => flagged(file)).length;
  const wrong = loaded.filter(({ file }) => flagged(file)).map(({ file }) => file);
  console.log(
    `containers: ${found} of ${empty.length} empty ones flagged, ${wrong.length} of ${loaded.length} loaded ones`,
  );
  expect(found / empty.length).toBeGreaterThanOrEqual(0.99);
  expect(wrong).toEqual([]);
  for (const { file } of empty)
    expect(hits.get(file)?.score.probability).toBeGreaterThan(hits.get(file)?.score.prior ?? 1);
});
