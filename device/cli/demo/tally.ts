import type { HitReport, Report, Truth } from "./reports.ts";

/** Advice that a parcel is not simply let go. */
const SINGLED_OUT = new Set(["DOC_CHECK", "ALT_SCREEN", "PHYS_EXAM", "HOLD", "RFI", "RFS", "DNL"]);
/** Classes that are an alarm by themselves, whatever was declared. */
const ALARM_CLASSES = new Set(["firearm", "blade", "narcotic"]);

/** A share of parcels. */
export interface Share {
  readonly of: number;
  readonly count: number;
}

/** What a run came to. */
export interface Figures {
  /** Scans the gateway acknowledged to the scanner. */
  readonly acknowledged: number;
  /** Of these, whose hit central has receipted. */
  readonly endToEnd: number;
  readonly hits: number;
  readonly revisions: number;
  readonly alarms: number;
  /** Events that central got again and kept once. */
  readonly repeats: number;
  /** ms from the end of the scan to the hit on central's disk, of first revisions, sorted. */
  readonly latenciesMs: readonly number[];
  /** Irregular parcels that were alarmed or singled out. */
  readonly recall: Share;
  /** Parcels with a firearm, blade or narcotic that were alarmed. */
  readonly threats: Share;
  /** Regular parcels that were alarmed. */
  readonly falseAlarms: Share;
  /** Regular parcels that were singled out, alarmed ones included. */
  readonly falseChecks: Share;
}

/** Counts what scanner and central report, and compares it with the truth. */
export class Tally {
  readonly #truthOf: (scanRef: string) => Truth | null;
  readonly #scanRefs = new Map<string, string>();
  /** Standing hit of each scan: the highest revision. */
  readonly #hits = new Map<string, HitReport>();
  readonly #scanOfEvent = new Map<string, string>();
  readonly #receipted = new Set<string>();
  readonly #latenciesMs: number[] = [];
  #endToEnd = 0;
  #alarms = 0;
  #revisions = 0;
  #repeats = 0;

  /** `truthOf`: what is really in the parcel of a scan reference. */
  constructor(truthOf: (scanRef: string) => Truth | null) {
    this.#truthOf = truthOf;
  }

  take(report: Report): void {
    if (report.event === "acknowledged") {
      this.#scanRefs.set(report.scanId, report.scanRef);
      if (this.#receipted.has(report.scanId)) this.#endToEnd += 1;
    } else if (report.event === "hit") this.#hit(report);
    else if (report.event === "duplicate") this.#repeats += 1;
    else if (report.event === "receipt") {
      for (const id of report.ids) {
        const scanId = this.#scanOfEvent.get(id);
        if (scanId === undefined || this.#receipted.has(scanId)) continue;
        this.#receipted.add(scanId);
        if (this.#scanRefs.has(scanId)) this.#endToEnd += 1;
      }
    }
  }

  get acknowledged(): number {
    return this.#scanRefs.size;
  }

  /** Scans acknowledged to the scanner and receipted by central. */
  get endToEnd(): number {
    return this.#endToEnd;
  }

  /** Scans whose standing hit is an alarm. */
  get alarms(): number {
    return this.#alarms;
  }

  /** Scan ids that the scanner got an ACK for. */
  get scanIds(): readonly string[] {
    return [...this.#scanRefs.keys()];
  }

  /** Parcels whose declaration comes after their hit and has not led to a second revision yet. */
  get revisionsToCome(): number {
    return [...this.#scanRefs].filter(([scanId, scanRef]) => {
      const delivery = this.#truthOf(scanRef)?.delivery;
      const hit = this.#hits.get(scanId);
      return (
        (delivery === "late" || delivery === "amended") && hit?.revision === 1 && hit.identifier !== null
      );
    }).length;
  }

  /** The truth of a hit's parcel. */
  truthOf(scanId: string): Truth | null {
    return this.#truthOf(this.#scanRefs.get(scanId) ?? "");
  }

  figures(): Figures {
    const parcels = [...this.#scanRefs.keys()].flatMap((scanId) => {
      const truth = this.truthOf(scanId);
      const hit = this.#hits.get(scanId);
      return truth === null || hit === undefined ? [] : [{ truth, hit }];
    });
    const irregular = parcels.filter(({ truth }) => truth.irregularities.length > 0);
    const regular = parcels.filter(({ truth }) => truth.irregularities.length === 0);
    const threats = parcels.filter(({ truth }) =>
      truth.targets.some((target) => ALARM_CLASSES.has(target.class)),
    );
    return {
      acknowledged: this.acknowledged,
      endToEnd: this.endToEnd,
      hits: this.#hits.size + this.#revisions,
      revisions: this.#revisions,
      alarms: this.alarms,
      repeats: this.#repeats,
      latenciesMs: this.#latenciesMs.toSorted((a, b) => a - b),
      recall: share(irregular, isSingledOut),
      threats: share(threats, isAlarm),
      falseAlarms: share(regular, isAlarm),
      falseChecks: share(regular, isSingledOut),
    };
  }

  #hit(hit: HitReport): void {
    this.#scanOfEvent.set(hit.id, hit.scanId);
    const standing = this.#hits.get(hit.scanId);
    if (standing !== undefined) this.#revisions += 1;
    if (hit.revision === 1) this.#latenciesMs.push(Date.parse(hit.at) - Date.parse(hit.capturedAt));
    if (standing !== undefined && standing.revision >= hit.revision) return;
    this.#hits.set(hit.scanId, hit);
    this.#alarms += Number(isAlarm(hit)) - Number(standing !== undefined && isAlarm(standing));
  }
}

function share(parcels: readonly { hit: HitReport }[], holds: (hit: HitReport) => boolean): Share {
  return { of: parcels.length, count: parcels.filter(({ hit }) => holds(hit)).length };
}

function isAlarm(hit: HitReport): boolean {
  return hit.decision === "ALARM";
}

function isSingledOut(hit: HitReport): boolean {
  return isAlarm(hit) || SINGLED_OUT.has(hit.recommendation);
}

/** The value below which a share `p` of the sorted `values` lies (nearest rank); null of none. */
export function percentile(values: readonly number[], p: number): number | null {
  return values[Math.max(0, Math.ceil(p * values.length) - 1)] ?? null;
}
