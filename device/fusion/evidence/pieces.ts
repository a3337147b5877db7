import { calibrated } from "../calibration.ts";
import type { Case } from "../case.ts";
import { countPieces } from "../pieces.ts";
import type { EvidenceRow } from "./row.ts";

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
