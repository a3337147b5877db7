import type { Socket } from "node:net";
import { isLynceusError } from "../../protocols/errors.ts";
import {
  type DecodedFrame,
  encodeFrame,
  encodeLines,
  encodeMessage,
  FRAME_TYPES,
  FrameDecoder,
  type Lines,
  type Message,
  type MessageInput,
  type MessageName,
  nanosecondsOf,
  readMessage,
  SEQUENCE_MODULUS,
} from "../../protocols/line-scan/index.ts";
import { sleep } from "../backoff.ts";
import type { FrameFaults } from "./frame-faults.ts";

/** HEARTBEAT is sent this often, ms (`line-scan.md`). */
const HEARTBEAT_MS = 5000;
/** Silence after which the link is lost, ms. */
const SILENCE_MS = 15_000;
/** A frame that stays unfinished this long is given up, ms. */
const UNFINISHED_MS = 5000;
/** How often the clocks above are looked at, ms. */
const TICK_MS = 1000;
/** The gateway's answer to HELLO is awaited this long, ms. */
const HELLO_TIMEOUT_MS = 10_000;

/** The link is gone; what was not acknowledged has to be sent again on the next one. */
export class LinkLost extends Error {}

/** What a gateway says of scans. */
export interface Answers {
  acknowledged(scanRef: string, scanId: string): void;
  refused(nak: Message<"NAK">): void;
  result(result: Message<"RESULT">): void;
}

export interface ScannerLinkOptions {
  readonly socket: Socket;
  readonly answers: Answers;
  /** Encoder counts now. */
  readonly encoder: () => number;
}

/** One connection to a gateway, from the scanner's side: frames, credit and heartbeats of `line-scan.md`. */
export class ScannerLink {
  readonly #socket: Socket;
  readonly #answers: Answers;
  readonly #encoder: () => number;
  readonly #decoder = new FrameDecoder();
  readonly #lost = new AbortController();
  #sequence = 0;
  #credit: number | null = null;
  #wake: () => void = () => {};
  #timer: NodeJS.Timeout | undefined;
  #heardAt = performance.now();
  #beatAt = performance.now();
  #unfinished: { at: number; since: number } | null = null;
  #reason = "";
  #helloRefused: string | null = null;

  constructor(options: ScannerLinkOptions) {
    this.#socket = options.socket;
    this.#answers = options.answers;
    this.#encoder = options.encoder;
  }

  /** Aborts when the link is lost; {@link reason} says why. */
  get lost(): AbortSignal {
    return this.#lost.signal;
  }

  /** Why the link was lost. */
  get reason(): string {
    return this.#reason;
  }

