/** Members whose value is never logged, whatever they hold: secrets, and what was read off a label or a scale as it came. */
const SECRET =
  /pass(word|phrase|wd)?$|secret|token$|^authorization$|^cookie$|^set-cookie$|^jws$|private|^key$|^pem$|credential|^raw$|^line$|^label(text)?$|^texts?$|^payload$|^body$|^event$|^cipher$/i;
/** Deeper than this, and beyond so many members, nothing is logged. */
const MAX_DEPTH = 6;
const MAX_MEMBERS = 200;
const MAX_TEXT = 4000;
export const REDACTED = "[redacted]";

/** Text that is a secret wherever it stands: private keys, signed tokens, bearer tokens, user and password in a URL. */
const PATTERNS: readonly (readonly [RegExp, string])[] = [
  [/-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z ]*PRIVATE KEY-----|$)/g, REDACTED],
  [/\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{4,}\.[A-Za-z0-9_-]{4,}/g, REDACTED],
  [/\b(Bearer|Basic) +[A-Za-z0-9._~+/=-]{6,}/gi, `$1 ${REDACTED}`],
  [/:\/\/[^/@\s"]+@/g, `://${REDACTED}@`],
];

/** A value as it may be logged: secrets gone, errors as plain objects, bounded. */
export function redacted(value: unknown, depth = 0): unknown {
  if (typeof value === "string") return redactedText(value);
  if (typeof value !== "object" || value === null) return typeof value === "bigint" ? String(value) : value;
  if (depth >= MAX_DEPTH) return "[deeper]";
  if (value instanceof Error) return redactedError(value, depth);
  if (value instanceof Uint8Array) return `[${value.length} bytes]`;
  if (value instanceof Date) return value;
  if (Array.isArray(value)) return value.slice(0, MAX_MEMBERS).map((one) => redacted(one, depth + 1));
  const members = Object.entries(value).slice(0, MAX_MEMBERS);
  return Object.fromEntries(
    members.map(([name, one]) => [
      name,
      SECRET.test(name) && one !== null && one !== undefined ? REDACTED : redacted(one, depth + 1),
    ]),
  );
}

/** Text without what is a secret wherever it stands. */
export function redactedText(text: string): string {
  const cut = text.length <= MAX_TEXT ? text : `${text.slice(0, MAX_TEXT)}…`;
  return PATTERNS.reduce((clean, [pattern, instead]) => clean.replace(pattern, instead), cut);
}

function redactedError(error: Error, depth: number): Record<string, unknown> {
  const { name, message, stack, cause, ...own } = error as Error & Record<string, unknown>;
  return {
    type: name,
    message: redactedText(message),
    ...(redacted(own, depth + 1) as Record<string, unknown>),
    ...(stack === undefined ? {} : { stack: redactedText(stack) }),
    ...(cause === undefined ? {} : { cause: redacted(cause, depth + 1) }),
  };
}
