import { MAX_RECEIPT_IDS, type Receipt } from "../../protocols/mqtt/index.ts";
import type { ReceivedEvent } from "./entry.ts";

/** A receipt and the gateway it goes to. */
export interface AddressedReceipt {
  readonly gateway: string;
  readonly receipt: Receipt;
  /** The events that it covers of those just kept. */
  readonly ids: readonly string[];
}

/**
 * Receipts for events that are on disk: one number where everything up to them is here, their ids where a gap lies below.
 * @param contiguous the largest n of a journal with 1 … n on disk.
 */
export function receiptsFor(
  events: readonly ReceivedEvent[],
  contiguous: (journal: string) => number,
): readonly AddressedReceipt[] {
  const groups = Map.groupBy(events, (event) => `${event.gateway} ${event.journal}`);
  return [...groups.values()].flatMap((group) => receiptsOfJournal(group, contiguous));
}

function receiptsOfJournal(
  events: readonly ReceivedEvent[],
  contiguous: (journal: string) => number,
): readonly AddressedReceipt[] {
  const first = events[0];
  if (first === undefined) return [];
  const { gateway, journal } = first;
  const upToSequence = contiguous(journal);
  const covered = events.filter((event) => event.sequence <= upToSequence).map(({ id }) => id);
  const beyond = events.filter((event) => event.sequence > upToSequence).map(({ id }) => id);
  const receipts: AddressedReceipt[] = [];
  if (covered.length > 0) receipts.push({ gateway, receipt: { journal, upToSequence }, ids: covered });
  for (let at = 0; at < beyond.length; at += MAX_RECEIPT_IDS) {
    const ids = beyond.slice(at, at + MAX_RECEIPT_IDS);
    receipts.push({ gateway, receipt: { journal, ids }, ids });
  }
  return receipts;
}
