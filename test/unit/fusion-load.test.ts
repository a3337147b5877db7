import { describe, expect, it } from "vitest";
import { fuse } from "../../device/fusion/fuse.ts";
import { hitData } from "../../device/fusion/hit.ts";
import type { Analysis } from "../../device/scan.ts";
import { hitSchema } from "../../protocols/mqtt/hit.ts";
import {
  analysisOf,
  declarationOf,
  identifier,
  inputOf,
  scanOf,
  sealed,
  stored,
  weighed,
} from "../fixtures/fusion.ts";

const CONTAINER = "CSQU3054383";
type Load = NonNullable<Analysis["load"]>;

function container(load: Load | null, equipment?: "empty" | "fcl" | "unknown", items = true) {
  const declaration = declarationOf({
    identifiers: [{ scheme: "ISO6346", value: CONTAINER }],
    ...(equipment !== undefined && { equipment: [{ id: CONTAINER, load: equipment }] }),
    ...(!items && { items: [] }),
  });
  return inputOf({
    scan: scanOf({ identifiers: [identifier("ISO6346", CONTAINER)] }),
    analysis: analysisOf({ load }),
    matches: [stored(declaration)],
  });
}

const load = (state: Load["state"], score: number): Load => ({ state, score, profile: [0.5, 2, Number.NaN] });
const rowsOf = (input: ReturnType<typeof container>) =>
  fuse(input).score.evidence.filter(({ code }) => code.startsWith("DECLARED_"));

describe("a load against the declared one", () => {
  it("declared empty and seen loaded, or part-loaded, alarms", () => {
    for (const state of ["loaded", "part"] as const) {
      const result = fuse(container(load(state, 0.999), "empty"));
      expect(result.reasons[0]?.code).toBe("DECLARED_EMPTY_LOADED");
      expect(result.decision).toBe("ALARM");
    }
  });

  it("declared loaded, by equipment or by goods, and seen empty alarms", () => {
    expect(rowsOf(container(load("empty", 0.999), "fcl"))[0]?.code).toBe("DECLARED_LOADED_EMPTY");
    expect(rowsOf(container(load("empty", 0.999), "unknown"))[0]?.logOdds).toBeGreaterThan(3);
    expect(fuse(container(load("empty", 0.999))).decision).toBe("ALARM");
  });

  it("as declared is mild evidence of innocence, no reason", () => {
    const input = container(load("empty", 0.999), "empty");
    expect(rowsOf(input)[0]?.logOdds).toBeLessThan(0);
    expect(rowsOf(input)[0]?.logOdds).toBeGreaterThan(-0.5);
    expect(fuse(input).reasons.map(({ code }) => code)).not.toContain("DECLARED_EMPTY_LOADED");
  });

  it("says nothing without a load, a declaration of it, or agreement between declarations", () => {
    expect(rowsOf(container(null, "empty"))).toEqual([]);
    expect(rowsOf(container(load("loaded", Number.NaN), "empty"))).toEqual([]);
    expect(rowsOf(container(load("loaded", 0.9), "unknown", false))).toEqual([]);
    const one = container(load("loaded", 0.99), "empty");
    const other = container(null, "fcl").matches.map((match) => ({
      ...match,
      declaration: { ...match.declaration, aedId: "018f2b7e-6a3c-7c1e-9b52-0d6a1f3e4c02" },
    }));
    expect(rowsOf({ ...one, matches: [...one.matches, ...other] })).toEqual([]);
  });

  it("stands in the hit with its profile, held to shares", () => {
    const data = hitData(container(load("part", 0.9), "fcl"));
    expect(data.load).toEqual({ state: "part", score: 0.9, profile: [0.5, 0, 0] });
    expect(hitSchema.safeParse(sealed(data)).success).toBe(true);
    expect(hitData(container(load("part", 1.5), "fcl")).load).toBeNull();
  });
});

describe("what else the image gives a hit", () => {
  const xrayMass = { kg: 2.9, reliable: true, opaqueShare: 0, view: 0 };
  const massRow = (input: ReturnType<typeof inputOf>) =>
    fuse(input).score.evidence.find(({ source }) => source === "mass" || source === "xray-mass");

  it("a reliable mass by X-ray, compared with the declared one where no scale speaks", () => {
    const input = inputOf({ analysis: analysisOf({ xrayMass }), matches: [stored()] });
    expect(hitData(input).measured).toMatchObject({ xrayMassKg: 2.9, xrayMassReliable: true, massKg: null });
    expect(massRow(input)?.detail).toMatch(/^by X-ray 2\.9 kg, declared 1\.84 kg/);
    expect(massRow(input)?.logOdds).toBeGreaterThan(0);
    expect(massRow({ ...input, scan: weighed(1.84) })?.detail).toMatch(/^measured 1\.84 kg/);
  });

  it("a mass that is not reliable is shown and not compared", () => {
    const analysis = analysisOf({ xrayMass: { ...xrayMass, reliable: false } });
    const input = inputOf({ analysis, matches: [stored()] });
    expect(hitData(input).measured).toMatchObject({ xrayMassKg: 2.9, xrayMassReliable: false });
    expect(massRow(input)).toBeUndefined();
  });

  it("scans that look alike, without itself and without what is no similarity", () => {
    const id = (last: number) => `019ca000-0000-7000-8000-00000000000${last}`;
    const similar = [
      { scanId: id(1), similarity: 1, relation: "same-item" as const },
      { scanId: id(2), similarity: 0.97, relation: "same-item" as const },
      { scanId: id(3), similarity: Number.NaN, relation: "alike" as const },
      { scanId: "no uuid", similarity: 0.9, relation: "alike" as const },
    ];
    const data = hitData(inputOf({ analysis: analysisOf({ similar }) }));
    expect(data.similar).toEqual([similar[1]]);
    expect(hitSchema.safeParse(sealed(data)).success).toBe(true);
  });
});
