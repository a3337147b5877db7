import { createHash } from "node:crypto";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { describe, expect, test } from "vitest";
import { packRecord, unpackRecord } from "../../device/declarations/codec.ts";
import { DICTIONARIES } from "../../device/declarations/dictionary.ts";
import { DeclarationFile } from "../../device/declarations/file.ts";
import { readGap } from "../../device/declarations/gap.ts";
import { keyNames, MAX_PAIRS } from "../../device/declarations/keys.ts";
import { moveFromJournal } from "../../device/declarations/move.ts";
import { DECLARATIONS_FILE } from "../../device/declarations/open.ts";
import { DEFAULT_RETENTION_MS, retainUntil } from "../../device/declarations/retention.ts";
import { keepRisk } from "../../device/declarations/risks.ts";
import { expire, find, keysOfId, MAX_MATCHED, put } from "../../device/declarations/store.ts";
import { Database } from "../../device/sqlite.ts";
import type { Declaration, DeclarationIdentifier } from "../../protocols/declaration.ts";
import { manyDeclarations, trafficDeclaration } from "../fixtures/declaration-traffic.ts";
import { temporaryFolder } from "../fixtures/uplink.ts";

const NOW = Date.parse("2026-03-02T00:00:00Z");
const S10 = { scheme: "S10", value: "RR473124829NL" } as const;

function opened(path: string, clock = () => NOW): DeclarationFile {
  const file = new DeclarationFile({ path, clock });
  file.open();
  return file;
}

function numbered(n: number, change: Partial<Declaration> = {}): Declaration {
  return {
    schema: "customs-aed/1.0",
    aedId: `11111111-1111-4111-8111-${String(n).padStart(12, "0")}`,
    revision: 1,
    function: "original",
    receivedAt: "2026-03-01T08:00:00Z",
    identifiers: [S10],
    ...change,
  };
}

const putIn = (file: DeclarationFile, declaration: Declaration, at = NOW) =>
  file.write((database) => put(database, declaration, [], at));
const findIn = (
  file: DeclarationFile,
  identifiers: readonly Pick<DeclarationIdentifier, "scheme" | "value">[],
  now = NOW,
) => file.read((database) => find(database, identifiers, now).map(({ declaration }) => declaration.aedId));

describe("a record on the disk", () => {
  test("comes back as it was, whatever its members", () => {
    for (let index = 0; index < 200; index += 1) {
      const record = {
        declaration: trafficDeclaration(3, index),
        findings: [{ metric: "K1", pointer: "/items/0", message: "is odd" }],
        held: [S10],
      };
      expect(unpackRecord(packRecord(record))).toEqual(record);
    }
  });

  test("the dictionary that released records were packed with never changes", () => {
    const digests = DICTIONARIES.map((bytes) => createHash("sha256").update(bytes).digest("hex"));
    expect(digests.slice(1)).toEqual(["f3550ab378638bd9604de1283da9146500a70a7b6d2f734c7ae3a90cdd218f87"]);
  });

  test("bytes that are none are refused, and those that unpack without end", () => {
    const packed = packRecord({ declaration: numbered(1), findings: [] });
    const spoilt = [
      new Uint8Array(),
      packed.subarray(0, 9),
      Uint8Array.from(packed, (byte, at) => (at === 0 ? 9 : byte)),
    ];
    for (const bytes of spoilt) expect(() => unpackRecord(bytes)).toThrow("cannot be unpacked");
    const endless = numbered(1, { declarationRef: "x".repeat(1 << 21) });
    expect(() => unpackRecord(packRecord({ declaration: endless, findings: [] }))).toThrow(
      "cannot be unpacked",
    );
  });
});

