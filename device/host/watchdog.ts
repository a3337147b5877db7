import type { Log } from "../log.ts";
import type { Check } from "./liveness.ts";
import type { Notifier } from "./notify.ts";

/** Looks in the time that the service manager gives: one that fails is tried again before it is too late. */
const LOOKS = 4;

export interface WatchdogOptions {
  readonly notifier: Notifier;
  /** The service manager ends the process when it has not heard of it for so long, ms. */
  readonly periodMs: number;
  readonly checks: readonly Check[];
  readonly log: Log;
}

/**
 * Feeds the service manager's watchdog, and only while work moves: every check must answer in time, each time. A timer alone
 * would go on over a gateway that captures nothing. A stuck event loop feeds nothing by itself.
 */
export class Watchdog {
  readonly #options: WatchdogOptions;
  readonly #stop = new AbortController();
  #loop: Promise<void> | null = null;

  constructor(options: WatchdogOptions) {
    this.#options = options;
  }

  start(): void {
    this.#loop ??= this.#run();
  }

  /** Feeds once more: what is still under way has a whole period. */
  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#loop;
    this.#options.notifier.say(["WATCHDOG=1"]);
  }

  async #run(): Promise<void> {
    const { notifier, periodMs, log } = this.#options;
    const lookMs = periodMs / LOOKS;
    while (!this.#stop.signal.aborted) {
      const began = performance.now();
      const stuck = await this.#stuck(lookMs);
      if (stuck.length === 0) notifier.say(["WATCHDOG=1"]);
      else if (!this.#stop.signal.aborted)
        log.error({ stuck }, "the gateway does not move: the watchdog is not fed");
      await this.#pause(lookMs - (performance.now() - began));
    }
  }

  /** Names of the checks that did not answer well within `limitMs`. */
  async #stuck(limitMs: number): Promise<readonly string[]> {
    const looks = this.#options.checks.map(async ({ name, alive }) => {
      const late = new Promise<boolean>((resolve) => setTimeout(() => resolve(false), limitMs).unref());
      const ok = await Promise.race([alive().catch(() => false), late, this.#aborted()]);
      return ok ? [] : [name];
    });
    return (await Promise.all(looks)).flat();
  }

  #aborted(): Promise<boolean> {
    const { signal } = this.#stop;
    if (signal.aborted) return Promise.resolve(true);
    return new Promise((resolve) => signal.addEventListener("abort", () => resolve(true), { once: true }));
  }

  async #pause(ms: number): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const over = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, Math.max(0, ms));
    });
    await Promise.race([over, this.#aborted()]);
    clearTimeout(timer);
  }
}
