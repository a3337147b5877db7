import type { DatabaseSync } from "node:sqlite";
import { LynceusError } from "../../protocols/errors.ts";

/**
 * The journal's tables, one migration an entry; `PRAGMA user_version` counts those applied. An entry is never edited
 * once released: a change is a new entry.
 */
const MIGRATIONS: readonly string[] = [
  `
  CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;

  CREATE TABLE scans (
    scan_id TEXT PRIMARY KEY,
    lane TEXT NOT NULL, serial TEXT NOT NULL, scan_ref TEXT NOT NULL, started_at TEXT NOT NULL,
    complete INTEGER NOT NULL, state TEXT NOT NULL,
    revision INTEGER NOT NULL DEFAULT 0, band TEXT, floor TEXT, last_hit_id TEXT,
    received_at INTEGER NOT NULL,
    directory TEXT NOT NULL, bytes INTEGER NOT NULL, evicted INTEGER NOT NULL DEFAULT 0,
    scan TEXT NOT NULL, analysis TEXT
  );
  CREATE UNIQUE INDEX scans_key ON scans (lane, serial, scan_ref, started_at);
  CREATE INDEX scans_unfinished ON scans (received_at) WHERE state <> 'analysed';
  CREATE INDEX scans_state ON scans (state);
  CREATE INDEX scans_kept ON scans (received_at) WHERE evicted = 0;

  CREATE TABLE scan_keys (
    scheme TEXT NOT NULL, value TEXT NOT NULL, scan_id TEXT NOT NULL, received_at INTEGER NOT NULL,
    PRIMARY KEY (scheme, value, scan_id)
  ) WITHOUT ROWID;
  CREATE INDEX scan_keys_scan ON scan_keys (scan_id);

  -- sequence > 0: this journal's rows; < 0: rows saved from a damaged journal, whose own number stands in the event.
  CREATE TABLE outbox (
    sequence INTEGER PRIMARY KEY,
    salvaged_journal TEXT, salvaged_sequence INTEGER,
    id TEXT NOT NULL UNIQUE, kind TEXT NOT NULL, code TEXT,
    lane TEXT, scan_id TEXT, revision INTEGER,
    event TEXT, previous TEXT NOT NULL, hash TEXT NOT NULL, signature TEXT, key_id TEXT,
    created_at INTEGER NOT NULL,
    published INTEGER NOT NULL DEFAULT 0, published_at INTEGER, resend_at INTEGER,
    receipted_at INTEGER, dead_at INTEGER, dead_reason TEXT,
    open INTEGER NOT NULL DEFAULT 1
  );
  CREATE INDEX outbox_unsent ON outbox (kind DESC, sequence) WHERE open = 1 AND published = 0;
  CREATE INDEX outbox_resend ON outbox (resend_at) WHERE open = 1 AND published > 0;
  CREATE INDEX outbox_sent ON outbox (published_at) WHERE open = 1 AND published > 0;
  CREATE INDEX outbox_dead ON outbox (dead_at) WHERE dead_at IS NOT NULL;
  CREATE INDEX outbox_scan ON outbox (scan_id);
  CREATE INDEX outbox_kept ON outbox (published_at) WHERE event IS NOT NULL;

  CREATE TABLE declarations (
    aed_id TEXT PRIMARY KEY, revision INTEGER NOT NULL, live INTEGER NOT NULL,
    body TEXT NOT NULL, findings TEXT NOT NULL, content TEXT NOT NULL,
    stored_at INTEGER NOT NULL, retain_until INTEGER NOT NULL
  ) WITHOUT ROWID;
  CREATE INDEX declarations_retained ON declarations (retain_until);
  CREATE TABLE declaration_keys (
    scheme TEXT NOT NULL, value TEXT NOT NULL, aed_id TEXT NOT NULL,
    PRIMARY KEY (scheme, value, aed_id)
  ) WITHOUT ROWID;
  CREATE INDEX declaration_keys_aed ON declaration_keys (aed_id);

  CREATE TABLE outcomes (
    outcome_id TEXT PRIMARY KEY, scan_id TEXT NOT NULL, at TEXT NOT NULL, body TEXT NOT NULL
  ) WITHOUT ROWID;
  CREATE INDEX outcomes_scan ON outcomes (scan_id);

  CREATE TABLE letters (
    id INTEGER PRIMARY KEY, source TEXT NOT NULL, reason TEXT NOT NULL, pointer TEXT,
    bytes INTEGER NOT NULL, at INTEGER NOT NULL, body BLOB
  );
  `,
  // Declarations have a file of their own; what is here is moved there when the spool opens (`declarations/move.ts`).
  `
  ALTER TABLE declarations RENAME TO declarations_v1;
  ALTER TABLE declaration_keys RENAME TO declaration_keys_v1;
  CREATE INDEX scan_keys_received ON scan_keys (received_at);
  `,
  // What hits said, for the outcomes that come when they are erased.
  `
  CREATE TABLE scores (
    id INTEGER PRIMARY KEY, scan_id TEXT NOT NULL, revision INTEGER NOT NULL, at INTEGER NOT NULL, lane TEXT NOT NULL,
    real INTEGER NOT NULL, decision TEXT NOT NULL, probability REAL NOT NULL, body TEXT NOT NULL,
    UNIQUE (scan_id, revision)
  );
  CREATE INDEX scores_at ON scores (at);
  ALTER TABLE outcomes ADD COLUMN stored_at INTEGER NOT NULL DEFAULT 0;
  `,
  // Rows asked for again. How long rows are kept counts from \`delivered_life\`: the gateway's running time, ms, which no clock
  // can jump, when central (or, without receipts, the broker) had the row; null until then.
  `
  ALTER TABLE outbox ADD COLUMN wanted INTEGER NOT NULL DEFAULT 0;
  ALTER TABLE outbox ADD COLUMN delivered_life INTEGER;
  UPDATE outbox SET delivered_life = 0 WHERE receipted_at IS NOT NULL OR (published > 0 AND NOT EXISTS
    (SELECT 1 FROM meta WHERE key = 'receipts-expected' AND value = 'true'));
  DROP INDEX outbox_kept;
  CREATE INDEX outbox_kept ON outbox (delivered_life) WHERE event IS NOT NULL AND delivered_life IS NOT NULL;
  CREATE INDEX outbox_wanted ON outbox (sequence) WHERE wanted = 1;
  CREATE INDEX outbox_salvaged ON outbox (salvaged_journal, salvaged_sequence) WHERE salvaged_journal IS NOT NULL;
  CREATE INDEX scans_idle ON scans (received_at)
    WHERE evicted = 0 AND state = 'analysed' AND json_valid(scan) AND (scan ->> '$.purpose') = 'NON_OPERATIONAL';
  CREATE INDEX scans_evictable ON scans (band IS NOT 'low', received_at) WHERE evicted = 0 AND state = 'analysed';

  -- What was dropped to make room: never a row of the outbox.
  CREATE TABLE tombstones (
    id INTEGER PRIMARY KEY, at INTEGER NOT NULL, kind TEXT NOT NULL, subject TEXT NOT NULL, file TEXT NOT NULL,
    sha256 TEXT, bytes INTEGER NOT NULL, reason TEXT NOT NULL, signature TEXT, key_id TEXT
  );
  CREATE INDEX tombstones_subject ON tombstones (subject);
  -- Retained topics that were published: one whose lane is gone is cleared.
  CREATE TABLE announced (topic TEXT PRIMARY KEY) WITHOUT ROWID;
  `,
];

