import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { describe, expect, test } from "vitest";
import type { ItemIdentifier } from "../../device/scan.ts";
import { OPERATIONS } from "../../device/spool/operations/index.ts";
import { MAX_LETTER_BYTES } from "../../device/spool/operations/upkeep.ts";
import type { Declaration } from "../../protocols/declaration.ts";
import { openTestJournal } from "../fixtures/journal.ts";
import { BARE_ITEM, captureScan } from "../fixtures/scans.ts";
import { openTestSpool, temporaryFolder } from "../fixtures/uplink.ts";

const KEY = { scheme: "S10", value: "RR473124829NL" } as const;
const DAY = 86_400_000;

function declaration(change: Partial<Declaration> = {}): Declaration {
  return {
    schema: "customs-aed/1.0",
    aedId: "11111111-1111-4111-8111-111111111111",
    revision: 1,
    function: "original",
    receivedAt: "2026-11-20T08:00:00Z",
    identifiers: [KEY],
    ...change,
  };
}

describe("declarations kept by the gateway", () => {
  test("idempotent on aedId and revision; the first content and the newest revision stand", () => {
    using folder = temporaryFolder();
    const journal = openTestJournal(folder.path);
    const { context } = journal;
    const put = (given: Declaration, at = 0) =>
      OPERATIONS.putDeclaration(context, { declaration: given, findings: [], at });
    const find = (now = 1) => OPERATIONS.findDeclarations(context, { identifiers: [KEY], now });
    expect(put(declaration({ revision: 2 }), 5)).toBe("stored");
    expect(put(declaration({ revision: 2 }), 9)).toBe("same");
    expect(put(declaration({ revision: 2, direction: "import" }))).toBe("conflict");
    expect(put(declaration({ revision: 1 }))).toBe("stale");
    expect(find()).toEqual([{ declaration: declaration({ revision: 2 }), findings: [], storedAt: 5 }]);
    // An amendment may name other identifiers.
    const other = { scheme: "SSCC", value: "340123450000000000" } as const;
    expect(put(declaration({ revision: 3, function: "amend", identifiers: [other] }))).toBe("stored");
    expect(find()).toEqual([]);
    expect(OPERATIONS.findDeclarations(context, { identifiers: [KEY, other], now: 1 })).toHaveLength(1);
    journal.close();
  });

  test("a cancelled one matches no scan; whose it was is still known", () => {
    using folder = temporaryFolder();
    const { context, close } = openTestJournal(folder.path);
    const first = declaration();
    OPERATIONS.putDeclaration(context, { declaration: first, findings: [], at: 0 });
    const { identifiers: _, ...rest } = declaration({ revision: 2, function: "cancel" });
    expect(OPERATIONS.putDeclaration(context, { declaration: rest, findings: [], at: 1 })).toBe("stored");
    expect(OPERATIONS.findDeclarations(context, { identifiers: [KEY], now: 1 })).toEqual([]);
    expect(OPERATIONS.declarationIdentifiers(context, { aedId: first.aedId })).toEqual([KEY]);
    close();
  });

  test("found by the canonical value, however the declaration writes it", async () => {
    using folder = temporaryFolder();
    const spool = await openTestSpool(folder.path);
    const written = [
      { scheme: "MAWB", value: "020-12345675" },
      { scheme: "ISO6346", value: "MSCU-123456-7" },
      { scheme: "HAWB", value: "H-77" },
    ] as const;
    await spool.putDeclaration(declaration({ identifiers: [...written] }), [], Date.now());
    const { aedId } = declaration();
    const canonical = [
      { scheme: "HAWB", value: "H-77" },
      { scheme: "ISO6346", value: "MSCU1234567" },
      { scheme: "MAWB", value: "02012345675" },
    ] as const;
    for (const key of canonical.slice(1))
      expect(await spool.findDeclarations([key], Date.now())).toHaveLength(1);
    // A house waybill is one of its master only.
    expect(await spool.findDeclarations(canonical.slice(0, 1), Date.now())).toEqual([]);
    expect(await spool.findDeclarations([canonical[0], canonical[2]], Date.now())).toHaveLength(1);
    expect(await spool.declarationIdentifiers(aedId)).toEqual(canonical);
    const capture = await captureScan(spool, { scanRef: "a", seed: 1 });
    const read = canonical.map(
      (key) => ({ ...key, checkOk: null, source: "barcode", confidence: 1 }) as const,
    );
    await spool.accept(capture, { ...BARE_ITEM, identifiers: read });
    expect(await spool.findScansByIdentifiers(written.slice(0, 1), 0)).toHaveLength(1);
    await spool.stop();
  });

  test("gone at retainUntil, or after thirty days", () => {
    using folder = temporaryFolder();
    const { context, close } = openTestJournal(folder.path);
    const put = (aedId: string, privacy: Declaration["privacy"]) =>
      OPERATIONS.putDeclaration(context, {
        declaration: declaration({ aedId, privacy }),
        findings: [],
        at: 0,
      });
    put("22222222-2222-4222-8222-222222222222", {
      profile: "edge_min",
      retainUntil: new Date(2 * DAY).toISOString(),
    });
    put("33333333-3333-4333-8333-333333333333", undefined);
    const found = (now: number) => OPERATIONS.findDeclarations(context, { identifiers: [KEY], now }).length;
    expect([found(DAY), found(3 * DAY), found(31 * DAY)]).toEqual([2, 1, 0]);
    const rows = (table: string) =>
      context.declarations.read((store) => store.get(`SELECT count(*) AS n FROM ${table}`)?.["n"]);
    // Two names each: its id and its key.
    OPERATIONS.upkeep(context, { now: 3 * DAY, life: 0, keepPublishedMs: DAY });
    expect([rows("records"), rows("names")]).toEqual([1, 2]);
    OPERATIONS.upkeep(context, { now: 31 * DAY, life: 0, keepPublishedMs: DAY });
    expect([rows("records"), rows("names")]).toEqual([0, 0]);
    close();
  });
});

