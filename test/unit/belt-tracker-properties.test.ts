import { expect, it } from "vitest";
import type { ItemKnowledge } from "../../device/lane/item.ts";
import { BeltTracker } from "../../device/lane/tracking/belt-tracker.ts";
import type { Capture } from "../../device/scan.ts";
import { type Heard, LAYOUT, layBelt } from "../fixtures/random-belt.ts";
import { captureAt, label, mass } from "../fixtures/readings.ts";
import { unruly } from "../fixtures/unruly-belt.ts";

const BELTS = Number(process.env["LYNCEUS_BELTS"] ?? 100_000);
const UNRULY = Math.ceil(BELTS / 10);
const ITEMS = 5;

const labelOf = (item: number) => `RB00000000${item}GB`;
const massOf = (item: number) => 1 + item;

interface Told {
  readonly items: readonly number[];
  readonly parts: readonly number[];
  known: ItemKnowledge;
}

type HeardScan = Heard & { readonly what: "scan" };

function captureOf(heard: HeardScan, name: string): Capture {
  const { beganAt, capturedAt, at, lengthMm } = heard;
  const view = {
    view: 0,
    name: "top",
    width: lengthMm,
    height: 1,
    pixelPitchMm: { x: 1, y: 1 },
    energies: [0, 1] as const,
  };
  return { ...captureAt(name, beganAt, capturedAt), receivedAt: at, views: [view] };
}

/** Plays a belt; returns what each scan was told, the latest word standing. */
function play(belt: readonly Heard[]): { told: Map<string, Told>; tracker: BeltTracker } {
  const tracker = new BeltTracker({
    layout: LAYOUT,
    expects: ["label", "scale"],
    odometer: { maxSpeedMmS: 1000, maxGapMs: 500 },
  });
  const told = new Map<string, Told>();
  const update = (late: ReturnType<BeltTracker["settle"]>): void => {
    const before = late && told.get(late.scanId);
    if (late && before) before.known = late.update;
  };
  for (const heard of belt) {
    if (heard.what === "belt") tracker.belt(heard.at, heard.mm, heard.fresh);
    else if (heard.what === "eye") tracker.eye(heard.name, heard.at, heard.dark);
    else if (heard.what === "scan") {
      const capture = captureOf(heard, `${heard.capturedAt}`);
      told.set(capture.scanId, { items: heard.items, parts: heard.parts, known: tracker.bind(capture) });
    } else if (heard.what === "label") update(tracker.reading(label(labelOf(heard.item), heard.at)));
    else update(tracker.reading(mass(massOf(heard.item), heard.at)));
    while ((tracker.settleAt ?? Number.POSITIVE_INFINITY) <= heard.at) update(tracker.settle(heard.at));
  }
  return { told, tracker };
}

it(`binds no reading to another item over ${BELTS} random belts, and says where it cannot tell`, () => {
  const totals = { scans: 0, named: 0, weighed: 0, ambiguous: 0, wrong: 0 };
  const wrong: string[] = [];
  for (let seed = 1; seed <= BELTS; seed++) {
    for (const { items, parts, known } of play(layBelt(seed, ITEMS)).told.values()) {
      totals.scans += 1;
      if (known.trackingAmbiguous) totals.ambiguous += 1;
      const labels = known.identifiers.map(({ value }) => value);
      const names = parts.map(labelOf);
      const masses = parts.map(massOf);
      if (labels.length > 0) totals.named += 1;
      if (known.measured.massKg !== null) totals.weighed += 1;
      const bad =
        labels.some((value) => !names.includes(value)) ||
        (known.measured.massKg !== null && !masses.includes(known.measured.massKg)) ||
        (labels.length > 0 && items.length > 1);
      if (bad && wrong.length < 5)
        wrong.push(`belt ${seed}: scan of ${parts} got ${labels} ${known.measured.massKg}`);
      if (bad) totals.wrong += 1;
    }
  }
  console.log(`belts ${BELTS}: ${JSON.stringify(totals)}`);
  expect(wrong).toEqual([]);
  // What can be told is told: otherwise saying nothing would pass.
  expect(totals.named / totals.scans).toBeGreaterThan(0.4);
}, 1_800_000);

it(`marks every item that a label or weight too many or too late was tied to, over ${UNRULY} unruly belts`, () => {
  const totals = {
    scans: 0,
    tooMany: 0,
    tooFew: 0,
    tooLate: 0,
    named: 0,
    ambiguous: 0,
    foreign: 0,
    untold: 0,
  };
  const wrong: string[] = [];
  for (let seed = 1; seed <= UNRULY; seed++) {
    const { heard, read, weighed, counts } = unruly(layBelt(seed, ITEMS), seed);
    totals.tooMany += counts.tooMany;
    totals.tooFew += counts.tooFew;
    totals.tooLate += counts.tooLate;
    for (const { parts, known } of play(heard).told.values()) {
      totals.scans += 1;
      if (known.trackingAmbiguous) totals.ambiguous += 1;
      const labels = known.identifiers.map(({ value }) => value);
      const { massKg } = known.measured;
      if (labels.length > 0) totals.named += 1;
      const names = parts.map(labelOf);
      const foreignName = labels.some((value) => !names.includes(value));
      const foreignMass = massKg !== null && !parts.map(massOf).includes(massKg);
      if (!foreignName && !foreignMass) continue;
      totals.foreign += 1;
      // Nothing can tell a foreign label from an item's own where the item's own was not read: only then it may stand.
      const seen =
        (foreignName && parts.some((item) => read.has(item))) ||
        (foreignMass && parts.some((item) => weighed.has(item)));
      if (!seen || known.trackingAmbiguous) totals.untold += 1;
      else if (wrong.length < 5) wrong.push(`belt ${seed}: scan of ${parts} got ${labels} ${massKg}`);
    }
  }
  console.log(`unruly belts ${UNRULY}: ${JSON.stringify(totals)}`);
  expect(wrong).toEqual([]);
  expect(totals.named / totals.scans).toBeGreaterThan(0.1);
}, 1_800_000);
