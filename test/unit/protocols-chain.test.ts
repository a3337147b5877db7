import { createHash } from "node:crypto";
import { describe, expect, it } from "vitest";
import {
  alertId,
  type ChainRow,
  canonicalJson,
  chainRow,
  eventId,
  GENESIS,
  linkHash,
  scanIdAt,
  verifyChain,
  verifySignature,
} from "../../protocols/index.ts";
import { projectText } from "../fixtures/project.ts";

function vectors<Type>(name: string): Type {
  return JSON.parse(projectText(`protocols/generated/vectors/${name}.json`)) as Type;
}

describe("canonicalJson", () => {
  it("is RFC 8785: its examples of sorting, numbers and text", () => {
    const sorted = canonicalJson({
      "\u20ac": "Euro Sign",
      "\r": "Carriage Return",
      "\ufb33": "Hebrew Letter Dalet With Dagesh",
      "1": "One",
      "\ud83d\ude00": "Emoji: Grinning Face",
      "\u0080": "Control",
      "\u00f6": "Latin Small Letter O With Diaeresis",
    });
    const order = ["Carriage", "One", "Control", "Latin", "Euro", "Emoji", "Hebrew"].map((word) =>
      sorted.indexOf(word),
    );
    expect(order).toEqual([...order].sort((a, b) => a - b));
    expect(order.every((at) => at >= 0)).toBe(true);
    const numbers = {
      numbers: [Number("333333333.33333329"), 4.5, 2e-3, 0.000000000000000000000000001],
      literals: [null, true, false],
    };
    expect(canonicalJson(numbers)).toBe(
      '{"literals":[null,true,false],"numbers":[333333333.3333333,4.5,0.002,1e-27]}',
    );
    expect(canonicalJson({ string: '\u20ac$\u000f\nA\'B"\\\\"/' })).toBe(
      '{"string":"\u20ac$\\u000f\\nA\'B\\"\\\\\\\\\\"/"}',
    );
    expect(canonicalJson(-0)).toBe("0");
  });

  it("holds the committed vectors", () => {
    const { vectors: list } = vectors<{ vectors: { source: unknown; canonical: string }[] }>(
      "canonical-json",
    );
    for (const { source, canonical } of list) expect(canonicalJson(source)).toBe(canonical);
  });

  it.each<[string, unknown]>([
    ["NaN", { a: [Number.NaN] }],
    ["Infinity", Number.POSITIVE_INFINITY],
    ["an integer beyond 2^53−1", { n: 2 ** 53 }],
    ["half a surrogate pair", ["\ud800"]],
    ["half a surrogate pair in a name", { "\udc00": 1 }],
    ["undefined in a list", [undefined]],
    ["undefined", undefined],
    ["a bigint", { n: 1n }],
    ["a function", { f: () => 1 }],
    ["a Date", { at: new Date(0) }],
    ["a depth without end", JSON.parse(`${"[".repeat(200)}${"]".repeat(200)}`)],
  ])("refuses %s", (_, value) => {
    expect(() => canonicalJson(value)).toThrow(expect.objectContaining({ code: "LYN_CANONICAL_JSON" }));
  });
});

interface ChainVectors {
  readonly publicKey: string;
  readonly rows: readonly {
    data: Record<string, unknown>;
    canonical: string;
    integrity: ChainRow["integrity"];
  }[];
}

function vectorRows(): { rows: ChainRow[]; keys: ReadonlyMap<string, Uint8Array> } {
  const chain = vectors<ChainVectors>("chain");
  const keyId = chain.rows[0]?.integrity.keyId ?? "";
  const keys = new Map([[keyId, Uint8Array.from(Buffer.from(chain.publicKey, "base64url"))]]);
  return {
    rows: chain.rows.map(({ data, integrity }) => ({ sequence: Number(data["sequence"]), data, integrity })),
    keys,
  };
}

