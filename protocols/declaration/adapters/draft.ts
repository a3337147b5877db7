import { createHash } from "node:crypto";
import { canonicalIdentifier, checkIdentifier } from "../../identifiers/canonical.ts";
import { IDENTIFIER_SCHEMES, type IdentifierScheme } from "../../vocabulary.ts";
import { type DeclarationFinding, parseDeclaration } from "../parse.ts";
import type { Declaration } from "../schema.ts";
import type { Tokeniser } from "./tokens.ts";

/** A declaration is at most 256 KiB, its envelope a little (`mqtt.md`). */
const MAX_BYTES = 255 * 1024;

/** What an adapter cannot know of itself. */
export interface AdapterOptions {
  /** When the message came, RFC 3339: `receivedAt`. */
  readonly receivedAt: string;
  readonly direction?: "import" | "export" | "transit" | "transhipment";
  readonly flow?: "postal" | "express" | "air_cargo" | "container" | "road_rail";
  /** Makes tokens of parties; absent: parties come without. */
  readonly tokenise?: Tokeniser;
  /** Until when the gateways keep it, RFC 3339, and for what. */
  readonly retainUntil?: string;
  readonly purpose?: string;
}

/** One declaration out of a sender's message. */
export interface Adapted {
  readonly declaration: Declaration;
  readonly findings: readonly DeclarationFinding[];
  /** Pieces that looked personal and were taken out of free texts. */
  readonly scrubbed: number;
}

/** A part of a message of which no declaration can be made. `at`: the row, or the place in the list, from 1. */
export interface AdapterFault {
  readonly at: number;
  readonly pointer: string;
  readonly message: string;
}

/** All that a message holds. */
export interface AdapterResult {
  readonly declarations: readonly Adapted[];
  readonly faults: readonly AdapterFault[];
}

/** A value that could not be used, by where it stands in the declaration. */
export type Note = (pointer: string, message: string) => void;

/** What is gathered of a declaration before it is read as one. */
export interface Draft {
  /** The sender's own key of it: the same key is the same declaration. */
  readonly reference: string;
  readonly sourceRegime: Declaration["sourceRegime"];
  readonly members: Record<string, unknown>;
  readonly notes: readonly DeclarationFinding[];
}

/**
 * Finishes a draft: ids, times and privacy are added, and it is read as one that came over MQTT would be, so that whatever
 * an adapter lets through is held to the same rules. `at`: its place in the message, from 1.
 */
export function finish(draft: Draft, options: AdapterOptions, at: number): Adapted | AdapterFault {
  const { direction, flow, receivedAt, retainUntil, purpose } = options;
  const json = {
    schema: "customs-aed/1.0",
    aedId: uuidOf(`${draft.sourceRegime} ${draft.reference}`),
    revision: 1,
    function: "original",
    sourceRegime: draft.sourceRegime,
    receivedAt,
    ...(direction === undefined ? {} : { direction }),
    ...(flow === undefined ? {} : { flow }),
    ...(retainUntil === undefined
      ? {}
      : { privacy: { profile: "edge_min", retainUntil, ...(purpose === undefined ? {} : { purpose }) } }),
    ...defined(draft.members),
  };
  const parsed = parseDeclaration(json);
  if (!parsed.ok) return { at, pointer: parsed.pointer, message: parsed.message };
  const { findings, scrubbed } = parsed;
  return {
    declaration: fitted(parsed.declaration),
    findings: [...draft.notes, ...findings].slice(0, 100),
    scrubbed,
  };
}

/** Items are cut, and their true number is told, where a declaration is larger than a message may be (`mqtt.md`). */
function fitted(declaration: Declaration): Declaration {
  const { items } = declaration;
  if (items === undefined || bytesOf(declaration) <= MAX_BYTES) return declaration;
  let room = MAX_BYTES - bytesOf({ ...declaration, items: [] }) - 32;
  const kept = items.filter((item) => {
    room -= bytesOf(item) + 1;
    return room >= 0;
  });
  return { ...declaration, items: kept, itemsTotal: items.length };
}

function bytesOf(value: unknown): number {
  return new TextEncoder().encode(JSON.stringify(value)).length;
}

/** Sorts what was finished into declarations and faults. */
export function resultOf(finished: readonly (Adapted | AdapterFault)[]): AdapterResult {
  return {
    declarations: finished.filter((one) => "declaration" in one),
    faults: finished.filter((one) => "message" in one),
  };
}

/** A declaration's id from the sender's own key: sent again, it is the same one. A UUID of version 8 (RFC 9562). */
export function uuidOf(reference: string): string {
  const hex = createHash("sha256").update(reference).digest("hex");
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-a${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}

/** An identifier in its canonical form with its check digit looked at; null for an empty one. */
export function identifierOf(scheme: string, text: string | undefined, level?: string): object | null {
  const known = (IDENTIFIER_SCHEMES as readonly string[]).includes(scheme);
  const value = text === undefined || !known ? "" : canonicalIdentifier(scheme as IdentifierScheme, text);
  if (value === "") return null;
  return {
    scheme,
    value,
    ...(level === undefined ? {} : { level }),
    checkOk: checkIdentifier(scheme as IdentifierScheme, value),
  };
}

/** Without the members that are undefined or null. */
export function defined(members: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(members).filter(([, value]) => value !== undefined && value !== null),
  );
}

/** Null where nothing is left of it. */
export function someOf(members: Record<string, unknown>): Record<string, unknown> | undefined {
  const left = defined(members);
  return Object.keys(left).length === 0 ? undefined : left;
}
