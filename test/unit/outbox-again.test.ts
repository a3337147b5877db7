import { describe, expect, test } from "vitest";
import { Fresh } from "../../device/spool/fresh.ts";
import { OPERATIONS } from "../../device/spool/operations/index.ts";
import type { DueArguments } from "../../device/spool/operations/sending.ts";
import { retryDeadLetters } from "../../device/spool/retry.ts";
import { LynceusError } from "../../protocols/errors.ts";
import { openTestJournal, type TestJournal } from "../fixtures/journal.ts";
import { temporaryFolder } from "../fixtures/uplink.ts";

const USUAL: DueArguments = {
  limit: 100,
  receipts: false,
  now: 0,
  inFlight: [],
  since: null,
  freshFrom: null,
  backlog: true,
};

function due(journal: TestJournal, options: Partial<DueArguments> = {}): number[] {
  return OPERATIONS.dueRows(journal.context, { ...USUAL, ...options }).map(({ sequence }) => sequence);
}

function published(journal: TestJournal, ...sequences: number[]): void {
  OPERATIONS.markPublished(journal.context, { sequences, at: 0, life: 0 });
}

function receiptTo(journal: TestJournal, upToSequence: number, life = 0): number {
  const { context } = journal;
  return OPERATIONS.receiptRows(context, { journal: context.journal, ids: null, upToSequence, now: 0, life });
}

describe("rows that central asks for again", () => {
  test("go once more, also without receipts and when they were receipted; what became of them stands", () => {
    using folder = temporaryFolder();
    const journal = openTestJournal(folder.path);
    const { context } = journal;
    OPERATIONS.setReceiptsExpected(context, { expected: true, life: 0 });
    for (let row = 0; row < 5; row += 1) journal.hit();
    published(journal, 1, 2, 3);
    receiptTo(journal, 2);
    OPERATIONS.upkeep(context, { now: 0, life: 11, keepPublishedMs: 10 }); // erases the two
    receiptTo(journal, 3, 11);
    const range = { journal: context.journal, from: 1, to: 1000 };
    expect(OPERATIONS.resendRows(context, range)).toEqual({ queued: 3, gone: 2 });
    // Rows 4 and 5 were on their way anyhow.
    expect(due(journal)).toEqual([4, 5, 3]);
    published(journal, 3);
    expect(due(journal)).toEqual([4, 5]);
    expect(OPERATIONS.list(context, { limit: 3 }).at(-1)).toMatchObject({ sequence: 3, state: "receipted" });
    expect(OPERATIONS.resendRows(context, { ...range, from: 4, to: 3 })).toEqual({ queued: 0, gone: 0 });
    expect(OPERATIONS.resendRows(context, { ...range, journal: "another" })).toBeNull();
    journal.close();
  });

  test("of a journal that was saved from damage by the numbers that they had there", () => {
    using folder = temporaryFolder();
    const journal = openTestJournal(folder.path);
    const { context, database } = journal;
    for (let row = 0; row < 3; row += 1) journal.hit();
    published(journal, 1, 2, 3);
    database.run(
      "UPDATE outbox SET sequence = -sequence, salvaged_journal = 'old', salvaged_sequence = 10 + sequence",
    );
    expect(OPERATIONS.resendRows(context, { journal: "old", from: 12, to: 13 })).toEqual({
      queued: 2,
      gone: 0,
    });
    expect(due(journal)).toEqual([-3, -2]);
    const receipt = { journal: "old", ids: null, upToSequence: 12, now: 0, life: 0 };
    expect(OPERATIONS.receiptRows(context, receipt)).toBe(2);
    expect(due(journal)).toEqual([-3]);
    journal.close();
  });
});

