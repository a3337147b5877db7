import { describe, expect, it } from "vitest";
import { hitData } from "../../device/fusion/hit.ts";
import type { FusionInput } from "../../device/fusion/input.ts";
import { matchDeclarations } from "../../device/fusion/match.ts";
import type { ItemIdentifier, Scan } from "../../device/scan.ts";
import type { Declaration } from "../../protocols/declaration.ts";
import {
  declarationOf,
  ITEM_NUMBER,
  identifier,
  inputOf,
  scanOf,
  settingsOf,
  stored,
  weighed,
} from "../fixtures/fusion.ts";

type Keys = NonNullable<Declaration["identifiers"]>;

function matched(scan: Scan, ...declarations: readonly Declaration[]): readonly string[] {
  return matchDeclarations(
    scan,
    declarations.map((one) => stored(one)),
    settingsOf(),
  ).map((one) => one.stored.declaration.aedId);
}

/** Whether an item with these identifiers matches a declaration with those. */
function matches(read: readonly ItemIdentifier[], declared: Keys, more: Partial<Declaration> = {}): boolean {
  return matched(scanOf({ identifiers: read }), declarationOf({ identifiers: declared, ...more })).length > 0;
}

const HOUSE = identifier("HAWB", "H123", { checkOk: null });
const MASTER = identifier("MAWB", "02012345675");

describe("matching a declaration to an item", () => {
  it("compares scheme and canonical value", () => {
    const declared: Keys = [{ scheme: "MAWB", value: "020-12345675" }];
    expect(matches([identifier("MAWB", "020 1234 5675")], declared)).toBe(true);
    expect(matches([identifier("SSCC", "02012345675")], declared)).toBe(false);
    expect(matches([identifier("PARCEL_OTHER", "A-1")], [{ scheme: "PARCEL_OTHER", value: "A1" }])).toBe(
      false,
    );
  });

  it("takes no identifier whose check digit is wrong, on either side", () => {
    expect(
      matches([identifier("S10", ITEM_NUMBER, { checkOk: false })], [{ scheme: "S10", value: ITEM_NUMBER }]),
    ).toBe(false);
    expect(
      matches([identifier("S10", ITEM_NUMBER)], [{ scheme: "S10", value: ITEM_NUMBER, checkOk: false }]),
    ).toBe(false);
    expect(
      matches([identifier("S10", ITEM_NUMBER, { checkOk: null })], [{ scheme: "S10", value: ITEM_NUMBER }]),
    ).toBe(true);
  });

  it("takes an S10 within 12 calendar months of the declaration only", () => {
    const key: Keys = [{ scheme: "S10", value: ITEM_NUMBER }];
    expect(matches([identifier("S10", ITEM_NUMBER)], key, { issuedAt: "2025-03-05T12:00:00Z" })).toBe(true);
    expect(matches([identifier("S10", ITEM_NUMBER)], key, { issuedAt: "2025-03-05T11:59:59Z" })).toBe(false);
    expect(matches([identifier("S10", ITEM_NUMBER)], key, { issuedAt: "2027-03-06T00:00:00Z" })).toBe(false);
  });

  it("takes a house waybill only with its master", () => {
    const both: Keys = [
      { scheme: "HAWB", value: "H123" },
      { scheme: "MAWB", value: "02012345675" },
    ];
    expect(matches([HOUSE], both)).toBe(false);
    expect(matches([HOUSE, MASTER], both)).toBe(true);
    expect(
      matches(
        [HOUSE, MASTER],
        [
          { scheme: "HAWB", value: "H123" },
          { scheme: "MAWB", value: "02012345664" },
        ],
      ),
    ).toBe(false);
  });

  it("does not take a master waybill for an item that carries another house waybill", () => {
    const other: Keys = [
      { scheme: "HAWB", value: "H999" },
      { scheme: "MAWB", value: "02012345675" },
    ];
    expect(matches([HOUSE, MASTER], other)).toBe(false);
    expect(matches([MASTER], other)).toBe(true);
  });

  it("takes what OCR read only with a second key: another identifier or the mass", () => {
    const ocr = identifier("S10", ITEM_NUMBER, { source: "ocr", confidence: 0.9 });
    const key: Keys = [{ scheme: "S10", value: ITEM_NUMBER }];
    expect(matches([ocr], key)).toBe(false);
    expect(matches([ocr, identifier("S10", ITEM_NUMBER)], key)).toBe(true);
    const order = identifier("HOUSE_REF", "AB77", { source: "ocr", checkOk: null });
    expect(matches([ocr, order], [...key, { scheme: "HOUSE_REF", value: "AB77" }])).toBe(true);
    expect(matched(weighed(1.86, scanOf({ identifiers: [ocr] })), declarationOf())).toHaveLength(1);
    expect(matched(weighed(2.4, scanOf({ identifiers: [ocr] })), declarationOf())).toEqual([]);
  });

  it("never matches by a product number", () => {
    expect(
      matches([identifier("GTIN", "24012345678905")], [{ scheme: "GTIN", value: "24012345678905" }]),
    ).toBe(false);
  });

  it("puts the best match first: single items before shared keys, then more keys, then the later declaration", () => {
    const ids = ["a", "b", "c", "d"].map((letter) => `018f2b7e-6a3c-7c1e-9b52-00000000000${letter}`) as [
      string,
      string,
      string,
      string,
    ];
    const s10 = { scheme: "S10", value: ITEM_NUMBER } as const;
    const box = { scheme: "ISO6346", value: "CSQU3054383" } as const;
    const scan = scanOf({
      identifiers: [identifier("S10", ITEM_NUMBER), identifier("ISO6346", "CSQU3054383")],
    });
    const all = [
      declarationOf({ aedId: ids[0], identifiers: [box] }),
      declarationOf({ aedId: ids[1], identifiers: [s10], issuedAt: "2026-03-01T00:00:00Z" }),
      declarationOf({ aedId: ids[2], identifiers: [s10], issuedAt: "2026-03-02T00:00:00Z" }),
      declarationOf({ aedId: ids[3], identifiers: [s10, box], issuedAt: "2026-02-01T00:00:00Z" }),
    ];
    expect(matched(scan, ...all)).toEqual([ids[3], ids[2], ids[1], ids[0]]);
    expect(matched(scan, ...all.toReversed())).toEqual([ids[3], ids[2], ids[1], ids[0]]);
  });

  it("uses the highest revision of a declaration and no cancelled one", () => {
    const amended = declarationOf({ revision: 3, function: "amend" });
    const [only, ...others] = matchDeclarations(
      scanOf(),
      [stored(amended), stored(declarationOf({ revision: 2 }))],
      settingsOf(),
    );
    expect(only?.stored.declaration.revision).toBe(3);
    expect(others).toEqual([]);
    expect(matched(scanOf(), declarationOf({ function: "cancel" }))).toEqual([]);
  });
});

