import { GENESIS, linkHash } from "../../protocols/chain.ts";
import { alertId, eventId } from "../../protocols/ids.ts";
import type { Integrity } from "../../protocols/mqtt/common.ts";
import { encodeEvent, gatewaySource } from "../../protocols/mqtt/encode-event.ts";
import type { Signer } from "../signing.ts";
import type { UnsealedData } from "./port.ts";

/** Where a row stands in its journal. */
interface Place {
  readonly site: string;
  readonly gateway: string;
  readonly journal: string;
  readonly bootId: string;
  readonly sequence: number;
  /** Hash of the row before, null for the first. */
  readonly previous: string | null;
  readonly signer: Signer | null;
}

/** A hit or alert with its number and its place in the chain, as it is stored and published. */
export interface SealedEvent {
  readonly id: string;
  readonly sequence: number;
  /** CloudEvents JSON. */
  readonly event: string;
  readonly integrity: Integrity;
}

/** Id of a hit event: from scan and revision alone, so that a crash between two tries gives the same. */
export function eventIdOfHit(scanId: string, revision: number): string {
  return eventId(scanId, revision);
}

/** Throws LYN_CANONICAL_JSON or LYN_MESSAGE_TOO_LARGE. `mqtt.md`, Integrity and Envelope. */
export function sealHit(
  options: Place & { scanId: string; lane: string; revision: number; data: UnsealedData; now: number },
): SealedEvent {
  const { journal, sequence, bootId, scanId } = options;
  const { data, integrity } = chained(options, { ...options.data, journal, sequence, bootId });
  const decidedAt = options.data["decidedAt"];
  const id = eventIdOfHit(scanId, options.revision);
  const event = encodeEvent({
    name: "hit",
    id,
    source: gatewaySource(options.site, options.gateway, options.lane),
    subject: scanId,
    time: timeOf(typeof decidedAt === "string" ? Date.parse(decidedAt) : options.now),
    data,
  });
  return { id, sequence, event: text(event), integrity };
}

/** As {@link sealHit}. Alerts stand at the gateway's level whatever lane they name. */
export function sealAlert(
  options: Place & { lane: string | null; scanId: string | null; data: UnsealedData; now: number },
): SealedEvent {
  const { journal, sequence } = options;
  const { data, integrity } = chained(options, { ...options.data, journal, sequence });
  const id = alertId(journal, sequence);
  const event = encodeEvent({
    name: "alert",
    id,
    source: gatewaySource(options.site, options.gateway, options.lane ?? undefined),
    ...(options.scanId === null ? {} : { subject: options.scanId }),
    time: timeOf(options.now),
    data,
  });
  return { id, sequence, event: text(event), integrity };
}

function chained(place: Place, data: UnsealedData): { data: UnsealedData; integrity: Integrity } {
  const previous = place.previous ?? GENESIS;
  const hash = linkHash(previous, data);
  const { signer } = place;
  const signature = signer?.sign(hash) ?? null;
  const integrity = {
    previous,
    hash,
    signature,
    keyId: signature === null ? null : (signer?.keyId ?? null),
  };
  return { data: { ...data, integrity }, integrity };
}

/** RFC 3339 UTC with milliseconds. */
function timeOf(ms: number): string {
  return new Date(ms).toISOString();
}

function text(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes);
}
