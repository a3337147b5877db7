/**
 * Arithmetic of odds (`customs-standards.md` §5.2). Probabilities are 0..1, log-odds are natural logarithms.
 */

/** Probabilities are taken no nearer to 0 and 1 than this: no model is surer, and log-odds stay finite. */
const MOST_CERTAIN = 1e-6;

/** `probability` moved into 1e-6 … 1 − 1e-6. */
export function clampProbability(probability: number): number {
  return Math.min(1 - MOST_CERTAIN, Math.max(MOST_CERTAIN, probability));
}

/** Log-odds of a probability, finite: ±13.8155 at most. */
export function logit(probability: number): number {
  const p = clampProbability(probability);
  return Math.log(p) - Math.log1p(-p);
}

/** The probability of log-odds. */
export function logistic(logOdds: number): number {
  if (logOdds >= 0) return 1 / (1 + Math.exp(-logOdds));
  const odds = Math.exp(logOdds);
  return odds / (1 + odds);
}

/** An opinion: a probability and the prevalence at which it was calibrated; `discount` λ, 0 < λ ≤ 1. */
export interface Opinion {
  readonly probability: number;
  readonly prevalence: number;
  readonly discount: number;
}

/** What an opinion adds to any prior: λ (logit p − logit π). */
export function opinionLogOdds({ probability, prevalence, discount }: Opinion): number {
  return discount * (logit(probability) - logit(prevalence));
}

/** The odds update of §5.2: logit p = logit prior + Σ λ (logit p_i − logit π_i). A missing source is no term. */
export function updateOdds(prior: number, opinions: readonly Opinion[]): number {
  return logistic(opinions.reduce((sum, opinion) => sum + opinionLogOdds(opinion), logit(prior)));
}

/** Noisy-or of different hazards: 1 − (1 − leak) Π (1 − p_i). Never for two opinions about one hazard. */
export function noisyOr(probabilities: readonly number[], leak = 0): number {
  return 1 - probabilities.reduce((clear, probability) => clear * (1 - probability), 1 - leak);
}

/**
 * What different hazards add together to a prior, as log-odds: each alone would add `hazards[i]` ≥ 0. They are joined by
 * noisy-or with the prior as the leak, so it counts once: 1 − p = (1 − prior) Π (1 − p_i) / (1 − prior). One hazard alone
 * is the plain odds update; a further one never lowers the result.
 */
export function joinHazards(prior: number, hazards: readonly number[]): number {
  const base = logit(prior);
  const clear = softplus(base);
  const doubt = hazards.reduce((sum, hazard) => sum + (softplus(base + hazard) - clear), clear);
  // doubt = −ln(1 − p); ln(e^doubt − 1) is logit p, written so that neither end overflows or cancels.
  return doubt + Math.log(-Math.expm1(-doubt)) - base;
}

/** ln(1 + e^x), for any x. */
function softplus(x: number): number {
  return Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)));
}
