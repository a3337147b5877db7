import type { Break } from "../break.ts";

const SPOOL = "device/spool";

/** `device/PROMISES.md`, Space. */
export const SPACE: readonly Break[] = [
  {
    id: "P-10",
    test: "test/unit/spool-room.test.ts",
    file: `${SPOOL}/room.ts`,
    from: "if (this.#usable < minFreeBytes) {",
    to: "if (this.#usable < 0) {",
  },
  {
    id: "P-11",
    test: "test/chaos/power-cut-faults.test.ts",
    file: `${SPOOL}/ballast.ts`,
    from: "unlinkSync(file);",
    to: "void unlinkSync;",
  },
  {
    id: "P-12",
    test: "test/chaos/power-cut-faults.test.ts",
    file: `${SPOOL}/disk-errors.ts`,
    from: 'if (number === SQLITE_FULL) return "full";',
    to: 'if (number === SQLITE_FULL) return "fatal";',
  },
  {
    id: "P-20",
    test: "test/unit/spool-room.test.ts",
    file: `${SPOOL}/operations/eviction.ts`,
    from: "AND NOT EXISTS (SELECT 1 FROM outbox AS o WHERE o.scan_id = s.scan_id AND o.delivered_life IS NULL)`;",
    to: "AND revision > 0`;",
  },
  {
    id: "P-27",
    test: "test/unit/outbox-rows.test.ts",
    file: `${SPOOL}/operations/sending.ts`,
    from: "const delivered = pubackDelivers(database) ? life : null;",
    to: "const delivered = pubackDelivers(database) || life;",
  },
  {
    id: "P-42",
    test: "test/chaos/full-disk.test.ts",
    file: `${SPOOL}/worker.ts`,
    from: "if (!releaseAll(options.path)) return requests.map(() => failed(error));",
    to: "if (releaseAll !== null) return requests.map(() => failed(error));",
  },
  {
    id: "P-44",
    test: "test/chaos/soak.test.ts",
    file: `${SPOOL}/worker.ts`,
    from: "if (!existsSync(log) || statSync(log).size <= CHECKPOINT_BYTES) return;",
    to: "if (!existsSync(log) || statSync(log).size <= CHECKPOINT_BYTES * 1e6) return;",
  },
  {
    id: "P-60",
    test: "test/unit/spool-ladder.test.ts",
    file: `${SPOOL}/evictor.ts`,
    from: 'if (!isAtLeast(level, "reserve") || !room.isOfVolume || !releaseBallast(path, "first")) return;',
    to: 'if (isAtLeast(level, "open") || !room.isOfVolume || !releaseBallast(path, "first")) return;',
  },
];
