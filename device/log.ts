import { pino } from "pino";
import { LogLimit } from "./log-limit.ts";
import { redacted, redactedText } from "./log-redaction.ts";

/** The little of a logger that rooms ask for; fields first, then the message. */
export interface Log {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

/** JSON lines on stderr (journald keeps them), see LOGS.md; stdout belongs to results. No secret and no label text is in a line. */
export function createLog(options: { name: string; level?: string }): Log {
  const log = pino(
    {
      name: options.name,
      level: options.level ?? "info",
      formatters: { log: (fields) => redacted(fields) as Record<string, unknown> },
      // Errors are plain objects by then.
      serializers: { err: (value: unknown) => value },
    },
    pino.destination({ dest: 2, sync: true }),
  );
  const limit = new LogLimit({ now: () => performance.now() });
  const at = (level: keyof Log) => (fields: object, message: string) => {
    if (!log.isLevelEnabled(level)) return;
    // A step of a scan is told whatever else is: there are as many as the scanner has scans.
    const unsaid = "lane" in fields && "code" in fields ? 0 : limit.take(message);
    if (unsaid !== null) log[level](unsaid === 0 ? fields : { ...fields, unsaid }, redactedText(message));
  };
  return { debug: at("debug"), info: at("info"), warn: at("warn"), error: at("error") };
}

/** A log that keeps nothing, for libraries and tests. */
export const SILENT_LOG: Log = { debug() {}, info() {}, warn() {}, error() {} };
