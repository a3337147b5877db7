import type { WriteStream } from "node:tty";

/** What the demo writes to: results to `out`, progress to `talk`. */
export interface ScreenOptions {
  readonly out: Pick<WriteStream, "write"> & { readonly isTTY?: boolean; readonly columns?: number };
  readonly talk: Pick<WriteStream, "write"> & { readonly isTTY?: boolean; readonly columns?: number };
  /** Colour where `out` is a terminal; false also there (`NO_COLOR`). */
  readonly colour: boolean;
}

const STYLES = { red: "31;1", green: "32", yellow: "33", cyan: "36", dim: "2", bold: "1" } as const;
export type Style = keyof typeof STYLES;
/** Width where no terminal says one. */
const DEFAULT_COLUMNS = 120;

/**
 * The terminal: results as lines, and on a terminal one line at the bottom that tells how far things are. Where it is no
 * terminal there is neither colour nor that line.
 */
export class Screen {
  readonly #options: ScreenOptions;
  readonly #live: boolean;
  readonly #colour: boolean;
  #status = "";

  constructor(options: ScreenOptions) {
    this.#options = options;
    this.#live = options.out.isTTY === true && options.talk.isTTY === true;
    this.#colour = options.colour && options.out.isTTY === true;
  }

  /** Columns of the terminal; null where it is none and lines may be of any length. */
  get columns(): number | null {
    return this.#live ? (this.#options.out.columns ?? DEFAULT_COLUMNS) : null;
  }

  /** Text in a style, plain where colours are off. */
  paint(style: Style, text: string): string {
    return this.#colour ? `\u001b[${STYLES[style]}m${text}\u001b[0m` : text;
  }

  /** A result. */
  line(text: string): void {
    this.#clear();
    this.#options.out.write(`${text}\n`);
    this.#draw();
  }

  /** Progress or explanation. */
  say(text: string): void {
    this.#clear();
    this.#options.talk.write(`${text}\n`);
    this.#draw();
  }

  /** The line at the bottom; empty takes it away. */
  status(text: string): void {
    if (!this.#live || text === this.#status) return;
    this.#clear();
    this.#status = text;
    this.#draw();
  }

  #clear(): void {
    if (this.#live && this.#status !== "") this.#options.talk.write("\r\u001b[2K");
  }

  #draw(): void {
    if (!this.#live || this.#status === "") return;
    const text = this.#status.slice(0, (this.#options.talk.columns ?? DEFAULT_COLUMNS) - 1);
    this.#options.talk.write(this.paint("dim", text));
  }
}
