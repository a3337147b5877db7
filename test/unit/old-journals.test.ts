import { copyFileSync, existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { describe, expect, test } from "vitest";
import { OPERATIONS } from "../../device/spool/operations/index.ts";
import { openSpoolReader } from "../../device/spool/reader.ts";
import { JOURNAL_VERSION } from "../../device/spool/schema.ts";
import { chainRow, verifyChain } from "../../protocols/chain.ts";
import { openTestJournal } from "../fixtures/journal.ts";
import { generate, OLD, oldJournal } from "../fixtures/journals/generate.ts";
import { OLD_VERSIONS } from "../fixtures/journals/old-tables.ts";
import { openTestSpool, storeHit, temporaryFolder } from "../fixtures/uplink.ts";

/** A spool's folder with a journal of an earlier version in it. */
function oldSpool(version: number) {
  const folder = temporaryFolder();
  copyFileSync(oldJournal(version), join(folder.path, "journal.db"));
  return folder;
}

function rowsIn(file: string): { version: number; rows: number } {
  const db = new DatabaseSync(file, { readOnly: true });
  const version = Number(db.prepare("PRAGMA user_version").get()?.["user_version"]);
  const rows = Number(db.prepare("SELECT count(*) AS n FROM outbox").get()?.["n"]);
  db.close();
  return { version, rows };
}

describe("a journal that an earlier version wrote", () => {
  test("there is one of each, as its tables were", () => {
    expect(OLD_VERSIONS).toHaveLength(JOURNAL_VERSION - 1);
    for (const version of OLD_VERSIONS) {
      expect(rowsIn(oldJournal(version))).toEqual({ version, rows: OLD.rows });
      expect(Buffer.compare(generate(version), readFileSync(oldJournal(version)))).toBe(0);
    }
  });

  test.each(OLD_VERSIONS)(
    "version %d is copied first and goes on: rows, scans, chain, declarations",
    async (version) => {
      using folder = oldSpool(version);
      const spool = await openTestSpool(folder.path, { life: () => 0 });
      expect(spool.journal).toBe(OLD.journal);
      expect(await spool.figures()).toMatchObject({
        sequence: OLD.rows,
        scans: { received: 1, decided: 1, analysed: 1 },
        oldestScanAt: { undecided: expect.any(Number), unanalysed: expect.any(Number) },
        unreceipted: 3,
        deadLetters: 2,
      });
      expect((await spool.unfinished()).map(({ scan }) => scan.scanId)).toEqual(OLD.scans.slice(1));
      const due = await spool.due({ limit: 9, receipts: true, now: OLD.at + 1e9, inFlight: new Set() });
      expect(due.map(({ sequence }) => sequence)).toEqual([5, 2, 4]);
      if (version === 1) {
        const [found] = await spool.findDeclarations([OLD.identifier], OLD.at);
        expect(found?.declaration.aedId).toBe(OLD.aedId);
      }
      expect((await storeHit(spool, 1)).sequence).toBe(OLD.rows + 1);
      expect(await spool.receipt({ journal: OLD.journal, upToSequence: 6 })).toBe(5);
      await spool.stop();
      const backup = join(folder.path, `journal.db.v${version}-backup`);
      expect(rowsIn(backup)).toEqual({ version, rows: OLD.rows });
      const reader = openSpoolReader(folder.path);
      expect(reader.figures()).toMatchObject({ sequence: 6, unreceipted: 0 });
      reader.close();
      const db = new DatabaseSync(join(folder.path, "journal.db"), { readOnly: true });
      const events = db.prepare("SELECT event FROM outbox ORDER BY sequence").all();
      db.close();
      const chain = events.map(({ event }) => chainRow(JSON.parse(String(event)).data));
      expect(verifyChain(chain)).toMatchObject({ ok: true, rows: 6 });
    },
  );

  test("keeps its copy as long as rows are kept, then it goes: it holds what the journal erases", () => {
    using folder = oldSpool(3);
    const journal = openTestJournal(folder.path);
    const over = (life: number) =>
      OPERATIONS.upkeep(journal.context, { now: 0, life, keepPublishedMs: 100 }).backupsOver;
    expect([over(1000), over(1099), over(1100), over(1101)]).toEqual([false, false, true, false]);
    journal.close();
    expect(existsSync(join(folder.path, "journal.db.v3-backup"))).toBe(true);
  });

  test("whose upgrade was cut off after the copy goes on from there", () => {
    using folder = oldSpool(2);
    copyFileSync(oldJournal(2), join(folder.path, "journal.db.v2-backup"));
    const db = new DatabaseSync(join(folder.path, "journal.db"));
    // The next step was done, the one after it not.
    db.exec(
      `CREATE TABLE scores (id INTEGER PRIMARY KEY, scan_id TEXT NOT NULL, revision INTEGER NOT NULL, at INTEGER NOT NULL, lane TEXT NOT NULL,
       real INTEGER NOT NULL, decision TEXT NOT NULL, probability REAL NOT NULL, body TEXT NOT NULL, UNIQUE (scan_id, revision));
       CREATE INDEX scores_at ON scores (at); ALTER TABLE outcomes ADD COLUMN stored_at INTEGER NOT NULL DEFAULT 0; PRAGMA user_version = 3`,
    );
    db.close();
    const journal = openTestJournal(folder.path);
    expect(journal.hit()).toBe(OLD.rows + 1);
    journal.close();
    expect(readdirSync(folder.path).filter((name) => name.endsWith("-backup"))).toEqual([
      "journal.db.v2-backup",
      "journal.db.v3-backup",
    ]);
  });
});

test("a journal that a later version wrote is refused in plain words and left as it is", async () => {
  using folder = oldSpool(3);
  const file = join(folder.path, "journal.db");
  const db = new DatabaseSync(file);
  db.exec(
    "ALTER TABLE outbox ADD COLUMN from_the_future TEXT; PRAGMA user_version = 99; PRAGMA wal_checkpoint(TRUNCATE)",
  );
  db.close();
  const before = readFileSync(file);
  await expect(openTestSpool(folder.path)).rejects.toMatchObject({
    code: "LYN_JOURNAL_VERSION",
    message: expect.stringContaining("99"),
    remedy: expect.stringContaining("Install the version that wrote the spool"),
  });
  expect(Buffer.compare(readFileSync(file), before)).toBe(0);
  const others = readdirSync(folder.path).filter((name) => /corrupt|backup/.test(name));
  expect(others).toEqual([]);
});
