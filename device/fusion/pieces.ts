import type { Declaration } from "../../protocols/declaration.ts";
import type { FusionInput } from "./input.ts";

/**
 * Pieces of a matching declaration: declared, and scanned so far at this site; null unknown. Of a consignment of one piece
 * this is the piece; of several nobody knows how many went by unless they were counted.
 */
export function countPieces(
  { consignment, aedId }: Declaration,
  piecesSeen: FusionInput["piecesSeen"],
): { readonly declared: number | null; readonly seen: number | null } {
  const declared = consignment?.packageCount ?? null;
  return { declared, seen: piecesSeen?.[aedId] ?? (declared === 1 ? 1 : null) };
}
