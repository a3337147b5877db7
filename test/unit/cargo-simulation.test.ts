import { createHash } from "node:crypto";
import { describe, expect, it } from "vitest";
import { cargoBeamWeights } from "../../simulator/cargo/beam.ts";
import type { Solid } from "../../simulator/cargo/canvas.ts";
import type { Room } from "../../simulator/cargo/carrier.ts";
import { buildContainer } from "../../simulator/cargo/container.ts";
import { fill } from "../../simulator/cargo/filling.ts";
import { iso6346CheckDigit } from "../../simulator/cargo/papers.ts";
import { chord, fanOf, rowChords } from "../../simulator/cargo/rays.ts";
import { type CargoScan, type CargoScenario, simulateCargo } from "../../simulator/cargo/simulate.ts";
import { PROFILE_BINS } from "../../simulator/cargo/truth.ts";
import { Random } from "../../simulator/random.ts";

const ROWS = 96;
const many = (scenario: CargoScenario, count: number, bits: 8 | 16 = 16): CargoScan[] =>
  Array.from({ length: count }, (_, index) =>
    simulateCargo({ seed: 3, index, scenario, mix: "training", rows: ROWS, bits }),
  );
const digest = (scan: CargoScan) => {
  const hash = createHash("sha256").update(JSON.stringify(scan.truth));
  for (const plane of scan.planes) hash.update(plane.samples);
  return hash.digest("hex");
};
const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;

describe("rays of a cargo scanner", () => {
  const box = { kind: "box", y0: 0, y1: 10, z0: 100, z1: 120 } as const;

  it("measures boxes and ellipses exactly", () => {
    expect(chord(box, 5, 0)).toBe(20);
    expect(chord(box, 5, 0.01)).toBeCloseTo(20 * Math.hypot(1, 0.01), 9);
    expect(chord(box, 5, 1)).toBe(0);
    expect(chord(box, 0, 10 / 110)).toBeCloseTo(10 * Math.hypot(1, 10 / 110), 9);
    const circle = { kind: "ellipse", y: 0, z: 50, ry: 8, rz: 8 } as const;
    expect(chord(circle, 0, 0)).toBeCloseTo(16, 9);
    expect(chord(circle, 4, 0)).toBeCloseTo(2 * Math.sqrt(64 - 16), 9);
  });

  it("finds every row that a section meets", () => {
    const fan = fanOf({ sourceY: 20, top: 0.5, bottom: -0.4, rows: 80 });
    const { first, lengths } = rowChords(box, fan);
    for (let row = 0; row < 80; row++) {
      const whole = (chord(box, 20, fan.slopes[2 * row]!) + chord(box, 20, fan.slopes[2 * row + 1]!)) / 2;
      expect(lengths[row - first] ?? 0).toBeCloseTo(whole, 4);
    }
  });
});

describe("the beam", () => {
  it("has shares that sum to 1, none above the end point, harder with more filtration", () => {
    for (const megavolts of [0.16, 0.3, 1, 4, 6]) {
      const beam = cargoBeamWeights({ megavolts, filterIron: 2, scintillator: 10 });
      expect(mean([...beam]) * beam.length).toBeCloseTo(1, 9);
    }
    expect(cargoBeamWeights({ megavolts: 0.3, filterIron: 0, scintillator: 10 })[7]).toBe(0);
    const soft = cargoBeamWeights({ megavolts: 6, filterIron: 0, scintillator: 10 });
    const hard = cargoBeamWeights({ megavolts: 6, filterIron: 40, scintillator: 10 });
    expect(hard[10]!).toBeGreaterThan(soft[10]!);
  });
});

