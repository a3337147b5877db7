import { pino } from "pino";

/** The little of a logger that rooms ask for; fields first, then the message. */
export interface Log {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

/** JSON lines on stderr (journald keeps them); stdout belongs to results. Secrets are redacted by path. */
export function createLog(options: { name: string; level?: string }): Log {
  return pino(
    {
      name: options.name,
      level: options.level ?? "info",
      redact: { paths: ["password", "*.password", "key", "*.key", "token", "*.token"], censor: "[redacted]" },
    },
    pino.destination({ dest: 2, sync: true }),
  );
}

/** A log that keeps nothing, for libraries and tests. */
export const SILENT_LOG: Log = { debug() {}, info() {}, warn() {}, error() {} };
