import fc from "fast-check";
import { expect, it } from "vitest";
import type { ItemKnowledge } from "../../device/lane/item.ts";
import { TRACKER_TOLERANCES, Tracker } from "../../device/lane/tracker.ts";
import type { Reading } from "../../device/peripheral/port.ts";
import { captureAt, label, mass } from "../fixtures/readings.ts";

const { graceMs } = TRACKER_TOLERANCES;

/** A scan whose start was damaged comes again so long after its end, while others are under the detector. */
const LONG_AFTER_MS = 20_000;
/** A scan cut by a lost link comes again so long after its end. */
const RESENT_MS = 7000;

type Fate = "unstarted" | "captured" | "overlapping" | "refused" | "cut" | "late lines" | "re-sent";

/** One item on the belt: what happens to it, and when its readings arrive, as shares of what the tolerances allow. */
interface Item {
  readonly fate: Fate;
  readonly gapMs: number;
  readonly leadMs: number;
  readonly scanMs: number;
  readonly labels: readonly number[];
  readonly massAt: number | null;
  readonly twice: boolean;
}

const share = fc.double({ min: 0, max: 1, noNaN: true });
const itemArbitrary = (fates: readonly Fate[]): fc.Arbitrary<Item> =>
  fc.record({
    fate: fc.constantFrom(...fates),
    gapMs: fc.integer({ min: 1, max: 3000 }),
    leadMs: fc.integer({ min: 1, max: 3000 }),
    scanMs: fc.integer({ min: graceMs + 1, max: 8000 }),
    labels: fc.oneof(fc.constant([]), fc.tuple(share), fc.tuple(share), fc.tuple(share, share)),
    massAt: fc.option(share, { nil: null }),
    twice: fc.boolean(),
  });

interface Happening {
  readonly at: number;
  readonly act: () => void;
}

interface Outcome {
  readonly known: ItemKnowledge;
  readonly labels: readonly string[];
  readonly massKg: number | null;
}

