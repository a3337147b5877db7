import { describe, expect, it } from "vitest";
import { runKillCampaign } from "../fixtures/kill-campaign.ts";

/** `npm run campaign` sets more, and another seed each time. */
const CYCLES = Number(process.env["LYNCEUS_KILL_CYCLES"] ?? 100);
const SEED = Number(process.env["LYNCEUS_SEED"] ?? 20);

describe("processes killed at random moments", () => {
  it(
    "P-02 lose no scan that was acknowledged, deliver each hit once in effect and leave no gap",
    async () => {
      const result = await runKillCampaign({
        cycles: CYCLES,
        seed: SEED,
        rate: 1,
        say: (text) => process.stdout.write(`${text}\n`),
      });
      process.stdout.write(
        `${JSON.stringify({ ...result, lost: result.lost.length, gaps: result.gaps.length })}\n`,
      );
      expect(result.lost).toEqual([]);
      expect(result.duplicated).toEqual([]);
      expect(result.gaps).toEqual([]);
      expect(result.scannerExit).toBe(0);
      expect(result.acknowledged).toBeGreaterThan(0);
    },
    1_500_000 + CYCLES * 20_000,
  );
});
