import type { Log } from "../log.ts";

/** Between two looks while somebody watches, ms. */
const LOOK_MS = 1000;
/** Pages that may watch at once. */
export const MAX_WATCHERS = 16;

/** Tells the pages that are open what has changed; looks only while there are any. */
export class Feed {
  readonly #state: () => Promise<object>;
  readonly #log: Log;
  readonly #watchers = new Set<(text: string) => void>();
  #timer: NodeJS.Timeout | null = null;
  #said = "";

  constructor(options: { state: () => Promise<object>; log: Log }) {
    this.#state = options.state;
    this.#log = options.log;
  }

  /** Follows the state as JSON; null: too many do. Call what it returns to end it. */
  watch(tell: (text: string) => void): (() => void) | null {
    if (this.#watchers.size >= MAX_WATCHERS) return null;
    this.#watchers.add(tell);
    this.#said = "";
    void this.#look();
    return () => {
      this.#watchers.delete(tell);
      if (this.#watchers.size === 0) this.stop();
    };
  }

  stop(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
  }

  async #look(): Promise<void> {
    this.stop();
    try {
      const text = JSON.stringify(await this.#state());
      if (text !== this.#said) for (const tell of this.#watchers) tell(text);
      this.#said = text;
    } catch (error) {
      this.#log.debug({ err: error }, "the console has no figures to show");
    }
    this.stop();
    if (this.#watchers.size > 0) this.#timer = setTimeout(() => void this.#look(), LOOK_MS).unref();
  }
}
