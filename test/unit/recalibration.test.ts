import { describe, expect, it } from "vitest";
import { LEAST_IRREGULAR } from "../../device/fusion/fit.ts";
import { fuse } from "../../device/fusion/fuse.ts";
import { fusionSettings } from "../../device/fusion/settings.ts";
import { type ExaminedItem, proposalOf } from "../../device/outcomes/propose.ts";
import { applyProfile } from "../../device/profiles/apply.ts";
import { readProfile } from "../../device/profiles/read.ts";
import { analysisOf, detection, inputOf } from "../fixtures/fusion.ts";

const SETTINGS = fusionSettings({ prior: 0.2 });

/** Uniform numbers 0 ≤ x < 1. */
function generator(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

/** Fully examined items; `truth` is the chance of one with a firearm seen at `score`, or none seen. */
function examined(items: number, truth: (score: number | null) => number): readonly ExaminedItem[] {
  const next = generator(11);
  return Array.from({ length: items }, () => {
    const score = next() < 0.5 ? 0.3 + 0.69 * next() : null;
    const detections = score === null ? [] : [detection("firearm", score)];
    const lookedFor = [{ class: "firearm", prevalence: 0.02, absent: 0.005 }];
    const input = inputOf({ settings: SETTINGS, analysis: analysisOf({ detections, lookedFor }) });
    const irregular = next() < truth(score);
    const { probability } = fuse(input).score;
    return { input, probability, irregular, classes: irregular ? ["firearm"] : [], weight: 1 };
  });
}

describe("a recalibration", () => {
  it("is proposed where scores claim too much, as members of a profile that do what they promise", () => {
    const items = examined(600, (score) => (score === null ? 0.1 : 0.35));
    const { proposed, trial, members, why } = proposalOf(items, "outcomes to 2026-11-22");
    expect(proposed).toBe(true);
    expect(why).toMatch(
      /would claim better: Brier 0\.\d+ now, 0\.\d+ proposed, on the newest 200 examinations/,
    );
    expect(trial?.proposed.brier).toBeLessThan(trial?.now.brier ?? 0);
    expect(trial?.proposed.ece).toBeLessThan(trial?.now.ece ?? 0);
    const { prior = 0, hazardShares, calibration } = members ?? {};
    const flows = { postal: { prior, bands: { medium: 0.3, high: 0.6 }, randomRate: 0 } };
    const head = { schema: "lynceus-profile/1.0", version: 2, validFrom: "2026-01-01T00:00:00Z" };
    // As central would send it, and as a gateway would take it.
    const profile = readProfile(JSON.parse(JSON.stringify({ ...head, flows, hazardShares, calibration })));
    const settings = applyProfile(SETTINGS, profile);
    expect(settings.calibration.name).toBe("outcomes to 2026-11-22");
    const off = (of: (item: ExaminedItem) => number) =>
      items.reduce((sum, item) => sum + (of(item) - (item.irregular ? 1 : 0)) ** 2, 0);
    const anew = off(({ input }) => fuse({ ...input, settings }).score.probability);
    expect(anew).toBeLessThan(off(({ probability }) => probability));
  });

  it("is not proposed from too few examinations, and says how many there are", () => {
    const few = proposalOf(
      examined(30, () => 0.5),
      "few",
    );
    expect(few).toMatchObject({ proposed: false, members: null, trial: null, examined: 30 });
    expect(few.why).toMatch(new RegExp(`of 30 were irregular, ${LEAST_IRREGULAR} are wanted`));
    expect(proposalOf([], "none")).toMatchObject({ proposed: false, examined: 0 });
  });

  it("changes nothing by itself", () => {
    const items = examined(300, (score) => (score === null ? 0.1 : 0.35));
    const before = items.map(({ input }) => fuse(input).score);
    proposalOf(items, "trial");
    expect(items.map(({ input }) => fuse(input).score)).toEqual(before);
  });
});
