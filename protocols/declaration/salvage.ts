import { z } from "zod";
import { describeIssue } from "../schema-issue.ts";
import { GIVEN_NAMES } from "./given-names.ts";

/** What was dropped and why. */
export interface SalvageNote {
  /** RFC 6901 pointer. */
  readonly pointer: string;
  /** Plain words that never quote the value. */
  readonly message: string;
  /** Whether something required is missing, rather than something present being wrong. */
  readonly missing: boolean;
}

export type Salvaged = { readonly ok: true; readonly value: unknown } | { readonly ok: false };

const FAILED: Salvaged = { ok: false };
/** Keys that may stand in a pointer: names of members as programs write them. Any other may be somebody's name. */
const PLAIN_KEY = /^[a-z][A-Za-z0-9_]{0,39}$/;
const LONG_DIGITS = /\d{4}/;

/**
 * Keeps as much of `value` as fits `schema`: drops the smallest members that make the rest valid. An object whose
 * required member is gone goes as a whole.
 */
export function salvage(schema: z.ZodType, value: unknown, pointer: string, notes: SalvageNote[]): Salvaged {
  if (schema instanceof z.ZodOptional) return salvage(schema.unwrap() as z.ZodType, value, pointer, notes);
  if (schema instanceof z.ZodObject) return salvageObject(schema, value, pointer, notes);
  if (schema instanceof z.ZodArray) return salvageArray(schema, value, pointer, notes);
  return salvageLeaf(schema, value, pointer, notes);
}

function salvageLeaf(schema: z.ZodType, value: unknown, pointer: string, notes: SalvageNote[]): Salvaged {
  const result = schema.safeParse(value);
  if (result.success) return { ok: true, value: result.data };
  const issue = result.error.issues[0];
  notes.push({ pointer, message: issue === undefined ? "is invalid" : describeIssue(issue), missing: false });
  return FAILED;
}

function salvageArray(schema: z.ZodArray, value: unknown, pointer: string, notes: SalvageNote[]): Salvaged {
  if (!Array.isArray(value)) return salvageLeaf(schema, value, pointer, notes);
  const kept: unknown[] = [];
  value.forEach((element, index) => {
    const result = salvage(schema.element as z.ZodType, element, `${pointer}/${index}`, notes);
    if (result.ok) kept.push(result.value);
  });
  const issue = schema.safeParse(kept).error?.issues[0];
  if (issue?.code === "too_big") {
    const most = Number(issue.maximum);
    notes.push({ pointer, message: `${describeIssue(issue)}; the rest was dropped`, missing: false });
    return { ok: true, value: kept.slice(0, most) };
  }
  return issue === undefined ? { ok: true, value: kept } : FAILED;
}

function salvageObject(schema: z.ZodObject, value: unknown, pointer: string, notes: SalvageNote[]): Salvaged {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    return salvageLeaf(schema, value, pointer, notes);
  }
  const kept: Record<string, unknown> = {};
  for (const [key, member] of Object.entries(value)) {
    const memberSchema = Object.hasOwn(schema.shape, key) ? (schema.shape[key] as z.ZodType) : null;
    if (memberSchema === null) {
      notes.push(unknownMember(pointer, key));
      continue;
    }
    const result = salvage(memberSchema, member, `${pointer}/${key}`, notes);
    if (result.ok) kept[key] = result.value;
  }
  return settleObject(schema, kept, value, pointer, notes);
}

function isPlain(key: string): boolean {
  if (!PLAIN_KEY.test(key) || LONG_DIGITS.test(key)) return false;
  const words = key.split(/_|(?=[A-Z])/).map((word) => word.toLowerCase());
  return !words.some((word) => GIVEN_NAMES.has(word));
}

function unknownMember(pointer: string, key: string): SalvageNote {
  const named = isPlain(key);
  const message = named ? "is not known to the schema" : "holds a member that the schema does not know";
  return { pointer: named ? `${pointer}/${key}` : pointer, message, missing: false };
}

/** Applies what concerns the object as a whole: its required members, and rules between members. */
function settleObject(
  schema: z.ZodObject,
  kept: Record<string, unknown>,
  original: object,
  pointer: string,
  notes: SalvageNote[],
): Salvaged {
  for (const issue of schema.safeParse(kept).error?.issues ?? []) {
    const key = String(issue.path[0] ?? "");
    if (Object.hasOwn(kept, key)) {
      delete kept[key];
      notes.push({ pointer: `${pointer}/${key}`, message: describeIssue(issue), missing: false });
      continue;
    }
    // A required member that was there has been noted already, under its own name.
    if (!Object.hasOwn(original, key)) {
      notes.push({
        pointer: `${pointer}/${key}`,
        message: "is missing, so the whole was dropped",
        missing: true,
      });
    }
    return FAILED;
  }
  return { ok: true, value: kept };
}