describe("dead letters", () => {
  test("that are tried again want a receipt of their own, though central had receipted past them", () => {
    using folder = temporaryFolder();
    const journal = openTestJournal(folder.path);
    const { context } = journal;
    for (let row = 0; row < 3; row += 1) journal.hit();
    OPERATIONS.deadLetterRow(context, { sequence: 2, reason: "too large", now: 0 });
    published(journal, 1, 3, 4);
    expect(receiptTo(journal, 4)).toBe(4);
    const [letter] = OPERATIONS.deadLetters(context, { limit: 5 });
    expect(OPERATIONS.retryRows(context, { ids: ["unknown"] })).toBe(0);
    expect(OPERATIONS.retryRows(context, { ids: [letter?.id ?? ""] })).toBe(1);
    expect(OPERATIONS.deadLetters(context, { limit: 5 })).toEqual([]);
    expect(due(journal)).toEqual([2]);
    published(journal, 2);
    expect(OPERATIONS.figures(context)).toMatchObject({ unreceipted: 1, deadLetters: 0 });
    // A number says nothing of it any more: central may go on from what it was told before.
    expect(receiptTo(journal, 4)).toBe(0);
    const own = { ids: [letter?.id ?? ""], upToSequence: null, now: 0, life: 0 };
    expect(OPERATIONS.receiptRows(context, { journal: context.journal, ...own })).toBe(1);
    expect(OPERATIONS.figures(context)).toMatchObject({ unreceipted: 0 });
    journal.close();
  });

  test("are tried again by a command beside the gateway, which says which ids it does not know", () => {
    using folder = temporaryFolder();
    const journal = openTestJournal(folder.path);
    const { context } = journal;
    for (let row = 0; row < 2; row += 1) {
      const sequence = journal.hit();
      OPERATIONS.deadLetterRow(context, { sequence, reason: "too large", now: 0 });
    }
    const [letter] = OPERATIONS.deadLetters(context, { limit: 5 });
    expect(retryDeadLetters(folder.path, [letter?.id ?? "", "x"])).toEqual({ retried: 1, unknown: ["x"] });
    expect(retryDeadLetters(folder.path, null)).toEqual({ retried: 1, unknown: [] });
    expect(due(journal)).toEqual([1, 3, 2, 4]);
    journal.close();
    expect(() => retryDeadLetters(`${folder.path}/none`, null)).toThrow(LynceusError);
  });

  test("of a range that is asked for again go, too", () => {
    using folder = temporaryFolder();
    const journal = openTestJournal(folder.path);
    const { context } = journal;
    journal.hit();
    OPERATIONS.deadLetterRow(context, { sequence: 1, reason: "too large", now: 0 });
    const range = { journal: context.journal, from: 1, to: 1 };
    expect(OPERATIONS.resendRows(context, range)).toEqual({ queued: 1, gone: 0 });
    expect(due(journal)).toEqual([1, 2]);
    journal.close();
  });
});

describe("over MQTT 3.1.1", () => {
  test("only a receipt is delivery: a PUBACK neither lets data be erased nor images go", () => {
    using folder = temporaryFolder();
    const journal = openTestJournal(folder.path);
    const { context } = journal;
    OPERATIONS.setOnlyReceipts(context, { only: true, life: 0 });
    journal.hit();
    published(journal, 1);
    const time = { now: 1e15, life: 100, keepPublishedMs: 10 };
    expect(OPERATIONS.upkeep(context, time).erased).toBe(0);
    expect(OPERATIONS.evictScans(context, { bytes: 1, tier: "any", now: 0, reason: "" }).directories).toEqual(
      [],
    );
    receiptTo(journal, 1, 50);
    expect(
      OPERATIONS.evictScans(context, { bytes: 1, tier: "any", now: 0, reason: "" }).directories,
    ).toHaveLength(1);
    expect(OPERATIONS.upkeep(context, time).erased).toBe(1);
    journal.close();
  });

  test("going back to MQTT 5, a PUBACK counts again, from then on", () => {
    using folder = temporaryFolder();
    const journal = openTestJournal(folder.path);
    const { context } = journal;
    OPERATIONS.setOnlyReceipts(context, { only: true, life: 0 });
    journal.hit();
    published(journal, 1);
    OPERATIONS.setOnlyReceipts(context, { only: false, life: 1000 });
    expect(OPERATIONS.upkeep(context, { now: 0, life: 1005, keepPublishedMs: 10 }).erased).toBe(0);
    // Central announces receipts: what the broker has is not delivered any more.
    OPERATIONS.setReceiptsExpected(context, { expected: true, life: 1005 });
    expect(OPERATIONS.upkeep(context, { now: 0, life: 2000, keepPublishedMs: 10 }).erased).toBe(0);
    OPERATIONS.setReceiptsExpected(context, { expected: false, life: 2000 });
    expect(OPERATIONS.upkeep(context, { now: 0, life: 2011, keepPublishedMs: 10 }).erased).toBe(1);
    journal.close();
  });
});

test("P-45 running time that was lost begins anew and erases nothing early", () => {
  using folder = temporaryFolder();
  const journal = openTestJournal(folder.path);
  const { context } = journal;
  journal.hit();
  OPERATIONS.markPublished(context, { sequences: [1], at: 0, life: 1e12 });
  expect(OPERATIONS.upkeep(context, { now: 0, life: 5, keepPublishedMs: 10 }).erased).toBe(0);
  expect(OPERATIONS.upkeep(context, { now: 0, life: 14, keepPublishedMs: 10 }).erased).toBe(0);
  expect(OPERATIONS.upkeep(context, { now: 0, life: 16, keepPublishedMs: 10 }).erased).toBe(1);
  journal.close();
});

test("rows are fresh for ten seconds of the machine's time, by number", () => {
  let now = 0;
  const fresh = new Fresh({ now: () => now });
  expect(fresh.from).toBeNull();
  for (let sequence = 1; sequence <= 1000; sequence += 1) {
    now += 50;
    fresh.note(sequence);
  }
  // Told apart to a tenth of a second: the row of ten seconds ago, or the one after it.
  expect(fresh.from).toBeGreaterThanOrEqual(799);
  expect(fresh.from).toBeLessThanOrEqual(801);
  now += 10_001;
  expect(fresh.from).toBeNull();
});
