import { isLynceusError } from "../../../protocols/errors.ts";

/** What one probe found. */
export interface Finding {
  /** Key path of the configuration, or `disk`, `clock`. */
  readonly what: string;
  readonly state: "ok" | "warning" | "fault";
  /** What was seen, plain English. */
  readonly found: string;
  /** What to do; null where nothing is to be done. */
  readonly remedy: string | null;
}

export function ok(what: string, found: string): Finding {
  return { what, state: "ok", found, remedy: null };
}

export function warning(what: string, found: string, remedy: string): Finding {
  return { what, state: "warning", found, remedy };
}

export function fault(what: string, found: string, remedy: string): Finding {
  return { what, state: "fault", found, remedy };
}

/** A failure as a finding: typed errors bring their remedy. */
export function failed(what: string, error: unknown, remedy: string): Finding {
  if (isLynceusError(error)) return fault(what, `${error.code}: ${error.message}`, error.remedy);
  return fault(what, (error as Error).message ?? String(error), remedy);
}
