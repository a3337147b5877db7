import { readFile } from "node:fs/promises";
import type { Analysis } from "../scan.ts";
import type { DeclaredLine, RiskOfDeclaration } from "./declared-lines.ts";
import type { FromChild, ModelFault, ModelSelection, ToChild } from "./messages.ts";
import type { AnalysisRequest } from "./port.ts";
import { type AnalysisProcess, forkedProcess, type OpenProcess } from "./process.ts";

/** Why a child was given up. */
export interface ChildLoss {
  readonly reason: string;
  /** The last it wrote to stderr. */
  readonly stderr: string;
}

type Outcome = { readonly analysis: Analysis; readonly residentBytes: number } | { readonly loss: ChildLoss };

const STDERR_KEPT = 2000;
const RESIDENT_POLL_MS = 1000;
/** Questions that may wait for an answer at once. */
export const MAX_WAITING = 1000;
/** Id under which the answer to `load` is waited for. */
const LOADING = 0;

/**
 * One life of the analysis process: start, one analysis at a time, and its end. It is never reused: what was lost is
 * replaced by a new one.
 */
export class ChildProcessSlot {
  readonly #residentLimit: number;
  readonly #open: OpenProcess;
  readonly #gone = Promise.withResolvers<ChildLoss>();
  #process: AnalysisProcess | null = null;
  #stderr = "";
  #ended: ChildLoss | null = null;
  #poll: NodeJS.Timeout | null = null;
  #nextId = 1;
  readonly #waiting = new Map<number, (message: FromChild | ChildLoss) => void>();

  /** @param options.open where the process runs: a child of this one unless given. */
  constructor(options: { residentLimit: number; open?: OpenProcess | undefined }) {
    this.#residentLimit = options.residentLimit;
    this.#open = options.open ?? forkedProcess;
  }

  /** Resolves when the process has been given up, with the reason. */
  get gone(): Promise<ChildLoss> {
    return this.#gone.promise;
  }

  get pid(): number | null {
    return this.#ended ? null : (this.#process?.pid ?? null);
  }

  /** Starts the process and has it load its models; null when it did not come up within `timeoutMs`. */
  async start(selection: ModelSelection, timeoutMs: number) {
    this.#process = this.#open({
      onMessage: (message) => this.#settle(message),
      onStderr: (text) => {
        this.#stderr = (this.#stderr + text).slice(-STDERR_KEPT);
      },
      onEnd: (reason) => this.#end(reason),
    });
    const answer = await this.#ask({ type: "load", selection }, LOADING, {
      timeoutMs,
      late: "loading the models took too long",
    });
    if (!("type" in answer)) return null;
    if (answer.type !== "ready") {
      this.#giveUp("the analysis process answered out of turn");
      return null;
    }
    this.#watchMemory();
    return answer;
  }

  /** Serves one analysis; the loss where the child died or was killed for being stuck or too large. */
  async analyse(request: AnalysisRequest, timeoutMs: number): Promise<Outcome> {
    const id = this.#nextId++;
    const late = `the analysis took longer than ${timeoutMs} ms`;
    const answer = await this.#ask({ type: "analyse", id, request }, id, { timeoutMs, late });
    if (!("type" in answer)) return { loss: answer };
    if (answer.type !== "analysed")
      return { loss: this.#giveUp("the analysis process answered out of turn") };
    // Elsewhere than here its own word is all there is.
    if (answer.residentBytes > this.#residentLimit) this.#giveUp(this.#tooLarge(answer.residentBytes));
    return answer;
  }

  /** The risk of a declaration; null where the child ended first or has too much to answer. It is never killed for it. */
  async assess(lines: readonly DeclaredLine[]): Promise<RiskOfDeclaration | ModelFault | null> {
    if (this.#waiting.size >= MAX_WAITING) return null;
    const id = this.#nextId++;
    const answer = await this.#ask({ type: "assess", id, lines }, id);
    return "type" in answer && answer.type === "assessed" ? answer.result : null;
  }

  /** Tells without waiting; what cannot be told is not told. */
  tell(message: Extract<ToChild, { type: "remember" }>): void {
    if (!this.#ended) this.#process?.send(message, () => {});
  }

  /** Ends the process and waits until it is gone. */
  async kill(): Promise<void> {
    this.#end("stopped");
    this.#process?.kill();
    await this.#process?.gone;
  }

  #ask(
    message: ToChild,
    id: number,
    limit?: { readonly timeoutMs: number; readonly late: string },
  ): Promise<FromChild | ChildLoss> {
    if (this.#ended) return Promise.resolve(this.#ended);
    return new Promise((resolve) => {
      const timer = limit && setTimeout(() => this.#giveUp(limit.late), limit.timeoutMs);
      this.#waiting.set(id, (answer) => {
        clearTimeout(timer);
        this.#waiting.delete(id);
        resolve(answer);
      });
      this.#process?.send(message, (error) =>
        this.#giveUp(`the analysis process cannot be reached: ${error.message}`),
      );
    });
  }

  #settle(message: FromChild): void {
    this.#waiting.get(message.type === "ready" ? LOADING : message.id)?.(message);
  }

  #giveUp(reason: string): ChildLoss {
    this.#process?.kill();
    return this.#end(reason);
  }

  #end(reason: string): ChildLoss {
    if (this.#ended) return this.#ended;
    const loss = { reason, stderr: this.#stderr };
    this.#ended = loss;
    if (this.#poll) clearInterval(this.#poll);
    for (const tell of [...this.#waiting.values()]) tell(loss);
    this.#gone.resolve(loss);
    return loss;
  }

  #tooLarge(bytes: number): string {
    return `the analysis process uses ${bytes} bytes, more than ${this.#residentLimit}`;
  }

  /** The kernel's figure, not the child's word: a stuck child says nothing. Linux only; elsewhere the ceiling is V8's heap. */
  #watchMemory(): void {
    this.#poll = setInterval(() => {
      void residentBytes(this.pid).then((bytes) => {
        if (bytes !== null && bytes > this.#residentLimit) {
          this.#giveUp(this.#tooLarge(bytes));
        }
      });
    }, RESIDENT_POLL_MS);
    this.#poll.unref();
  }
}

async function residentBytes(pid: number | null): Promise<number | null> {
  if (pid === null) return null;
  try {
    const kilobytes = /^VmRSS:\s+(\d+) kB$/m.exec(await readFile(`/proc/${pid}/status`, "utf8"))?.[1];
    return kilobytes === undefined ? null : Number(kilobytes) * 1024;
  } catch {
    return null;
  }
}