describe("outcomes and dead letters", () => {
  test("of an outcome the latest stands; of an unknown scan it is counted", () => {
    using folder = temporaryFolder();
    const journal = openTestJournal(folder.path);
    const { context } = journal;
    const scanId = journal.scan();
    const put = (at: string, scan = scanId) =>
      OPERATIONS.putOutcome(context, { outcomeId: "o", scanId: scan, at, body: at, now: 0 });
    expect(put("2026-11-20T08:00:00Z")).toBe("stored");
    expect(put("2026-11-20T08:00:00Z")).toBe("same");
    expect(put("2026-11-20T09:30:00+02:00")).toBe("same");
    expect(put("2026-11-20T09:00:00Z")).toBe("stored");
    expect(put("2026-11-20T09:00:00Z", "nobody")).toBe("unknown-scan");
    journal.close();
  });

  test("dead letters are bounded in size and number", () => {
    using folder = temporaryFolder();
    const journal = openTestJournal(folder.path);
    const { context, database } = journal;
    const letter = {
      source: "declaration",
      reason: "r".repeat(1000),
      pointer: "/aedId",
      bytes: 300_000,
    } as const;
    const body = new Uint8Array(300_000);
    database.exec("BEGIN");
    OPERATIONS.putDeadLetter(context, { letter, body, at: 0 });
    for (let at = 1; at <= 10_001; at += 1)
      OPERATIONS.putDeadLetter(context, { letter, body: body.subarray(0, 1), at });
    database.exec("COMMIT");
    expect(database.get("SELECT count(*) AS n, min(at) AS at FROM letters")).toEqual({ n: 10_000, at: 2 });
    OPERATIONS.putDeadLetter(context, { letter, body, at: 20_000 });
    expect(database.get("SELECT max(length(body)) AS n FROM letters")?.["n"]).toBe(MAX_LETTER_BYTES);
    expect(OPERATIONS.deadLetters(context, { limit: 1 })).toEqual([
      { ...letter, id: expect.any(String), reason: "r".repeat(500), at: 20_000 },
    ]);
    journal.close();
  });
});

