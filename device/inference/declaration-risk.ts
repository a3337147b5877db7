import type { Declaration } from "../../protocols/declaration.ts";
import type { Log } from "../log.ts";
import type { StoredDeclaration } from "../spool/port.ts";
import { type DeclaredLine, declaredLines } from "./declared-lines.ts";
import type { DeclarationScoring, RiskOfDeclaration } from "./port.ts";

/** Scores kept at hand, by declaration and revision; the others are in the store. */
export const MAX_KEPT_RISKS = 10_000;
/** Declarations that wait to be asked about; more that come at once are asked about when their item is scanned. */
export const MAX_AHEAD = 5000;
/** Asked about at the same time: the models' process answers between two images. */
const ASKED_AT_ONCE = 16;
/** Where a score may wait, it waits no longer than this, ms. */
export const RISK_WAIT_MS = 500;

export interface DeclarationRiskOptions {
  readonly inference: DeclarationScoring;
  /** Keeps an answer with its declaration, across restarts. */
  readonly keep?: (given: { aedId: string; revision: number; risk: RiskOfDeclaration }) => Promise<unknown>;
  readonly waitMs?: number;
  readonly log: Log;
}

interface Question {
  readonly aedId: string;
  readonly revision: number;
  readonly lines: readonly DeclaredLine[];
  readonly answer: PromiseWithResolvers<RiskOfDeclaration | null>;
}

/**
 * The risk of declarations as fusion takes it. It is asked for when a declaration is stored, and kept with it, so that a scan's
 * first score finds it there and never waits. A revision is scored once.
 */
export class DeclarationRisk {
  readonly #options: DeclarationRiskOptions;
  readonly #kept = new Map<string, RiskOfDeclaration>();
  readonly #asked = new Map<string, Question>();
  readonly #waiting: Question[] = [];
  #underWay = 0;
  /** The model that answered last: what another one said is asked for anew. */
  #model: string | null = null;

  constructor(options: DeclarationRiskOptions) {
    this.#options = options;
  }

  /** A declaration was stored: its risk is asked for. Nothing waits for it. */
  ahead(declaration: Declaration): void {
    // It never rejects: what cannot be had is null.
    if (declaration.function !== "cancel") void this.#ask(declaration);
  }

  /**
   * The calibrated chance that the declaration is irregular, at the prevalence beside it; null where nothing can be said: no
   * line has an HS code, it is an export (the model has seen imports only), or no model has answered. `waits`: a score that
   * may be late waits for an answer that is still to come, {@link RISK_WAIT_MS} at most; any other takes what is there.
   */
  async of(
    { declaration, risk: stored }: Pick<StoredDeclaration, "declaration" | "risk">,
    waits: boolean,
  ): Promise<RiskOfDeclaration | null> {
    const known = this.#kept.get(keyOf(declaration)) ?? stored;
    if (known !== undefined && (this.#model === null || known.model === this.#model)) return known;
    const asked = this.#ask(declaration);
    if (known !== undefined) return known;
    return waits ? this.#within(asked) : null;
  }

  async #within(asked: Promise<RiskOfDeclaration | null>): Promise<RiskOfDeclaration | null> {
    const late = Promise.withResolvers<null>();
    const timer = setTimeout(() => late.resolve(null), this.#options.waitMs ?? RISK_WAIT_MS);
    try {
      return await Promise.race([asked, late.promise]);
    } finally {
      clearTimeout(timer);
    }
  }

  #ask(declaration: Declaration): Promise<RiskOfDeclaration | null> {
    const key = keyOf(declaration);
    const asked = this.#asked.get(key);
    if (asked !== undefined) return asked.answer.promise;
    const lines = declaration.direction === "export" ? [] : declaredLines(declaration);
    if (!lines.some(({ hs6 }) => hs6 !== undefined) || this.#waiting.length >= MAX_AHEAD)
      return Promise.resolve(null);
    const { aedId, revision } = declaration;
    const question = { aedId, revision, lines, answer: Promise.withResolvers<RiskOfDeclaration | null>() };
    this.#asked.set(key, question);
    this.#waiting.push(question);
    this.#next();
    return question.answer.promise;
  }

  #next(): void {
    while (this.#underWay < ASKED_AT_ONCE) {
      const question = this.#waiting.shift();
      if (question === undefined) return;
      this.#underWay += 1;
      void this.#answer(question).finally(() => {
        this.#underWay -= 1;
        this.#next();
      });
    }
  }

  async #answer({ aedId, revision, lines, answer }: Question): Promise<void> {
    const { inference, keep, log } = this.#options;
    const key = keyOf({ aedId, revision });
    try {
      const risk = await inference.assess(lines);
      if (risk !== null) this.#keepAtHand(key, risk);
      this.#asked.delete(key);
      answer.resolve(risk);
      if (risk !== null) await keep?.({ aedId, revision, risk });
    } catch (error) {
      log.warn({ err: error }, "the risk of a declaration could not be had or kept; it is asked for again");
      this.#asked.delete(key);
      answer.resolve(null);
    }
  }

  #keepAtHand(key: string, risk: RiskOfDeclaration): void {
    this.#model = risk.model;
    this.#kept.delete(key);
    this.#kept.set(key, risk);
    const [oldest] = this.#kept.keys();
    if (this.#kept.size > MAX_KEPT_RISKS && oldest !== undefined) this.#kept.delete(oldest);
  }
}

function keyOf({ aedId, revision }: Pick<Declaration, "aedId" | "revision">): string {
  return `${aedId}/${revision}`;
}
