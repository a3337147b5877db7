import type { QualityMetric } from "../vocabulary.ts";
import { guardPrivacy } from "./privacy.ts";
import { type SalvageNote, salvage } from "./salvage.ts";
import {
  DECLARATION_SCHEMA,
  type Declaration,
  declarationSchema,
  declarationShape,
  REQUIRED_UNLESS_CANCEL,
} from "./schema.ts";

/** A fault of a declaration that did not stop it. Never quotes the declaration: it may be personal data. */
export interface DeclarationFinding {
  /** C1 something required is missing, K1 a member is outside the schema. */
  readonly metric: QualityMetric;
  /** RFC 6901 pointer of the member that was dropped or is missing. */
  readonly pointer: string;
  readonly message: string;
}

export type ParsedDeclaration =
  | {
      readonly ok: true;
      readonly declaration: Declaration;
      readonly findings: readonly DeclarationFinding[];
      /** Pieces that looked personal and were taken out (`scrub.ts`). */
      readonly scrubbed: number;
    }
  | { readonly ok: false; readonly pointer: string; readonly message: string };

/** Findings recorded of one declaration, at most; the last one says that there are more. */
export const MAX_FINDINGS = 100;

/** Members without which a declaration is a dead letter (`mqtt.md` "Declaration"); identifiers follow on their own. */
const VITAL = ["schema", "aedId", "revision", "function", "receivedAt"] as const;

function dead(pointer: string, message: string): ParsedDeclaration {
  return { ok: false, pointer, message };
}

function isRecord(json: unknown): json is Record<string, unknown> {
  return typeof json === "object" && json !== null && !Array.isArray(json);
}

function deadLetterReason(json: Record<string, unknown>): ParsedDeclaration | null {
  for (const key of VITAL) {
    if (!Object.hasOwn(json, key)) return dead(`/${key}`, "is missing");
    if (declarationShape.shape[key].safeParse(json[key]).success) continue;
    return dead(`/${key}`, key === "schema" ? `is not ${DECLARATION_SCHEMA}` : "is not of its type");
  }
  if (json["function"] === "cancel") return null;
  if (!Object.hasOwn(json, "identifiers")) return dead("/identifiers", "is missing");
  const { identifiers } = json;
  if (!Array.isArray(identifiers)) return dead("/identifiers", "is not a list");
  return identifiers.length === 0 ? dead("/identifiers", "is empty") : null;
}

/** Pointers beyond this are cut to their parent, so that a finding fits its limits. */
function toFinding(note: SalvageNote): DeclarationFinding {
  return { metric: note.missing ? "C1" : "K1", pointer: note.pointer, message: note.message };
}

function bounded(findings: readonly DeclarationFinding[], total: number): readonly DeclarationFinding[] {
  if (total <= MAX_FINDINGS) return findings;
  const rest = total - MAX_FINDINGS + 1;
  return [
    ...findings.slice(0, MAX_FINDINGS - 1),
    { metric: "K1", pointer: "", message: `and ${rest} more faults` },
  ];
}

/**
 * Reads a declaration as `mqtt.md` says: it is refused only where its schema is unknown, or schema, aedId, revision,
 * function, receivedAt or (unless it cancels) identifiers is missing or mistyped; identifiers of which none is usable count
 * as missing, since nothing could ever match them. Any other violation drops the smallest member that makes the rest
 * valid, and is told as a finding. What looks personal is taken out and counted.
 *
 * @param json the parsed JSON of the event's `data`; that it is JSON at all is the caller's to find out.
 */
export function parseDeclaration(json: unknown): ParsedDeclaration {
  if (!isRecord(json)) return dead("", "is not an object");
  const reason = deadLetterReason(json);
  if (reason !== null) return reason;
  const strict = declarationSchema.safeParse(json);
  if (strict.success) return guarded(strict.data, []);

  const notes: SalvageNote[] = [];
  const kept = salvage(declarationShape, json, "", notes);
  if (!kept.ok) return dead("", "nothing of it could be used");
  const declaration = kept.value as Declaration;
  const cancels = declaration.function === "cancel";
  if (!cancels && declaration.identifiers === undefined) {
    const first = notes.find((note) => note.pointer.startsWith("/identifiers/"));
    return dead(first?.pointer ?? "/identifiers", first?.message ?? "holds no usable identifier");
  }
  const findings = notes.slice(0, MAX_FINDINGS).map(toFinding);
  let total = notes.length;
  for (const key of cancels ? [] : REQUIRED_UNLESS_CANCEL) {
    if (Object.hasOwn(json, key)) continue;
    total += 1;
    findings.push({ metric: "C1", pointer: `/${key}`, message: "is missing" });
  }
  return guarded(declaration, bounded(findings, total));
}

/** What looks personal is taken out before anything else sees the declaration. */
function guarded(declaration: Declaration, findings: readonly DeclarationFinding[]): ParsedDeclaration {
  const { declaration: kept, removed, pointers } = guardPrivacy(declaration);
  const dropped = pointers
    .filter((pointer) => !pointer.endsWith("/description"))
    .map((pointer) => ({ metric: "K1" as const, pointer, message: "looked personal and was dropped" }));
  const all = [...findings, ...dropped];
  return { ok: true, declaration: kept, findings: bounded(all, all.length), scrubbed: removed };
}
