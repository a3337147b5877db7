import { isLynceusError, LynceusError } from "../../protocols/errors.ts";
import { LineSplitter } from "../../protocols/line-splitter.ts";
import {
  encodeMtSics,
  MT_SICS_MAX_LINE,
  type MtSicsReply,
  parseMtSicsLine,
} from "../../protocols/mt-sics.ts";
import type { Link } from "../transport/port.ts";
import type { Peripheral } from "./port.ts";
import { type PeripheralOptions, supervisedPeripheral } from "./supervised.ts";
import { WeighingEdge } from "./weighing.ts";

/** A scale that repeats its weight and then says nothing for so long is asked again, ms. */
export const SCALE_REPLY_MS = 3_000;
/** Times a scale is asked in vain before the link is opened anew. */
export const SCALE_ATTEMPTS = 3;
/** Lines in a row that are not MT-SICS, or errors, before the device counts as the wrong one. */
export const SCALE_MAX_BAD_LINES = 50;

export interface ScaleOptions extends PeripheralOptions {
  /** {@link SCALE_REPLY_MS} unless said; tests shorten it. */
  readonly replyMs?: number;
}

/**
 * A scale that speaks MT-SICS. It is told `SIR`, a level-0 command that every such scale has: it repeats its weight some ten
 * times a second, which shows motion between two items of the same mass and makes silence mean something. Only stable
 * weights (`S S`) become readings. A new link is told `SIR` anew.
 */
export function mtSicsScale(options: ScaleOptions): Peripheral {
  return supervisedPeripheral("scale", options, async (link, context, emit) => {
    const edge = new WeighingEdge();
    await converse(link, options, (reply) => {
      if (reply.kind !== "error") context.healthy();
      const massKg = edge.take(reply);
      if (massKg !== null)
        emit({ kind: "mass", device: options.id, at: options.clock(), massKg, stable: true });
    });
  });
}

/** Asks, listens, and asks again after silence or an error; returns when the link ends. */
async function converse(
  link: Link,
  options: ScaleOptions,
  onReply: (reply: MtSicsReply) => void,
): Promise<void> {
  const replies = new Replies(options);
  const writer = link.sink.getWriter();
  const ask = () => void writer.write(encodeMtSics("SIR")).catch(() => {});
  const watch = new Watch(options.replyMs ?? SCALE_REPLY_MS, ask, () => void link.close());
  ask();
  try {
    for await (const chunk of link.source) {
      for (const reply of replies.push(chunk)) {
        watch.heard(reply);
        onReply(reply);
      }
    }
  } finally {
    watch.stop();
    writer.releaseLock();
  }
  if (watch.silent) throw silent(options.id);
}

/** Lines of the link as replies; too many bad ones in a row mean that this is no MT-SICS scale. */
class Replies {
  readonly #options: ScaleOptions;
  readonly #splitter = new LineSplitter({ maxLength: MT_SICS_MAX_LINE });
  #bad = 0;

  constructor(options: ScaleOptions) {
    this.#options = options;
  }

  *push(chunk: Uint8Array): Generator<MtSicsReply> {
    for (const line of this.#splitter.push(chunk)) {
      const reply = line.kind === "line" ? this.#parse(line.text) : null;
      if (reply === null || reply.kind === "error") this.#countBad();
      else this.#bad = 0;
      if (reply !== null) yield reply;
    }
  }

  #parse(text: string): MtSicsReply | null {
    try {
      return parseMtSicsLine(text);
    } catch (error) {
      if (!isLynceusError(error)) throw error;
      if (this.#bad === 0)
        this.#options.log.warn({ device: this.#options.id, why: error.message }, "line dropped");
      return null;
    }
  }

  #countBad(): void {
    this.#bad += 1;
    if (this.#bad <= SCALE_MAX_BAD_LINES) return;
    throw new LynceusError("LYN_PERIPHERAL_PROTOCOL", `${this.#options.id} does not speak MT-SICS`, {
      remedy: "Set the scale's interface to MT-SICS and check baud rate, parity and address",
      details: { device: this.#options.id },
    });
  }
}

/** Asks again when the scale falls silent, and gives the link up when asking does not help. */
class Watch {
  readonly #replyMs: number;
  readonly #ask: () => void;
  readonly #giveUp: () => void;
  #attempts = 1;
  #silent = false;
  #timer: NodeJS.Timeout;

  constructor(replyMs: number, ask: () => void, giveUp: () => void) {
    this.#replyMs = replyMs;
    this.#ask = ask;
    this.#giveUp = giveUp;
    this.#timer = setTimeout(() => this.#late(), replyMs);
  }

  get silent(): boolean {
    return this.#silent;
  }

  heard(reply: MtSicsReply): void {
    // A scale that answers with errors only is as good as silent.
    if (reply.kind !== "error") this.#attempts = 0;
    this.#timer.refresh();
  }

  stop(): void {
    clearTimeout(this.#timer);
  }

  #late(): void {
    if (this.#attempts >= SCALE_ATTEMPTS) {
      this.#silent = true;
      this.#giveUp();
      return;
    }
    this.#attempts += 1;
    this.#ask();
    this.#timer = setTimeout(() => this.#late(), this.#replyMs);
  }
}

function silent(device: string): LynceusError {
  return new LynceusError("LYN_LINK_SILENT", `${device} does not answer`, {
    remedy: "Check that the scale is on, set to MT-SICS, and that no other program uses it",
    details: { device },
  });
}