/** Lays the items on the belt within the documented tolerances, plays what happens in order, returns what each was told. */
function play(items: readonly Item[]): ReadonlyMap<string, Outcome> {
  const tracker = new Tracker({ expects: ["barcode", "scale"] });
  const told = new Map<string, ItemKnowledge>();
  const truth = new Map<string, { labels: string[]; massKg: number | null }>();
  const happenings: Happening[] = [];
  const take = (late: ReturnType<Tracker["reading"]>) => {
    if (late !== null) told.set(late.scanId, late.update);
  };
  let clock = 100_000;
  /** From when on readings of a device are the next item's: later where an item lacks one. */
  let freeFrom = { identifier: clock, mass: clock };
  items.forEach((item, index) => {
    const name = String(index);
    const overlaps = item.fate === "overlapping" && index > 0;
    const begin = overlaps
      ? clock - Math.min(graceMs, item.gapMs)
      : clock + graceMs + item.gapMs + item.leadMs;
    const end = Math.max(clock + 1, begin) + item.scanMs;
    const own = {
      labels: item.labels.map((_, n) => `ID${index}X${n}`),
      massKg: item.massAt === null ? null : 1 + 0.5 * index,
    };
    truth.set(name, own);
    const arrive = (at: number, from: number, lastMoment: number) =>
      Math.ceil(from + 1 + at * (lastMoment - from - 1));
    const say = (reading: Reading): void => {
      happenings.push({ at: reading.at, act: () => take(tracker.reading(reading)) });
    };
    // Several labels of an item arrive before its end; a single reading may use the grace.
    const several = item.labels.length > 1;
    const labelTimes = item.labels.map((at) =>
      arrive(at, freeFrom.identifier, several ? end : end + graceMs),
    );
    for (const [n, at] of labelTimes.entries()) say(label(own.labels[n] ?? "", at));
    if (item.twice && labelTimes[0] !== undefined) say(label(own.labels[0] ?? "", labelTimes[0]));
    const massTime = item.massAt === null ? null : arrive(item.massAt, freeFrom.mass, end + graceMs);
    if (massTime !== null) say(mass(own.massKg ?? 0, massTime));
    pass(item, name, begin, end);
    const tracked = !["refused", "cut", "re-sent", "unstarted"].includes(item.fate);
    const inTime = (times: readonly (number | null)[]) => times.some((at) => at !== null && at <= end);
    freeFrom = {
      identifier: inTime(labelTimes) && tracked ? end : end + graceMs,
      mass: inTime([massTime]) && tracked ? end : end + graceMs,
    };
    // The link comes back and the scan is sent again before the next one begins; readings do not wait for that.
    clock = item.fate === "re-sent" ? end + RESENT_MS + 1 : end;
  });
  happenings.sort((a, b) => a.at - b.at);
  for (const { act } of happenings) act();
  return outcomes();

  function pass(item: Item, name: string, begin: number, end: number): void {
    const add = (at: number, act: () => void): void => {
      happenings.push({ at, act });
    };
    const bind = (capture: ReturnType<typeof captureAt>) => told.set(capture.scanId, tracker.bind(capture));
    if (item.fate === "unstarted") {
      // Its SCAN_START was damaged; the scan is sent again whole when the next ones are long through.
      add(begin, () => tracker.scanLost({ at: begin, beganAt: null }));
      const again = end + LONG_AFTER_MS;
      add(again, () => tracker.scanStarted(again));
      add(again + 1, () => tracker.scanEnded({ beganAt: again, capturedAt: end, at: again + 1 }));
      add(again + 1, () => bind({ ...captureAt(name, again, end), receivedAt: again + 1 }));
      return;
    }
    if (item.fate === "refused") {
      add(begin, () => tracker.scanLost({ at: begin, beganAt: null }));
      return;
    }
    add(begin, () => tracker.scanStarted(begin));
    if (item.fate === "cut" || item.fate === "re-sent") {
      const at = begin + Math.floor(item.scanMs / 2);
      add(at, () => tracker.scanLost({ at, beganAt: begin }));
    }
    if (item.fate === "cut") return;
    if (item.fate === "re-sent") {
      const again = end + RESENT_MS;
      const capture = { ...captureAt(name, again, end), receivedAt: again + 1 };
      add(again, () => tracker.scanStarted(again));
      add(again + 1, () => bind(capture));
      return;
    }
    const capture = captureAt(name, begin, end);
    const delay = item.fate === "late lines" ? graceMs + 7 : 0;
    add(end, () => tracker.scanEnded({ beganAt: begin, capturedAt: end, at: end }));
    add(end + delay, () => bind({ ...capture, receivedAt: end + delay }));
  }

  function outcomes(): ReadonlyMap<string, Outcome> {
    const all = new Map<string, Outcome>();
    for (const [name, own] of truth) {
      const known = told.get(`scan-${name}`);
      if (known !== undefined) all.set(name, { known, ...own });
    }
    return all;
  }
}

it("ties each item its own readings and no doubt is said, when every item has at most one label", () => {
  const single = itemArbitrary(["captured", "late lines"]).map((item) => ({
    ...item,
    labels: item.labels.slice(0, 1),
  }));
  fc.assert(
    fc.property(fc.array(single, { minLength: 1, maxLength: 12 }), (items) => {
      for (const { known, labels, massKg } of play(items).values()) {
        expect(known.identifiers.map(({ value }) => value)).toEqual(labels);
        expect(known.measured.massKg).toBe(massKg);
        expect(known.trackingAmbiguous).toBe(false);
      }
    }),
    { numRuns: 2000, seed: 7 },
  );
});

it("never ties another item's reading, and says so where an item's own were not tied", () => {
  const any = itemArbitrary([
    "captured",
    "captured",
    "overlapping",
    "refused",
    "cut",
    "late lines",
    "re-sent",
    "unstarted",
  ]);
  fc.assert(
    fc.property(fc.array(any, { minLength: 1, maxLength: 12 }), (items) => {
      for (const { known, labels, massKg } of play(items).values()) {
        for (const { value } of known.identifiers) expect(labels).toContain(value);
        if (known.measured.massKg !== null) expect(known.measured.massKg).toBe(massKg);
        const untied =
          (labels.length > 0 && known.identifiers.length === 0) ||
          (massKg !== null && known.measured.massKg === null);
        if (untied) expect(known.trackingAmbiguous).toBe(true);
      }
    }),
    { numRuns: 5000, seed: 11 },
  );
});
