import type { Declaration } from "../../protocols/declaration.ts";
import { declaredLines } from "./declared-lines.ts";
import type { DeclarationScoring, RiskOfDeclaration } from "./port.ts";

/** Scores kept, by declaration and revision. */
export const MAX_KEPT_RISKS = 10_000;
/** A score that takes longer is not waited for, ms: a hit has a deadline. It counts from the next revision on. */
export const RISK_WAIT_MS = 500;

export interface DeclarationRiskOptions {
  readonly inference: DeclarationScoring;
  readonly waitMs?: number;
}

/**
 * The risk of declarations as fusion takes it. A revision of a declaration is scored once, while it is remembered: the same
 * declaration always says the same.
 */
export class DeclarationRisk {
  readonly #inference: DeclarationScoring;
  readonly #waitMs: number;
  readonly #kept = new Map<string, RiskOfDeclaration>();
  readonly #asked = new Map<string, Promise<RiskOfDeclaration | null>>();

  constructor({ inference, waitMs = RISK_WAIT_MS }: DeclarationRiskOptions) {
    this.#inference = inference;
    this.#waitMs = waitMs;
  }

  /**
   * The calibrated chance that the declaration is irregular, at the prevalence beside it; null where nothing can be said: no
   * line has an HS code, it is an export (the model has seen imports only), or no model answers in time.
   */
  async assess(declaration: Declaration): Promise<RiskOfDeclaration | null> {
    if (declaration.direction === "export") return null;
    const lines = declaredLines(declaration);
    if (!lines.some(({ hs6 }) => hs6 !== undefined)) return null;
    const key = `${declaration.aedId}/${declaration.revision}`;
    const kept = this.#kept.get(key);
    if (kept !== undefined) return kept;
    const asked = this.#asked.get(key) ?? this.#ask(key, lines);
    const late = Promise.withResolvers<null>();
    const timer = setTimeout(() => late.resolve(null), this.#waitMs);
    try {
      return await Promise.race([asked, late.promise]);
    } finally {
      clearTimeout(timer);
    }
  }

  #ask(key: string, lines: ReturnType<typeof declaredLines>): Promise<RiskOfDeclaration | null> {
    const asked = this.#inference.assess(lines).then((risk) => {
      this.#asked.delete(key);
      if (risk !== null) this.#keep(key, risk);
      return risk;
    });
    this.#asked.set(key, asked);
    return asked;
  }

  #keep(key: string, risk: RiskOfDeclaration): void {
    this.#kept.set(key, risk);
    const [oldest] = this.#kept.keys();
    if (this.#kept.size > MAX_KEPT_RISKS && oldest !== undefined) this.#kept.delete(oldest);
  }
}
