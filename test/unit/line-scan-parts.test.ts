import { describe, expect, it } from "vitest";
import { acquisitionOf, kindOf } from "../../device/scanner/line-scan/assembly.ts";
import { ClockOffset } from "../../device/scanner/line-scan/clock-offset.ts";
import { HandOver } from "../../device/scanner/line-scan/hand-over.ts";
import { ALERT_LOSSES, LossRate } from "../../device/scanner/line-scan/loss-rate.ts";
import { isActive } from "../../device/scanner/line-scan/machine-events.ts";
import { FrameSender, MAX_WAITING_FRAMES } from "../../device/scanner/line-scan/sender.ts";

const iso = (ms: number) => new Date(ms).toISOString();

describe("clock offset", () => {
  it("takes the least delayed stamp of the last minute", () => {
    const offset = new ClockOffset();
    expect(offset.offsetMs).toBeNull();
    for (const delay of [40, 5, 900]) offset.sample(iso(1_000_000), 1_000_000 + delay + 7000, "fresh");
    expect(offset.offsetMs).toBe(7005);
    for (let n = 0; n < 12; n++) offset.sample(iso(2_000_000), 2_000_100, "fresh");
    expect(offset.offsetMs).toBe(100);
  });

  it("takes a live scan's end as it came, and puts a re-sent one back to where it was", () => {
    const offset = new ClockOffset();
    offset.sample(iso(0), 7000, "fresh");
    expect(offset.capturedAt(iso(100_000), 107_500)).toBe(107_500);
    expect(offset.capturedAt(iso(100_000), 167_500)).toBe(107_000);
    // Stamped ahead of its time: not later than it came.
    expect(offset.capturedAt(iso(900_000), 107_500)).toBe(107_500);
  });

  it("before the first heartbeat takes the clocks to agree within 5 s", () => {
    const offset = new ClockOffset();
    offset.sample(iso(100_000), 103_000, "start");
    expect(offset.capturedAt(iso(100_500), 103_900)).toBe(103_900);
    offset.reset();
    offset.sample(iso(100_000), 120_000, "start");
    expect(offset.capturedAt(iso(100_500), 120_900)).toBe(105_500);
    offset.sample(iso(101_000), 121_000, "fresh"); // its clock is 20 s behind: the scan was live
    expect(offset.capturedAt(iso(101_500), 121_900)).toBe(121_900);
  });
});

describe("loss rate", () => {
  it("makes one alert at a rate, again only after a while, and lets NAKs through at a bounded pace", () => {
    const rate = new LossRate();
    const alerts: number[] = [];
    let naks = 0;
    for (let n = 0; n < 1000; n++) {
      const { alert, mayNak } = rate.add(1_000_000 + n * 10);
      if (alert !== null) alerts.push(n);
      if (mayNak) naks += 1;
    }
    expect(alerts).toEqual([ALERT_LOSSES - 1]);
    expect(rate.total).toBe(1000);
    expect(naks).toBe(20 + 19); // a burst, then two a second for 10 s
    for (let n = 0; n < ALERT_LOSSES; n++) {
      if (rate.add(1_000_000 + 11 * 60_000 + n).alert !== null) alerts.push(n);
    }
    expect(alerts).toHaveLength(2);
  });

  it("says nothing of a loss now and then", () => {
    const rate = new LossRate();
    for (let n = 0; n < 100; n++) expect(rate.add(n * 10_000)).toEqual({ alert: null, mayNak: true });
  });
});

describe("acquisition and kind", () => {
  it("is SUCCESSFUL when nothing else is said, INCOMPLETE when lines are missing, whatever is said", () => {
    expect(acquisitionOf([], true)).toEqual(["SUCCESSFUL"]);
    expect(acquisitionOf(["JAM", "SOMETHING_NEW"], true)).toEqual(["JAM"]);
    expect(acquisitionOf(["SUCCESSFUL"], false)).toEqual(["INCOMPLETE"]);
    expect(acquisitionOf(["JAM", "INCOMPLETE"], false)).toEqual(["JAM", "INCOMPLETE"]);
  });

  it("is dual-energy only where every view is", () => {
    const view = (energies: readonly (0 | 1 | 2)[]) => ({
      view: 0,
      name: "",
      width: 1,
      height: 1,
      pixelPitchMm: null,
      energies,
    });
    expect(kindOf([view([0, 1])])).toBe("dual-energy");
    expect(kindOf([view([0, 1]), view([2])])).toBe("other");
    expect(kindOf([view([2])])).toBe("single-energy");
    expect(kindOf([])).toBe("other");
  });

  it("reads machine states in many words", () => {
    for (const state of [true, 1, "pressed", "on", "ACTIVE"]) expect(isActive(state)).toBe(true);
    for (const state of [false, 0, "released", " Off ", "reset"]) expect(isActive(state)).toBe(false);
  });
});

describe("hand-over", () => {
  it("keeps the producer waiting until the value is taken, and gives values back when it is closed", async () => {
    const over = new HandOver<number>();
    const events: string[] = [];
    const put = (value: number) => over.put(value).then((taken) => events.push(`${value} ${taken}`));
    const puts = [put(1), put(2), put(3)];
    await Promise.resolve();
    expect(events).toEqual([]);
    const iterator = over.values()[Symbol.asyncIterator]();
    expect(await iterator.next()).toEqual({ value: 1, done: false });
    expect(events).toEqual(["1 true"]);
    over.close();
    await Promise.all(puts);
    expect(events).toEqual(["1 true", "2 false", "3 false"]);
    expect((await iterator.next()).done).toBe(true);
    expect(await over.put(4)).toBe(false);
  });

  it("ends a consumer that waits", async () => {
    const over = new HandOver<number>();
    const waiting = over.values()[Symbol.asyncIterator]().next();
    over.close();
    expect((await waiting).done).toBe(true);
  });
});

describe("frame sender", () => {
  it("is bounded: a scanner that does not read is given up", async () => {
    let stuck = 0;
    const sink = new WritableStream<Uint8Array>({ write: () => new Promise(() => {}) });
    const sender = new FrameSender({ sink, onStuck: () => stuck++ });
    for (let n = 0; n < 2 * MAX_WAITING_FRAMES; n++) sender.send("FLOW", { credit: 1 });
    expect(stuck).toBe(1);
    await sender.drain(20);
  });
});
