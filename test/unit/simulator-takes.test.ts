import { describe, expect, it } from "vitest";
import { type SimulatedScan, simulateScan } from "../../simulator/scan.ts";

const SCENARIOS = ["parcels", "mail", "baggage"] as const;
const scanOf = (scenario: (typeof SCENARIOS)[number], index: number, take?: number): SimulatedScan =>
  simulateScan({ seed: 77, index, scenario, mix: "training", ...(take === undefined ? {} : { take }) });
const contents = ({ truth }: SimulatedScan): string =>
  JSON.stringify([
    truth.groups,
    truth.massKg.toFixed(6),
    truth.label,
    truth.targets.map((t) => t.class).sort(),
  ]);

describe("another take of a parcel", () => {
  it("take 0 is the scan itself, byte for byte", () => {
    expect(scanOf("parcels", 3, 0)).toEqual(scanOf("parcels", 3));
  });

  it("holds the same contents and papers, lying otherwise", () => {
    for (const scenario of SCENARIOS) {
      const first = scanOf(scenario, 1, 0);
      for (const take of [1, 2]) {
        const again = scanOf(scenario, 1, take);
        expect(contents(again)).toBe(contents(first));
        expect(again.planes[0]?.samples).not.toEqual(first.planes[0]?.samples);
      }
    }
  });

  it("is packed anew in every third", () => {
    const [first, third] = [scanOf("baggage", 2, 0), scanOf("baggage", 2, 3)];
    expect(third.truth.label).toBe(first.truth.label);
    expect(third.planes[0]?.samples).not.toEqual(first.planes[0]?.samples);
  });
});