/** Tables whose rows are saved from a damaged journal (`outbox` needs its own care). */
export const SALVAGED_TABLES = ["scans", "scan_keys", "outcomes", "scores", "letters"] as const;

/** Tables of an earlier version, saved under the name that they have now. */
export const SALVAGED_OLD_TABLES: Readonly<Record<string, string>> = {
  declarations: "declarations_v1",
  declaration_keys: "declaration_keys_v1",
};

/** The version of a journal that this program writes. */
export const JOURNAL_VERSION = MIGRATIONS.length;

/** Brings a journal of an earlier version to {@link JOURNAL_VERSION}, one transaction a migration. */
export function migrate(db: DatabaseSync): void {
  const version = versionOf(db);
  for (const [index, sql] of MIGRATIONS.entries()) {
    if (index < version) continue;
    db.exec(`BEGIN IMMEDIATE; ${sql}; PRAGMA user_version = ${index + 1}; COMMIT`);
  }
}

/** Throws LYN_JOURNAL_VERSION when the journal is newer than the program. */
export function mustBeKnown(db: DatabaseSync): void {
  const version = versionOf(db);
  if (version <= JOURNAL_VERSION) return;
  throw new LynceusError(
    "LYN_JOURNAL_VERSION",
    `the journal has version ${version}, this program knows ${JOURNAL_VERSION}`,
    {
      remedy: "Install the version that wrote the spool, or a newer one, or configure another spool.path.",
      details: { version, known: JOURNAL_VERSION },
    },
  );
}

/** The number of migrations a journal has seen. */
export function versionOf(db: DatabaseSync): number {
  return Number(db.prepare("PRAGMA user_version").get()?.["user_version"] ?? 0);
}
