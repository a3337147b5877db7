import type { Statistics } from "../../protocols/mqtt/statistics.ts";
import type { HitData } from "../fusion/hit.ts";
import type { FusionSettings } from "../fusion/input.ts";
import { assessQuality } from "../fusion/quality.ts";
import { qualityThresholds } from "../fusion/quality-thresholds.ts";
import type { Log } from "../log.ts";
import type { Spool, StoredDeclaration } from "../spool/port.ts";
import { DeclaredStatistics } from "./declared.ts";
import { ScannedStatistics } from "./scanned.ts";

const DAY_MS = 24 * 3.6e6;
/** Of an event of 64 KiB (`mqtt.md`), with room for its envelope; the texts in it are short and mostly ASCII. */
const MAX_CHARACTERS = 60_000;
/** A stop waits so long for figures that are being counted, ms. */
const STOP_MS = 1000;
/** Periods that wait for the broker, at most; the oldest goes. */
const MAX_UNSENT = 48;

type Outcomes = Statistics["outcomes"];

export interface StatisticsPublisherOptions {
  readonly spool: Pick<Spool, "findDeclarations" | "countByConsignee">;
  /** Publishes; false while no connection takes it. */
  readonly publish: (statistics: Statistics) => Promise<boolean>;
  /** What declarations are measured against now. */
  readonly settings: () => FusionSettings;
  /** What others have to say of the time between the two, ms since the epoch; not asked at a stop, which cannot wait. */
  readonly more?: (from: number, to: number) => Promise<Partial<Statistics>>;
  readonly periodMs: number;
  /** ms since the epoch. */
  readonly clock: () => number;
  readonly log: Log;
}

/**
 * Tells central once a period what went by: volumes, data quality with intervals, model figures; nothing of a person or a
 * single consignment. What could not be told waits for the next period. A stop tells what there is.
 */
export class StatisticsPublisher {
  readonly #options: StatisticsPublisherOptions;
  #declared = new DeclaredStatistics();
  #scanned = new ScannedStatistics();
  #outcomes = noOutcomes();
  #from = 0;
  readonly #unsent: Statistics[] = [];
  #timer: NodeJS.Timeout | null = null;
  #telling: Promise<void> | null = null;

  constructor(options: StatisticsPublisherOptions) {
    this.#options = options;
  }

  start(): void {
    this.#from = this.#options.clock();
    this.#schedule();
  }

  /** Tells what there is. */
  async stop(): Promise<void> {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    const patience = new Promise((resolve) => setTimeout(resolve, STOP_MS).unref());
    await Promise.race([this.#telling, patience]);
    await this.#tell(true);
  }

  /** A scan has a committed hit. */
  scored(hit: HitData): void {
    this.#scanned.add(hit);
  }

  /** An outcome came, or one of a scan that this gateway does not know. */
  outcome(result: string): void {
    // A result of a later contract has no figure of its own here.
    if (Object.hasOwn(this.#outcomes, result)) this.#outcomes[result as keyof Outcomes] += 1;
  }

  /** A declaration was stored. Never rejects: a figure less is no fault of the declaration. */
  async declared(stored: StoredDeclaration, scrubbed: number): Promise<void> {
    const { declaration } = stored;
    try {
      const [duplicated, consignments] = await Promise.all([
        this.#isDuplicated(stored),
        this.#consignments(stored),
      ]);
      const quality = assessQuality(stored, this.#options.settings(), { duplicated, consignments });
      this.#declared.add({ declaration, quality, scrubbed });
    } catch (error) {
      this.#options.log.warn({ err: error }, "a declaration was left out of the statistics");
    }
  }

  /** K2: an identifier of a single item stands on another live declaration. */
  async #isDuplicated({ declaration, storedAt }: StoredDeclaration): Promise<boolean> {
    const single = (declaration.identifiers ?? []).filter(
      ({ scheme }) => scheme === "S10" || scheme === "SSCC",
    );
    if (single.length === 0) return false;
    const found = await this.#options.spool.findDeclarations(single, storedAt);
    return found.some((other) => other.declaration.aedId !== declaration.aedId);
  }

  async #consignments({ declaration, storedAt }: StoredDeclaration): Promise<number | undefined> {
    const token = declaration.parties?.consignee?.token;
    if (token === undefined) return undefined;
    const { splitDays } = qualityThresholds(this.#options.settings().quality);
    return this.#options.spool.countByConsignee(token, storedAt - splitDays * DAY_MS, storedAt);
  }

  #schedule(): void {
    this.#timer = setTimeout(() => {
      this.#telling = this.#tell().then(() => {
        this.#telling = null;
        if (this.#timer !== null) this.#schedule();
      });
    }, this.#options.periodMs);
    this.#timer.unref();
  }

  /** Closes the period and tells it, after those that wait. */
  async #tell(last = false): Promise<void> {
    const { publish, log } = this.#options;
    try {
      this.#unsent.push(fitted(await this.#closePeriod(last)));
      // The newest say more than the oldest.
      if (this.#unsent.length > MAX_UNSENT) this.#unsent.shift();
      for (let next = this.#unsent[0]; next !== undefined; next = this.#unsent[0]) {
        if (!(await publish(next))) return;
        this.#unsent.shift();
      }
    } catch (error) {
      log.warn({ err: error }, "statistics could not be published");
    }
  }

  /** What others cannot say is left out. */
  async #more(from: number, to: number): Promise<Partial<Statistics>> {
    try {
      return (await this.#options.more?.(from, to)) ?? {};
    } catch (error) {
      this.#options.log.warn({ err: error }, "a part of the statistics could not be counted");
      return {};
    }
  }

  /** The figures since the last call; what comes from now on belongs to the next period. */
  async #closePeriod(last: boolean): Promise<Statistics> {
    const { clock } = this.#options;
    const [from, declared, scanned, outcomes] = [this.#from, this.#declared, this.#scanned, this.#outcomes];
    const to = Math.max(clock(), from);
    this.#from = to;
    this.#declared = new DeclaredStatistics();
    this.#scanned = new ScannedStatistics();
    this.#outcomes = noOutcomes();
    return {
      from: new Date(from).toISOString(),
      to: new Date(to).toISOString(),
      ...scanned.figures(),
      outcomes,
      ...declared.figures(),
      ...(last ? {} : await this.#more(from, to)),
    };
  }
}

/** Cut until the event is within its limit: the smallest senders and volumes first, they are the last of their lists. */
function fitted(statistics: Statistics): Statistics {
  let { dataQualityBy = [], volumes = [] } = statistics;
  let fits = { ...statistics, dataQualityBy, volumes };
  while (JSON.stringify(fits).length > MAX_CHARACTERS && dataQualityBy.length + volumes.length > 0) {
    if (dataQualityBy.length * 4 > volumes.length) dataQualityBy = dataQualityBy.slice(0, -1);
    else volumes = volumes.slice(0, -4);
    fits = { ...statistics, dataQualityBy, volumes };
  }
  return fits;
}

function noOutcomes(): Outcomes {
  return { confirmed: 0, refuted: 0, partial: 0, unknownScan: 0 };
}
