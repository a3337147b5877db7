import { readFile } from "node:fs/promises";
import { parseDeclaration } from "../../../protocols/declaration.ts";
import { LynceusError } from "../../../protocols/errors.ts";
import type { ItemIdentifier } from "../../scan.ts";
import type { StoredDeclaration } from "../../spool/port.ts";

/** Largest declaration, bytes (`mqtt.md`, Declaration). */
const MAX_BYTES = 256 * 1024;

/** A declaration read from a file; when it was stored is for the caller to say. */
export type GivenDeclaration = Omit<StoredDeclaration, "storedAt">;

/**
 * Reads a `customs-aed/1.0` declaration, bare, as the `data` of its event, or alone in a list. @throws LYN_PATH_MISSING, LYN_USAGE
 */
export async function readDeclaration(file: string): Promise<GivenDeclaration> {
  const text = await readFile(file, "utf8").catch((cause: unknown) => {
    throw new LynceusError("LYN_PATH_MISSING", `The declaration ${file} cannot be read`, {
      remedy: "Check the path given with --declaration.",
      cause,
    });
  });
  if (Buffer.byteLength(text) > MAX_BYTES) throw unusable(file, `it is larger than ${MAX_BYTES} bytes`);
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    throw unusable(file, "it is not JSON");
  }
  const [only = json, ...others] = Array.isArray(json) ? (json as readonly unknown[]) : [json];
  if (others.length > 0)
    throw unusable(file, `it holds ${others.length + 1} declarations, and an item has one`);
  const parsed = parseDeclaration(isEvent(only) ? only.data : only);
  if (!parsed.ok) throw unusable(file, `${parsed.pointer || "it"} ${parsed.message}`);
  return { declaration: parsed.declaration, findings: parsed.findings };
}

/** Whoever gives a declaration with an image says that it belongs to it: its identifiers become those of the scan. */
export function identifiersOf({ declaration }: GivenDeclaration): readonly ItemIdentifier[] {
  return (declaration.identifiers ?? []).map(({ scheme, value, checkOk }) => ({
    scheme,
    value,
    checkOk: checkOk ?? null,
    source: "operator",
    confidence: 1,
  }));
}

function isEvent(json: unknown): json is { data: unknown } {
  return typeof json === "object" && json !== null && "specversion" in json && "data" in json;
}

function unusable(file: string, reason: string): LynceusError {
  return new LynceusError("LYN_USAGE", `The declaration ${file} cannot be used: ${reason}`, {
    remedy: "Give the customs-aed/1.0 declaration of the item as JSON.",
    details: { file },
  });
}
