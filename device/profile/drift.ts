import type { ScannerEvent } from "../scanner/port.ts";

/** Scans that make the machine's own standard. */
const BASELINE_SCANS = 50;
/** Scans that are compared with it. */
const RECENT_SCANS = 20;
/** A fall of the median quality by this is told, 0..1. */
const FALL = 0.15;
/** It is told again only after it has risen to within this of the standard. */
const RECOVERED = 0.05;

/**
 * Watches the image quality of one machine: its own first scans are the standard, and a fall of the median of the last ones is
 * told once. Memory: {@link BASELINE_SCANS} figures. Pure: no clock.
 */
export class QualityDrift {
  readonly #baseline: number[] = [];
  readonly #recent: number[] = [];
  #told = false;

  /** Median quality of the machine's first scans; null until there are enough. */
  get standard(): number | null {
    return this.#baseline.length < BASELINE_SCANS ? null : median(this.#baseline);
  }

  /** Takes the quality of a scan, 0..1; returns what is to be told. */
  take(quality: number): ScannerEvent | null {
    if (!(quality >= 0 && quality <= 1)) return null;
    if (this.#baseline.length < BASELINE_SCANS) {
      this.#baseline.push(quality);
      return null;
    }
    this.#recent.push(quality);
    if (this.#recent.length > RECENT_SCANS) this.#recent.shift();
    if (this.#recent.length < RECENT_SCANS) return null;
    const [standard, now] = [median(this.#baseline), median(this.#recent)];
    if (this.#told) {
      if (now >= standard - RECOVERED) this.#told = false;
      return null;
    }
    if (now > standard - FALL) return null;
    this.#told = true;
    return driftEvent(standard, now);
  }
}

function driftEvent(standard: number, now: number): ScannerEvent {
  return {
    code: "IMAGE_QUALITY_DRIFT",
    severity: "warning",
    message: `The scanner's image quality has fallen from ${standard.toFixed(2)} to ${now.toFixed(2)}`,
    remedy:
      "Calibrate the scanner with an empty tunnel; have tube and detector checked if that does not help.",
    details: { standard, now, scans: RECENT_SCANS },
  };
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[sorted.length >> 1] ?? 0;
}