describe("the chain", () => {
  it("hashes previous, LF and the canonical form without integrity", () => {
    const data = { b: 1, a: "é", integrity: { hash: "x" } };
    const wanted = createHash("sha256").update(`${GENESIS}\n{"a":"é","b":1}`, "utf8").digest("hex");
    expect(linkHash(GENESIS, data)).toBe(wanted);
    expect(() => linkHash("AB".repeat(32), data)).toThrow(
      expect.objectContaining({ code: "LYN_CHAIN_INPUT" }),
    );
  });

  it("holds the committed vectors, hashes and signatures", () => {
    const { rows, keys } = vectorRows();
    expect(verifyChain(rows, { keys })).toEqual({ ok: true, rows: 3, head: rows[2]?.integrity.hash });
    const [, second, third] = rows as [ChainRow, ChainRow, ChainRow];
    const after = { sequence: 1, hash: second.integrity.previous };
    expect(verifyChain([second, third], { after })).toMatchObject({ ok: true, rows: 2 });
    const erased = rows.map((row, index) => (index === 1 ? { ...row, data: null } : row));
    expect(verifyChain(erased, { keys })).toMatchObject({ ok: true });
    expect(chainRow({ ...second.data, sequence: 2, integrity: second.integrity }).sequence).toBe(2);
  });

  it("names the first link that breaks and how", () => {
    const { rows, keys } = vectorRows();
    const [first, second, third] = rows as [ChainRow, ChainRow, ChainRow];
    const changed = { ...second, data: { ...second.data, message: "all is well" } };
    expect(verifyChain([first, changed, third])).toEqual({
      ok: false,
      index: 1,
      sequence: 2,
      reason: "hash",
    });
    expect(verifyChain([first, third])).toMatchObject({
      ok: false,
      index: 1,
      sequence: 3,
      reason: "sequence",
    });
    const other = { ...second, integrity: { ...second.integrity, previous: GENESIS } };
    expect(verifyChain([first, other])).toMatchObject({ index: 1, reason: "previous" });
    const forged = { ...first, integrity: { ...first.integrity, signature: third.integrity.signature } };
    expect(verifyChain([forged], { keys })).toMatchObject({ index: 0, reason: "signature" });
    expect(verifyChain(rows, { keys: new Map() })).toMatchObject({ index: 0, reason: "unknown-key" });
    const absurd = { ...first, data: { n: Number.NaN } };
    expect(verifyChain([absurd])).toMatchObject({ index: 0, reason: "data" });
    expect(verifySignature("00", "", new Uint8Array(32))).toBe(false);
  });
});

describe("ids", () => {
  it("hold the committed vectors", () => {
    interface Ids {
      readonly hits: readonly { scanId: string; revision: number; id: string }[];
      readonly alerts: readonly { journal: string; sequence: number; id: string }[];
      readonly scans: readonly { msSinceEpoch: number; random: string; id: string }[];
    }
    const ids = vectors<Ids>("ids");
    for (const { scanId, revision, id } of ids.hits) {
      expect(eventId(scanId, revision)).toBe(id);
      expect(eventId(scanId.toUpperCase(), revision)).toBe(id);
    }
    for (const { journal, sequence, id } of ids.alerts) expect(alertId(journal, sequence)).toBe(id);
    for (const { msSinceEpoch, random, id } of ids.scans) {
      expect(scanIdAt(msSinceEpoch, Uint8Array.from(Buffer.from(random, "hex")))).toBe(id);
    }
  });

  it("sort by time and are UUIDv7 and UUIDv5", () => {
    const random = new Uint8Array(10).fill(255);
    const ids = [0, 1, 65_535, 65_536, 2 ** 47, 2 ** 48 - 1].map((ms) => scanIdAt(ms, random));
    expect([...ids].sort()).toEqual(ids);
    for (const id of ids) expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7fff-bfff-ffffffffffff$/);
    expect(eventId(ids[0] ?? "", 1)).toMatch(
      /^[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/,
    );
    expect(
      new Set([eventId(ids[0] ?? "", 1), eventId(ids[0] ?? "", 11), alertId(ids[0] ?? "", 1)]).size,
    ).toBe(3);
  });

  it("refuse what they cannot be made of", () => {
    const refused = expect.objectContaining({ code: "LYN_ID_INPUT" });
    expect(() => scanIdAt(-1, new Uint8Array(10))).toThrow(refused);
    expect(() => scanIdAt(2 ** 48, new Uint8Array(10))).toThrow(refused);
    expect(() => scanIdAt(0, new Uint8Array(9))).toThrow(refused);
    expect(() => eventId("x", 1)).toThrow(refused);
    expect(() => eventId("0195512c-7e3a-7b51-8c0d-0123456789ab", 1.5)).toThrow(refused);
  });
});
