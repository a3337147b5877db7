/**
 * How many wrong kinds of images (photographs, blanks, inverted and clipped scans, containers as parcels …) end as NO_MODEL or
 * IMAGE_QUALITY, and how many good scans are refused. Aims: at least 95 % without an alarm, fewer than 2 %.
 *
 *     node test/bench/wrong-kinds.ts          LYNCEUS_WRONG=200 LYNCEUS_GOOD=600 LYNCEUS_EVERY_BAG=5 LYNCEUS_SEED=77
 */
import { fileURLToPath } from "node:url";
import { loadModels } from "../../device/inference/models.ts";
import { judgeGood, judgeWrong } from "../fixtures/fates.ts";
import { report } from "./figures.ts";

const setting = (name: string, usual: number) => Number(process.env[`LYNCEUS_${name}`] ?? usual);
const seed = setting("SEED", 77);
const packages = fileURLToPath(new URL("../../models/packages", import.meta.url));
const set = await loadModels({ folders: [packages], names: null });
const percent = (share: number) => `${(100 * share).toFixed(1)} %`;

const wrong = await judgeWrong(set, seed, setting("WRONG", 200));
process.stdout.write(`${wrong.text("wrong kind")}\n`);
report(
  "wrong kinds recognised",
  `${percent(wrong.share("IMAGE_QUALITY", "NO_MODEL"))} of ${wrong.count("all")} (aim ≥ 95 %), ${wrong.alarms} alarms`,
);
const good = await judgeGood(set, {
  seed,
  count: setting("GOOD", 600),
  everyBag: setting("EVERY_BAG", 5),
});
process.stdout.write(`${good.text("good scan")}\n`);
report(
  "good scans refused",
  `${percent(good.share("IMAGE_QUALITY", "NO_MODEL"))} of ${good.count("all")} (aim < 2 %)`,
);
for (const each of good.refused) process.stdout.write(`  ${each}\n`);
process.exit(0);
