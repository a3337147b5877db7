import { sleep, Wake } from "../backoff.ts";
import { declarationAt } from "../declaration.ts";
import type { TruthLine } from "../scanner/truth.ts";

/** Declarations waiting to be published, at most; the truth file is read no further until there is room. */
export const MAX_PENDING = 1000;
/** From the first hit of a parcel to its late or amended declaration, ms. */
const AFTER_HIT_MS = 500;
/** A late or amended declaration whose parcel is never recognised comes this long after its announcement, ms. */
const AT_LAST_MS = 60_000;
/** First revision of an amended declaration: what a hurried sender writes. */
const HURRIED_DESCRIPTION = "goods";
/** While the broker is away, ms between two looks. */
const RETRY_MS = 200;

type Declaration = Record<string, unknown>;

export interface DeclarationDeskOptions {
  /** Publishes; false while it cannot. */
  readonly publish: (declaration: Declaration) => Promise<boolean>;
  readonly onPublished: (line: TruthLine, declaration: Declaration) => void;
}

interface Pending {
  readonly line: TruthLine;
  readonly declaration: Declaration;
  readonly notBefore: number;
}

/**
 * Publishes the declarations of announced parcels: on time, late (after the hit), or first vague and then amended. What is
 * published of a parcel depends on its truth line alone, so that a restart publishes the same bytes again.
 */
export class DeclarationDesk {
  readonly #options: DeclarationDeskOptions;
  readonly #wake = new Wake();
  readonly #room = new Wake();
  #pending: Pending[] = [];
  /** Second parts that wait for the parcel's hit, by scan reference. */
  readonly #second = new Map<string, Pending>();

  constructor(options: DeclarationDeskOptions) {
    this.#options = options;
  }

  /** A parcel was announced. `seen`: it was scanned already, as after a restart. */
  async announce(line: TruthLine, seen: boolean, signal: AbortSignal): Promise<void> {
    while (this.#pending.length >= MAX_PENDING && !signal.aborted) await this.#room.wait(RETRY_MS, signal);
    const [first, second] = declarationsOf(line);
    if (first !== null) this.#add({ line, declaration: first, notBefore: 0 });
    if (second === null) return;
    const entry = { line, declaration: second, notBefore: seen ? 0 : performance.now() + AT_LAST_MS };
    if (!seen) this.#second.set(line.scanRef, entry);
    this.#add(entry);
  }

  /** The first hit of a parcel is here: what was to come after it comes now. */
  seen(line: TruthLine): void {
    const second = this.#second.get(line.scanRef);
    if (second === undefined) return;
    this.#second.delete(line.scanRef);
    this.#pending = this.#pending.filter((entry) => entry !== second);
    this.#add({ ...second, notBefore: performance.now() + AFTER_HIT_MS });
  }

  /** Publishes everything known of these parcels again, as a gateway asked for it. */
  repeat(lines: readonly TruthLine[]): void {
    for (const line of lines.slice(-MAX_PENDING)) {
      const [first, second] = declarationsOf(line);
      for (const declaration of [first, this.#second.has(line.scanRef) ? null : second]) {
        if (declaration !== null) this.#add({ line, declaration, notBefore: 0 });
      }
    }
  }

  /** Publishes what is due until `signal` aborts. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const now = performance.now();
      const entry = this.#pending.find((candidate) => candidate.notBefore <= now);
      if (entry === undefined) {
        await this.#wake.wait(RETRY_MS, signal);
        continue;
      }
      if (await this.#options.publish(entry.declaration)) {
        this.#pending = this.#pending.filter((candidate) => candidate !== entry);
        if (this.#second.get(entry.line.scanRef) === entry) this.#second.delete(entry.line.scanRef);
        this.#room.ring();
        this.#options.onPublished(entry.line, entry.declaration);
      } else await sleep(RETRY_MS, signal);
    }
  }

  #add(entry: Pending): void {
    if (this.#pending.length >= 2 * MAX_PENDING) return;
    this.#pending.push(entry);
    this.#wake.ring();
  }
}

/** What is published of a parcel: before its scan, and after it. */
function declarationsOf(line: TruthLine): readonly [Declaration | null, Declaration | null] {
  const declaration = declarationAt(line, new Date(line.at));
  if (declaration === null || line.delivery === "never") return [null, null];
  if (line.delivery === "late") return [null, declaration];
  if (line.delivery === "on-time") return [declaration, null];
  return [
    { ...declaration, items: hurried(declaration["items"]) },
    { ...declaration, revision: 2, function: "amend" },
  ];
}

function hurried(items: unknown): unknown {
  if (!Array.isArray(items)) return items;
  return items.map((item: object) => ({ ...item, description: HURRIED_DESCRIPTION }));
}
