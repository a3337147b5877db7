import { execFileSync } from "node:child_process";
import { describe, expect, it } from "vitest";
import { CARGO_ATTENUATION, CARGO_EDGES_MEV, CARGO_ENERGIES_MEV } from "../../simulator/cargo/attenuation.ts";

/** Largest relative difference to the oracles. */
const TOLERANCE = 0.002;
/** xraylib ends here and knows no pair production. */
const XRAYLIB_UNTIL_MEV = 0.8;

/** Totals of the given elements at the given energies: xraylib where it reaches, XCOM's own tables (PyMca) everywhere. */
const ORACLE = `
import json, re, sys, xraylib
request = json.load(sys.stdin)
def xcom(element):
    sections, name = {}, None
    for line in open(f"/usr/share/pymca/attdata/{element}.mat").read().split("\\n")[1:]:
        if re.search("[A-Z]{4}", line):
            name = line.strip()
            sections[name] = []
        elif name:
            sections[name] += [float(v) for v in line.split()]
    energies, *parts = sections.values()
    at = lambda e: max(i for i, v in enumerate(energies) if abs(v - e) < 1e-9)
    return [sum(part[at(e)] for part in parts if len(part) == len(energies)) for e in request["energies"]]
answer = {}
for element in request["elements"]:
    z = xraylib.SymbolToAtomicNumber(element)
    low = [xraylib.CS_Total(z, e * 1000) for e in request["energies"] if e <= request["until"]]
    answer[element] = {"xcom": xcom(element), "xraylib": low}
json.dump(answer, sys.stdout)
`;

interface Oracle {
  readonly [element: string]: { readonly xcom: readonly number[]; readonly xraylib: readonly number[] };
}

describe("the attenuation table for cargo energies", () => {
  const elements = Object.keys(CARGO_ATTENUATION);
  const request = { elements, energies: CARGO_ENERGIES_MEV, until: XRAYLIB_UNTIL_MEV };
  const oracle: Oracle = JSON.parse(
    execFileSync("/usr/bin/python3", ["-c", ORACLE], { input: JSON.stringify(request), encoding: "utf8" }),
  );

  it.each(["xcom", "xraylib"] as const)(
    "agrees within 0.2 %% with %s for every element and energy",
    (name) => {
      const wrong: string[] = [];
      let compared = 0;
      for (const element of elements) {
        for (const [k, theirs] of (oracle[element]?.[name] ?? []).entries()) {
          const ours = CARGO_ATTENUATION[element]?.[k] ?? Number.NaN;
          compared++;
          if (!(Math.abs(ours / theirs - 1) <= TOLERANCE))
            wrong.push(`${element}[${k}]: ${ours} / ${theirs}`);
        }
      }
      expect(wrong).toEqual([]);
      expect(compared).toBeGreaterThan(name === "xcom" ? 400 : 250);
    },
  );

  it("keeps each bin energy between the bin's edges", () => {
    for (const [k, energy] of CARGO_ENERGIES_MEV.entries()) {
      expect(energy).toBeGreaterThan(CARGO_EDGES_MEV[k] ?? Number.NaN);
      expect(energy).toBeLessThan(CARGO_EDGES_MEV[k + 1] ?? Number.NaN);
    }
  });
});
