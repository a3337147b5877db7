import type { Log } from "../log.ts";
import type { Analysis, Scan } from "../scan.ts";
import type { ScannerEvent } from "../scanner/port.ts";
import { FigureDrift, type Moved, RECENT_SCANS, STANDARD_SCANS, WATCHED, type Watched } from "./drift.ts";
import { type Beyond, type FigureLimit, LIMIT_SCANS, type Limits, limitsOf } from "./limit.ts";
import { MAX_MACHINES, readStandards, writeStandards } from "./standard-file.ts";

/** While a machine's standard is learnt, it is kept each time so many scans have come. */
const KEEP_EVERY = 10;

interface Machine {
  readonly drifts: ReadonlyMap<Watched, FigureDrift>;
  readonly limits: ReturnType<typeof limitsOf>;
}

export interface MachineWatchOptions {
  /** Where the standard is kept. */
  readonly path: string;
  /** Of the machine's profile. */
  readonly limits: Limits;
  readonly log: Log;
}

/**
 * Watches what the images of a lane say of its machine. A machine is a serial number and an origin: test images are no
 * standard for real ones. The standard outlives restarts; whoever has serviced the machine removes the file.
 */
export class MachineWatch {
  readonly #options: MachineWatchOptions;
  readonly #machines = new Map<string, Machine>();
  #writing: Promise<void> = Promise.resolve();
  #learnt = 0;

  constructor(options: MachineWatchOptions) {
    this.#options = options;
  }

  async start(): Promise<void> {
    const { path, log } = this.#options;
    for (const { machine, first } of await readStandards(path, log)) this.#add(machine, first);
  }

  /** What is learnt so far is on disk when this resolves. */
  async stop(): Promise<void> {
    if (this.#learnt > 0) this.#keep();
    await this.#writing;
  }

  /** Takes what was measured of a scan; returns what is to be told. */
  take(scan: Pick<Scan, "key" | "origin" | "purpose">, analysis: Analysis): readonly ScannerEvent[] {
    if (scan.purpose !== "OPERATIONAL") return [];
    const name = `${scan.key.serial} ${scan.origin}`.slice(0, 256);
    const machine = this.#machines.get(name) ?? this.#add(name, {});
    // The one seen last stands at the end.
    this.#machines.delete(name);
    this.#machines.set(name, machine);
    const events: ScannerEvent[] = [];
    let learning = false;
    for (const [figure, value] of measured(analysis)) {
      const drift = machine.drifts.get(figure) as FigureDrift;
      learning ||= drift.standard === null;
      const moved = drift.take(value);
      if (moved !== null) events.push(driftEvent(moved));
      const beyond = figure === "quality" ? null : limitOf(machine, figure)?.take(value);
      if (beyond) events.push(limitEvent(beyond));
    }
    if (learning) this.#learns();
    return events;
  }

  #add(name: string, first: Partial<Record<Watched, readonly number[]>>): Machine {
    const drifts = new Map(
      WATCHED.map((figure) => [figure, new FigureDrift(figure, first[figure])] as const),
    );
    const machine = { drifts, limits: limitsOf(this.#options.limits) };
    this.#machines.set(name, machine);
    const [oldest] = this.#machines.keys();
    if (this.#machines.size > MAX_MACHINES && oldest !== undefined) this.#machines.delete(oldest);
    return machine;
  }

  #learns(): void {
    this.#learnt += 1;
    if (this.#learnt >= KEEP_EVERY) this.#keep();
  }

  #keep(): void {
    this.#learnt = 0;
    const { path, log } = this.#options;
    const machines = [...this.#machines].map(([machine, { drifts }]) => ({
      machine,
      first: Object.fromEntries([...drifts].map(([figure, drift]) => [figure, [...drift.kept]])),
    }));
    this.#writing = this.#writing
      .then(() => writeStandards(path, machines))
      .catch((error: unknown) => log.warn({ err: error, path }, "the machine's standard cannot be kept"));
  }
}

function limitOf({ limits }: Machine, figure: Exclude<Watched, "quality">): FigureLimit | undefined {
  return limits.get(figure);
}

/** The figures that a scan has, with its quality. */
function measured({ quality, figures }: Analysis): readonly (readonly [Watched, number])[] {
  const all: [Watched, number | null][] = [["quality", quality]];
  if (figures) all.push(...(Object.entries(figures) as [Watched, number | null][]));
  return all.flatMap(([figure, value]) => (value === null ? [] : [[figure, value] as const]));
}

const WORDS: Readonly<Record<Watched, string>> = {
  quality: "image quality",
  noise: "noise in air",
  stripes: "difference of detector pixels in air",
  airShift: "level of air",
  penetration: "penetration",
  ratio: "ratio of low to high attenuation",
};

function driftEvent({ figure, standard, now }: Moved): ScannerEvent {
  return {
    code: "IMAGE_QUALITY_DRIFT",
    severity: "warning",
    message: `The scanner's ${WORDS[figure]} has moved from ${standard.toPrecision(3)} to ${now.toPrecision(3)}`,
    remedy:
      "Calibrate the scanner with an empty tunnel; have tube and detector checked if that does not help.",
    details: { figure, standard, now, scans: RECENT_SCANS, standardScans: STANDARD_SCANS },
  };
}

function limitEvent({ figure, now, limit }: Beyond): ScannerEvent {
  const stripes = figure === "stripes";
  return {
    code: stripes ? "IMAGE_STRIPES" : "IMAGE_LIMIT",
    severity: "warning",
    message: stripes
      ? `Detector pixels differ by ${(100 * now).toFixed(1)} % in air: the image has stripes`
      : `The scanner's ${WORDS[figure]} is ${now.toPrecision(3)}, beyond its limit of ${limit}`,
    remedy:
      "Let the scanner take dark and air again with an empty tunnel; have the detector checked if that does not help.",
    details: { figure, now, limit, scans: LIMIT_SCANS },
  };
}
