import { describe, expect, it } from "vitest";
import { MAX_PENDING, Tracker } from "../../device/lane/tracker.ts";
import { captureAt, label, mass, S10 } from "../fixtures/readings.ts";

function tracker(): Tracker {
  return new Tracker({ expects: ["barcode", "scale"] });
}

/** A scan that begins and ends; returns what was bound. */
function scan(subject: Tracker, name: string, from: number, to: number) {
  subject.scanStarted(from);
  subject.scanEnded({ beganAt: from, capturedAt: to, at: to });
  return subject.bind(captureAt(name, from, to));
}

const values = (bound: { identifiers: readonly { value: string }[] }) =>
  bound.identifiers.map(({ value }) => value);

describe("tracker", () => {
  it("ties label and mass that came before the scan, and those that came during it", () => {
    const subject = tracker();
    subject.reading(label(S10.a, 1000));
    subject.scanStarted(2000);
    subject.reading(mass(3.2, 2500));
    const bound = subject.bind(captureAt("a", 2000, 3000));
    expect(values(bound)).toEqual([S10.a]);
    expect(bound.measured).toMatchObject({
      massKg: 3.2,
      massStable: true,
      xrayMassKg: null,
      radiation: null,
    });
    expect(bound).toMatchObject({ trackingAmbiguous: false, settled: true });
  });

  it("keeps a reading between two scans for the second", () => {
    const subject = tracker();
    subject.reading(label(S10.a, 1000));
    expect(values(scan(subject, "a", 1500, 2000))).toEqual([S10.a]);
    subject.reading(label(S10.b, 2600));
    expect(values(scan(subject, "b", 3000, 3500))).toEqual([S10.b]);
  });

  it("is not settled while an expected reading is missing, and takes it within the grace", () => {
    const subject = tracker();
    subject.reading(mass(1, 1900));
    expect(scan(subject, "a", 1500, 2000)).toMatchObject({ settled: false, identifiers: [] });
    const late = subject.reading(label(S10.a, 2100));
    expect(late).toMatchObject({ scanId: captureAt("a", 0, 0).scanId, update: { trackingAmbiguous: false } });
    expect(values(late!.update)).toEqual([S10.a]);
    expect(late!.update.measured.massKg).toBe(1);
  });

  it("gives a reading after the grace to the next item, whose label is read before its scan", () => {
    const subject = tracker();
    scan(subject, "a", 1500, 2000);
    expect(subject.reading(label(S10.b, 2400))).toBeNull();
    expect(values(scan(subject, "b", 2800, 3500))).toEqual([S10.b]);
  });

  it("gives a late reading to the scan before it once no item has claimed it", () => {
    const subject = tracker();
    scan(subject, "a", 1500, 2000);
    expect(subject.reading(label(S10.a, 4000))).toBeNull();
    expect(subject.settleAt).toBe(34_000);
    expect(subject.settle(33_999)).toBeNull();
    const late = subject.settle(34_000);
    expect(values(late!.update)).toEqual([S10.a]);
    expect(subject.settleAt).toBeNull();
  });

  it("drops a late reading that is later than 5 s", () => {
    const subject = tracker();
    scan(subject, "a", 1500, 2000);
    subject.reading(label(S10.a, 7001));
    expect(subject.settle(60_000)).toBeNull();
  });

  it("drops readings older than the longest lead", () => {
    const subject = tracker();
    subject.reading(label(S10.a, 1000));
    expect(scan(subject, "b", 31_001, 32_000)).toMatchObject({ identifiers: [], trackingAmbiguous: false });
  });

  it("collapses identical readings", () => {
    const subject = tracker();
    for (const at of [1000, 1015, 1900]) subject.reading(label(S10.a, at));
    subject.reading(mass(3.2, 1000));
    subject.reading(mass(3.203, 1100));
    const bound = scan(subject, "a", 1500, 2000);
    expect(bound.identifiers).toHaveLength(1);
    expect(bound.measured.massKg).toBe(3.2);
    expect(subject.reading(label(S10.a, 2100))).toBeNull();
    subject.reading(label(S10.b, 2500));
    expect(values(scan(subject, "b", 2600, 3000))).toEqual([S10.b]);
  });

  it.each([
    ["two identifiers of a scheme", [label(S10.a, 1000), label(S10.b, 1200)]],
    ["two masses", [label(S10.a, 1000), mass(3, 1100), mass(5, 1200)]],
  ])("ties nothing and says so: %s", (_, readings) => {
    const subject = tracker();
    for (const reading of readings) subject.reading(reading);
    const bound = scan(subject, "a", 1500, 2000);
    expect(bound).toMatchObject({ identifiers: [], trackingAmbiguous: true, settled: true });
    expect(bound.measured.massKg).toBeNull();
  });

  it("ties an item's labels of different schemes, and several goods numbers", () => {
    const subject = tracker();
    subject.reading(label(S10.a, 1000));
    subject.reading(label("106141412345678908", 1100, "SSCC"));
    subject.reading(label("00614141123452", 1150, "GTIN"));
    subject.reading(label("00614141123469", 1160, "GTIN"));
    expect(scan(subject, "a", 1500, 2000).identifiers).toHaveLength(4);
  });

  it("keeps an identifier with a wrong check digit, marked", () => {
    const subject = tracker();
    subject.reading(label("RR473124820GB", 1000, "S10", false));
    expect(scan(subject, "a", 1500, 2000).identifiers).toMatchObject([{ checkOk: false }]);
  });

  it("ignores unstable weights", () => {
    const subject = tracker();
    subject.reading({ ...mass(3, 1000), stable: false });
    expect(scan(subject, "a", 1500, 2000).measured.massKg).toBeNull();
  });

  it("ties nothing while two scans are open, whichever the reading is of", () => {
    const subject = tracker();
    subject.scanStarted(1000);
    subject.scanStarted(1500);
    subject.reading(label(S10.a, 1600));
    subject.scanEnded({ beganAt: 1000, capturedAt: 2000, at: 2000 });
    expect(subject.bind(captureAt("a", 1000, 2000))).toMatchObject({
      identifiers: [],
      trackingAmbiguous: true,
    });
    expect(subject.bind(captureAt("b", 1500, 2500))).toMatchObject({
      identifiers: [],
      trackingAmbiguous: true,
    });
    subject.reading(label(S10.c, 3000));
    expect(values(scan(subject, "c", 3100, 3500))).toEqual([S10.c]);
  });

  it("does not call it overlap when lines of an ended scan are still asked for", () => {
    const subject = tracker();
    subject.reading(label(S10.a, 900));
    subject.scanStarted(1000);
    subject.scanEnded({ beganAt: 1000, capturedAt: 2000, at: 2000 });
    subject.reading(label(S10.b, 2500));
    subject.scanStarted(3000);
    expect(values(subject.bind({ ...captureAt("a", 1000, 2000), receivedAt: 3500 }))).toEqual([S10.a]);
    expect(values(subject.bind(captureAt("b", 3000, 4000)))).toEqual([S10.b]);
  });

  it("ties nothing to a scan that was re-sent long after its capture, and says so", () => {
    const subject = tracker();
    subject.reading(label(S10.b, 100_000));
    subject.scanStarted(100_100);
    const bound = subject.bind({ ...captureAt("a", 100_100, 60_000), receivedAt: 100_300 });
    expect(bound).toMatchObject({ identifiers: [], trackingAmbiguous: true, settled: true });
    expect(values(scan(subject, "b", 100_500, 101_000))).toEqual([S10.b]);
  });

  it("ties nothing to a scan that comes out of its order, and says so", () => {
    const subject = tracker();
    scan(subject, "b", 3000, 3500);
    subject.reading(label(S10.c, 4000));
    subject.scanStarted(4100);
    subject.scanEnded({ beganAt: 4100, capturedAt: 2500, at: 4200 });
    expect(subject.bind(captureAt("a", 4100, 2500))).toMatchObject({
      identifiers: [],
      trackingAmbiguous: true,
    });
    expect(values(scan(subject, "c", 4500, 5000))).toEqual([S10.c]);
  });

  it("does not hand the readings of a lost item to the next one", () => {
    const subject = tracker();
    subject.reading(label(S10.a, 1000));
    subject.scanStarted(1500);
    subject.scanLost({ at: 1800, beganAt: 1500 });
    subject.reading(label(S10.a, 1900));
    expect(scan(subject, "b", 3000, 4000)).toMatchObject({ identifiers: [], trackingAmbiguous: true });
    subject.reading(label(S10.c, 4500));
    expect(values(scan(subject, "c", 5000, 6000))).toEqual([S10.c]);
  });

  it("says of both scans that a reading may be either's, when a scan begins within the grace of another", () => {
    const subject = tracker();
    scan(subject, "a", 1500, 2000);
    subject.scanStarted(2050);
    const late = subject.reading(label(S10.a, 2100));
    expect(late).toMatchObject({
      scanId: captureAt("a", 0, 0).scanId,
      update: { identifiers: [], trackingAmbiguous: true },
    });
    expect(subject.bind(captureAt("b", 2050, 3000))).toMatchObject({
      identifiers: [],
      trackingAmbiguous: true,
    });
  });

  it("keeps what the scanner itself said, and says when the reader says otherwise", () => {
    const subject = tracker();
    const own = [{ scheme: "S10", value: S10.a, checkOk: true, source: "scanner" as const, confidence: 1 }];
    subject.reading(label(S10.b, 1000));
    subject.scanStarted(1500);
    const bound = subject.bind({ ...captureAt("a", 1500, 2000), identifiers: own });
    expect(bound).toMatchObject({ identifiers: own, trackingAmbiguous: true });
  });

  it("is not ambiguous where a lane has no peripherals", () => {
    const subject = new Tracker({ expects: [] });
    subject.scanLost({ at: 1000, beganAt: null });
    expect(scan(subject, "a", 1500, 2000)).toMatchObject({ trackingAmbiguous: false, settled: true });
  });

  it("holds a bounded number of readings, and trusts none of them once some were dropped", () => {
    const subject = tracker();
    for (let n = 0; n <= MAX_PENDING; n++) subject.reading(mass(1 + n, 1000 + n));
    expect(scan(subject, "a", 1500, 2000)).toMatchObject({ trackingAmbiguous: true });
  });
});
