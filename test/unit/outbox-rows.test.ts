import { describe, expect, test } from "vitest";
import { META, writeMeta } from "../../device/spool/operations/context.ts";
import { OPERATIONS } from "../../device/spool/operations/index.ts";
import type { DueArguments } from "../../device/spool/operations/sending.ts";
import { chainRow, verifyChain } from "../../protocols/chain.ts";
import { openTestJournal, type TestJournal } from "../fixtures/journal.ts";
import { temporaryFolder } from "../fixtures/uplink.ts";

const HOUR = 3_600_000;

function due(journal: TestJournal, options: Partial<DueArguments> & { now: number }): number[] {
  return dueRows(journal, options).map(({ sequence }) => sequence);
}

function dueRows(journal: TestJournal, options: Partial<DueArguments> & { now: number }) {
  const usual = { limit: 100, receipts: true, inFlight: [], since: null, freshFrom: null, backlog: true };
  return OPERATIONS.dueRows(journal.context, { ...usual, ...options });
}

function alert(journal: TestJournal, now: number): number {
  const data = { code: "LINK_ERRORS", severity: "info", message: "m", remedy: "r", details: {} };
  return OPERATIONS.commitAlert(journal.context, { data, lane: null, scanId: null, now }).sequence;
}

describe("which rows are sent next", () => {
  test("P-21 fresh before backlog, hits before alerts, nothing that is in flight, as many as asked for", () => {
    using folder = temporaryFolder();
    const journal = openTestJournal(folder.path);
    const [oldAlert, oldHit, oldHit2] = [alert(journal, 0), journal.hit(), journal.hit()];
    const now = HOUR;
    const [freshAlert, freshHit] = [alert(journal, now), journal.hit({ now })];
    const freshFrom = freshAlert;
    expect(due(journal, { now, freshFrom })).toEqual([freshHit, freshAlert, oldHit, oldHit2, oldAlert]);
    expect(due(journal, { now, freshFrom, limit: 2, inFlight: [freshHit, oldHit] })).toEqual([
      freshAlert,
      oldHit2,
    ]);
    // Central is away: what waits goes on waiting here.
    expect(due(journal, { now, freshFrom, backlog: false })).toEqual([freshHit, freshAlert]);
    expect(due(journal, { now, backlog: false })).toEqual([]);
    journal.close();
  });

  test("a published row comes again when its receipt is late, 2 s after the first time, at most 60 s later", () => {
    using folder = temporaryFolder();
    const journal = openTestJournal(folder.path);
    const sequence = journal.hit();
    const waits: number[] = [];
    let now = 0;
    for (let time = 0; time < 9; time += 1) {
      OPERATIONS.markPublished(journal.context, { sequences: [sequence], at: now, life: now });
      let wait = 0;
      while (due(journal, { now: now + wait }).length === 0) wait += 500;
      waits.push(wait / 1000);
      now += wait;
    }
    expect(waits).toEqual([2, 4, 8, 16, 32, 60, 60, 60, 60]);
    expect(due(journal, { now: now + HOUR, receipts: false })).toEqual([]);
    journal.close();
  });

  test("P-15 after a reconnection what was sent before comes again at once, each row once", () => {
    using folder = temporaryFolder();
    const journal = openTestJournal(folder.path);
    const [first, second] = [journal.hit(), journal.hit()];
    OPERATIONS.markPublished(journal.context, { sequences: [first, second], at: 1000, life: 1000 });
    expect(due(journal, { now: 1500 })).toEqual([]);
    expect(due(journal, { now: 1500, since: 1500 })).toEqual([first, second]);
    OPERATIONS.markPublished(journal.context, { sequences: [first], at: 1600, life: 1600 });
    expect(due(journal, { now: 1700, since: 1500 })).toEqual([second]);
    // The clock was an hour ahead before it was set right.
    OPERATIONS.markPublished(journal.context, { sequences: [second], at: HOUR, life: HOUR });
    expect(due(journal, { now: 1700, since: 1500 })).toEqual([second]);
    journal.close();
  });
});

