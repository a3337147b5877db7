import { LynceusError } from "../../protocols/errors.ts";

/** SQLITE_FULL and SQLITE_IOERR with every extended form of it. */
const SQLITE_FULL = 13;
const SQLITE_IOERR = 10;
/** SQLITE_CORRUPT, SQLITE_NOTADB. */
const DAMAGED: ReadonlySet<number> = new Set([11, 26]);
const FULL_CODES: ReadonlySet<string> = new Set(["ENOSPC", "EDQUOT"]);
const FATAL_CODES: ReadonlySet<string> = new Set(["EIO", "EROFS", "ENXIO", "ENODEV"]);

/** The `errcode` of an SQLite error, 0 for any other. */
export function errorNumber(error: unknown): number {
  const code =
    typeof error === "object" && error !== null ? (error as { errcode?: unknown }).errcode : undefined;
  return typeof code === "number" ? code : 0;
}

/** Whether the journal itself is damaged. */
export function isDamage(error: unknown): boolean {
  return DAMAGED.has(errorNumber(error) & 0xff);
}

/** Whether the disk, not the data, is at fault. */
export function diskFault(error: unknown): "full" | "fatal" | null {
  const number = errorNumber(error) & 0xff;
  if (number === SQLITE_FULL) return "full";
  if (number === SQLITE_IOERR) return "fatal";
  if (isDamage(error)) return "fatal";
  const code = (error as { code?: unknown } | null)?.code;
  if (typeof code !== "string") return null;
  if (FULL_CODES.has(code)) return "full";
  return FATAL_CODES.has(code) ? "fatal" : null;
}

/**
 * Turns an error of the disk into LYN_SPOOL_FULL or LYN_SPOOL_FATAL, any other into LYN_SPOOL_WRITE. A failed fsync is
 * never repeated: the kernel may have dropped the pages and would answer "done" the second time.
 */
export function diskError(error: unknown, doing: string): LynceusError {
  if (error instanceof LynceusError) return error;
  const why = error instanceof Error ? error.message : String(error);
  const context = { details: { doing }, cause: error };
  switch (diskFault(error)) {
    case "full":
      return new LynceusError("LYN_SPOOL_FULL", `the disk is full while ${doing}: ${why}`, {
        ...context,
        remedy:
          "Free space on the volume of spool.path, or lower spool.maxBytes so that old images go earlier.",
      });
    case "fatal":
      return new LynceusError("LYN_SPOOL_FATAL", `the disk failed while ${doing}: ${why}`, {
        ...context,
        remedy:
          "Check the disk (dmesg, smartctl) and restart the gateway: the journal is checked when it opens.",
      });
    default:
      return new LynceusError("LYN_SPOOL_WRITE", `the spool failed while ${doing}: ${why}`, {
        ...context,
        remedy: "Report this with the log around it; the work is tried again after a restart.",
      });
  }
}
