import type { Declaration } from "../../../protocols/declaration.ts";
import { calibrated } from "../calibration.ts";
import type { Case } from "../case.ts";
import type { FusionInput } from "../input.ts";
import type { EvidenceRow } from "./row.ts";

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

/** More pieces than declared (metric A5). Fewer say nothing: the others may still come. */
export function piecesEvidence(subject: Case): readonly EvidenceRow[] {
  if (subject.own === null) return [];
  const { declared, seen } = countPieces(subject.own.stored.declaration, subject.input.piecesSeen);
  if (declared === null || seen === null || seen <= declared) return [];
  return [
    {
      source: "pieces",
      code: "PIECES_MISMATCH",
      logOdds: calibrated(subject.input.settings, "pieces", subject.input.settings.weights.pieces),
      detail: `${seen} pieces seen under this declaration, ${declared} declared`,
    },
  ];
}
