import type { HitData } from "../../fusion/hit.ts";
import { logit } from "../../fusion/odds.ts";

/** Changes of log-odds that are told. */
const LEAST_ODDS = 0.05;
/** Changes of a detection's score that are told. */
const LEAST_SCORE = 0.01;

/** What of a hit a replay compares. */
export type Comparable = Pick<
  HitData,
  "decision" | "recommendation" | "score" | "detections" | "contents" | "load" | "declarations" | "models"
>;

/** One difference between the hit that was published and what is made of the scan now. */
export interface Difference {
  readonly what:
    | "decision"
    | "band"
    | "recommendation"
    | "probability"
    | "floor"
    | "detection"
    | "contents"
    | "load"
    | "evidence"
    | "settings"
    | "declaration"
    | "models";
  /** Plain English. */
  readonly text: string;
  readonly before: string | number | null;
  readonly after: string | number | null;
}

/** Every difference, results first, then what they come from, the heaviest first. */
export function differencesOf(before: Comparable, after: Comparable): readonly Difference[] {
  return [
    ...results(before, after),
    ...floors(before, after),
    ...detections(before, after),
    ...evidence(before, after),
    ...settings(before, after),
    ...seen(before, after),
    ...papers(before, after),
  ];
}

function results(before: Comparable, after: Comparable): readonly Difference[] {
  const words = (["decision", "recommendation"] as const).flatMap((what) =>
    before[what] === after[what]
      ? []
      : [changed(what, `${what} ${before[what]} → ${after[what]}`, before[what], after[what])],
  );
  const [was, is] = [before.score, after.score];
  const band =
    was.band === is.band ? [] : [changed("band", `band ${was.band} → ${is.band}`, was.band, is.band)];
  const moved = Math.abs(is.logOdds - was.logOdds) >= LEAST_ODDS;
  const text = `probability ${percent(was.probability)} → ${percent(is.probability)}`;
  return [
    ...words,
    ...band,
    ...(moved ? [changed("probability", text, was.probability, is.probability)] : []),
  ];
}

function floors(before: Comparable, after: Comparable): readonly Difference[] {
  const names = unique(before.score.floor, after.score.floor, (entry) => entry.class);
  return names.flatMap((name) => {
    const was = before.score.floor.find((entry) => entry.class === name);
    const is = after.score.floor.find((entry) => entry.class === name);
    if ((was === undefined) === (is === undefined)) return [];
    const entry = (was ?? is) as NonNullable<typeof is>;
    const word = is === undefined ? "no longer above its floor" : "above its floor now";
    const limit = `${entry.score.toFixed(2)}, floor ${entry.threshold.toFixed(2)}`;
    return [changed("floor", `${name} is ${word} (${limit})`, was?.score ?? null, is?.score ?? null)];
  });
}

/** The best of each class: boxes may well have moved. */
function detections(before: Comparable, after: Comparable): readonly Difference[] {
  const best = ({ detections: all }: Comparable) => {
    const map = new Map<string, Comparable["detections"][number]>();
    for (const one of all) if (one.score > (map.get(one.class)?.score ?? -1)) map.set(one.class, one);
    return map;
  };
  const [was, is] = [best(before), best(after)];
  return [...new Set([...was.keys(), ...is.keys()])]
    .flatMap((name) => {
      const [old, now] = [was.get(name), is.get(name)];
      const step = Math.abs((now?.score ?? 0) - (old?.score ?? 0));
      if (step < LEAST_SCORE && old?.alarm === now?.alarm) return [];
      const text = `${name} ${seenAs(old)} → ${seenAs(now)}`;
      return [{ step, difference: changed("detection", text, old?.score ?? null, now?.score ?? null) }];
    })
    .sort((one, other) => other.step - one.step)
    .map(({ difference }) => difference);
}

function seenAs(one: Comparable["detections"][number] | undefined): string {
  if (one === undefined) return "not seen";
  return `${one.score.toFixed(2)}${one.alarm ? `, alarm from ${one.threshold.toFixed(2)}` : ""}`;
}

