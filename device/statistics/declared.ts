import type { Declaration } from "../../protocols/declaration.ts";
import type { Statistics } from "../../protocols/mqtt/statistics.ts";
import type { QualityMetric } from "../../protocols/vocabulary.ts";
import type { Quality } from "../fusion/quality.ts";
import { wilson } from "./wilson.ts";

/** Parties, posts and regimes told of one by one, at most; the rest go together under `other`. */
export const MAX_SENDERS = 32;
/** Kinds of traffic told of one by one, at most. */
export const MAX_VOLUMES = 200;
/** Of each, counted while the period runs: more are counted as `other` at once. */
const MAX_COUNTED = 2000;
/** Latencies kept for percentiles. */
const MAX_LATENCIES = 5000;
const OTHER = "other";

type By = NonNullable<Statistics["dataQualityBy"]>[number]["by"];

interface Tally {
  declarations: number;
  readonly metrics: Map<QualityMetric, { checked: number; failed: number }>;
}

interface Volume {
  readonly flow: string;
  readonly chapter: string;
  readonly origin: string;
  declarations: number;
  items: number;
  netMassKg: number;
}

/** A declaration as it was stored. */
export interface Declared {
  readonly declaration: Declaration;
  readonly quality: Quality;
  /** Pieces that looked personal and were taken out. */
  readonly scrubbed: number;
}

/**
 * What the declarations of a period say of those who send them, and of what is traded. Natural persons are one group, and a
 * party without a public number is another: no token and no name is ever counted by.
 */
export class DeclaredStatistics {
  readonly #senders = new Map<string, Tally>();
  readonly #volumes = new Map<string, Volume>();
  readonly #latencies: number[] = [];
  #declarations = 0;
  #amended = 0;
  #amendedLate = 0;
  #scrubbed = 0;

  add({ declaration, quality, scrubbed }: Declared): void {
    this.#scrubbed += scrubbed;
    if (declaration.function === "cancel") return;
    this.#declarations += 1;
    this.#time(declaration);
    for (const [by, key] of sendersOf(declaration)) this.#sender(`${by} ${key}`, `${by} ${OTHER}`, quality);
    // An amendment is the same goods again.
    if (declaration.function !== "amend") this.#volume(declaration);
  }

  /** The members of `statistics` that this knows. */
  figures(): Pick<Statistics, "dataQualityBy" | "volumes" | "timeliness" | "scrubbed"> {
    const [p50, p95] = [0.5, 0.95].map((share) => percentile(this.#latencies, share));
    return {
      dataQualityBy: this.#quality(),
      volumes: this.#traffic(),
      timeliness: {
        declarations: this.#declarations,
        latencyP50Seconds: p50 ?? null,
        latencyP95Seconds: p95 ?? null,
        amended: this.#amended,
        amendedAfterArrival: this.#amendedLate,
      },
      scrubbed: this.#scrubbed,
    };
  }

  #time({ issuedAt, receivedAt, transport, function: given }: Declaration): void {
    if (given === "amend") {
      this.#amended += 1;
      if (transport?.ata !== undefined && Date.parse(receivedAt) > Date.parse(transport.ata))
        this.#amendedLate += 1;
    }
    if (issuedAt === undefined) return;
    const seconds = (Date.parse(receivedAt) - Date.parse(issuedAt)) / 1000;
    if (!(seconds >= 0)) return;
    if (this.#latencies.length >= MAX_LATENCIES)
      this.#latencies[this.#declarations % MAX_LATENCIES] = seconds;
    else this.#latencies.push(seconds);
  }

  #sender(name: string, other: string, { checked, failed }: Quality): void {
    const known = this.#senders.has(name) || this.#senders.size < MAX_COUNTED;
    const tally = this.#senders.get(known ? name : other) ?? { declarations: 0, metrics: new Map() };
    tally.declarations += 1;
    for (const metric of checked) {
      const counts = tally.metrics.get(metric) ?? { checked: 0, failed: 0 };
      counts.checked += 1;
      if (failed[metric] !== undefined) counts.failed += 1;
      tally.metrics.set(metric, counts);
    }
    this.#senders.set(known ? name : other, tally);
  }

  #volume({ flow: stated, items = [] }: Declaration): void {
    const flow: string = stated ?? "";
    const seen = new Set<string>();
    for (const item of items) {
      const chapter = item.hs6?.slice(0, 2) ?? "";
      const origin = item.originCountry ?? "";
      const key = `${flow} ${chapter} ${origin}`;
      const known = this.#volumes.has(key) || this.#volumes.size < MAX_COUNTED;
      const name = known ? key : OTHER;
      const volume = this.#volumes.get(name) ?? emptyVolume(known ? { flow, chapter, origin } : {});
      volume.items += 1;
      volume.netMassKg += item.netMassKg ?? 0;
      if (!seen.has(name)) volume.declarations += 1;
      seen.add(name);
      this.#volumes.set(name, volume);
    }
  }

