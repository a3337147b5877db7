import { type ChildProcess, spawn } from "node:child_process";
import { createWriteStream, existsSync, type WriteStream } from "node:fs";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

/** Lines of a process's own words that are kept to explain its end. */
const MAX_LAST_WORDS = 20;

export interface PartOptions {
  /** What it is called on the screen. */
  readonly name: string;
  /** Arguments of `lynceus`. */
  readonly args: readonly string[];
  /** Everything it says on stderr goes here. */
  readonly log: string;
  readonly onOutput: (line: string) => void;
  readonly onLog?: (line: string) => void;
}

/** One process of the demo: `lynceus ARGS…` on this Node, in a process group of its own. */
export class Part {
  readonly name: string;
  /** Its exit code, null where a signal ended it. */
  readonly exited: Promise<number | null>;
  readonly #child: ChildProcess;
  readonly #log: WriteStream;
  readonly #lastWords: string[] = [];
  #ended = false;

  /** Starts the process. */
  constructor(options: PartOptions) {
    this.name = options.name;
    this.#log = createWriteStream(options.log);
    // A group of its own: Ctrl-C reaches the demo alone, which then ends its parts in order.
    this.#child = spawn(process.execPath, ["--import", leash(), launcher(), ...options.args], {
      stdio: ["pipe", "pipe", "pipe"],
      detached: true,
      env: { ...process.env, LYNCEUS_DEMO_PID: String(process.pid) },
    });
    this.#child.stdin?.on("error", () => {});
    this.#lines("stdout", options.onOutput);
    this.#lines("stderr", (line) => {
      this.#log.write(`${line}\n`);
      this.#lastWords.push(line);
      if (this.#lastWords.length > MAX_LAST_WORDS) this.#lastWords.shift();
      options.onLog?.(line);
    });
    this.exited = new Promise((resolve) => {
      this.#child.once("error", (error) => {
        this.#lastWords.push(error.message);
        this.#ended = true;
        resolve(null);
      });
      // After its streams have closed, so that nothing it said is missed.
      this.#child.once("close", (code) => {
        this.#ended = true;
        this.#log.end();
        resolve(code);
      });
    });
  }

  get ended(): boolean {
    return this.#ended;
  }

  /** The last things it said on stderr. */
  get lastWords(): readonly string[] {
    return this.#lastWords;
  }

  /** Asks it to end, kills its whole group after `limitMs`; resolves when it is gone. */
  async stop(limitMs: number): Promise<void> {
    if (this.#ended) return;
    this.#child.kill("SIGTERM");
    const timer = setTimeout(() => this.kill(), limitMs);
    await this.exited;
    clearTimeout(timer);
  }

  /** SIGKILL to the process and its children. */
  kill(): void {
    const { pid } = this.#child;
    if (pid === undefined || this.#ended) return;
    try {
      process.kill(-pid, "SIGKILL");
    } catch {
      // It ended by itself in between.
    }
  }

  #lines(stream: "stdout" | "stderr", onLine: (line: string) => void): void {
    const input = this.#child[stream];
    if (input !== null) createInterface({ input }).on("line", onLine);
  }
}

function leash(): string {
  return new URL(`./leash${import.meta.url.endsWith(".ts") ? ".ts" : ".js"}`, import.meta.url).href;
}

/** `device/bin/lynceus.js`: two folders up in a checkout; a published build lies in `dist/`, two further down. */
function launcher(): string {
  const inCheckout = fileURLToPath(new URL("../../bin/lynceus.js", import.meta.url));
  return existsSync(inCheckout)
    ? inCheckout
    : fileURLToPath(new URL("../../../../device/bin/lynceus.js", import.meta.url));
}
