import type { Comparable, Difference } from "./difference.ts";
import { differencesOf, percent } from "./difference.ts";

/** A hit in short. */
export interface Verdict {
  readonly decision: string;
  readonly recommendation: string;
  readonly band: string;
  readonly probability: number;
  readonly profile: string | null;
  readonly models: readonly string[];
}

/** One scan of a replay. */
export interface Replayed {
  /** Scan id, or the image's name. */
  readonly scan: string;
  /** Whether decision, band, recommendation or probability differ. */
  readonly changed: boolean;
  /** Null where it could not be replayed; `note` says why. */
  readonly before: Verdict | null;
  readonly after: Verdict | null;
  readonly differences: readonly Difference[];
  readonly note: string | null;
  /** What a full examination found: true irregular, false regular; null: none was made. */
  readonly irregular: boolean | null;
}

/** Counts over a replay. */
export interface ReplaySummary {
  readonly scans: number;
  readonly changed: number;
  readonly notReplayed: number;
  /** `CLEAR → ALARM` → scans. */
  readonly decisions: Readonly<Record<string, number>>;
  readonly alarms: { readonly before: number; readonly after: number };
  /** Of scans that were fully examined: alarms among the irregular and among the regular ones. */
  readonly examined: {
    readonly irregular: { readonly scans: number; readonly before: number; readonly after: number };
    readonly regular: { readonly scans: number; readonly before: number; readonly after: number };
  };
}

const RESULTS: ReadonlySet<string> = new Set(["decision", "band", "recommendation", "probability"]);

export function replayed(
  scan: string,
  before: Comparable,
  after: Comparable,
  irregular: boolean | null,
): Replayed {
  const differences = differencesOf(before, after);
  return {
    scan,
    changed: differences.some(({ what }) => RESULTS.has(what)),
    before: verdictOf(before),
    after: verdictOf(after),
    differences,
    note: null,
    irregular,
  };
}

export function notReplayed(scan: string, note: string): Replayed {
  return { scan, changed: false, before: null, after: null, differences: [], note, irregular: null };
}

function verdictOf({ decision, recommendation, score, models }: Comparable): Verdict {
  return {
    decision,
    recommendation,
    band: score.band,
    probability: score.probability,
    profile: score.profile,
    models: models.map(({ name, version }) => `${name}@${version}`),
  };
}

/** Counts scans as they come. */
export class ReplayTally {
  #scans = 0;
  #changed = 0;
  #notReplayed = 0;
  readonly #decisions = new Map<string, number>();
  readonly #alarms = { before: 0, after: 0 };
  readonly #irregular = { scans: 0, before: 0, after: 0 };
  readonly #regular = { scans: 0, before: 0, after: 0 };

  take({ before, after, changed, irregular }: Replayed): void {
    this.#scans++;
    if (before === null || after === null) {
      this.#notReplayed++;
      return;
    }
    if (changed) this.#changed++;
    if (before.decision !== after.decision) {
      const step = `${before.decision} → ${after.decision}`;
      this.#decisions.set(step, (this.#decisions.get(step) ?? 0) + 1);
    }
    const counted = irregular === null ? [] : [irregular ? this.#irregular : this.#regular];
    for (const one of counted) one.scans++;
    for (const one of [this.#alarms, ...counted]) {
      if (before.decision === "ALARM") one.before++;
      if (after.decision === "ALARM") one.after++;
    }
  }

  summary(): ReplaySummary {
    return {
      scans: this.#scans,
      changed: this.#changed,
      notReplayed: this.#notReplayed,
      decisions: Object.fromEntries([...this.#decisions].sort(([, a], [, b]) => b - a)),
      alarms: { ...this.#alarms },
      examined: { irregular: { ...this.#irregular }, regular: { ...this.#regular } },
    };
  }
}

/** Differences that are told of one scan; `--json` has all. */
const TOLD = 8;

/** A scan that differs, for people; empty where nothing changed. */
export function replayedText({ scan, changed, before, after, differences, note }: Replayed): string {
  if (note !== null) return `${scan}  not replayed: ${note}\n`;
  if (!changed || before === null || after === null) return "";
  const side = ({ decision, band, probability }: Verdict) => `${decision} ${band} ${percent(probability)}`;
  const why = differences.filter(({ what }) => !RESULTS.has(what) || what === "recommendation");
  const lines = why.slice(0, TOLD).map(({ text }) => `    ${text}`);
  const more = why.length > TOLD ? [`    and ${why.length - TOLD} more (--json shows all)`] : [];
  return `${[`${scan}  ${side(before)} → ${side(after)}`, ...lines, ...more].join("\n")}\n`;
}

export function summaryText(summary: ReplaySummary): string {
  const { scans, changed, notReplayed: missing, decisions, alarms, examined } = summary;
  const steps = Object.entries(decisions).map(([step, count]) => `${step}: ${count}`);
  const { irregular, regular } = examined;
  const found = `${irregular.scans} irregular: ${irregular.before} alarms before, ${irregular.after} after; ${regular.scans} regular: ${regular.before} before, ${regular.after} after`;
  return `${[
    `${scans} scans: ${changed} differ, ${scans - changed - missing} do not, ${missing} could not be replayed`,
    `alarms: ${alarms.before} before, ${alarms.after} after${steps.length === 0 ? "" : ` (${steps.join(", ")})`}`,
    ...(irregular.scans + regular.scans === 0 ? [] : [`fully examined, ${found}`]),
    "Nothing was published, and nothing stored was changed.",
  ].join("\n")}\n`;
}
