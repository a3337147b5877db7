import { execFileSync } from "node:child_process";
import { describe, expect, it } from "vitest";
import {
  ATOMIC_WEIGHT,
  BIN_EDGES_KEV,
  BIN_ENERGIES_KEV,
  MASS_ATTENUATION,
} from "../../simulator/physics/attenuation.ts";

/** Largest relative difference to the oracle. */
const TOLERANCE = 0.002;

const ORACLE = `
import json, sys, xraylib
request = json.load(sys.stdin)
answer = {}
for element in request["elements"]:
    z = xraylib.SymbolToAtomicNumber(element)
    answer[element] = {
        "weight": xraylib.AtomicWeight(z),
        "attenuation": [xraylib.CS_Total(z, float(energy)) for energy in request["energies"]],
    }
json.dump(answer, sys.stdout)
`;

interface Oracle {
  readonly [element: string]: { readonly weight: number; readonly attenuation: readonly number[] };
}

describe("the attenuation table against xraylib", () => {
  const elements = Object.keys(MASS_ATTENUATION);
  const input = JSON.stringify({ elements, energies: BIN_ENERGIES_KEV });
  const oracle: Oracle = JSON.parse(
    execFileSync("/usr/bin/python3", ["-c", ORACLE], { input, encoding: "utf8" }),
  );

  it("agrees within 0.2 % for every element at every bin energy", () => {
    const wrong: string[] = [];
    let compared = 0;
    for (const element of elements) {
      for (const [k, energy] of BIN_ENERGIES_KEV.entries()) {
        const ours = MASS_ATTENUATION[element]?.[k] ?? Number.NaN;
        const theirs = oracle[element]?.attenuation[k] ?? Number.NaN;
        compared++;
        if (!(Math.abs(ours / theirs - 1) <= TOLERANCE))
          wrong.push(`${element} at ${energy} keV: ${ours} / ${theirs}`);
      }
    }
    expect(wrong).toEqual([]);
    expect(compared).toBeGreaterThan(250);
  });

  it("has the same atomic weights", () => {
    for (const element of elements) {
      const ours = ATOMIC_WEIGHT[element] ?? Number.NaN;
      expect(Math.abs(ours / (oracle[element]?.weight ?? Number.NaN) - 1), element).toBeLessThan(TOLERANCE);
    }
  });

  it("keeps each bin energy between the bin's edges", () => {
    for (const [k, energy] of BIN_ENERGIES_KEV.entries()) {
      expect(energy).toBeGreaterThan(BIN_EDGES_KEV[k] ?? Number.NaN);
      expect(energy).toBeLessThan(BIN_EDGES_KEV[k + 1] ?? Number.NaN);
    }
  });
});