describe("what a declaration is found by", () => {
  test("a house waybill only beside its master; a product never; single consignments first", () => {
    expect(
      keyNames([
        { scheme: "MAWB", value: "020-12345675" },
        { scheme: "HAWB", value: "h 1" },
        { scheme: "GTIN", value: "24012345678905" },
        { scheme: "SSCC", value: "359007734300039997" },
      ]),
    ).toEqual(["SSCC 359007734300039997", "HAWB 02012345675 H1", "MAWB 02012345675"]);
    const houses = Array.from({ length: 60 }, (_, at) => ({ scheme: "HAWB", value: `H${at}` }));
    const masters = Array.from({ length: 3 }, (_, at) => ({ scheme: "MAWB", value: `0201234567${at}` }));
    expect(keyNames([...houses, ...masters]).filter((name) => name.startsWith("HAWB"))).toHaveLength(
      MAX_PAIRS,
    );
  });

  test("the house is found among more than can match under its master", () => {
    using folder = temporaryFolder();
    const file = opened(folder.path);
    const master = { scheme: "MAWB", value: "02012345675" } as const;
    for (let n = 0; n < MAX_MATCHED + 40; n += 1)
      putIn(file, numbered(n, { identifiers: [{ scheme: "HAWB", value: `H${n}` }, master] }), NOW + n);
    const found = findIn(file, [{ scheme: "HAWB", value: "H0" }, master]);
    expect(found).toHaveLength(MAX_MATCHED);
    expect(found).toContain(numbered(0).aedId);
    // The same house number of another carrier is another consignment.
    expect(
      findIn(file, [
        { scheme: "HAWB", value: "H0" },
        { scheme: "MAWB", value: "18012345675" },
      ]),
    ).toEqual([]);
    file.close();
  });

  test("an S10 used again stands for both of its declarations, an amended key only for the new one", () => {
    using folder = temporaryFolder();
    const file = opened(folder.path);
    putIn(file, numbered(1, { issuedAt: "2024-03-01T08:00:00Z" }));
    putIn(file, numbered(2, { issuedAt: "2026-03-01T08:00:00Z" }));
    expect(findIn(file, [S10])).toHaveLength(2);
    const other = { scheme: "UCR", value: "26NL1" } as const;
    putIn(file, numbered(2, { revision: 2, function: "amend", identifiers: [other] }));
    expect(findIn(file, [S10])).toEqual([numbered(1).aedId]);
    expect(file.read((database) => keysOfId(database, numbered(2).aedId.toUpperCase()))).toEqual([other]);
    file.close();
  });

  test("P-18 two revisions end alike in either order, and any number of copies changes nothing", () => {
    const orders = [
      [1, 2, 3],
      [3, 2, 1],
      [2, 3, 3, 1, 2],
    ];
    const last = { scheme: "UCR", value: "26NL3" } as const;
    for (const order of orders) {
      using folder = temporaryFolder();
      const file = opened(folder.path);
      for (const revision of order)
        putIn(file, numbered(1, { revision, ...(revision === 3 ? { identifiers: [last] } : {}) }));
      expect([findIn(file, [S10]), findIn(file, [last])]).toEqual([[], [numbered(1).aedId]]);
      file.close();
    }
  });
});

describe("what is past its time", () => {
  /** Whether any file of the folder holds these bytes. */
  const onDisk = (path: string, bytes: Uint8Array) =>
    readdirSync(path).some((name) => readFileSync(join(path, name)).includes(Buffer.from(bytes)));

  test("its bytes are in no file any more, those of the others are", () => {
    using folder = temporaryFolder();
    const file = opened(folder.path);
    const until = (ms: number) =>
      ({ profile: "edge_min", retainUntil: new Date(NOW + ms).toISOString() }) as const;
    const pairs = Array.from({ length: 300 }, (_, index) => {
      const declaration = trafficDeclaration(5, index);
      return [{ ...declaration, privacy: until(index % 2 === 0 ? 1000 : 1e9) }, index % 2 === 0] as const;
    });
    for (const [declaration] of pairs) putIn(file, declaration);
    file.commit();
    // What is kept beside a record later may move it in the file.
    const risk = { p: 0.31, prevalence: 0.217, model: "declaration-risk@0.1.0" };
    for (const [{ aedId, revision }] of pairs)
      file.write((database) => keepRisk(database, { aedId, revision, risk }));
    file.commit();
    file.settle();
    const packed = pairs.map(
      ([declaration, goes]) => [packRecord({ declaration, findings: [] }), goes] as const,
    );
    expect(packed.every(([bytes]) => onDisk(folder.path, bytes))).toBe(true);
    expect(file.write((database) => expire(database, NOW + 2000))).toBe(150);
    file.shredded();
    file.commit();
    file.settle();
    for (const [bytes, goes] of packed) expect(onDisk(folder.path, bytes)).toBe(!goes);
    // Not even a part of one is left, as in a free page.
    for (const [bytes, goes] of packed.slice(0, 50))
      if (goes) expect(onDisk(folder.path, bytes.subarray(40, 72))).toBe(false);
    file.close();
  });

  test("a site keeps what serves a purpose no longer than it says, whatever the sender wrote", () => {
    const day = 86_400_000;
    const retention = { purposes: { security: 3 * day }, longestMs: 60 * day };
    const until = (days: number, purpose?: string) =>
      (retainUntil(
        {
          privacy: {
            profile: "edge_min",
            retainUntil: new Date(NOW + days * day).toISOString(),
            ...(purpose && { purpose }),
          },
        },
        NOW,
        retention,
      ) -
        NOW) /
      day;
    expect([
      until(1, "security"),
      until(9, "security"),
      until(9, "risk_assessment"),
      until(90),
      until(20),
    ]).toEqual([1, 3, 9, 60, 20]);
    expect((retainUntil({}, NOW, retention) - NOW) / day).toBe(30);
    expect((retainUntil({}, NOW, { purposes: {}, longestMs: day }) - NOW) / day).toBe(1);
    using folder = temporaryFolder();
    const file = new DeclarationFile({ path: folder.path, clock: () => NOW, retention });
    file.open();
    file.write((database) =>
      put(
        database,
        numbered(1, {
          privacy: {
            profile: "edge_min",
            retainUntil: new Date(NOW + 9 * day).toISOString(),
            purpose: "security",
          },
        }),
        [],
        NOW,
        file.retention,
      ),
    );
    expect([findIn(file, [S10], NOW + 2 * day), findIn(file, [S10], NOW + 4 * day)]).toEqual([
      [numbered(1).aedId],
      [],
    ]);
    file.close();
  });

  test("what is amended or cancelled leaves nothing of its former self", () => {
    using folder = temporaryFolder();
    const file = opened(folder.path);
    const first = trafficDeclaration(6, 1);
    putIn(file, first);
    putIn(file, {
      ...first,
      revision: 2,
      function: "cancel",
      items: [],
      consignment: undefined,
    } as Declaration);
    file.commit();
    file.shredded();
    file.settle();
    expect(onDisk(folder.path, packRecord({ declaration: first, findings: [] }))).toBe(false);
    file.close();
  });
});

