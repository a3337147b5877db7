import canonicalize from "canonicalize";
import { LynceusError } from "./errors.ts";
import { jsonPointer } from "./schema-issue.ts";

/** Objects and arrays within one another, at most. */
const MAX_DEPTH = 64;

function refuse(path: readonly PropertyKey[], why: string): never {
  throw new LynceusError("LYN_CANONICAL_JSON", `${jsonPointer(path) || "The value"} ${why}`, {
    remedy: "Hash only JSON values: finite numbers, integers up to 2^53−1, well-formed text",
    details: { pointer: jsonPointer(path) },
  });
}

function checkNumber(value: number, path: readonly PropertyKey[]): void {
  if (!Number.isFinite(value)) refuse(path, "is not a finite number");
  if (Number.isInteger(value) && !Number.isSafeInteger(value)) refuse(path, "is an integer beyond 2^53−1");
}

function check(value: unknown, path: PropertyKey[]): void {
  if (value === null || typeof value === "boolean") return;
  if (typeof value === "number") {
    checkNumber(value, path);
  } else if (typeof value === "string") {
    if (!value.isWellFormed()) refuse(path, "holds half a surrogate pair");
  } else if (typeof value === "object") {
    checkContainer(value, path);
  } else {
    refuse(path, `is a ${typeof value}, not a JSON value`);
  }
}

function checkContainer(value: object, path: PropertyKey[]): void {
  if (path.length >= MAX_DEPTH) refuse(path, `nests deeper than ${MAX_DEPTH}`);
  const prototype: unknown = Object.getPrototypeOf(value);
  if (!Array.isArray(value) && prototype !== Object.prototype && prototype !== null) {
    refuse(path, "is not a plain object");
  }
  const entries = Array.isArray(value) ? value.entries() : Object.entries(value);
  for (const [key, member] of entries) {
    // As in JSON.stringify, a member that is undefined is a member that is absent; in an array it would become null.
    if (member === undefined && !Array.isArray(value)) continue;
    if (typeof key === "string" && !key.isWellFormed()) refuse(path, "has a name with half a surrogate pair");
    path.push(key);
    check(member, path);
    path.pop();
  }
}

/**
 * The RFC 8785 (JCS) form of a JSON value: what is hashed and signed.
 * @throws LynceusError `LYN_CANONICAL_JSON` for NaN, Infinity, integers beyond 2^53−1, lone surrogates, and anything that
 *   is not a JSON value.
 */
export function canonicalJson(value: unknown): string {
  check(value, []);
  const text = canonicalize(value);
  return text ?? refuse([], "is not a JSON value");
}