describe("simulated containers", () => {
  const scans = many("containers", 40);

  it("are the same bytes for the same options, and others for another index", () => {
    const again = simulateCargo({ seed: 3, index: 7, scenario: "containers", mix: "training", rows: ROWS });
    expect(digest(again)).toBe(digest(scans[7]!));
    expect(new Set(scans.map(digest)).size).toBe(scans.length);
  });

  it("come empty, part-loaded and loaded, with a profile that says so", () => {
    const states = new Set(scans.map(({ truth }) => truth.cargo.state));
    expect([...states].sort()).toEqual(["empty", "loaded", "part"]);
    for (const { truth } of scans) {
      const { state, profile, netKg } = truth.cargo;
      expect(profile).toHaveLength(PROFILE_BINS);
      expect(profile.every((fill) => fill >= 0 && fill <= 1)).toBe(true);
      if (state === "empty") expect([Math.max(...profile), netKg]).toEqual([0, 0]);
      else expect(Math.max(...profile)).toBeGreaterThan(0.02);
      expect(truth.massKg).toBeGreaterThan(netKg);
    }
  });

  it("weigh what containers weigh", () => {
    for (const { truth } of scans) {
      expect(truth.massKg - truth.cargo.netKg).toBeGreaterThan(1800);
      expect(truth.massKg).toBeLessThan(75_000);
    }
    const loaded = scans
      .filter(({ truth }) => truth.cargo.state === "loaded")
      .map(({ truth }) => truth.massKg);
    expect(mean(loaded)).toBeGreaterThan(8000);
    expect(mean(loaded)).toBeLessThan(35_000);
  });

  it("are dark where load is and bright where none is", () => {
    for (const { truth, planes, width, airLevel } of scans.filter(
      (scan) => scan.truth.cargo.carrier !== "tank20",
    )) {
      const { inside, state } = truth.cargo;
      const samples = planes[planes.length - 1]!.samples;
      const levels: number[] = [];
      for (let y = inside.y + Math.round(inside.height * 0.55); y < inside.y + inside.height * 0.75; y++)
        for (let x = inside.x + 20; x < inside.x + inside.width - 20; x++)
          levels.push(samples[y * width + x]! / airLevel);
      if (state === "empty") expect(mean(levels)).toBeGreaterThan(0.6);
    }
  });

  it("name a misdeclared stretch, which the papers do not", () => {
    const found = Array.from({ length: 60 }, (_, index) =>
      simulateCargo({ seed: 8, index, scenario: "containers", mix: "training", rows: 48 }),
    ).filter(({ truth }) => truth.cargo.misdeclared !== null);
    expect(found.length).toBeGreaterThan(2);
    for (const { truth, width } of found) {
      const { box, massKg } = truth.cargo.misdeclared!;
      expect(massKg).toBeGreaterThan(0);
      expect(box.x).toBeGreaterThanOrEqual(0);
      expect(box.x + box.width).toBeLessThanOrEqual(width);
      if (truth.declaration !== null) expect(truth.irregularities.length).toBeGreaterThan(0);
    }
  });

  it("interlace two energies with the higher one reaching deeper", () => {
    const pairs = scans.filter(({ planes }) => planes.length === 2);
    expect(pairs.length).toBeGreaterThan(3);
    for (const { planes } of pairs) {
      expect(planes[0]!.samples).toHaveLength(planes[1]!.samples.length);
      const [low, high] = planes.map(({ samples }) => mean([...samples]));
      expect(high!).toBeGreaterThan(low! * 0.995);
    }
  });

  it("are shown in 8 bits with windows of their own", () => {
    const shown = many("containers", 12, 8);
    for (const { planes, airLevel } of shown) {
      expect(airLevel).toBe(65_535);
      expect(planes[0]!.samples.every((value) => value % 257 === 0)).toBe(true);
    }
  });
});

describe("the load of a carrier", () => {
  it("stays in the room, whatever it is", () => {
    const outside: string[] = [];
    for (let index = 0; index < 300; index++) {
      const random = new Random(11, index);
      const { room } = buildContainer(random.pick(["dry20", "dry40", "highcube40"]), 300, random);
      const state = random.pick(["part", "loaded"] as const);
      const { lots } = fill({ room, state, carrier: "dry", misdeclared: random.chance(0.3) }, random);
      for (const { kind, solids } of lots)
        if (solids.some((solid) => !within(solid, room))) outside.push(kind);
    }
    expect(outside).toEqual([]);
  });
});

/** Whether a solid keeps to a room, at both ends and in the middle. */
function within({ from, to, section }: Solid, room: Room): boolean {
  if (from < room.x0 - 0.01 || to > room.x1 + 0.01) return false;
  return [from + 0.01, (from + to) / 2, to - 0.01].every((x) => {
    const here = typeof section === "function" ? section(x) : section;
    if (here === null || here.kind !== "box") return true;
    const up = here.y0 >= room.y0 - 0.01 && here.y1 <= room.y1 + 0.01;
    return up && here.z0 >= room.z0 - 0.01 && here.z1 <= room.z1 + 0.01;
  });
}

describe("simulated pallets", () => {
  it("are pallets and unit load devices with SSCCs, light to heavy", () => {
    const scans = many("pallets", 30);
    expect(new Set(scans.map(({ truth }) => truth.cargo.carrier))).toEqual(new Set(["pallet", "uld"]));
    for (const { truth } of scans) {
      expect(truth.identifiers[0]?.scheme).toBe("SSCC");
      expect(truth.massKg).toBeLessThan(4000);
    }
  });
});

describe("container numbers", () => {
  it.each(["CSQU3054383", "TCNU7200794", "TOLU4734787", "GYOU4047990", "ABCU0000070"])(
    "checks %s",
    (number) => {
      expect(iso6346CheckDigit(number.slice(0, 10))).toBe(Number(number[10]));
    },
  );
});
