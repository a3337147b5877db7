import { isLynceusError, LynceusError } from "../../protocols/errors.ts";
import type { MtSicsReply } from "../../protocols/mt-sics.ts";
import type { Link } from "../transport/port.ts";
import type { Peripheral, Reading } from "./port.ts";
import { type PeripheralOptions, supervisedPeripheral } from "./supervised.ts";
import { WeighingEdge } from "./weighing.ts";

/** A scale that repeats its weight and then says nothing for so long is asked again, ms. */
export const SCALE_REPLY_MS = 3_000;
/** Times a scale is asked in vain before the link is opened anew. */
export const SCALE_ATTEMPTS = 3;
/** Lines in a row that are not of the dialect, or errors, before the device counts as the wrong one. */
export const SCALE_MAX_BAD_LINES = 50;
/** Longest raw line kept with a mass, characters. */
const MAX_RAW = 128;

export interface ScaleOptions extends PeripheralOptions {
  /** {@link SCALE_REPLY_MS} unless said; tests shorten it. */
  readonly replyMs?: number;
}

/** A line or frame of a scale; null: one that was too long. */
export type ScaleLine = string | Uint8Array | null;

/** How one kind of scale is spoken to. A new one for each link. */
export interface ScaleDialect {
  /** Its name, for people. */
  readonly name: string;
  /** Sent when the link opens, after a silence and, where `everyMs` says so, again and again; null: the scale talks by itself. */
  readonly ask: Uint8Array | null;
  readonly everyMs: number | null;
  split(chunk: Uint8Array): readonly ScaleLine[];
  /** Throws a typed error for a line that is not of the dialect. */
  parse(line: string | Uint8Array): MtSicsReply;
  /** Whether a reply says that the scale began anew and must be asked again. */
  restarted(reply: MtSicsReply): boolean;
  /** The serial number, where a reply tells it. */
  serialOf?(reply: MtSicsReply): string | null;
}

/** A scale over one dialect: stable weights out, once for each item; only these are evidence. */
export function scaleOf(options: ScaleOptions, dialect: () => ScaleDialect): Peripheral {
  let fault: string | null = null;
  const peripheral = supervisedPeripheral("scale", options, async (link, context, emit, report) => {
    const edge = new WeighingEdge();
    const speech = dialect();
    fault = null;
    await converse(
      link,
      options,
      speech,
      (reply, raw) => {
        if (reply.kind !== "error") context.healthy();
        fault = reply.kind === "error" ? "the scale answers with errors" : null;
        const serial = speech.serialOf?.(reply) ?? null;
        if (serial !== null) report.names({ vendor: null, model: null, serial });
        const massKg = edge.take(reply);
        if (massKg !== null) emit(reading(options, massKg, raw));
      },
      () => edge.restart(),
    );
  });
  return Object.defineProperty(peripheral, "fault", { get: () => fault, enumerable: true });
}

function reading(options: ScaleOptions, massKg: number, raw: string): Reading {
  return { kind: "mass", device: options.id, at: options.clock(), massKg, stable: true, raw };
}

/** Asks, listens, and asks again after silence or an error; returns when the link ends. */
async function converse(
  link: Link,
  options: ScaleOptions,
  dialect: ScaleDialect,
  onReply: (reply: MtSicsReply, raw: string) => void,
  onRestart: () => void,
): Promise<void> {
  const replies = new Replies(options, dialect);
  const writer = link.sink.getWriter();
  const { ask: command } = dialect;
  const ask = () => {
    if (command !== null) void writer.write(command).catch(() => {});
  };
  const watch = new Watch(options.replyMs ?? SCALE_REPLY_MS, ask, () => void link.close());
  const polling = dialect.everyMs === null ? undefined : setInterval(ask, dialect.everyMs);
  ask();
  try {
    for await (const chunk of link.source) {
      for (const { reply, raw } of replies.push(chunk)) {
        watch.heard(reply);
        if (dialect.restarted(reply)) {
          onRestart();
          ask();
        }
        onReply(reply, raw);
      }
    }
  } finally {
    clearInterval(polling);
    watch.stop();
    writer.releaseLock();
  }
  if (watch.silent) throw silent(options.id, dialect.name);
}

/** Lines of the link as replies; too many bad ones in a row mean that this is no scale of the dialect. */
class Replies {
  readonly #options: ScaleOptions;
  readonly #dialect: ScaleDialect;
  #bad = 0;

  constructor(options: ScaleOptions, dialect: ScaleDialect) {
    this.#options = options;
    this.#dialect = dialect;
  }

  *push(chunk: Uint8Array): Generator<{ reply: MtSicsReply; raw: string }> {
    for (const line of this.#dialect.split(chunk)) {
      const reply = line === null ? null : this.#parse(line);
      if (reply === null || reply.kind === "error") this.#countBad();
      else this.#bad = 0;
      if (reply !== null && line !== null) yield { reply, raw: rawOf(line) };
    }
  }

  #parse(line: string | Uint8Array): MtSicsReply | null {
    try {
      return this.#dialect.parse(line);
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
    const { id } = this.#options;
    throw new LynceusError("LYN_PERIPHERAL_PROTOCOL", `${id} does not speak ${this.#dialect.name}`, {
      remedy: `Set the scale's interface to ${this.#dialect.name} and check baud rate, parity and address`,
      details: { device: id },
    });
  }
}

function rawOf(line: string | Uint8Array): string {
  const text = typeof line === "string" ? line : String.fromCharCode(...line);
  return text.slice(0, MAX_RAW);
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

function silent(device: string, dialect: string): LynceusError {
  return new LynceusError("LYN_LINK_SILENT", `${device} does not answer`, {
    remedy: `Check that the scale is on, set to ${dialect}, and that no other program uses it`,
    details: { device },
  });
}
