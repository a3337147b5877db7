import type { Reading } from "../peripheral/port.ts";
import type { ItemIdentifier, Measured, RawReading, Scan } from "../scan.ts";

/** Two stable masses of one item differ at most so much: 5 g or 0.5 %. */
const SAME_MASS_KG = 0.005;
const SAME_MASS_SHARE = 0.005;

/** What is known of an item beside its image. */
export type ItemKnowledge = Pick<Scan, "identifiers" | "measured" | "trackingAmbiguous">;

/** Nothing measured. */
export const NOTHING_MEASURED: Measured = {
  massKg: null,
  massStable: null,
  xrayMassKg: null,
  xrayMassReliable: null,
  radiation: null,
};

/** The mass that the scanner states, where no scale of the lane knows better. */
export function withStatedMass(measured: Measured, statedMassKg: number | undefined): Measured {
  if (measured.massKg !== null || statedMassKg === undefined) return measured;
  return { ...measured, massKg: statedMassKg, massStable: null };
}

/** As stated above, for a late reading: it adds to the stored scan and does not take the scanner's own mass away. */
export function withLate(scan: Scan, update: ItemKnowledge): Scan {
  return { ...scan, ...update, measured: withStatedMass(update.measured, scan.statedMassKg) };
}

/** Nothing tied to the item but what the scanner itself said. `ambiguous`: readings came near it that may be another's. */
export function unbound(own: readonly ItemIdentifier[], ambiguous: boolean): ItemKnowledge {
  return { identifiers: own, measured: NOTHING_MEASURED, trackingAmbiguous: ambiguous };
}

/**
 * Ties readings of one interval to its item. Identical readings collapse. Two identifiers of one scheme, or two masses, mean
 * that two items were in the interval (or one with two labels): then nothing is tied, for a wrong identity is worse than
 * none.
 * @param own identifiers that came with the image.
 */
export function tie(own: readonly ItemIdentifier[], readings: readonly Reading[]): ItemKnowledge {
  const identifiers = distinctIdentifiers([...own, ...readings.flatMap(identifiersOf)]);
  const masses = readings.flatMap((reading) =>
    reading.kind === "mass" && reading.stable ? [reading.massKg] : [],
  );
  if (hasTwoOfOneScheme(identifiers) || hasTwoMasses(masses)) return unbound(own, true);
  const massKg = masses[0] ?? null;
  const raw = readings.flatMap(rawOf).slice(0, MAX_RAW_READINGS);
  return {
    identifiers,
    measured: {
      ...NOTHING_MEASURED,
      massKg,
      massStable: massKg === null ? null : true,
      radiation: worstRadiation(readings),
      ...(raw.length === 0 ? {} : { raw }),
    },
    trackingAmbiguous: false,
  };
}

/** Raw lines kept with an item, at most. */
const MAX_RAW_READINGS = 16;

/** Lines of scales as they came; labels are never kept raw, for they name people. */
function rawOf(reading: Reading): readonly RawReading[] {
  if (reading.kind !== "mass" || reading.raw === undefined) return [];
  return [{ device: reading.device, at: reading.at, line: reading.raw }];
}

const WORST_FIRST = ["alarm", "fault", "normal"] as const;

/**
 * What the portal said while the item passed, the worst of several occupancies: an alarm is never outvoted, and a fault is
 * never normal. null: no occupancy.
 */
function worstRadiation(readings: readonly Reading[]): Measured["radiation"] {
  const seen = readings.filter((reading) => reading.kind === "radiation");
  if (seen.length === 0) return null;
  const worst = (channel: "gamma" | "neutron") =>
    WORST_FIRST.find((state) => seen.some((reading) => reading[channel] === state)) ?? null;
  const sigmas = seen.flatMap(({ sigma }) => (sigma === null ? [] : [sigma]));
  return {
    gamma: worst("gamma"),
    neutron: worst("neutron"),
    sigma: sigmas.length === 0 ? null : Math.max(...sigmas),
  };
}

/** Whether a reading says anything that could be tied: an unstable mass does not. */
export function isEvidence(reading: Reading): boolean {
  switch (reading.kind) {
    case "identifier":
      return reading.identifiers.length > 0;
    case "mass":
      return reading.stable && reading.massKg > 0;
    case "radiation":
      return true;
  }
}

/** Whether two readings say the same of the same item. */
export function saysTheSame(a: Reading, b: Reading): boolean {
  if (a.kind === "identifier" && b.kind === "identifier") return textOf(a) === textOf(b);
  return a.kind === "mass" && b.kind === "mass" && sameMass(a.massKg, b.massKg);
}

function textOf(reading: Extract<Reading, { kind: "identifier" }>): string {
  return reading.identifiers.map(({ scheme, value }) => `${scheme} ${value}`).join("\n");
}

function identifiersOf(reading: Reading): readonly ItemIdentifier[] {
  return reading.kind === "identifier" ? reading.identifiers : [];
}

function distinctIdentifiers(all: readonly ItemIdentifier[]): readonly ItemIdentifier[] {
  const first = new Map<string, ItemIdentifier>();
  for (const each of all) {
    const key = `${each.scheme} ${each.value}`;
    if (!first.has(key)) first.set(key, each);
  }
  return [...first.values()];
}

function hasTwoOfOneScheme(identifiers: readonly ItemIdentifier[]): boolean {
  // A GTIN names the goods, not the item: a carton shows several.
  const schemes = identifiers.map(({ scheme }) => scheme).filter((scheme) => scheme !== "GTIN");
  return new Set(schemes).size < schemes.length;
}

function hasTwoMasses(masses: readonly number[]): boolean {
  return masses.some((mass) => !sameMass(mass, masses[0] ?? mass));
}

function sameMass(a: number, b: number): boolean {
  return Math.abs(a - b) <= Math.max(SAME_MASS_KG, SAME_MASS_SHARE * Math.max(a, b));
}
