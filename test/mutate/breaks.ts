// biome-ignore-all lint/suspicious/noTemplateCurlyInString: lines of code stand here as text

/**
 * A break of one promise of `device/PROMISES.md`: one line of the product is replaced by another, and the test whose title begins
 * with the promise's id must fail. `npm run mutate` applies each to a copy of the tree.
 */
export interface Break {
  readonly id: string;
  /** The file whose test shows the promise. */
  readonly test: string;
  /** The file that is broken, where, and by what: `from` is a whole line without its indentation that stands there once. */
  readonly file: string;
  readonly from: string;
  readonly to: string;
  /** Makes a long test short. */
  readonly env?: Readonly<Record<string, string>>;
}

const SPOOL = "device/spool";
const UPLINK = "device/uplink";

/** In the order of the promises. */
export const BREAKS: readonly Break[] = [
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
    env: { LYNCEUS_KILL_CYCLES: "15" },
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
    id: "P-05",
    test: "test/peer/uplink-delivery.test.ts",
    file: `${UPLINK}/uplink.ts`,
    from: 'const text = resent ? `{"resent":true,${row.event.slice(1)}` : row.event;',
    to: 'const text = resent ? `{"resent":true,${row.event.slice(1)}`.replace(/"time":"[^"]*"/, \'"time":"2026-01-01T00:00:00.000Z"\') : row.event;',
  },
  {
    id: "P-06",
    test: "test/unit/spool-journal.test.ts",
    file: `${SPOOL}/operations/outbox.ts`,
    from: ': { sequence: Number(row["sequence"]) + 1, previous: String(row["hash"]) };',
    to: ': { sequence: Number(row["sequence"]) + 2, previous: String(row["hash"]) };',
  },
  {
    id: "P-07",
    test: "test/unit/outbox-model.test.ts",
    file: `${SPOOL}/operations/sending.ts`,
    from: "`UPDATE outbox SET published = published + 1, published_at = ?, wanted = 0,",
    to: "`UPDATE outbox SET open = 0, published = published + 1, published_at = ?, wanted = 0,",
  },
  {
    id: "P-08",
    test: "test/unit/outbox-rows.test.ts",
    file: `${SPOOL}/operations/delivery.ts`,
    from: "const own = receipt.journal === journal;",
    to: "const own = journal !== receipt.journal || true;",
  },
  {
    id: "P-09",
    test: "test/peer/uplink-faults.test.ts",
    file: `${UPLINK}/pump.ts`,
    from: "if (size > connection.maximumPacketSize) {",
    to: "if (size < 0) {",
  },
  {
    id: "P-10",
    test: "test/unit/spool-room.test.ts",
    file: `${SPOOL}/room.ts`,
    from: "if (this.free < minFreeBytes) {",
    to: "if (this.free < 0) {",
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
    id: "P-15",
    test: "test/unit/outbox-rows.test.ts",
    file: `${SPOOL}/operations/sending.ts`,
    from: 'take("open = 1 AND published > 0 AND published_at > ?", "published_at", options.now);',
    to: "void take;",
  },
  {
    id: "P-16",
    test: "test/unit/spool-journal.test.ts",
    file: `${SPOOL}/operations/scans.ts`,
    from: 'if (known["complete"] === 1 || !complete) {',
    to: "if (!complete) {",
  },
  {
    id: "P-17",
    test: "test/unit/command-intake.test.ts",
    file: "device/commands/command-intake.ts",
    from: "if (known !== null) return this.#answer(to, known);",
    to: "void known;",
  },
  {
    id: "P-18",
    test: "test/unit/declaration-store.test.ts",
    file: "device/declarations/store.ts",
    from: 'if (known !== null && declaration.revision < known.revision) return "stale";',
    to: "void known;",
  },
  {
    id: "P-19",
    test: "test/unit/spool-journal.test.ts",
    file: `${SPOOL}/operations/scans.ts`,
    from: "const whole: Scan = { ...scan, ...sameItem(before, scan), scanId: before.scanId, replaces: true };",
    to: "const whole: Scan = { ...scan, scanId: (void sameItem, before).scanId, replaces: true };",
  },
  {
    id: "P-20",
    test: "test/unit/spool-room.test.ts",
    file: `${SPOOL}/operations/eviction.ts`,
    from: "AND NOT EXISTS (SELECT 1 FROM outbox AS o WHERE o.scan_id = s.scan_id AND o.delivered_life IS NULL)`;",
    to: "AND revision > 0`;",
  },
  {
    id: "P-21",
    test: "test/unit/outbox-rows.test.ts",
    file: `${SPOOL}/operations/sending.ts`,
    from: "if (options.freshFrom !== null) for (const kind of KINDS) unsent(kind, options.freshFrom);",
    to: "void options.freshFrom;",
  },
  {
    id: "P-22",
    test: "test/peer/uplink-faults.test.ts",
    file: `${UPLINK}/pump.ts`,
    from: "const limit = Math.min(READ_ROWS, most, connection.room);",
    to: "const limit = Math.max(READ_ROWS, most);",
  },
  {
    id: "P-23",
    test: "test/peer/uplink-faults.test.ts",
    file: `${UPLINK}/pump.ts`,
    from: "const FINAL_CODES: ReadonlySet<number> = new Set([0x90, 0x95, 0x99]);",
    to: "const FINAL_CODES: ReadonlySet<number> = new Set([0x90, 0x95, 0x97, 0x99]);",
  },
  {
    id: "P-24",
    test: "test/peer/uplink-faults.test.ts",
    file: `${UPLINK}/connection.ts`,
    from: "if (since < oldest) this.drop(`no answer to a publish within ${this.#options.deadlineMs} ms`);",
    to: "if (since < oldest - 1e9) return;",
  },
  {
    id: "P-25",
    test: "test/peer/uplink-faults.test.ts",
    file: `${UPLINK}/connection.ts`,
    from: "(error: unknown) => refuse(describe(error)),",
    to: "() => done(),",
  },
  {
    id: "P-26",
    test: "test/peer/uplink-faults.test.ts",
    file: `${UPLINK}/downlink.ts`,
    from: "return this.#receipts && this.#online;",
    to: "return this.#receipts;",
  },
  {
    id: "P-27",
    test: "test/unit/outbox-rows.test.ts",
    file: `${SPOOL}/operations/sending.ts`,
    from: "const delivered = pubackDelivers(database) ? life : null;",
    to: "const delivered = pubackDelivers(database) || life;",
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
    id: "P-31",
    test: "test/peer/gateway-deadline.test.ts",
    file: "device/lane/lane.ts",
    from: "const left = Math.max(0, deadline - this.#options.clock());",
    to: "const left = Math.max(1e8, deadline - this.#options.clock());",
  },
  {
    id: "P-32",
    test: "test/peer/gateway-deadline.test.ts",
    file: "device/lane/lane.ts",
    from: "for (const stored of unfinished) this.#follow(this.#resume(stored));",
    to: "void unfinished;",
  },
  {
    id: "P-33",
    test: "test/unit/signing.test.ts",
    file: `${SPOOL}/worker.ts`,
    from: "const signer = options.signingKey === null ? null : openSigner(options.signingKey);",
    to: "const signer = openSigner === null ? openSigner : null;",
  },
  {
    id: "P-34",
    test: "test/peer/uplink-faults.test.ts",
    file: `${UPLINK}/pump.ts`,
    from: "this.#inFlight.clear();",
    to: "void this.#inFlight;",
  },
  {
    id: "P-35",
    test: "test/peer/uplink-faults.test.ts",
    file: `${UPLINK}/client-options.ts`,
    from: "clean: false,",
    to: "clean: true,",
  },
  {
    id: "P-36",
    test: "test/unit/risk-profiles.test.ts",
    file: "device/profiles/profiles.ts",
    from: "const next = this.#kept.findLast((one) => one.profile.version > standing && one.validFrom <= now);",
    to: "const next = this.#kept.findLast((one) => one.profile.version > standing * 0 && one.validFrom <= now);",
  },
  {
    id: "P-37",
    test: "test/unit/spool-planes.test.ts",
    file: `${SPOOL}/upkeep.ts`,
    from: "orphans.push(...step.filter((folder) => !kept.has(folder)));",
    to: "orphans.push(...step);",
  },
  {
    id: "P-38",
    test: "test/chaos/bad-paths.test.ts",
    file: `${UPLINK}/connection.ts`,
    from: "this.#watch = setInterval(() => this.#checkDeadlines(), Math.min(1000, options.deadlineMs / 4));",
    to: "this.#watch = setInterval(() => this.#checkDeadlines(), 1e8);",
  },
  {
    id: "P-39",
    test: "test/chaos/odd-acknowledgements.test.ts",
    file: `${SPOOL}/operations/sending.ts`,
    from: "const taken = [...options.inFlight];",
    to: "const taken: number[] = [];",
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
    id: "P-42",
    test: "test/chaos/full-disk.test.ts",
    file: `${SPOOL}/worker.ts`,
    from: "if (!releaseBallast(options.path)) return requests.map(() => failed(error));",
    to: "if (releaseBallast !== null) return requests.map(() => failed(error));",
  },
  {
    id: "P-43",
    test: "test/chaos/cut-off.test.ts",
    file: `${UPLINK}/session.ts`,
    from: "await pause(backoffMs(attempt, backoff, random), signal);",
    to: "await pause(backoffMs(attempt, backoff, random) + 1e9, signal);",
  },
  {
    id: "P-44",
    test: "test/chaos/soak.test.ts",
    file: `${SPOOL}/worker.ts`,
    from: "if (!existsSync(log) || statSync(log).size <= CHECKPOINT_BYTES) return;",
    to: "if (!existsSync(log) || statSync(log).size <= CHECKPOINT_BYTES * 1e6) return;",
  },
  {
    id: "P-45",
    test: "test/unit/outbox-again.test.ts",
    file: `${SPOOL}/operations/upkeep.ts`,
    from: "life - keepPublishedMs,",
    to: "now - keepPublishedMs,",
  },
  {
    id: "P-46",
    test: "test/unit/gateway-clock.test.ts",
    file: "device/clock/gateway-clock.ts",
    from: "const followed = kernel().synchronised || this.#confirmed(system, at);",
    to: "const followed = kernel().synchronised || this.#confirmed(system, at) || true;",
  },
  {
    id: "P-47",
    test: "test/chaos/outbox-histories.test.ts",
    file: `${SPOOL}/operations/delivery.ts`,
    from: "const last = Math.min(upToSequence, lastSequence(database));",
    to: "const last = Math.min(upToSequence + 1, lastSequence(database));",
    env: { LYNCEUS_HISTORIES: "500" },
  },
];
