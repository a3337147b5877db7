import { z } from "zod";

/** What the demo reads of its parts' output; other events and members are passed over. */

const listening = z.object({
  event: z.literal("listening"),
  url: z.string().optional(),
  scanner: z.string().nullish(),
  barcode: z.string().nullish(),
  scale: z.string().nullish(),
});
const connected = z.object({ event: z.literal("connected") });
const acknowledged = z.object({ event: z.literal("acknowledged"), scanRef: z.string(), scanId: z.string() });
const hit = z.object({
  event: z.literal("hit"),
  at: z.string(),
  id: z.string(),
  scanId: z.string(),
  revision: z.number(),
  cause: z.string(),
  capturedAt: z.string(),
  identifier: z.string().nullable(),
  decision: z.string(),
  recommendation: z.string(),
  probability: z.number(),
  reasons: z.array(z.object({ code: z.string(), text: z.string() })),
});
const receipt = z.object({ event: z.literal("receipt"), ids: z.array(z.string()) });
const duplicate = z.object({ event: z.literal("duplicate") });
const alert = z.object({
  event: z.literal("alert"),
  at: z.string(),
  code: z.string(),
  severity: z.string(),
  message: z.string(),
});

const report = z.discriminatedUnion("event", [
  listening,
  connected,
  acknowledged,
  hit,
  receipt,
  duplicate,
  alert,
]);

/** A line of a part's output. */
export type Report = z.output<typeof report>;
export type HitReport = z.output<typeof hit>;
export type AlertReport = z.output<typeof alert>;

/** Reads a line of a part's output; null where the demo has no use for it. */
export function parseReport(line: string): Report | null {
  const result = report.safeParse(parseJson(line));
  return result.success ? result.data : null;
}

const truth = z.object({
  scanRef: z.string(),
  delivery: z.string(),
  irregularities: z.array(z.string()),
  targets: z.array(z.object({ class: z.string() })),
});

/** What is really in a parcel, as the simulator wrote it. */
export type Truth = z.output<typeof truth>;

/** Reads a line of the truth file; null where it is none. */
export function parseTruth(line: string): Truth | null {
  const result = truth.safeParse(parseJson(line));
  return result.success ? result.data : null;
}

const logEntry = z.object({
  level: z.number(),
  msg: z.string(),
  err: z.object({ message: z.string() }).optional(),
});
/** Levels of the log from which on something has gone wrong. */
const ERROR_LEVEL = 50;

/** The message of a gateway's log line, empty where it has none. */
export function logMessage(line: string): string {
  return logEntry.safeParse(parseJson(line)).data?.msg ?? "";
}

/** What went wrong by a gateway's log line; null where nothing did. */
export function logError(line: string): string | null {
  const entry = logEntry.safeParse(parseJson(line)).data;
  if (entry === undefined || entry.level < ERROR_LEVEL) return null;
  return entry.err === undefined ? entry.msg : `${entry.msg}: ${entry.err.message}`;
}

function parseJson(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return null;
  }
}
