import { describe, expect, it } from "vitest";
import { TARGET_CLASSES } from "../../simulator/goods/item.ts";
import { Random } from "../../simulator/random.ts";
import { chooseContents, type Mix, SCENARIOS, type Scenario } from "../../simulator/scenarios/contents.ts";
import { pack } from "../../simulator/scene/packing.ts";

const SCANS = 500;

/** What is in the packed consignments of a scenario, without pictures of them. */
function census(scenario: Scenario, mix: Mix) {
  const groups = new Map<string, number>();
  const classes = new Map<string, number>();
  let holding = 0;
  let longest = 0;
  for (let n = 0; n < SCANS; n++) {
    const random = new Random(404, `${scenario}/${mix}/${n}`);
    const { parcel, items } = chooseContents(random, mix, scenario);
    const placed = pack(items, parcel.inner, random);
    longest = Math.max(longest, ...parcel.outer);
    for (const group of new Set(placed.map(({ item }) => item.trade.group)))
      groups.set(group, (groups.get(group) ?? 0) + 1 / SCANS);
    const here = new Set(placed.flatMap(({ item }) => item.targets));
    for (const name of here) classes.set(name, (classes.get(name) ?? 0) + 1 / SCANS);
    if (here.size > 0) holding++;
  }
  return { groups, classes, longest, holding: holding / SCANS };
}

const training = census("parcels", "training");
const bags = census("baggage", "training");

describe("the scenarios", () => {
  it("hold in training each class about equally often, and a third to a half of all parcels hold none", () => {
    for (const name of TARGET_CLASSES) {
      expect(training.classes.get(name), name).toBeGreaterThan(0.055);
      expect(training.classes.get(name), name).toBeLessThan(0.15);
    }
    expect(1 - training.holding).toBeGreaterThan(0.33);
    expect(1 - training.holding).toBeLessThan(0.5);
  });

  it("show at least ten groups of goods in a twentieth of the training parcels each", () => {
    const often = [...training.groups].filter(([, share]) => share >= 0.05);
    expect(often.length).toBeGreaterThanOrEqual(10);
    for (const group of ["plastics-rubber", "footwear", "furniture-toys", "stone-glass-ceramic"])
      expect(training.groups.get(group), group).toBeGreaterThan(0.05);
  });

  it("are mostly without threats in traffic", () => {
    for (const scenario of SCENARIOS) {
      const { classes } = census(scenario, "traffic");
      for (const name of ["firearm", "explosive", "narcotic"] as const)
        expect(classes.get(name) ?? 0, `${scenario} ${name}`).toBeLessThan(0.04);
    }
  });

  it("keep to the sizes of what they are called", () => {
    expect(training.longest).toBeLessThan(520);
    expect(census("mail", "training").longest).toBeLessThan(400);
    expect(bags.longest).toBeLessThan(700);
  });

  it("fill bags with clothes", () => {
    const { groups } = bags;
    expect(groups.get("textiles")).toBeGreaterThan(0.8);
    expect(groups.get("footwear")).toBeGreaterThan(0.1);
  });
});
