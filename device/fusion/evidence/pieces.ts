import { calibrated } from "../calibration.ts";
import type { Case } from "../case.ts";
import type { EvidenceRow } from "./row.ts";

/**
 * Pieces of a matching declaration: declared, and scanned so far at this site; null unknown. Of a consignment of one piece
 * this is the piece; of several nobody knows how many went by unless they were counted.
 */
export function countPieces(subject: Case, aedId: string): { declared: number | null; seen: number | null } {
  const match = subject.matches.find((one) => one.stored.declaration.aedId === aedId);
  const declared = match?.stored.declaration.consignment?.packageCount ?? null;
  return { declared, seen: subject.input.piecesSeen?.[aedId] ?? (declared === 1 ? 1 : null) };
}

/** More pieces than declared (metric A5). Fewer say nothing: the others may still come. */
export function piecesEvidence(subject: Case): readonly EvidenceRow[] {
  if (subject.own === null) return [];
  const { declared, seen } = countPieces(subject, subject.own.stored.declaration.aedId);
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