  /**
   * Says HELLO and waits for the answer.
   * @throws LinkLost where the gateway refuses, says nothing or goes.
   */
  async open(hello: MessageInput<"HELLO">): Promise<void> {
    this.#socket.on("data", (chunk: Uint8Array) => this.#receive(chunk));
    this.#socket.on("error", (error: NodeJS.ErrnoException) => this.close(error.code ?? error.message));
    this.#socket.on("close", () => this.close("the gateway closed the connection"));
    if (this.#socket.destroyed) this.close("the gateway closed the connection");
    this.#timer = setInterval(() => this.#tick(), TICK_MS);
    await this.send("HELLO", hello);
    const deadline = performance.now() + HELLO_TIMEOUT_MS;
    while (this.#credit === null && this.#helloRefused === null) {
      const left = deadline - performance.now();
      if (left <= 0) this.close("no answer to HELLO");
      this.#requireOpen();
      await this.#changed(left);
    }
    if (this.#helloRefused !== null) this.close(this.#helloRefused);
    this.#requireOpen();
  }

  /** Sends a JSON message. `faults` may damage it. */
  async send<Name extends MessageName>(
    name: Name,
    message: MessageInput<Name>,
    faults?: FrameFaults,
  ): Promise<void> {
    await this.#write(encodeMessage(name, message, this.#next()), faults);
  }

  /** Sends LINES as soon as there is credit for it. */
  async lines(lines: Lines, faults?: FrameFaults): Promise<void> {
    while ((this.#credit ?? 0) <= 0) {
      this.#requireOpen();
      await this.#changed(SILENCE_MS);
    }
    this.#credit = (this.#credit ?? 0) - 1;
    const payload = encodeLines(lines);
    await this.#write(encodeFrame({ type: FRAME_TYPES.LINES, sequence: this.#next(), payload }), faults);
  }

  close(reason: string): void {
    if (this.#lost.signal.aborted) return;
    this.#reason = reason;
    clearInterval(this.#timer);
    this.#socket.destroy();
    this.#lost.abort();
    this.#wake();
  }

  #next(): number {
    const sequence = this.#sequence;
    this.#sequence = (sequence + 1) % SEQUENCE_MODULUS;
    return sequence;
  }

  async #write(bytes: Uint8Array, faults?: FrameFaults): Promise<void> {
    this.#requireOpen();
    const { chunks, cut } = faults?.shape(bytes) ?? { chunks: [bytes], cut: false };
    let flowing = true;
    for (const chunk of chunks) flowing = this.#socket.write(chunk);
    if (cut) {
      await new Promise<void>((resolve) => this.#socket.end(resolve));
      this.close("cut by the fault script");
    }
    if (!flowing) await this.#drained();
    this.#requireOpen();
  }

  #drained(): Promise<void> {
    return new Promise((resolve) => {
      const done = () => {
        this.#socket.off("drain", done);
        this.#lost.signal.removeEventListener("abort", done);
        resolve();
      };
      this.#socket.once("drain", done);
      this.#lost.signal.addEventListener("abort", done, { once: true });
      if (this.#lost.signal.aborted) done();
    });
  }

  #requireOpen(): void {
    if (this.#lost.signal.aborted) throw new LinkLost(this.#reason);
  }

  /** Waits until credit or the state of the handshake changes. */
  async #changed(ms: number): Promise<void> {
    const changed = new AbortController();
    this.#wake = () => changed.abort();
    await sleep(ms, AbortSignal.any([changed.signal, this.#lost.signal]));
  }

  #receive(chunk: Uint8Array): void {
    this.#heardAt = performance.now();
    for (const output of this.#decoder.push(chunk)) {
      // A damaged frame from the gateway is dropped: an answer that never came is asked for again by sending the scan.
      if (output.kind === "fault") continue;
      this.#take(output);
    }
  }

  #take(frame: DecodedFrame): void {
    try {
      const read = readMessage(frame);
      if (read !== null) this.#dispatch(read);
    } catch (error) {
      if (!isLynceusError(error)) throw error;
      this.close(`the gateway sent a message outside the contract: ${error.message}`);
    }
  }

  #dispatch(read: NonNullable<ReturnType<typeof readMessage>>): void {
    if (read.name === "ACK") {
      if ("scanRef" in read.message) this.#answers.acknowledged(read.message.scanRef, read.message.scanId);
      else this.#addCredit(read.message.credit);
    } else if (read.name === "FLOW") this.#addCredit(read.message.credit);
    else if (read.name === "NAK") this.#refused(read.message);
    else if (read.name === "RESULT") this.#answers.result(read.message);
  }

  #addCredit(credit: number): void {
    this.#credit = (this.#credit ?? 0) + credit;
    this.#wake();
  }

  #refused(nak: Message<"NAK">): void {
    if (this.#credit === null) {
      this.#helloRefused = `${nak.code} ${nak.message}`.trim();
      this.#wake();
    } else this.#answers.refused(nak);
  }

  #tick(): void {
    const now = performance.now();
    if (now - this.#heardAt > SILENCE_MS) {
      this.close("15 s of silence");
      return;
    }
    this.#giveUpUnfinished(now);
    if (now - this.#beatAt >= HEARTBEAT_MS && this.#credit !== null) {
      this.#beatAt = now;
      const at = new Date().toISOString();
      const timestampNs = nanosecondsOf(process.hrtime.bigint());
      this.send("HEARTBEAT", { at, timestampNs, encoder: this.#encoder() }).catch(() => {});
    }
  }

  #giveUpUnfinished(now: number): void {
    const at = this.#decoder.unfinishedAt;
    if (at === null || this.#unfinished?.at !== at)
      this.#unfinished = at === null ? null : { at, since: now };
    else if (now - this.#unfinished.since > UNFINISHED_MS) this.#decoder.abandonUnfinished();
  }
}