  #quality(): NonNullable<Statistics["dataQualityBy"]> {
    const ranked = [...this.#senders].sort(([, one], [, other]) => other.declarations - one.declarations);
    return ranked.slice(0, MAX_SENDERS).map(([name, { declarations, metrics }]) => {
      const [by = "", ...key] = name.split(" ");
      const rates = [...metrics].map(([metric, { checked, failed }]) => [
        metric,
        { checked, failed, ...wilson(failed, checked) },
      ]);
      return { by: by as By, key: key.join(" "), declarations, metrics: Object.fromEntries(rates) };
    });
  }

  #traffic(): NonNullable<Statistics["volumes"]> {
    const ranked = [...this.#volumes.values()].sort((one, other) => other.items - one.items);
    const rest = ranked.slice(MAX_VOLUMES).reduce(joined, emptyVolume({}));
    const told =
      rest.items === 0
        ? ranked.slice(0, MAX_VOLUMES)
        : [...ranked.slice(0, MAX_VOLUMES - 1), joined(rest, ranked[MAX_VOLUMES - 1] ?? rest)];
    return told.map(({ flow, chapter, origin, declarations, items, netMassKg }) => ({
      flow: flow === "" ? null : (flow as NonNullable<Declaration["flow"]>),
      chapter: chapter === "" ? null : chapter,
      origin: origin === "" ? null : origin,
      declarations,
      items,
      netMassKg: Math.round(netMassKg * 1000) / 1000,
    }));
  }
}

/** By whom a declaration is counted: who declares, on which platform it was sold, which post sends it. */
function sendersOf({
  parties,
  transport,
  identifiers = [],
  sourceRegime,
}: Declaration): readonly (readonly [By, string])[] {
  const s10 = identifiers.find(({ scheme, checkOk }) => scheme === "S10" && checkOk !== false)?.value;
  const post = transport?.originOe ?? s10?.slice(-2);
  return [
    ["declarant", nameOf(parties?.declarant ?? parties?.consignor)],
    ...(parties?.platform === undefined ? [] : [["platform", nameOf(parties.platform)] as const]),
    ...(post === undefined ? [] : [["post", post] as const]),
    ["regime", sourceRegime ?? "none"],
  ];
}

/** A public number of a legal person, else only what kind of party it is. */
function nameOf(party: NonNullable<NonNullable<Declaration["parties"]>["declarant"]> | undefined): string {
  if (party === undefined) return "none";
  if (party.kind === "natural") return "natural persons";
  return party.publicId ?? `${party.kind}, unnamed`;
}

function emptyVolume({
  flow = "",
  chapter = "",
  origin = "",
}: Partial<Pick<Volume, "flow" | "chapter" | "origin">>): Volume {
  return { flow, chapter, origin, declarations: 0, items: 0, netMassKg: 0 };
}

/** Both together, of no one kind. */
function joined(one: Volume, other: Volume): Volume {
  return {
    ...emptyVolume({}),
    declarations: one.declarations + other.declarations,
    items: one.items + other.items,
    netMassKg: one.netMassKg + other.netMassKg,
  };
}

export function percentile(values: readonly number[], share: number): number | null {
  if (values.length === 0) return null;
  const sorted = values.toSorted((one, other) => one - other);
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? null;
}
