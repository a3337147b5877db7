import { cpus, totalmem } from "node:os";

/** Median and spread of a set of measurements. */
export interface Spread {
  readonly median: number;
  readonly p05: number;
  readonly p95: number;
  readonly n: number;
}

export function spreadOf(values: readonly number[]): Spread {
  const sorted = [...values].sort((a, b) => a - b);
  const at = (share: number) =>
    sorted[Math.min(sorted.length - 1, Math.max(0, Math.round(share * (sorted.length - 1))))] ?? Number.NaN;
  return { median: at(0.5), p05: at(0.05), p95: at(0.95), n: sorted.length };
}

/** `12.3 ms (5–95 %: 11.0–15.2, n 40)` */
export function spreadText(spread: Spread, unit: string, digits = 1): string {
  const text = (value: number) => value.toFixed(digits);
  return `${text(spread.median)} ${unit} (5–95 %: ${text(spread.p05)}–${text(spread.p95)}, n ${spread.n})`;
}

/** The machine that the figures are of. */
export function machineText(): string {
  const all = cpus();
  return `${all[0]?.model.trim() ?? "unknown processor"}, ${all.length} cores, ${(totalmem() / 2 ** 30).toFixed(0)} GiB, Node ${process.versions.node}`;
}

/** One line of the report. */
export function report(name: string, text: string): void {
  process.stdout.write(`${name.padEnd(44)} ${text}\n`);
}
