import { MAX_CHANNELS } from "./document.ts";
import { unreadable } from "./xml.ts";

const DURATION = /^P(?:(\d{1,4})D)?(?:T(?:(\d{1,6})H)?(?:(\d{1,7})M)?(?:(\d{1,9}(?:\.\d{1,9})?)S)?)?$/;

/** xsd:duration in s; null where it is none of days, hours, minutes and seconds. */
export function secondsOf(duration: string | null): number | null {
  const match = duration === null ? null : DURATION.exec(duration.trim());
  if (match === null) return null;
  const [, days = 0, hours = 0, minutes = 0, seconds = 0] = match;
  return Number(days) * 86_400 + Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds);
}

const DATE_TIME = /^-?\d{4,6}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d{1,12})?(?:Z|[+-]\d{2}:\d{2})?$/;

/** xsd:dateTime as written, null where it is none. */
export function dateTimeOf(text: string | null): string | null {
  return text !== null && DATE_TIME.test(text) ? text : null;
}

/** A list of numbers. @throws LynceusError `LYN_N42`. */
export function numbersOf(text: string): readonly number[] {
  if (text.trim() === "") return [];
  const values = text.trim().split(/\s+/).map(Number);
  if (values.length > MAX_CHANNELS) throw unreadable(`a list has more than ${MAX_CHANNELS} values`);
  if (!values.every(Number.isFinite)) throw unreadable("a list of numbers holds something else");
  return values;
}

/**
 * ChannelData. `CountedZeroes`: each 0 is followed by how many zeroes there are.
 * @throws LynceusError `LYN_N42` where it does not end within {@link MAX_CHANNELS}.
 */
export function channelsOf(text: string, compression: string | undefined): readonly number[] {
  const values = numbersOf(text);
  if (compression === undefined || compression === "None") return values;
  if (compression !== "CountedZeroes")
    throw unreadable("channel data is compressed in a way that is not known");
  const channels: number[] = [];
  for (let at = 0; at < values.length; at += 1) {
    const value = values[at] ?? 0;
    if (value !== 0) channels.push(value);
    else {
      at += 1;
      const run = values[at];
      if (run === undefined || !Number.isInteger(run) || run < 1 || channels.length + run > MAX_CHANNELS)
        throw unreadable("a run of zeroes has no length, or one beyond the limit");
      for (let left = run; left > 0; left -= 1) channels.push(0);
    }
    if (channels.length > MAX_CHANNELS) throw unreadable(`more than ${MAX_CHANNELS} channels`);
  }
  return channels;
}

/** Channel data with its zeroes counted, or plain where that is no shorter. */
export function countedZeroes(channels: readonly number[]): string {
  const out: string[] = [];
  for (let at = 0; at < channels.length; ) {
    if (channels[at] !== 0) {
      out.push(String(channels[at]));
      at += 1;
      continue;
    }
    let run = 1;
    while (channels[at + run] === 0) run += 1;
    out.push("0", String(run));
    at += run;
  }
  return out.join(" ");
}
