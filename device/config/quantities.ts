import { z } from "zod";
import { parseBytes, parseDuration } from "./units.ts";

/** A size: number of bytes, or text with a unit. */
export const bytes = z.union([z.string(), z.number()]).transform((value, context) => {
  const parsed = parseBytes(value);
  if (parsed !== null) return parsed;
  context.addIssue({
    code: "custom",
    message: "a size such as 512MB or 200GB (GB = 10^9 bytes)",
    input: value,
  });
  return z.NEVER;
});

/** A duration, ms: text with a unit. */
export const duration = z.union([z.string(), z.number()]).transform((value, context) => {
  const parsed = parseDuration(value);
  if (parsed !== null) return parsed;
  context.addIssue({
    code: "custom",
    message: "a duration with its unit, such as 7d, 24h, 30m, 15s or 500ms",
    input: value,
  });
  return z.NEVER;
});