/** What each source says under each code. */
function evidence(before: Comparable, after: Comparable): readonly Difference[] {
  const sums = ({ score }: Comparable) => {
    const map = new Map<string, { logOdds: number; detail: string }>();
    for (const { source, code, logOdds, detail } of score.evidence) {
      const key = `${code} (${source})`;
      map.set(key, { logOdds: (map.get(key)?.logOdds ?? 0) + logOdds, detail });
    }
    return map;
  };
  const [was, is] = [sums(before), sums(after)];
  return [...new Set([...was.keys(), ...is.keys()])]
    .flatMap((key) => {
      const [old, now] = [was.get(key), is.get(key)];
      const step = (now?.logOdds ?? 0) - (old?.logOdds ?? 0);
      if (Math.abs(step) < LEAST_ODDS) return [];
      const detail = (now ?? old)?.detail ?? "";
      const text = `${key}: log-odds ${odds(old?.logOdds)} → ${odds(now?.logOdds)}${detail === "" ? "" : `; ${detail}`}`;
      return [{ step, difference: changed("evidence", text, old?.logOdds ?? null, now?.logOdds ?? null) }];
    })
    .sort((one, other) => Math.abs(other.step) - Math.abs(one.step))
    .map(({ difference }) => difference);
}

function odds(value: number | undefined): string {
  return value === undefined ? "silent" : `${value >= 0 ? "+" : ""}${value.toFixed(2)}`;
}

function settings({ score: was }: Comparable, { score: is }: Comparable): readonly Difference[] {
  const differences: Difference[] = [];
  if (Math.abs(logit(is.prior) - logit(was.prior)) >= LEAST_ODDS) {
    const step = logit(is.prior) - logit(was.prior);
    const text = `prior ${percent(was.prior)} → ${percent(is.prior)}: log-odds ${odds(step)} for every scan`;
    differences.push(changed("settings", text, was.prior, is.prior));
  }
  for (const band of ["medium", "high"] as const) {
    if (was.bands[band] === is.bands[band]) continue;
    const text = `band ${band} begins at ${percent(is.bands[band])}, was ${percent(was.bands[band])}`;
    differences.push(changed("settings", text, was.bands[band], is.bands[band]));
  }
  if (was.profile !== is.profile) {
    const name = (profile: string | null) =>
      profile === null ? "the lane's own settings" : `profile ${profile}`;
    differences.push(
      changed("settings", `${name(was.profile)} → ${name(is.profile)}`, was.profile, is.profile),
    );
  }
  return differences;
}

function seen(before: Comparable, after: Comparable): readonly Difference[] {
  const differences: Difference[] = [];
  const [group, other] = [before.contents[0]?.group ?? null, after.contents[0]?.group ?? null];
  if (group !== other)
    differences.push(
      changed("contents", `looks most like: ${group ?? "nothing"} → ${other ?? "nothing"}`, group, other),
    );
  const [load, now] = [before.load?.state ?? null, after.load?.state ?? null];
  if (load !== now)
    differences.push(changed("load", `load ${load ?? "not judged"} → ${now ?? "not judged"}`, load, now));
  const models = ({ models: all }: Comparable) =>
    all
      .map(({ name, version }) => `${name} ${version}`)
      .sort()
      .join(", ");
  const [was, is] = [models(before), models(after)];
  if (was !== is) differences.push(changed("models", `models: ${was || "none"} → ${is || "none"}`, was, is));
  return differences;
}

function papers(before: Comparable, after: Comparable): readonly Difference[] {
  const names = ({ declarations }: Comparable) =>
    declarations
      .map(({ aedId, revision }) => `${aedId}/${revision}`)
      .sort()
      .join(" ");
  const [was, is] = [names(before), names(after)];
  if (was === is) return [];
  const count = (text: string) => (text === "" ? 0 : text.split(" ").length);
  const text = `declarations known: ${count(was)} then, ${count(is)} now; what has expired cannot be compared again`;
  return [changed("declaration", text, count(was), count(is))];
}

function changed(
  what: Difference["what"],
  text: string,
  before: Difference["before"],
  after: Difference["after"],
): Difference {
  return { what, text, before, after };
}

function unique<Item>(one: readonly Item[], other: readonly Item[], nameOf: (item: Item) => string) {
  return [...new Set([...one, ...other].map(nameOf))];
}

export function percent(share: number): string {
  const value = share * 100;
  return `${value < 10 ? Number(value.toPrecision(2)) : Math.round(value)} %`;
}
