// biome-ignore-all lint/suspicious/noTemplateCurlyInString: lines of code stand here as text

import type { Break } from "../break.ts";

const SPOOL = "device/spool";

/** `device/PROMISES.md`, On disk. */
export const DISK: readonly Break[] = [
  {
    id: "P-01",
    test: "test/chaos/power-cut.test.ts",
    file: `${SPOOL}/database.ts`,
    from: '"PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 0; PRAGMA journal_size_limit = 67108864",',
    to: '"PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA wal_autocheckpoint = 0; PRAGMA journal_size_limit = 67108864",',
    env: { LYNCEUS_CUTS: "200" },
  },
  {
    id: "P-02",
    test: "test/chaos/kill-cycles.test.ts",
    file: `${SPOOL}/operations/scans.ts`,
    from: ".all(`SELECT ${STORED} FROM scans WHERE state <> 'analysed' ORDER BY received_at, scan_id`)",
    to: ".all(`SELECT ${STORED} FROM scans WHERE state = 'nobody' ORDER BY received_at, scan_id`)",
    env: { LYNCEUS_KILL_CYCLES: "15", LYNCEUS_DRAIN_SECONDS: "180" },
  },
  {
    id: "P-03",
    test: "test/chaos/committed-first.test.ts",
    file: `${SPOOL}/worker.ts`,
    from: 'database.exec("COMMIT");',
    to: 'setTimeout(() => database.exec("COMMIT"), 400);',
  },
  {
    id: "P-04",
    test: "test/chaos/power-cut-faults.test.ts",
    file: `${SPOOL}/disk-errors.ts`,
    from: 'if (number === SQLITE_IOERR) return "fatal";',
    to: "if (number === SQLITE_IOERR) return null;",
  },
  {
    id: "P-06",
    test: "test/unit/spool-journal.test.ts",
    file: `${SPOOL}/operations/outbox.ts`,
    from: ': { sequence: Number(row["sequence"]) + 1, previous: String(row["hash"]) };',
    to: ': { sequence: Number(row["sequence"]) + 2, previous: String(row["hash"]) };',
  },
  {
    id: "P-13",
    test: "test/unit/spool-salvage.test.ts",
    file: `${SPOOL}/worker.ts`,
    from: "const rows = corrupt === null ? null : salvage(corrupt, database, options.now);",
    to: "const rows = corrupt === null ? null : ({} as ReturnType<typeof salvage>);",
  },
  {
    id: "P-14",
    test: "test/unit/spool-salvage.test.ts",
    file: `${SPOOL}/operations/scans.ts`,
    from: "...directories.filter((directory) => mintedAt(directory) < salvagedAt),",
    to: "...directories.filter((directory) => mintedAt(directory) < 0 * salvagedAt),",
  },
  {
    id: "P-28",
    test: "test/unit/spool-journal.test.ts",
    file: `${SPOOL}/database.ts`,
    from: 'lock.exec("PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE");',
    to: 'lock.exec("PRAGMA journal_mode = MEMORY");',
  },
  {
    id: "P-29",
    test: "test/unit/spool-journal.test.ts",
    file: `${SPOOL}/schema.ts`,
    from: "if (version <= JOURNAL_VERSION) return;",
    to: "if (version <= 1000) return;",
  },
  {
    id: "P-30",
    test: "test/unit/declaration-store.test.ts",
    file: "device/declarations/move.ts",
    from: "if (rows.length < STEP) break;",
    to: "if (rows.length <= STEP) break;",
  },
  {
    id: "P-33",
    test: "test/unit/signing.test.ts",
    file: `${SPOOL}/worker.ts`,
    from: "const signer = options.signingKey === null ? null : openSigner(options.signingKey);",
    to: "const signer = openSigner === null ? openSigner : null;",
  },
  {
    id: "P-37",
    test: "test/unit/spool-planes.test.ts",
    file: `${SPOOL}/upkeep.ts`,
    from: "orphans.push(...step.filter((folder) => !kept.has(folder)));",
    to: "orphans.push(...step);",
  },
  {
    id: "P-40",
    test: "test/chaos/io-errors.test.ts",
    file: `${SPOOL}/planes.ts`,
    from: 'throw diskError(error, "writing a scan");',
    to: 'void diskError(error, "writing a scan");',
  },
  {
    id: "P-41",
    test: "test/chaos/power-cut.test.ts",
    file: "device/durable.ts",
    from: "await syncEntries(dirname(path));",
    to: "void dirname(path);",
  },
  {
    id: "P-61",
    test: "test/unit/plane-scrub.test.ts",
    file: `${SPOOL}/digester.ts`,
    from: 'return answer.sha256 === job.sha256 ? null : "its digest is not the one that it had";',
    to: 'return answer.sha256 === "" ? "its digest is not the one that it had" : null;',
  },
];
