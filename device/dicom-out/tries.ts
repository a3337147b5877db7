import { backoffMs } from "../backoff.ts";

/** How files of one queue stand that did not go at the first try: each waits by itself, so that none stands in another's way. */
export class Tries {
  readonly #limits: { readonly baseMs: number; readonly maxMs: number };
  readonly #tries = new Map<string, { readonly count: number; readonly notBefore: number }>();

  constructor(limits: { readonly baseMs: number; readonly maxMs: number }) {
    this.#limits = limits;
  }

  /** Notes a try in vain; returns how many there were. */
  failed(name: string, now: number): number {
    const count = (this.#tries.get(name)?.count ?? 0) + 1;
    this.#tries.set(name, { count, notBefore: now + backoffMs(count, this.#limits, Math.random) });
    return count;
  }

  /** Whether it failed before and waits. */
  has(name: string): boolean {
    return this.#tries.has(name);
  }

  forget(name: string): void {
    this.#tries.delete(name);
  }

  isDue(name: string, now: number): boolean {
    return (this.#tries.get(name)?.notBefore ?? 0) <= now;
  }

  /** When the next of these is due; null where none waits. */
  nextAt(names: readonly string[]): number | null {
    const times = names.flatMap((name) => this.#tries.get(name)?.notBefore ?? []);
    return times.length === 0 ? null : Math.min(...times);
  }
}
