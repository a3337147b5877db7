// biome-ignore-all lint/suspicious/noTemplateCurlyInString: lines of code stand here as text

import type { Break } from "../break.ts";

const SPOOL = "device/spool";
const UPLINK = "device/uplink";

/** `device/PROMISES.md`, Towards central. */
export const CENTRAL: readonly Break[] = [
  {
    id: "P-05",
    test: "test/peer/uplink-delivery.test.ts",
    file: `${UPLINK}/uplink.ts`,
    from: 'const text = resent ? `{"resent":true,${row.event.slice(1)}` : row.event;',
    to: 'const text = resent ? `{"resent":true,${row.event.slice(1)}`.replace(/"time":"[^"]*"/, \'"time":"2026-01-01T00:00:00.000Z"\') : row.event;',
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
    id: "P-15",
    test: "test/unit/outbox-rows.test.ts",
    file: `${SPOOL}/operations/sending.ts`,
    from: 'take("open = 1 AND published > 0 AND published_at > ?", "published_at", options.now);',
    to: "void take;",
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
    id: "P-26",
    test: "test/peer/uplink-faults.test.ts",
    file: `${UPLINK}/downlink.ts`,
    from: "this.#online = online !== false;",
    to: "this.#online = online !== false || true;",
  },
  {
    id: "P-34",
    test: "test/peer/uplink-faults.test.ts",
    file: `${SPOOL}/operations/sending.ts`,
    from: "if (options.receipts) {",
    to: "if (options.receipts && options.now < 0) {",
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
    file: `${UPLINK}/pump.ts`,
    from: "readonly #inFlight = new Set<number>();",
    to: "readonly #inFlight = Object.assign(new Set<number>(), { add: () => new Set<number>() });",
  },
  {
    id: "P-43",
    test: "test/chaos/cut-off.test.ts",
    file: `${UPLINK}/session.ts`,
    from: "await pause(backoffMs(attempt, backoff, random), signal);",
    to: "await pause(backoffMs(attempt, backoff, random) + 1e9, signal);",
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