describe("what frees a row", () => {
  test("P-08 ids and upToSequence of this journal; another journal's receipt is ignored", () => {
    using folder = temporaryFolder();
    const journal = openTestJournal(folder.path);
    const { context } = journal;
    const sequences = [1, 2, 3, 4].map(() => journal.hit());
    const { id } = dueRows(journal, { now: 0, limit: 1, inFlight: [1, 2, 3] })[0]!;
    const receipt = { journal: context.journal, ids: null, upToSequence: null, now: 5, life: 5 };
    expect(OPERATIONS.receiptRows(context, { ...receipt, journal: "another", upToSequence: 4 })).toBe(0);
    expect(OPERATIONS.receiptRows(context, { ...receipt, ids: [id, "unknown"] })).toBe(1);
    expect(OPERATIONS.receiptRows(context, { ...receipt, upToSequence: 2 })).toBe(2);
    expect(OPERATIONS.receiptRows(context, { ...receipt, upToSequence: 2 })).toBe(0);
    expect(due(journal, { now: HOUR })).toEqual([sequences[2]]);
    journal.close();
  });

  test("P-27 data is erased after a while and only when delivered; number and hashes stay and the chain still holds", () => {
    using folder = temporaryFolder();
    const journal = openTestJournal(folder.path);
    const { context, database } = journal;
    writeMeta(database, META.receipts, "true");
    for (let row = 0; row < 3; row += 1) journal.hit();
    OPERATIONS.markPublished(context, { sequences: [1, 2, 3], at: 10, life: 10 });
    OPERATIONS.receiptRows(context, {
      journal: context.journal,
      ids: null,
      upToSequence: 2,
      now: 20,
      life: 20,
    });
    // A clock that jumps erases nothing: it is the running time that counts.
    expect(OPERATIONS.upkeep(context, { now: 1e15, life: 30, keepPublishedMs: 10 }).erased).toBe(0);
    expect(OPERATIONS.upkeep(context, { now: 0, life: 31, keepPublishedMs: 10 }).erased).toBe(2);
    const rows = database.all("SELECT sequence, event, previous, hash FROM outbox ORDER BY sequence");
    expect(rows.map(({ event }) => event === null)).toEqual([true, true, false]);
    const chain = rows.map(({ sequence, event, previous, hash }) =>
      event === null
        ? {
            sequence: Number(sequence),
            data: null,
            integrity: { previous: String(previous), hash: String(hash), signature: null, keyId: null },
          }
        : chainRow(JSON.parse(String(event)).data),
    );
    expect(verifyChain(chain)).toMatchObject({ ok: true, rows: 3 });
    expect(OPERATIONS.list(context, { limit: 3 }).map(({ state }) => state)).toEqual([
      "published",
      "erased",
      "erased",
    ]);
    journal.close();
  });

  test("a dead letter leaves the queue and an UNDELIVERABLE alert takes its place; an alert of that kind raises no other", () => {
    using folder = temporaryFolder();
    const journal = openTestJournal(folder.path);
    const { context } = journal;
    const sequence = journal.hit();
    const raised = OPERATIONS.deadLetterRow(context, { sequence, reason: "too large", now: 1 });
    expect(JSON.parse(raised?.event ?? "").data).toMatchObject({
      code: "UNDELIVERABLE",
      severity: "critical",
      details: { sequence, reason: "too large", id: expect.any(String), scanId: expect.any(String) },
      sequence: 2,
    });
    expect(due(journal, { now: 1 })).toEqual([2]);
    expect(OPERATIONS.deadLetterRow(context, { sequence, reason: "again", now: 1 })).toBeNull();
    expect(OPERATIONS.deadLetterRow(context, { sequence: 2, reason: "this too", now: 2 })).toBeNull();
    expect(due(journal, { now: 1 })).toEqual([]);
    expect(OPERATIONS.deadLetters(context, { limit: 5 })).toMatchObject([
      { source: "outbox", reason: "this too" },
      { source: "outbox", reason: "too large" },
    ]);
    expect(OPERATIONS.figures(context)).toMatchObject({ deadLetters: 2, unpublished: 0, sequence: 2 });
    journal.close();
  });
});
