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

/** One way in which an item can be irregular. */
export interface Hazard {
  /** Its chance before anything is known, part of the prior of any irregularity, 0 < prior. */
  readonly prior: number;
  /** What is known of it, as log-odds. */
  readonly logOdds: number;
}

/**
 * What is known of different hazards, joined by noisy-or: 1 − p = (1 − leak) Π (1 − p_h), where p_h is hazard h after its
 * own odds update and the leak is what the prior holds beside the hazards: 1 − prior = (1 − leak) Π (1 − prior_h). The
 * prior counts once; a hazard that is the whole prior is the plain odds update; hazards that are ruled out lower p to the
 * leak, never below.
 *
 * @param hazards whose priors together are below `prior`, or one whose prior equals it.
 * @returns log-odds to add to logit(prior).
 */
export function joinHazards(prior: number, hazards: readonly Hazard[]): number {
  const base = logit(prior);
  const doubt = hazards.reduce((sum, hazard) => {
    const before = logit(hazard.prior);
    return sum + softplus(before + hazard.logOdds) - softplus(before);
  }, softplus(base));
  // doubt = −ln(1 − p); ln(e^doubt − 1) is logit p, written so that neither end overflows or cancels.
  return doubt + Math.log(-Math.expm1(-Math.max(doubt, LEAST_DOUBT))) - base;
}

/** −ln(1 − p) at the smallest p that is told apart: keeps rounding from reaching the logarithm of nothing. */
const LEAST_DOUBT = 1e-12;

/** ln(1 + e^x), for any x. */
function softplus(x: number): number {
  return Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)));
}
