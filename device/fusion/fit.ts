import { cutHit } from "../../protocols/mqtt/cut-hit.ts";
import type { Truncatable } from "../../protocols/mqtt/hit.ts";
import { MAX_EVENT_BYTES } from "../../protocols/mqtt/limits.ts";
import type { HitData } from "./hit.ts";

/** Left for the envelope, the place in the chain, signature and the escapes of a nested event. */
const ROOM_FOR_ENVELOPE = 4096;
/** Most bytes of a hit's `data` as fusion makes it. */
export const MAX_HIT_DATA_BYTES = MAX_EVENT_BYTES - ROOM_FOR_ENVELOPE;

const NIL = "00000000-0000-0000-0000-000000000000";

/**
 * Cuts a hit to the contract's list lengths and then, where it is still too long for one event, its longest tails: the
 * findings of lesser declarations, lesser declarations, the weakest detections. What decides (score, evidence, floor,
 * reasons, the best of each list) always stays, and what was cut is named in `truncated`.
 */
export function fitHit(data: HitData): HitData {
  const {
    journal: _journal,
    sequence: _sequence,
    bootId: _bootId,
    ...cut
  } = cutHit({ ...data, journal: NIL, sequence: 0, bootId: NIL });
  let fitting: HitData = cut;
  for (const shorten of [
    dropFindings,
    dropDeclarations,
    dropDetections(50),
    dropDetections(25),
    dropDetections(10),
  ]) {
    if (size(fitting) <= MAX_HIT_DATA_BYTES) break;
    fitting = shorten(fitting);
  }
  return fitting;
}

function size(data: HitData): number {
  return new TextEncoder().encode(JSON.stringify(data)).byteLength;
}

function named(data: HitData, list: Truncatable): HitData["truncated"] {
  return [...new Set([...data.truncated, list])];
}

function dropFindings(data: HitData): HitData {
  const declarations = data.declarations.map((declaration, at) =>
    at === 0 ? declaration : { ...declaration, quality: { ...declaration.quality, findings: [] } },
  );
  return { ...data, declarations, truncated: named(data, "findings") };
}

function dropDeclarations(data: HitData): HitData {
  return { ...data, declarations: data.declarations.slice(0, 1), truncated: named(data, "declarations") };
}

function dropDetections(most: number): (data: HitData) => HitData {
  return (data) => ({
    ...data,
    detections: data.detections.slice(0, most),
    truncated: named(data, "detections"),
  });
}
