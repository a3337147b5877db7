import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import type { ModelSet } from "../../device/inference/analyse.ts";
import { loadModels } from "../../device/inference/models.ts";
import { judgeGood, judgeWrong } from "../fixtures/fates.ts";
import { ROOT } from "../fixtures/project.ts";

const SEED = 2026;
/** `node test/bench/wrong-kinds.ts` looks at many more. */
const WRONG = 200;
const GOOD = 60;
/** Real bags looked at: one in so many. */
const EVERY_BAG = 75;
/** Shares of the aim: recognised wrong kinds, refused good scans. */
const LEAST_RECOGNISED = 0.95;
const MOST_REFUSED = 0.02;

describe("wrong kinds of images", () => {
  let set: ModelSet;
  beforeAll(async () => {
    set = await loadModels({ folders: [join(ROOT, "models/packages")], names: null });
    expect(set.faults).toEqual([]);
    expect(set.models.map(({ name }) => name)).toContain("container-contents");
  });

  it("end as NO_MODEL or IMAGE_QUALITY, without an alarm", { timeout: 300_000 }, async () => {
    const table = await judgeWrong(set, SEED, WRONG);
    console.log(table.text("wrong kind"));
    expect(table.share("IMAGE_QUALITY", "NO_MODEL")).toBeGreaterThanOrEqual(LEAST_RECOGNISED);
    expect(table.alarms).toBeLessThanOrEqual(WRONG * (1 - LEAST_RECOGNISED));
  });

  it("are told from good scans, simulated and real", { timeout: 300_000 }, async () => {
    const table = await judgeGood(set, { seed: SEED, count: GOOD, everyBag: EVERY_BAG });
    console.log(table.text("good scan"));
    const refused = table.share("IMAGE_QUALITY", "NO_MODEL");
    expect(refused, table.refused.join("\n")).toBeLessThan(MOST_REFUSED);
  });
});
