import { z } from "zod";

/** One fault of the configuration: where, what was found, what is allowed. */
export interface ConfigFault {
  /** Key path, e.g. `lanes[0].scanner.transport`. */
  readonly path: string;
  readonly message: string;
}

/** Turns zod's issues into faults a person can act on: key path, value found, values allowed, nearest key. */
export function faultsOf(schema: z.ZodType, error: z.ZodError, input: unknown): readonly ConfigFault[] {
  return error.issues.flatMap((issue) => {
    const path = issue.path as readonly (string | number)[];
    if (issue.code === "unrecognized_keys")
      return issue.keys.map((key) => unknownKey(schema, path, key, input));
    return [{ path: pathText(path), message: `${foundText(valueAt(input, path))}; ${allowedText(issue)}` }];
  });
}

function unknownKey(
  schema: z.ZodType,
  path: readonly (string | number)[],
  key: string,
  input: unknown,
): ConfigFault {
  const known = knownKeys(schemaAt(schema, path, input), valueAt(input, path));
  const nearest = nearestOf(key, known);
  const hint = nearest === null ? `known keys: ${known.join(", ")}` : `did you mean "${nearest}"?`;
  return { path: pathText([...path, key]), message: `unknown key "${key}"; ${hint}` };
}

function allowedText(issue: z.core.$ZodIssue): string {
  switch (issue.code) {
    case "invalid_value":
      return `allowed: ${issue.values.map((value) => JSON.stringify(value)).join(", ")}`;
    case "invalid_type":
      return `allowed: ${issue.expected}`;
    case "too_small":
      return `allowed: at least ${issue.minimum}${issue.inclusive === false ? " (exclusive)" : ""}`;
    case "too_big":
      return `allowed: at most ${issue.maximum}${issue.inclusive === false ? " (exclusive)" : ""}`;
    case "invalid_union": {
      const options = (issue as { options?: readonly unknown[] }).options;
      return options === undefined
        ? `allowed: ${issue.message}`
        : `allowed: ${options.map((value) => JSON.stringify(value)).join(", ")}`;
    }
    default:
      return `allowed: ${issue.message}`;
  }
}

/** Values found are shown, since secrets are files: but for what stands before the @ of a URL. Long ones are cut. */
function foundText(value: unknown): string {
  if (value === undefined) return "found: nothing (required)";
  const text = (JSON.stringify(value) ?? String(value)).replaceAll(/\/\/[^/@\s]*@/g, "//[redacted]@");
  return `found: ${text.length > 80 ? `${text.slice(0, 77)}...` : text}`;
}

function pathText(path: readonly (string | number)[]): string {
  if (path.length === 0) return "(top)";
  return path
    .map((step, at) => (typeof step === "number" ? `[${step}]` : at === 0 ? step : `.${step}`))
    .join("");
}

function valueAt(input: unknown, path: readonly (string | number)[]): unknown {
  return path.reduce<unknown>(
    (value, step) =>
      typeof value === "object" && value !== null
        ? (value as Record<string | number, unknown>)[step]
        : undefined,
    input,
  );
}

function unwrapped(schema: z.ZodType): z.ZodType {
  let current = schema;
  while (
    current instanceof z.ZodOptional ||
    current instanceof z.ZodDefault ||
    current instanceof z.ZodNullable
  ) {
    current = current.unwrap() as z.ZodType;
  }
  return current;
}

function schemaAt(schema: z.ZodType, path: readonly (string | number)[], input: unknown): z.ZodType | null {
  let current: z.ZodType | null = unwrapped(schema);
  let value = input;
  for (const step of path) {
    if (current instanceof z.ZodArray) current = unwrapped(current.element as z.ZodType);
    else if (current !== null) current = memberSchema(current, String(step), value);
    value = valueAt(value, [step]);
  }
  return current;
}

function memberSchema(schema: z.ZodType, key: string, value: unknown): z.ZodType | null {
  for (const shape of shapesOf(schema, value)) {
    const member = shape[key];
    if (member !== undefined) return unwrapped(member);
  }
  return schema instanceof z.ZodRecord ? unwrapped(schema.valueType as z.ZodType) : null;
}

/** The object shapes a schema can have; of a discriminated union the one that `value` chose, else all. */
function shapesOf(schema: z.ZodType, value: unknown): readonly Readonly<Record<string, z.ZodType>>[] {
  if (schema instanceof z.ZodObject) return [schema.shape as Record<string, z.ZodType>];
  if (schema instanceof z.ZodUnion && !(schema instanceof z.ZodDiscriminatedUnion))
    return (schema.options as readonly z.ZodType[]).flatMap((option) => shapesOf(option, value));
  if (!(schema instanceof z.ZodDiscriminatedUnion)) return [];
  // A union's options may be unions by another key: kind, then protocol.
  const options = schema.options as readonly z.ZodType[];
  const key = schema.def.discriminator;
  const found = valueAt(value, [key]);
  const chosen = options.filter((option) =>
    shapesOf(option, undefined).some((shape) => shape[key]?.safeParse(found).success),
  );
  return (chosen.length > 0 ? chosen : options).flatMap((option) => shapesOf(option, value));
}

function knownKeys(schema: z.ZodType | null, value: unknown): readonly string[] {
  if (schema === null) return [];
  if (schema instanceof z.ZodRecord && schema.keyType instanceof z.ZodEnum)
    return schema.keyType.options.map(String);
  return [...new Set(shapesOf(schema, value).flatMap((shape) => Object.keys(shape)))];
}

/** The known key nearest to `key` by edit distance, or null when none is near (more than half of it differs). */
export function nearestOf(key: string, known: readonly string[]): string | null {
  let best: string | null = null;
  let bestDistance = Math.max(2, Math.ceil(key.length / 2)) + 1;
  for (const candidate of known) {
    const distance = editDistance(key.toLowerCase(), candidate.toLowerCase());
    if (distance < bestDistance) {
      best = candidate;
      bestDistance = distance;
    }
  }
  return best;
}

function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, at) => at);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const change = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min((row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1, change));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}