describe("the declarations of a hit", () => {
  function block(more: Partial<FusionInput>) {
    return hitData(inputOf(more)).declarations;
  }

  it("say by what they matched, how old they are and how good their data is", () => {
    expect(block({ matches: [stored()] })).toEqual([
      {
        aedId: "018f2b7e-6a3c-7c1e-9b52-0d6a1f3e4c01",
        revision: 1,
        direction: "import",
        flow: "postal",
        matchedBy: { scheme: "S10", value: ITEM_NUMBER, source: "barcode" },
        pieces: { declared: 1, seen: 1 },
        ageSeconds: 86_400,
        quality: { score: 1, findings: [] },
      },
    ]);
  });

  it("claim no count of pieces that nobody counted", () => {
    const many = stored(declarationOf({ consignment: { packageCount: 3, grossMassKg: 5 } }));
    const { aedId } = declarationOf();
    expect(block({ matches: [many] })[0]?.pieces).toEqual({ declared: 3, seen: null });
    expect(block({ matches: [many], piecesSeen: { [aedId]: 2 } })[0]?.pieces).toEqual({
      declared: 3,
      seen: 2,
    });
  });

  it("are younger than the scan by a negative age, with a reason that adds nothing", () => {
    const late = inputOf({
      matches: [stored(declarationOf(), { storedAt: inputOf().scan.capturedAt + 90_000 })],
    });
    const hit = hitData(late);
    expect(hit.declarations[0]?.ageSeconds).toBe(-90);
    expect(hit.reasons).toEqual([
      {
        code: "DECLARATION_LATE",
        weight: 0,
        text: "The declaration reached this gateway 90 s after the scan",
      },
    ]);
  });

  it("are empty with a reason where none matches", () => {
    const hit = hitData(inputOf());
    expect(hit.declarations).toEqual([]);
    expect(hit.reasons.map((one) => one.code)).toEqual(["DECLARATION_MISSING"]);
    expect(hit.score.evidence).toEqual([]);
  });
});