describe("a damaged store", () => {
  test("is begun anew without anybody waiting, and says from when on it lacks declarations", () => {
    for (const spoil of ["header", "pages"] as const) {
      using folder = temporaryFolder();
      const before = opened(folder.path);
      for (let index = 0; index < 200; index += 1) putIn(before, trafficDeclaration(7, index));
      before.commit();
      before.shredded();
      before.settle();
      before.close();
      const name = join(folder.path, DECLARATIONS_FILE);
      const bytes = readFileSync(name);
      bytes.fill(0xa5, spoil === "header" ? 0 : 4096);
      writeFileSync(name, bytes);
      const file = opened(folder.path);
      const wanted = trafficDeclaration(7, 1).identifiers ?? [];
      expect(findIn(file, wanted)).toEqual([]);
      expect(file.read(readGap)).toBe(NOW - DEFAULT_RETENTION_MS);
      putIn(file, trafficDeclaration(7, 1));
      file.commit();
      expect(findIn(file, wanted)).toHaveLength(1);
      file.close();
    }
  });

  test("is set aside, not removed; what can be read of it is there at once, and it goes when its time is over", () => {
    using folder = temporaryFolder();
    const before = opened(folder.path);
    for (let index = 0; index < 200; index += 1) putIn(before, trafficDeclaration(7, index));
    before.commit();
    before.shredded();
    before.settle();
    before.close();
    const name = join(folder.path, DECLARATIONS_FILE);
    const bytes = readFileSync(name);
    const sound = new DatabaseSync(name, { readOnly: true });
    const leaf = sound
      .prepare(
        "SELECT pageno FROM dbstat WHERE name = 'records' AND pagetype = 'leaf' ORDER BY pageno LIMIT 1",
      )
      .get();
    sound.close();
    const at = (Number(leaf?.["pageno"]) - 1) * 4096;
    bytes.fill(0xa5, at, at + 4096);
    writeFileSync(name, bytes);
    const file = opened(folder.path);
    // The damage is met by whoever looks for one of the oldest.
    file.read((database) => database.get("SELECT count(length(body)) AS n FROM records"));
    const left = Number(file.read((database) => database.get("SELECT count(*) AS n FROM records"))?.["n"]);
    expect(left).toBeGreaterThan(100);
    expect(left).toBeLessThan(200);
    expect(findIn(file, trafficDeclaration(7, 199).identifiers ?? [])).not.toEqual([]);
    const aside = () => readdirSync(folder.path).filter((each) => /damaged-\d+$/.test(each));
    expect(aside()).toHaveLength(1);
    file.shredAside(NOW + DEFAULT_RETENTION_MS - 1);
    expect(aside()).toHaveLength(1);
    file.shredAside(NOW + DEFAULT_RETENTION_MS + 1);
    expect(readdirSync(folder.path).filter((each) => each.includes("damaged"))).toEqual([]);
    file.close();
  });

  test("one record that cannot be read is dropped alone", () => {
    using folder = temporaryFolder();
    const file = opened(folder.path);
    putIn(file, numbered(1), NOW - 5);
    putIn(file, numbered(2), NOW - 3);
    file.write((database) => database.run("UPDATE records SET body = x'01ff' WHERE row = 2"));
    expect(findIn(file, [S10])).toEqual([numbered(1).aedId]);
    expect(file.read(readGap)).toBe(NOW - 3);
    expect(putIn(file, numbered(2))).toBe("stored");
    file.close();
  });

  test("one of a newer program is left alone", () => {
    using folder = temporaryFolder();
    const file = opened(folder.path);
    file.read((database) => database.exec("PRAGMA user_version = 99"));
    file.close();
    expect(() => opened(folder.path)).toThrow("version 99");
  });
});

