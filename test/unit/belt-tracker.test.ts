import { describe, expect, it } from "vitest";
import { type BeltLayout, BeltTracker } from "../../device/lane/tracking/belt-tracker.ts";
import { MAX_POINTS, Odometer } from "../../device/lane/tracking/odometer.ts";
import { captureAt, label, mass, S10 } from "../fixtures/readings.ts";

const LAYOUT: BeltLayout = {
  stations: new Map([
    ["label", { atMm: 400, windowMm: 50 }],
    ["scale", { atMm: 700, windowMm: 80 }],
  ]),
  eyes: new Map([["eye2", 1300]]),
  xrayMm: 1500,
  slipMm: 30,
  lagMs: 50,
};

/** A belt at 1 mm a ms from 10 s on, whose position is therefore the time: an item's front enters at its number. */
class EvenBelt {
  readonly tracker = new BeltTracker({
    layout: LAYOUT,
    expects: ["label", "scale"],
    odometer: { maxSpeedMmS: 2000, maxGapMs: 500 },
  });
  #at = 0;

  until(at: number): this {
    for (; this.#at <= at; this.#at += 20) this.tracker.belt(this.#at, this.#at);
    return this;
  }

  item(front: number, length: number): this {
    this.until(front).tracker.eye("eye", front, true);
    this.until(front + length).tracker.eye("eye", front + length, false);
    return this;
  }

  label(value: string, at: number): this {
    this.until(at).tracker.reading(label(value, at));
    return this;
  }

  mass(kg: number, at: number): this {
    this.until(at).tracker.reading(mass(kg, at));
    return this;
  }

  scan(from: number, to: number, name = "a") {
    return this.until(to).tracker.bind(captureAt(name, from, to));
  }
}

/** A belt that is known: everything that entered unseen is past. */
const running = () => new EvenBelt().until(6000);
const values = (known: { identifiers: readonly { value: string }[] }) =>
  known.identifiers.map(({ value }) => value);

describe("a portal on the belt", () => {
  const portal = (beganAt: number, at: number, gamma: "normal" | "alarm" | "fault") =>
    ({
      kind: "radiation",
      device: "rpm",
      at,
      beganAt,
      gamma,
      neutron: "normal",
      sigma: 9,
      why: null,
    }) as const;

  /** A lane as above with a portal at 1000 mm; an item is between its pillars for 500 mm. */
  class PortalBelt extends EvenBelt {
    override readonly tracker = new BeltTracker({
      layout: { ...LAYOUT, stations: new Map([["rpm", { atMm: 1000, windowMm: 100 }]]) },
      expects: ["rpm"],
      odometer: { maxSpeedMmS: 2000, maxGapMs: 500 },
    });

    occupancy(middle: number, gamma: "normal" | "alarm" | "fault"): this {
      const at = middle + 250;
      this.until(at).tracker.reading(portal(middle - 250, at, gamma));
      return this;
    }
  }

  it("tells each item what it said while that item was between the pillars, an alarm of one and not of the next", () => {
    const belt = new PortalBelt().until(6000) as PortalBelt;
    belt.item(6000, 300).occupancy(7150, "alarm");
    expect(belt.scan(7480, 7820).measured.radiation).toMatchObject({ gamma: "alarm", sigma: 9 });
    belt.item(8000, 300).occupancy(9150, "normal");
    expect(belt.scan(9480, 9820, "b").measured.radiation).toMatchObject({ gamma: "normal" });
  });

  it("ties an occupancy of two items to neither, and says so", () => {
    const belt = new PortalBelt().until(6000) as PortalBelt;
    belt.item(6000, 300).item(6400, 300).until(7700);
    belt.tracker.reading(portal(6900, 7700, "alarm"));
    for (const [from, to, name] of [
      [7480, 7820, "a"],
      [7880, 8220, "b"],
    ] as const) {
      const bound = belt.scan(from, to, name);
      expect(bound.measured.radiation).toBeNull();
      expect(bound.trackingAmbiguous).toBe(true);
    }
  });

  it("forgets no alarm of an item for the weights that come after it", () => {
    const belt = new PortalBelt().until(6000) as PortalBelt;
    belt.item(6000, 300).occupancy(7150, "alarm");
    for (let n = 0; n < 100; n++) belt.tracker.reading({ ...portal(7400, 7400, "normal") });
    expect(belt.scan(7480, 7820).measured.radiation).toMatchObject({ gamma: "alarm" });
  });
});

describe("belt tracker", () => {
  it("ties what was read and weighed where the item was", () => {
    const belt = running().item(6000, 300).label(S10.a, 6500).mass(2.5, 6850);
    const bound = belt.scan(7480, 7820);
    expect(values(bound)).toEqual([S10.a]);
    expect(bound).toMatchObject({
      trackingAmbiguous: false,
      settled: true,
      acquisition: [],
      measured: { massKg: 2.5 },
    });
  });

  it("keeps two items a stride apart from each other", () => {
    const belt = running().item(6000, 300).item(6700, 300);
    belt.label(S10.a, 6500).mass(1, 6850).label(S10.b, 7200).mass(2, 7550);
    expect(values(belt.scan(7480, 7820, "a"))).toEqual([S10.a]);
    const second = belt.scan(8180, 8520, "b");
    expect(values(second)).toEqual([S10.b]);
    expect(second.measured.massKg).toBe(2);
  });

  it("says that it cannot tell whose label it was where two items are close together", () => {
    const belt = running().item(6000, 300).item(6340, 300).label(S10.a, 6720);
    const bound = belt.scan(7480, 7820);
    expect(bound).toMatchObject({ identifiers: [], trackingAmbiguous: true });
  });

  it("keeps the mass where only the label is in doubt", () => {
    const belt = running().item(6000, 300).item(6430, 300);
    belt.label(S10.a, 6770).mass(1.5, 6800);
    const bound = belt.scan(7480, 7820);
    expect(bound).toMatchObject({ identifiers: [], trackingAmbiguous: true, measured: { massKg: 1.5 } });
  });

  it("names two items in one scan MERGED and ties neither's label", () => {
    const belt = running().item(6000, 300).item(6340, 300).label(S10.a, 6450);
    expect(belt.scan(7480, 8160)).toMatchObject({
      identifiers: [],
      trackingAmbiguous: true,
      acquisition: ["MERGED"],
    });
  });

  it("names an item that two scans share CUT, and takes back what it told the first", () => {
    const belt = running().item(6000, 600).label(S10.a, 6700);
    belt.until(7300).tracker.eye("eye2", 7300, true);
    const first = belt.scan(7480, 7950, "first");
    expect(first).toMatchObject({ trackingAmbiguous: false, acquisition: ["CUT"] });
    expect(belt.scan(7900, 8130, "second")).toMatchObject({ identifiers: [], trackingAmbiguous: true });
    expect(belt.tracker.settleAt).toBe(0);
    expect(belt.tracker.settle(8130)).toMatchObject({
      scanId: "scan-first",
      update: { identifiers: [], trackingAmbiguous: true },
    });
    expect(belt.tracker.settleAt).toBeNull();
  });

  it("follows an item that slipped, and says SLIP", () => {
    const belt = running().item(6000, 300).label(S10.a, 6500);
    belt.until(7325).tracker.eye("eye2", 7325, true);
    const bound = belt.scan(7505, 7845);
    expect(values(bound)).toEqual([S10.a]);
    expect(bound.acquisition).toEqual(["SLIP"]);
    expect(belt.tracker.passage("scan-a", 2000)).toMatchObject({ from: expect.closeTo(7995, -2) });
  });

  it("ties nothing to a scan whose item nobody saw enter", () => {
    const belt = running().label(S10.a, 6450);
    expect(belt.scan(7480, 7820)).toMatchObject({ identifiers: [], trackingAmbiguous: true });
    expect(belt.tracker.counts).toMatchObject({ unclaimedReadings: 1, ambiguousScans: 1 });
  });

  it("takes a scan that was sent again after its item had gone", () => {
    const belt = running().item(6000, 300).label(S10.a, 6500).mass(2, 6850).until(12_000);
    const view = {
      view: 0,
      name: "top",
      width: 340,
      height: 1,
      pixelPitchMm: { x: 1, y: 1 },
      energies: [0] as const,
    };
    const again = { ...captureAt("a", 11_900, 7820), receivedAt: 12_000, views: [view] };
    expect(values(belt.tracker.bind(again))).toEqual([S10.a]);
  });

  it("forgets where items are when the encoder begins again, until the belt is clear", () => {
    const belt = running().item(6000, 300).label(S10.a, 6500);
    belt.tracker.belt(6700, 0);
    for (let at = 6720; at < 9000; at += 20) belt.tracker.belt(at, at - 6700);
    expect(belt.tracker.bind(captureAt("a", 7480, 7820))).toMatchObject({
      identifiers: [],
      trackingAmbiguous: true,
    });
    expect(belt.tracker.counts.encoderBreaks).toBe(1);
  });

  it("does not take a scan of before the encoder began again for an item that came after it", () => {
    const belt = running().item(6000, 300).label(S10.a, 6500).until(8000);
    // The count goes back by 10 m: what is at the machine afterwards stands where the first item stood before.
    for (let at = 8020; at < 18_000; at += 20) belt.tracker.belt(at, at - 10_000);
    belt.tracker.eye("eye", 16_000, true);
    belt.tracker.eye("eye", 16_300, false);
    for (let at = 18_000; at < 19_000; at += 20) belt.tracker.belt(at, at - 10_000);
    belt.tracker.reading(label(S10.b, 16_500));
    const view = {
      view: 0,
      name: "top",
      width: 340,
      height: 1,
      pixelPitchMm: { x: 1, y: 1 },
      energies: [0] as const,
    };
    const late = { ...captureAt("a", 18_900, 7820), receivedAt: 18_950, views: [view] };
    expect(belt.tracker.bind(late)).toMatchObject({ identifiers: [], trackingAmbiguous: true });
    expect(values(belt.tracker.bind(captureAt("b", 17_480, 17_820)))).toEqual([S10.b]);
  });

  it("does not hold a scan back for a reader that its item has passed", () => {
    const belt = running().item(6000, 300).mass(2, 6850);
    expect(belt.scan(7480, 7820)).toMatchObject({ settled: true, trackingAmbiguous: false, identifiers: [] });
  });
});

describe("a gateway that is busy", () => {
  it("gives a label that waited for it to nobody else", () => {
    const belt = running().item(6000, 300).item(6500, 300);
    // Nothing is heard from 6800 to 7000: a label of the first item comes when the second stands at the reader.
    belt.tracker.belt(7000, 7000);
    belt.tracker.reading(label("RB000000001GB", 7001));
    const scans = [belt.scan(7480, 7820, "a"), belt.scan(7980, 8320, "b")];
    expect(scans.map(values)).toEqual([[], []]);
    expect(scans.map(({ trackingAmbiguous }) => trackingAmbiguous)).toEqual([true, true]);
  });

  /** The first item's label was not read. Nothing is heard from 6500 to 6960; then the reader first, of an item nobody told of. */
  const hearsTheReaderFirst = () => {
    const belt = running().item(6000, 300).until(6500);
    belt.tracker.reading(label(S10.b, 6960));
    expect(belt.tracker.settleAt).toBe(6970);
    return belt;
  };

  it("does not give the item before a label that it hears before the entry eye's word of the label's own", () => {
    const belt = hearsTheReaderFirst();
    belt.tracker.belt(6960, 6960);
    belt.tracker.eye("eye", 6963, true, 6500);
    belt.tracker.belt(6980, 6980);
    belt.tracker.settle(6980);
    expect(belt.tracker.settleAt).toBeNull();
    // Either's: the eye turned dark some time while nothing was heard.
    expect(belt.scan(7480, 7820)).toMatchObject({ trackingAmbiguous: true, identifiers: [] });
  });

  it("gives the item before a label that it hears late where the entry eye tells of no other", () => {
    const belt = hearsTheReaderFirst();
    belt.tracker.belt(6960, 6960);
    belt.tracker.belt(6980, 6980);
    belt.tracker.settle(6980);
    const bound = belt.scan(7480, 7820);
    expect(bound.trackingAmbiguous).toBe(false);
    expect(values(bound)).toEqual([S10.b]);
  });

  it("ties a label to nobody where the eye does not say in time what entered", () => {
    const belt = hearsTheReaderFirst();
    belt.tracker.belt(6970, 6970);
    belt.tracker.settle(6980);
    expect(belt.tracker.settleAt).toBe(6990);
    belt.tracker.settle(6970 + 499);
    expect(belt.tracker.settleAt).not.toBeNull();
    belt.tracker.settle(6970 + 500);
    expect(belt.tracker.settleAt).toBeNull();
    expect(belt.tracker.counts.ambiguousReadings).toBe(1);
    expect(belt.scan(7480, 7820)).toMatchObject({ trackingAmbiguous: true, identifiers: [] });
  });

  it("waits for a slow belt where the reader stands so near to the entry eye that it may read what the eye has not seen", () => {
    const tracker = new BeltTracker({
      layout: { ...LAYOUT, stations: new Map([["label", { atMm: 60, windowMm: 60 }]]) },
      expects: ["label"],
      odometer: { maxSpeedMmS: 2000, maxGapMs: 500 },
    });
    // 50 mm/s: what is read at 5,010 mm is known to be of the item in the eye 1.6 s later, and the belt stands for a minute meanwhile.
    const minute = 60_000;
    const at = (mm: number) => 20 * mm + (mm > 5040 ? minute : 0);
    const run = (from: number, to: number) => {
      for (let mm = from; mm <= to; mm++) tracker.belt(at(mm), mm);
    };
    run(0, 5000);
    tracker.eye("eye", at(5000), true);
    run(5001, 5010);
    tracker.reading(label(S10.a, at(5010)));
    run(5011, 5040);
    for (let still = 20; still < minute; still += 20) {
      tracker.belt(at(5040) + still, 5040);
      tracker.settle(at(5040) + still);
    }
    expect(tracker.settleAt).not.toBeNull();
    run(5041, 5300);
    tracker.eye("eye", at(5300), false);
    run(5301, 6850);
    const bound = tracker.bind(captureAt("a", at(6480), at(6820)));
    expect(values(bound)).toEqual([S10.a]);
    expect(bound.trackingAmbiguous).toBe(false);
  });

  it("holds a scan back for a weight that still waits for the eye", () => {
    const belt = running().item(6000, 300).item(7000, 300).until(7820);
    belt.tracker.reading(mass(2, 8250));
    expect(belt.tracker.bind(captureAt("a", 7480, 7820))).toMatchObject({ settled: false });
  });

  it("keeps no more than 64 readings for the eye, the first giving way as nobody's", () => {
    const belt = running().item(6000, 300).until(6500);
    for (let n = 0; n < 64; n++) belt.tracker.reading(label(`RB${String(n).padStart(9, "0")}GB`, 6960));
    expect(belt.tracker.counts.ambiguousReadings).toBe(0);
    belt.tracker.reading(label(S10.b, 6960));
    expect(belt.tracker.counts).toMatchObject({ ambiguousReadings: 1, unclaimedReadings: 0 });
  });
});

describe("odometer", () => {
  const options = { maxSpeedMmS: 1000, maxGapMs: 500 };

  it("tells where the belt stood between samples, and how well it knows after the last", () => {
    const odometer = new Odometer(options);
    odometer.sample(0, 0);
    odometer.sample(100, 50);
    expect(odometer.positionAt(50)?.mm).toBeCloseTo(25);
    const beyond = odometer.positionAt(150);
    expect(beyond?.mm).toBeCloseTo(75);
    expect(beyond?.within).toBeGreaterThanOrEqual(25);
    expect(odometer.positionAt(700)).toBeNull();
    expect(odometer.positionAt(-1)).toBeNull();
  });

  it("takes a slow answer for no belt that is too fast, and says how well it knows the place", () => {
    const odometer = new Odometer(options);
    odometer.sample(0, 0);
    odometer.sample(100, 90);
    // 90 mm more, of a moment up to 40 ms before or after.
    expect(odometer.sample(150, 180, false, 40)).toBe(true);
    expect(odometer.positionAt(140)?.within).toBeGreaterThan(60);
    expect(odometer.sample(200, 400)).toBe(false);
  });

  it("tells how long it had heard nothing of the belt", () => {
    const odometer = new Odometer(options);
    for (const at of [0, 20, 40, 340, 360, 380]) odometer.sample(at, at / 10);
    expect(odometer.silentMs(40, 50)).toBe(0);
    expect(odometer.silentMs(345, 50)).toBe(300);
    expect(odometer.silentMs(380, 50)).toBe(300);
    expect(odometer.silentMs(480, 50)).toBe(100);
  });

  it("keeps few points of a steady belt and a bounded number of a restless one", () => {
    const odometer = new Odometer(options);
    for (let at = 0; at < 10 * MAX_POINTS; at++) odometer.sample(at * 20, (at % 2) * 15 + at);
    expect(odometer.positionAt(0)).toBeNull();
    expect(odometer.positionAt((10 * MAX_POINTS - 1) * 20)).not.toBeNull();
  });

  it("knows nothing of before when the clock was set back", () => {
    const odometer = new Odometer(options);
    odometer.sample(100_000, 0);
    odometer.sample(100_100, 50);
    expect(odometer.sample(95_000, 100)).toBe(false);
    expect(odometer.positionAt(100_050)).toBeNull();
    odometer.sample(95_100, 150);
    expect(odometer.positionAt(95_050)?.mm).toBeCloseTo(125);
  });

  it("does not tell where the belt was while the encoder was silent", () => {
    const odometer = new Odometer(options);
    odometer.sample(0, 0);
    expect(odometer.sample(2000, 100)).toBe(false);
    expect(odometer.positionAt(1000)).toBeNull();
    expect(odometer.positionAt(2000)?.mm).toBe(100);
  });
});
