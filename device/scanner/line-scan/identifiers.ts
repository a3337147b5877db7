import {
  CANONICAL_PATTERN,
  canonicalIdentifier,
  checkIdentifier,
} from "../../../protocols/identifiers/canonical.ts";
import { identify } from "../../../protocols/identifiers/identify.ts";
import type { ScanStart } from "../../../protocols/line-scan/index.ts";
import type { ItemIdentifier } from "../../scan.ts";

/** What the scanner itself read of the item, in canonical form; label text that is no identifier is dropped. */
export function scannerIdentifiers(sent: ScanStart["identifiers"]): readonly ItemIdentifier[] {
  return sent.flatMap((entry) => {
    const found = typeof entry === "string" ? identify(entry) : canonical(entry);
    return found.map((each) => ({
      ...each,
      source: "scanner" as const,
      confidence: each.checkOk === false ? 0.5 : 1,
    }));
  });
}

function canonical(entry: Exclude<ScanStart["identifiers"][number], string>): ReturnType<typeof identify> {
  const value = canonicalIdentifier(entry.scheme, entry.value);
  if (!CANONICAL_PATTERN.test(value)) return [];
  return [{ scheme: entry.scheme, value, checkOk: checkIdentifier(entry.scheme, value) }];
}