describe("pieces of one consignment", () => {
  const read = (scheme: string, value: string) =>
    ({ scheme, value, checkOk: null, source: "barcode", confidence: 1 }) as ItemIdentifier;
  const ucr = { scheme: "UCR", value: "26NL1" } as const;
  const house = { scheme: "HAWB", value: "H1" } as const;
  const master = { scheme: "MAWB", value: "02012345675" } as const;

  test("are known by their own bar codes; without any, each scan is another piece unless one was declared", async () => {
    using folder = temporaryFolder();
    const spool = await openTestSpool(folder.path);
    const items = [
      [read("UCR", "26NL1"), read("SSCC", "1")],
      [read("UCR", "26NL1"), read("SSCC", "2")],
      [read("UCR", "26NL1"), read("SSCC", "2")],
      [read("HAWB", "H1"), read("MAWB", "02012345675")],
      [read("HAWB", "H1"), read("MAWB", "02012345675")],
      [read("HAWB", "H1"), read("MAWB", "18012345675")],
    ];
    for (const [seed, identifiers] of items.entries()) {
      const capture = await captureScan(spool, { scanRef: `p${seed}`, seed });
      await spool.accept(capture, { ...BARE_ITEM, identifiers });
    }
    const count = (packageCount: number, identifiers: readonly { scheme: string; value: string }[]) =>
      spool.countPieces([{ aedId: "a", identifiers, packageCount }], 0);
    expect(await count(2, [ucr])).toEqual({ a: 2 });
    expect(await count(2, [house, master])).toEqual({ a: 2 });
    expect(await count(1, [house, master])).toEqual({ a: 1 });
    expect(await count(3, [house])).toEqual({ a: 0 });
    // What a thousand consignments share tells nothing of one.
    expect(await count(3, [master])).toEqual({ a: 0 });
    expect(
      await spool.countPieces([{ aedId: "a", identifiers: [ucr], packageCount: 2 }], Date.now() + 1e6),
    ).toEqual({ a: 0 });
    await spool.stop();
  });
});

test("consignments of one consignee are counted by its token, in a time, to a hundred", async () => {
  using folder = temporaryFolder();
  const spool = await openTestSpool(folder.path);
  const token = "k7:AAAAAAAAAAAAAAAAAAAAAA";
  const base = Date.now();
  const put = (n: number, at: number, change: Partial<Declaration> = {}) =>
    spool.putDeclaration(
      declaration({
        aedId: `11111111-1111-4111-8111-${String(n).padStart(12, "0")}`,
        parties: { consignee: { kind: "natural", token } },
        ...change,
      }),
      [],
      base + at,
    );
  await Promise.all([put(1, 10), put(2, 20), put(3, 30), put(4, 30, { parties: {} })]);
  expect(await spool.countByConsignee(token, base, base + 100)).toBe(3);
  expect(await spool.countByConsignee(token, base + 20, base + 30)).toBe(2);
  await put(2, 40, { revision: 2, function: "cancel" });
  expect(await spool.countByConsignee(token, base, base + 100)).toBe(2);
  await Promise.all(Array.from({ length: 120 }, (_, n) => put(100 + n, 50)));
  expect(await spool.countByConsignee(token, base, base + 100)).toBe(100);
  expect(await spool.countByConsignee("k7:BBBBBBBBBBBBBBBBBBBBBB", base, base + 100)).toBe(0);
  await spool.stop();
});

test("a spool of an earlier version keeps its declarations when it opens", async () => {
  using folder = temporaryFolder();
  await (await openTestSpool(folder.path)).stop();
  // As version 1 left it, under the names that its migration gives.
  const journal = new DatabaseSync(join(folder.path, "journal.db"));
  journal.exec(`
    CREATE TABLE declarations_v1 (aed_id TEXT PRIMARY KEY, revision INTEGER, live INTEGER, body TEXT, findings TEXT,
      content TEXT, stored_at INTEGER, retain_until INTEGER) WITHOUT ROWID;
    CREATE TABLE declaration_keys_v1 (scheme TEXT, value TEXT, aed_id TEXT, PRIMARY KEY (scheme, value, aed_id)) WITHOUT ROWID`);
  const insert = journal.prepare("INSERT INTO declarations_v1 VALUES (?, 1, 1, ?, ?, '', ?, 0)");
  const finding = { metric: "K1", pointer: "/later", message: "is not known to the schema" };
  const at = Date.now();
  insert.run(declaration().aedId, JSON.stringify(declaration()), JSON.stringify([finding]), at);
  journal.close();
  const spool = await openTestSpool(folder.path);
  expect(await spool.findDeclarations([KEY], Date.now())).toEqual([
    { declaration: declaration(), findings: [finding], storedAt: at },
  ]);
  await spool.stop();
  const after = new DatabaseSync(join(folder.path, "journal.db"), { readOnly: true });
  expect(after.prepare("SELECT name FROM sqlite_schema WHERE name LIKE 'declaration%'").all()).toEqual([]);
  after.close();
});