test("P-30 declarations that a journal of version 1 holds are moved, and are gone from it", () => {
  using folder = temporaryFolder();
  const journal = new Database(new DatabaseSync(join(folder.path, "journal.db")));
  journal.exec(`
    CREATE TABLE declarations_v1 (aed_id TEXT PRIMARY KEY, revision INTEGER, live INTEGER, body TEXT, findings TEXT,
      content TEXT, stored_at INTEGER, retain_until INTEGER) WITHOUT ROWID;
    CREATE TABLE declaration_keys_v1 (scheme TEXT, value TEXT, aed_id TEXT, PRIMARY KEY (scheme, value, aed_id)) WITHOUT ROWID`);
  const kept = Array.from({ length: 1500 }, (_, index) => trafficDeclaration(8, index));
  const { identifiers: _, ...cancel } = numbered(7, { revision: 3, function: "cancel" });
  for (const declaration of [...kept, cancel as Declaration]) {
    journal.run(
      "INSERT INTO declarations_v1 VALUES (?, ?, ?, ?, '[]', '', ?, 0)",
      declaration.aedId,
      declaration.revision,
      declaration.function === "cancel" ? 0 : 1,
      JSON.stringify(declaration),
      NOW,
    );
  }
  journal.run("INSERT INTO declaration_keys_v1 VALUES (?, ?, ?)", S10.scheme, S10.value, cancel.aedId);
  const file = opened(folder.path);
  // As after a stop in between: some are there already.
  for (const declaration of kept.slice(0, 40)) putIn(file, declaration);
  file.commit();
  expect(moveFromJournal(journal, file)).toBe(1501);
  expect(moveFromJournal(journal, file)).toBe(0);
  expect(kept.filter(({ identifiers }) => findIn(file, identifiers ?? []).length === 0)).toEqual([]);
  expect(file.read((database) => database.get("SELECT count(*) AS n FROM records"))).toEqual({ n: 1501 });
  // A cancellation is known again when it comes again, and still names whose it was.
  expect(putIn(file, cancel as Declaration)).toBe("same");
  expect(file.read((database) => keysOfId(database, cancel.aedId))).toEqual([S10]);
  journal.close();
  const text = readFileSync(join(folder.path, "journal.db"), "latin1");
  expect(kept.filter(({ aedId }) => text.includes(aedId))).toEqual([]);
  file.close();
});

/** What the store promises of ten million (`npm run bench` fills it so far), at a hundredth of them. */
test("a hundred thousand declarations take at most 600 bytes each, and are found", {
  timeout: 600_000,
}, () => {
  using folder = temporaryFolder();
  const file = opened(folder.path);
  const count = 100_000;
  const declarationOf = manyDeclarations(9);
  for (let index = 0; index < count; index += 1) putIn(file, declarationOf(index));
  file.commit();
  file.shredded();
  file.settle();
  const bytes = readdirSync(folder.path).reduce(
    (sum, name) => sum + readFileSync(join(folder.path, name)).length,
    0,
  );
  expect(bytes / count).toBeLessThan(600);
  for (let index = 0; index < count; index += 997) {
    const declaration = declarationOf(index);
    expect(findIn(file, declaration.identifiers ?? [])).toContain(declaration.aedId);
  }
  process.stdout.write(`declarations: ${(bytes / count).toFixed(0)} bytes each on the disk\n`);
  file.close();
});
