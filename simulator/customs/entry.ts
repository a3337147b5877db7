import { linkHash } from "../../protocols/chain.ts";
import { isLynceusError } from "../../protocols/errors.ts";
import {
  type NamedEvent,
  parseAlert,
  parseHit,
  type ReceivedAlert,
  type ReceivedHit,
  undeliverableDetailsSchema,
  unwrap,
} from "../../protocols/mqtt/index.ts";

/** A hit or an alert as central knows it. */
export interface ReceivedEvent {
  /** `source` and `id`: what is deduplicated on. */
  readonly key: string;
  readonly id: string;
  readonly source: string;
  /** Gateway the receipt goes to, from `source`. */
  readonly gateway: string;
  readonly journal: string;
  readonly sequence: number;
  readonly resent: boolean;
  readonly hit: ReceivedHit | null;
  readonly alert: ReceivedAlert | null;
  /** Its place in the chain; `holds`: its data is what was hashed. */
  readonly link: { readonly previous: string; readonly hash: string; readonly holds: boolean };
  /** Sequence number that an alert `UNDELIVERABLE` says will never come. */
  readonly undeliverable: number | null;
}

/**
 * Reads a hit or alert event.
 * @throws LynceusError where it is not one.
 */
export function receivedEvent(event: NamedEvent): ReceivedEvent | null {
  if (event.name !== "hit" && event.name !== "alert") return null;
  const hit = event.name === "hit" ? parseHit(event.data) : null;
  const alert = event.name === "alert" ? parseAlert(event.data) : null;
  const { journal, sequence } = (hit ?? alert) as ReceivedHit | ReceivedAlert;
  return {
    key: `${event.source} ${event.id}`,
    id: event.id,
    source: event.source,
    gateway: event.source.split("/")[2] ?? "",
    journal,
    sequence,
    resent: event.resent === true,
    hit,
    alert,
    link: linkOf((hit ?? alert) as ReceivedHit | ReceivedAlert, event.data),
    undeliverable: undeliverableOf(alert),
  };
}

/** @param data as it came: what a reader does not know is hashed too. */
function linkOf({ integrity }: ReceivedHit | ReceivedAlert, data: unknown): ReceivedEvent["link"] {
  const { previous, hash } = integrity;
  try {
    return { previous, hash, holds: linkHash(previous, data as Record<string, unknown>) === hash };
  } catch {
    return { previous, hash, holds: false };
  }
}

/** The line of the ledger for a message: the event as it came, and when it came. */
export function entryLine(payload: Uint8Array, receivedAt: string): string {
  const event = JSON.parse(new TextDecoder().decode(payload)) as Record<string, unknown>;
  return JSON.stringify({ ...event, receivedat: receivedAt });
}

/** Reads a line of the ledger; null where it holds no event. */
export function readEntry(line: string): ReceivedEvent | null {
  try {
    // Without what the ledger added an event keeps within the contract's size.
    const { receivedat: _, ...kept } = JSON.parse(line) as Record<string, unknown>;
    const event = unwrap(new TextEncoder().encode(JSON.stringify(kept)));
    return event === null ? null : receivedEvent(event);
  } catch (error) {
    if (isLynceusError(error) || error instanceof SyntaxError) return null;
    throw error;
  }
}

function undeliverableOf(alert: ReceivedAlert | null): number | null {
  if (alert?.code !== "UNDELIVERABLE") return null;
  const details = undeliverableDetailsSchema.safeParse(alert.details);
  return details.success ? details.data.sequence : null;
}
