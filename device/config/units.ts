const BYTE_UNITS: Readonly<Record<string, number>> = { B: 1, KB: 1e3, MB: 1e6, GB: 1e9, TB: 1e12 };
const DURATION_UNITS: Readonly<Record<string, number>> = { ms: 1, s: 1e3, m: 6e4, h: 3.6e6, d: 8.64e7 };

/** Bytes from `512MB` (decimal units, GB = 10^9 bytes) or a plain number of bytes; null when it is neither. */
export function parseBytes(value: string | number): number | null {
  return parseQuantity(value, /^(\d+(?:\.\d+)?)\s*([KMGT]?B)$/i, (unit) => BYTE_UNITS[unit.toUpperCase()]);
}

/** Milliseconds from `7d`, `24h`, `30m`, `15s`, `500ms`; null when it is none of these. A bare number has no unit and is refused. */
export function parseDuration(value: string | number): number | null {
  if (typeof value === "number") return null;
  return parseQuantity(value, /^(\d+(?:\.\d+)?)\s*(ms|s|m|h|d)$/, (unit) => DURATION_UNITS[unit]);
}

function parseQuantity(
  value: string | number,
  form: RegExp,
  scale: (unit: string) => number | undefined,
): number | null {
  if (typeof value === "number") return Number.isSafeInteger(value) && value >= 0 ? value : null;
  const match = form.exec(value.trim());
  if (match === null) return null;
  const factor = scale(match[2] ?? "");
  const result = factor === undefined ? Number.NaN : Math.round(Number(match[1]) * factor);
  return Number.isSafeInteger(result) ? result : null;
}
