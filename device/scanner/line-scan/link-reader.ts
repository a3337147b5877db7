import type { ReadableStreamReadResult } from "node:stream/web";
import { LynceusError } from "../../../protocols/errors.ts";
import { type DecoderOutput, FrameDecoder } from "../../../protocols/line-scan/index.ts";
import type { LineScanTimings } from "./options.ts";

/**
 * Reads frames from a link with the three clocks of `line-scan.md`: an unfinished frame, a silent link, a peer without
 * HELLO. Only time spent waiting for the peer counts, never time the gateway itself is busy. Monotonic times, ms.
 */
export class LinkReader {
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>;
  readonly #timings: LineScanTimings;
  readonly #decoder = new FrameDecoder();
  #reading: Promise<ReadableStreamReadResult<Uint8Array>> | null = null;
  #heardAt = performance.now();
  #unfinished: { readonly offset: number; readonly since: number } | null = null;
  #helloBy: number | null;

  constructor(source: ReadableStream<Uint8Array>, timings: LineScanTimings) {
    this.#reader = source.getReader();
    this.#timings = timings;
    this.#helloBy = performance.now() + timings.helloMs;
  }

  /** HELLO was accepted: the peer is a scanner. */
  helloSaid(): void {
    this.#helloBy = null;
  }

  /**
   * The next frames and faults, in stream order; null when the peer ended the link.
   * @throws LynceusError `LYN_LINK_SILENT` when the peer says nothing (or no HELLO) for too long, `LYN_LINK_ENDED` when the
   * link breaks.
   */
  async next(): Promise<readonly DecoderOutput[] | null> {
    while (true) {
      this.#reading ??= this.#reader.read();
      const result = await this.#orTimeout(this.#reading);
      const out = result === "timeout" ? this.#afterTimeout() : this.#take(result);
      if (out === null || out.length > 0) return out;
    }
  }

  /** Time begins to count anew: the gateway was busy with what was read. */
  resumed(): void {
    const now = performance.now();
    this.#heardAt = now;
    if (this.#unfinished !== null) this.#unfinished = { offset: this.#unfinished.offset, since: now };
  }

  /** Lets the stream go; a pending read ends with the link. */
  release(): void {
    this.#reading?.catch(() => {});
    this.#reader.cancel().catch(() => {});
  }

  #take(result: ReadableStreamReadResult<Uint8Array>): readonly DecoderOutput[] | null {
    this.#reading = null;
    if (result.done) return null;
    const out = this.#decoder.push(result.value);
    this.#note(out);
    return out;
  }

  #afterTimeout(): readonly DecoderOutput[] {
    const now = performance.now();
    if (this.#unfinished !== null && now - this.#unfinished.since >= this.#timings.unfinishedMs) {
      const out = this.#decoder.abandonUnfinished();
      this.#unfinished = null;
      this.#note(out);
      return out;
    }
    if (this.#helloBy !== null && now >= this.#helloBy) throw silent("no HELLO", this.#timings.helloMs);
    if (now - this.#heardAt >= this.#timings.silenceMs) throw silent("nothing", this.#timings.silenceMs);
    return [];
  }

  #note(out: readonly DecoderOutput[]): void {
    const now = performance.now();
    if (out.some((each) => each.kind === "frame")) this.#heardAt = now;
    const offset = this.#decoder.unfinishedAt;
    if (offset === null) this.#unfinished = null;
    else if (this.#unfinished?.offset !== offset) this.#unfinished = { offset, since: now };
  }

  async #orTimeout<T>(promise: Promise<T>): Promise<T | "timeout"> {
    let timer: NodeJS.Timeout | undefined;
    const timeout = new Promise<"timeout">((resolve) => {
      timer = setTimeout(
        () => resolve("timeout"),
        Math.max(1, Math.ceil(this.#nextDeadline() - performance.now())),
      );
    });
    try {
      return await Promise.race([promise, timeout]);
    } finally {
      clearTimeout(timer);
    }
  }

  #nextDeadline(): number {
    const { silenceMs, unfinishedMs } = this.#timings;
    const unfinished =
      this.#unfinished === null ? Number.POSITIVE_INFINITY : this.#unfinished.since + unfinishedMs;
    return Math.min(this.#heardAt + silenceMs, unfinished, this.#helloBy ?? Number.POSITIVE_INFINITY);
  }
}

function silent(what: string, ms: number): LynceusError {
  return new LynceusError("LYN_LINK_SILENT", `The scanner said ${what} for ${ms} ms`, {
    remedy: "Check the scanner's acquisition software and the network; the link is opened again by itself",
  });
}
