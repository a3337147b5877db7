import { createHash } from "node:crypto";
import type { Selection } from "../../protocols/mqtt/hit-score.ts";
import type { Decision } from "../../protocols/vocabulary.ts";
import type { Case } from "./case.ts";

/** 2 to the power of the bits of a digest that a draw takes. */
const DRAW_BITS = 48;

/**
 * Why the item is proposed for examination (`mqtt.md`, Hit `selection`): for its risk; at random, with the chance that it had; or
 * because all are. Only what nothing else selects is drawn, so that outcomes of random picks, weighted by 1 / probability, tell the
 * truth about everything that was not selected. What nobody could look at is not drawn: it is to be scanned again.
 */
export function select(subject: Case, decision: Decision, decidable: boolean): Selection {
  if (!decidable) return { mode: "risk", probability: 0 };
  if (decision === "ALARM") return { mode: "risk", probability: 1 };
  const { randomRate } = subject.input.settings;
  if (decision === "UNKNOWN") return { mode: "risk", probability: 0 };
  if (randomRate >= 1) return { mode: "all", probability: 1 };
  const drawn = drawOf(subject) < randomRate;
  return { mode: drawn ? "random" : "risk", probability: randomRate };
}

/** Whether the selection proposes an item that its risk does not. */
export function isDrawn({ mode }: Selection): boolean {
  return mode !== "risk";
}

/**
 * A number 0 ≤ x < 1 of the scan: the same for each revision, so that a late declaration does not draw again, and not to be foreseen,
 * since a scan's id is minted by the gateway with 74 random bits.
 */
function drawOf({ input: { scan, settings } }: Case): number {
  const digest = createHash("sha256")
    .update(`${settings.profile ?? ""}\n${scan.scanId}`)
    .digest();
  return digest.readUIntBE(0, DRAW_BITS / 8) / 2 ** DRAW_BITS;
}
