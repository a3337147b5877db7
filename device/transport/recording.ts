import { LynceusError } from "../../protocols/errors.ts";
import type { HidLink } from "./hid.ts";
import type { Transport } from "./port.ts";

/** Schema of a recording: NDJSON, a header and then an entry a line. */
export const RECORDING_SCHEMA = "lynceus-recording/1";
/** Longest line of a recording, characters. */
export const MAX_RECORDING_LINE = 4_000_000;

/** One entry: what a link did, ms since the recording began. `bytes` in base64. */
export type RecordingEntry =
  | {
      readonly device: string;
      readonly t: number;
      readonly event: "open";
      readonly peer: string;
      readonly descriptor?: string;
    }
  | { readonly device: string; readonly t: number; readonly event: "in" | "out"; readonly bytes: string }
  | { readonly device: string; readonly t: number; readonly event: "close" };

/** Takes entries; resolves when they may be forgotten. */
export type Recorder = (entry: RecordingEntry) => void;

/** A transport whose links are written down as they are used: what comes and what is sent, with its time. */
export function recordedTransport(
  inner: Transport,
  options: { readonly device: string; readonly record: Recorder; readonly since: number },
): Transport {
  const { device, record, since } = options;
  const now = () => Math.round((performance.now() - since) * 10) / 10;
  return {
    url: inner.url,
    passive: inner.passive,
    async open(signal, open) {
      const link = await inner.open(signal, open);
      const descriptor = (link as Partial<HidLink>).reportDescriptor;
      record({
        device,
        t: now(),
        event: "open",
        peer: link.peer,
        ...(descriptor === undefined ? {} : { descriptor: base64(descriptor) }),
      });
      const through = (event: "in" | "out") =>
        new TransformStream<Uint8Array, Uint8Array>({
          transform(chunk, controller) {
            record({ device, t: now(), event, bytes: base64(chunk) });
            controller.enqueue(chunk);
          },
        });
      const out = through("out");
      // A link that breaks is told to whoever reads it; the copy needs no word of its own.
      out.readable.pipeTo(link.sink).catch(() => undefined);
      let closed = false;
      return {
        ...link,
        source: link.source.pipeThrough(through("in")),
        sink: out.writable,
        close: () => {
          if (!closed) record({ device, t: now(), event: "close" });
          closed = true;
          return link.close();
        },
      };
    },
  };
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("base64");
}

/** Reads a line of a recording after its header. @throws LynceusError `LYN_RECORDING`. */
export function parseRecordingLine(line: string): RecordingEntry {
  let entry: Partial<Record<string, unknown>>;
  try {
    entry = JSON.parse(line) as typeof entry;
  } catch (cause) {
    throw badRecording("a line is no JSON", cause);
  }
  const { device, t, event, bytes } = entry ?? {};
  const known =
    event === "open" ||
    event === "close" ||
    ((event === "in" || event === "out") && typeof bytes === "string");
  if (typeof device !== "string" || typeof t !== "number" || !(t >= 0) || !known)
    throw badRecording("a line is no entry");
  return entry as RecordingEntry;
}

export function badRecording(why: string, cause?: unknown): LynceusError {
  return new LynceusError("LYN_RECORDING", `The recording cannot be used: ${why}`, {
    remedy: "Name a file that `lynceus record` wrote, and a device that is in it",
    ...(cause === undefined ? {} : { cause }),
  });
}
