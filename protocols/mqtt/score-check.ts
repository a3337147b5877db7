import { LOG_ODDS_TOLERANCE, MAX_LOG_ODDS, type Score } from "./hit-score.ts";

/** ln(p / (1 − p)) of a probability within 0 … 1, both exclusive. */
export function logit(probability: number): number {
  return Math.log(probability / (1 - probability));
}

/** The logistic function: the probability of log-odds. */
export function logistic(logOdds: number): number {
  return 1 / (1 + Math.exp(-logOdds));
}

/** The band of a probability: high from `bands.high` on, low below `bands.medium`. */
export function bandOf(probability: number, bands: Score["bands"]): Score["band"] {
  if (probability >= bands.high) return "high";
  return probability < bands.medium ? "low" : "medium";
}

/**
 * What is wrong with a score's arithmetic (`mqtt.md` "Score"): logOdds = logit(prior) + Σ evidence within 1e-9 and within
 * ±13.8, probability its logistic, the band that of the probability, or high where a floor forces it.
 * @returns one sentence a fault; empty where all adds up.
 */
export function scoreFaults(
  score: Pick<Score, "prior" | "logOdds" | "probability" | "evidence" | "floor" | "bands"> & {
    readonly band: string;
  },
): readonly string[] {
  const faults: string[] = [];
  const sum = score.evidence.reduce((total, row) => total + row.logOdds, logit(score.prior));
  if (Math.abs(sum - score.logOdds) > LOG_ODDS_TOLERANCE) {
    faults.push(`logOdds is ${score.logOdds}, prior and evidence add up to ${sum}`);
  }
  if (Math.abs(score.logOdds) > MAX_LOG_ODDS)
    faults.push(`logOdds ${score.logOdds} is beyond ±${MAX_LOG_ODDS}`);
  const wanted = logistic(score.logOdds);
  if (Math.abs(wanted - score.probability) > LOG_ODDS_TOLERANCE) {
    faults.push(`probability is ${score.probability}, the logistic of logOdds is ${wanted}`);
  }
  const band = score.floor.length > 0 ? "high" : bandOf(score.probability, score.bands);
  if (score.band !== band) faults.push(`band is ${score.band}, by its bands and floors it is ${band}`);
  return faults;
}
