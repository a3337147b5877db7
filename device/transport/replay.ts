import { createReadStream } from "node:fs";
import { createInterface } from "node:readline";
import { pause } from "../backoff.ts";
import type { HidLink } from "./hid.ts";
import type { Link, Transport } from "./port.ts";
import {
  badRecording,
  MAX_RECORDING_LINE,
  parseRecordingLine,
  RECORDING_SCHEMA,
  type RecordingEntry,
} from "./recording.ts";

export interface ReplaySettings {
  readonly file: string;
  /** Which of the recorded devices; null: the only one. */
  readonly device: string | null;
  /** Times as fast as it was; 0: as fast as it is taken. */
  readonly speed: number;
}

/**
 * `replay://FILE[?device=ID][&speed=N]`: a recorded link in place of the device. Each `open` plays the next recorded link from
 * its opening to its end; after the last one the device stays away. What is sent to it is dropped.
 */
export function replayTransport(options: ReplaySettings & { url: string }): Transport {
  const entries = playback(options);
  let played = false;
  return {
    url: options.url,
    passive: false,
    async open(signal) {
      if (played) return away(signal);
      for (;;) {
        const { value: entry, done } = await entries.next();
        if (done === true) {
          played = true;
          return away(signal);
        }
        if (entry.event === "open") return linkOf(entry, entries, options, signal);
      }
    },
  };
}

/** A recording is over: nothing more comes, and nobody is told that it failed. */
export function away(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    if (signal.aborted) reject(signal.reason);
    signal.addEventListener("abort", () => reject(signal.reason), { once: true });
  });
}

function linkOf(
  opened: Extract<RecordingEntry, { event: "open" }>,
  entries: AsyncGenerator<RecordingEntry>,
  { speed, file }: ReplaySettings,
  signal: AbortSignal,
): Link {
  const began = performance.now();
  const over = new AbortController();
  const stop = AbortSignal.any([signal, over.signal]);
  const source = new ReadableStream<Uint8Array>({
    async pull(controller) {
      for (;;) {
        const { value: entry, done } = stop.aborted ? { value: undefined, done: true } : await entries.next();
        if (done === true || entry === undefined || entry.event === "close") return controller.close();
        if (entry.event !== "in") continue;
        const due = speed === 0 ? 0 : (entry.t - opened.t) / speed - (performance.now() - began);
        if (due > 0) await pause(due, stop);
        return controller.enqueue(new Uint8Array(Buffer.from(entry.bytes, "base64")));
      }
    },
  });
  const link: Link = {
    peer: `replay ${file}`,
    source,
    sink: new WritableStream(),
    close: async () => over.abort(),
  };
  if (opened.descriptor === undefined) return link;
  const hid: HidLink = {
    ...link,
    reportDescriptor: new Uint8Array(Buffer.from(opened.descriptor, "base64")),
    dropped: () => 0,
  };
  return hid;
}

/** The entries of one device, read as they are needed. */
export async function* playback({ file, device }: ReplaySettings): AsyncGenerator<RecordingEntry> {
  const input = createReadStream(file);
  const failed = new Promise<never>((_, reject) => {
    input.once("error", (cause) => reject(badRecording(`${file}: ${cause.message}`, cause)));
  });
  failed.catch(() => undefined);
  const lines = createInterface({ input })[Symbol.asyncIterator]();
  let chosen = device;
  for (let number = 0; ; number += 1) {
    const { value: line, done } = await Promise.race([lines.next(), failed]);
    if (done === true) return;
    if (line.length > MAX_RECORDING_LINE) throw badRecording("a line is too long");
    if (number === 0) {
      if (!line.includes(`"${RECORDING_SCHEMA}"`)) throw badRecording(`${file} is not a ${RECORDING_SCHEMA}`);
      continue;
    }
    const entry = parseRecordingLine(line);
    chosen ??= entry.device;
    if (device === null && entry.device !== chosen)
      throw badRecording(`${file} holds several devices: say ?device=${chosen} or ?device=${entry.device}`);
    if (entry.device === chosen) yield entry;
  }
}
