import type { LineScanEvent } from "../../../protocols/line-scan/index.ts";

const INACTIVE: ReadonlySet<string> = new Set([
  "off",
  "released",
  "reset",
  "clear",
  "ok",
  "inactive",
  "false",
  "0",
]);

/** Whether an EVENT says that the thing is on (pressed, interrupted, active). Machines say it in many words. */
export function isActive(state: LineScanEvent["state"]): boolean {
  return typeof state === "string" ? !INACTIVE.has(state.trim().toLowerCase()) : Boolean(state);
}
