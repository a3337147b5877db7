import { describe, expect, test } from "vitest";
import { CSV_LIMITS, readCsv } from "../../protocols/declaration/adapters/csv-rows.ts";
import {
  type AdapterOptions,
  type AdapterResult,
  createTokeniser,
  DECLARATION_XML_LIMITS,
  declarationsOfCsv,
  declarationsOfItmatt,
  declarationsOfWco,
  declarationsOfXfzb,
  PLAIN_MAP,
  readColumnMap,
} from "../../protocols/declaration/adapters.ts";
import { declarationSchema } from "../../protocols/declaration.ts";
import { isLynceusError } from "../../protocols/errors.ts";
import { Random } from "../../simulator/random.ts";
import {
  CSV_MAP,
  CSV_TEXT,
  ITMATT_JSON,
  PERSONS,
  WCO_XML,
  XFZB_XML,
} from "../fixtures/declaration-messages.ts";
import { FUZZ_SEED, fuzzRounds } from "../fixtures/mutate.ts";

const OPTIONS: AdapterOptions = {
  receivedAt: "2026-03-01T08:12:09Z",
  direction: "import",
  tokenise: createTokeniser({ key: new Uint8Array(32).fill(7), epoch: "k7" }),
};
const MESSAGES = [
  ["csv", () => declarationsOfCsv(CSV_TEXT, readColumnMap(CSV_MAP), OPTIONS)],
  ["itmatt", () => declarationsOfItmatt(JSON.stringify(ITMATT_JSON), OPTIONS)],
  ["wco", () => declarationsOfWco(WCO_XML, { ...OPTIONS, flow: "container" })],
  ["xfzb", () => declarationsOfXfzb(XFZB_XML, OPTIONS)],
] as const;

/** The first declaration, without what every one has. */
function first({ declarations }: AdapterResult) {
  const [one] = declarations;
  if (one === undefined) throw new Error("no declaration");
  const { schema, revision, receivedAt, ...rest } = one.declaration;
  expect([schema, revision, receivedAt]).toEqual(["customs-aed/1.0", 1, OPTIONS.receivedAt]);
  return { ...one, declaration: rest };
}

test.each(MESSAGES)(
  "%s: valid against the schema, the same again, and nothing of a person in it",
  (_name, read) => {
    const result = read();
    expect(read()).toEqual(result);
    const text = JSON.stringify(result);
    for (const piece of PERSONS) expect(text).not.toContain(piece);
    for (const { declaration } of result.declarations)
      expect(declarationSchema.safeParse(declaration).error).toBeUndefined();
    const { declaration, scrubbed } = first(result);
    expect(scrubbed).toBeGreaterThan(0);
    expect(declaration.items?.[0]?.description).toContain("wool blanket");
    // The same two people in every message, so the same two tokens (a table that leaves the city out has others).
    if (_name !== "csv") {
      expect(declaration.parties?.consignor?.token).toMatch(/^k7:[\w-]{22}$/);
      expect(declaration.parties?.consignor?.token).toBe(
        first(MESSAGES[3][1]()).declaration.parties?.consignor?.token,
      );
      expect(declaration.parties?.consignee?.token).toBe(
        first(MESSAGES[3][1]()).declaration.parties?.consignee?.token,
      );
    }
    expect(declaration.parties?.consignee).toMatchObject({
      kind: "natural",
      country: "NL",
      postcodeArea: "10",
      nameQ: "ok",
    });
  },
);

test("a table: rows of one item number are one declaration, figures with a decimal comma, HS codes as they are written", () => {
  const result = declarationsOfCsv(CSV_TEXT, readColumnMap(CSV_MAP), OPTIONS);
  const { declaration } = first(result);
  expect(declaration).toMatchObject({
    sourceRegime: "UPU_ITMATT",
    flow: "postal",
    identifiers: [{ scheme: "S10", value: "RR473124829GB", checkOk: true }],
    consignment: { packageCount: 1, category: "gift", grossMassKg: 1.84 },
    items: [
      {
        seq: 1,
        hs6: "630120",
        quantity: 1,
        netMassKg: 0.62,
        value: { amount: "35.00", currency: "EUR" },
        originCountry: "PT",
      },
      {
        seq: 2,
        hs6: "010121",
        description: 'live horses; "toy"',
        quantity: 2,
        netMassKg: 0.15,
        value: { amount: "1250.50", currency: "EUR" },
      },
    ],
  });
  const second = result.declarations[1];
  expect(second?.declaration.items?.[0]).not.toHaveProperty("hs6");
  expect(second?.findings).toContainEqual({
    metric: "K1",
    pointer: "/items/0/hs6",
    message: "is no HS code of 6 to 12 digits",
  });
  expect(declarationsOfCsv("flow,note\npostal,x\n", PLAIN_MAP, OPTIONS)).toMatchObject({
    declarations: [],
    faults: [{ at: 2 }],
  });
  expect(
    first(declarationsOfCsv("identifier.UCR,item.description\n26NL1,tea\n", PLAIN_MAP, OPTIONS)).findings,
  ).toContainEqual(expect.objectContaining({ metric: "C1", pointer: "/consignment/packageCount" }));
});

test("CN 23 and ITMATT: names however they are written, grams, codes of nature, an item without a number is a fault", () => {
  const result = declarationsOfItmatt(JSON.stringify(ITMATT_JSON), OPTIONS);
  const { declaration, findings } = first(result);
  expect(declaration).toMatchObject({
    sourceRegime: "UPU_ITMATT",
    flow: "postal",
    issuedAt: "2026-03-01T08:12:00Z",
    identifiers: [{ scheme: "S10", value: "RR473124829GB", level: "item", checkOk: true }],
    transport: { originOe: "GBLALA", destinationOe: "NLAMSA" },
    consignment: { category: "gift", grossMassKg: 1.84, totalValue: { amount: "35.00", currency: "GBP" } },
    items: [
      { hs6: "630120", value: { amount: "25", currency: "GBP" } },
      { hs6: "010130", description: "asses, live" },
      { description: "tea" },
    ],
  });
  expect(findings).toEqual([
    { metric: "K1", pointer: "/items/2/hs6", message: "is no text: a leading zero would be lost" },
  ]);
  expect(result.faults).toEqual([{ at: 2, pointer: "/identifiers", message: "is empty" }]);
  // One item alone, with another sender's names.
  const one = {
    barcode: "CP123456785CN",
    weight: 2,
    items: [{ description: "tea", origin: "cn" }],
    action: "delete",
  };
  expect(first(declarationsOfItmatt(JSON.stringify(one), OPTIONS)).declaration).toMatchObject({
    function: "cancel",
    items: [{ originCountry: "CN" }],
  });
  // The number may be used again after a year: another declaration.
  const again = { ...ITMATT_JSON.mailItems[0], postingDateTime: "2028-03-01" };
  expect(first(declarationsOfItmatt(JSON.stringify(again), OPTIONS)).declaration.aedId).not.toBe(
    declaration.aedId,
  );
});

test("WCO data model: identifiers, equipment, measures and national tariff digits", () => {
  const { declaration, findings } = first(declarationsOfWco(WCO_XML, { ...OPTIONS, flow: "container" }));
  expect(findings).toEqual([]);
  expect(declaration).toMatchObject({
    function: "original",
    sourceRegime: "WCO_DEC",
    issuedAt: "2026-03-01T08:12:00+00:00",
    declarationRef: "26NLABCDEFGHIJKLM1",
    identifiers: [
      { scheme: "BL", value: "ABCD12345678", level: "master" },
      { scheme: "UCR", value: "6GB123456789000-X1" },
      { scheme: "ISO6346", value: "CSQU3054383", checkOk: true },
    ],
    transport: {
      mode: "1",
      imo: "9319466",
      conveyanceRef: "412W",
      loadPlace: "CNSHA",
      dischargePlace: "NLRTM",
    },
    parties: { declarant: { kind: "legal", publicId: "NL123456789" } },
    consignment: {
      packageCount: 880,
      grossMassKg: 14250,
      totalValue: { amount: "42000.00", currency: "USD" },
    },
    items: [
      {
        hs6: "010121",
        hsExtension: "00",
        netMassKg: 13600,
        quantity: 880,
        quantityUnit: "H87",
        packages: 880,
        packageType: "CT",
      },
    ],
    equipment: [{ id: "CSQU3054383", sizeType: "22G1", load: "fcl", seals: ["CN123456"] }],
  });
});

test("IATA house waybill: the house beside its master, pounds, airport codes left out", () => {
  const { declaration } = first(declarationsOfXfzb(XFZB_XML, OPTIONS));
  expect(declaration).toMatchObject({
    sourceRegime: "IATA_XFZB",
    flow: "air_cargo",
    identifiers: [
      { scheme: "HAWB", value: "HWB4711", level: "house" },
      { scheme: "MAWB", value: "02012345675", level: "master", checkOk: true },
    ],
    transport: { mode: "4", conveyanceRef: "KL810", dischargePlace: "NLAMS", eta: "2026-03-02T05:00:00Z" },
    consignment: { packageCount: 12, grossMassKg: 245.5, totalValue: { amount: "4500.00", currency: "EUR" } },
    items: [{ hs6: "010121", packages: 12, grossMassKg: 45.359237, originCountry: "CN" }],
  });
  expect(declaration.transport).not.toHaveProperty("loadPlace");
});

describe("what is refused as a whole", () => {
  const codeOf = (work: () => unknown): string => {
    try {
      work();
      return "nothing";
    } catch (error) {
      return isLynceusError(error) ? error.code : String(error);
    }
  };

  test("XML with a document type, an entity of its own, too deep, too large, or none", () => {
    const deep = `${"<a>".repeat(DECLARATION_XML_LIMITS.depth + 1)}${"</a>".repeat(DECLARATION_XML_LIMITS.depth + 1)}`;
    const hostile = [
      `<!DOCTYPE Declaration [<!ENTITY a "b">]><Declaration><ID>&a;</ID></Declaration>`,
      "<Declaration><ID>&a;</ID></Declaration>",
      deep,
      `<Declaration>${" ".repeat(DECLARATION_XML_LIMITS.bytes)}</Declaration>`,
      `<Declaration>${"<a/>".repeat(DECLARATION_XML_LIMITS.elements)}</Declaration>`,
      `<Declaration ${Array.from({ length: 17 }, (_, at) => `a${at}="1"`).join(" ")}/>`,
      "<Declaration>",
      "",
      "<a/>",
    ];
    for (const text of hostile) {
      expect(codeOf(() => declarationsOfWco(text, OPTIONS))).toBe("LYN_DECLARATION_XML");
      expect(codeOf(() => declarationsOfXfzb(text, OPTIONS))).toBe("LYN_DECLARATION_XML");
    }
    expect(() => declarationsOfWco(deep, OPTIONS)).toThrow(/deeper/);
  });

  test("JSON that is none; tables beyond their bounds; maps that do not fit, with the nearest target", () => {
    for (const text of ["", "{", "7", "null", "true"])
      expect(codeOf(() => declarationsOfItmatt(text, OPTIONS))).toBe("LYN_DECLARATION_JSON");
    const wide = ",".repeat(CSV_LIMITS.columns);
    const long = "a".repeat(CSV_LIMITS.field + 1);
    for (const text of [wide, long, `"${long}`, '"never closed', `a,"${'""'.repeat(CSV_LIMITS.field)}`])
      expect(codeOf(() => readCsv(text))).toBe("LYN_DECLARATION_CSV");
    expect(codeOf(() => readCsv("x".repeat(CSV_LIMITS.characters + 1)))).toBe("LYN_DECLARATION_CSV");
    expect(() => readColumnMap({ columns: { A: "item.descripton" } })).toThrow("item.description");
    expect(() => readColumnMap({ columns: {}, more: 1 })).toThrow("column map");
    expect(() => declarationsOfCsv("a,b\n", readColumnMap({ columns: { C: "flow" } }), OPTIONS)).toThrow(
      "no column of this name",
    );
    expect(() => declarationsOfCsv("a,b\n", PLAIN_MAP, OPTIONS)).toThrow("no column");
    expect(codeOf(() => createTokeniser({ key: new Uint8Array(31), epoch: "k7" }))).toBe(
      "LYN_DECLARATION_MAP",
    );
  });
});

test("tables as spreadsheets write them", () => {
  expect(readCsv('\uFEFFa,b\r\n"1, ""x""\n2",3\r\n\r\n4\n')).toEqual([["a", "b"], ['1, "x"\n2', "3"], ["4"]]);
  expect(readCsv("a\rb")).toEqual([["a"], ["b"]]);
  expect(readCsv(";;x", ";")).toEqual([["", "", "x"]]);
  expect(readCsv("")).toEqual([]);
});

test("a token does not tell how a name was written, and another key is another token", () => {
  const one = createTokeniser({ key: new Uint8Array(32).fill(1), epoch: "k1" });
  const other = createTokeniser({ key: new Uint8Array(32).fill(2), epoch: "k1" });
  expect(one(["Dr. Jürgen  MÜLLER", "Hauptstraße 1"])).toBe(
    one(["juergen muller".replace("ue", "u"), "hauptstrasse, 1"]),
  );
  expect(one(["Anna", "B"])).not.toBe(one(["AnnaB", ""]));
  expect(one(["Anna"])).not.toBe(other(["Anna"]));
});

/** Faults of any kind at random places: what comes out is a result or one of the three refusals, in bounded time. */
describe("damaged messages", () => {
  const REFUSALS = new Set([
    "LYN_DECLARATION_CSV",
    "LYN_DECLARATION_JSON",
    "LYN_DECLARATION_MAP",
    "LYN_DECLARATION_XML",
  ]);
  const ALPHABET = `<>&;"'/=[]{}:,0123456789eE+-. \n\r\tAé€\u0000\ud800`;
  const XML_RUNS = Number(process.env["LYNCEUS_FUZZ_XML"] ?? fuzzRounds(100_000, 0.1));
  const CSV_RUNS = Number(process.env["LYNCEUS_FUZZ_CSV"] ?? fuzzRounds(1_000_000));

  function damaged(text: string, random: Random): string {
    const at = random.int(0, text.length - 1);
    switch (random.int(0, 3)) {
      case 0:
        return text.slice(0, at);
      case 1:
        return text.slice(0, at) + text.slice(at + random.int(1, 20));
      case 2:
        return (
          text.slice(0, at) +
          (ALPHABET[random.int(0, ALPHABET.length - 1)] ?? "") +
          text.slice(at + random.int(0, 1))
        );
      default:
        return text.slice(0, at) + text.slice(random.int(0, text.length - 1)).slice(0, 60) + text.slice(at);
    }
  }

  function survive(read: () => AdapterResult): void {
    try {
      for (const { declaration } of read().declarations) {
        if (!/^[0-9a-f-]{36}$/.test(declaration.aedId)) throw new Error("no id");
        for (const item of declaration.items ?? [])
          if (item.hs6 !== undefined && !/^\d{6}$/.test(item.hs6)) throw new Error("no HS code");
      }
    } catch (error) {
      if (!isLynceusError(error) || !REFUSALS.has(error.code)) throw error;
    }
  }

  test("XML", { timeout: 900_000 }, () => {
    const random = new Random(31 + FUZZ_SEED, "xml");
    const plain = (xml: string) => xml.replaceAll(/\s*\n\s*/g, "");
    const whole = [plain(WCO_XML), plain(XFZB_XML)];
    // Short ones make up the number; each hundredth is a message as it is in life.
    const short = [
      "<Declaration><ID>1</ID><UCR><ID>X</ID></UCR><GovernmentAgencyGoodsItem><Commodity><Description>tea</Description></Commodity></GovernmentAgencyGoodsItem></Declaration>",
      '<H xmlns:r="u"><r:MasterConsignment><IncludedHouseConsignment><TotalPieceQuantity>2</TotalPieceQuantity></IncludedHouseConsignment></r:MasterConsignment></H>',
    ];
    for (let run = 0; run < XML_RUNS; run += 1) {
      const [wco = "", iata = ""] = run % 100 === 0 ? whole : short;
      if (run % 2 === 0) survive(() => declarationsOfWco(damaged(wco, random), OPTIONS));
      else survive(() => declarationsOfXfzb(damaged(iata, random), OPTIONS));
    }
  });

  test("tables", { timeout: 900_000 }, () => {
    const random = new Random(32 + FUZZ_SEED, "csv");
    const map = readColumnMap({
      columns: {
        a: "identifier.S10",
        b: "item.description",
        c: "item.hs",
        d: "consignment.grossMass",
        e: "consignee.name",
      },
    });
    const table = 'a,b,c,d,e\nRR473124829GB,"tea, ""green""",090210,"1,5",A B\nRR473124829GB,cup,691200,2,\n';
    for (let run = 0; run < CSV_RUNS; run += 1) {
      const text = damaged(table, random);
      if (run % 1000 === 0) survive(() => declarationsOfCsv(text, map, OPTIONS));
      else
        try {
          readCsv(text);
        } catch (error) {
          if (!isLynceusError(error, "LYN_DECLARATION_CSV")) throw error;
        }
    }
  });

  test("JSON", { timeout: 900_000 }, () => {
    const random = new Random(33 + FUZZ_SEED, "json");
    const text = JSON.stringify(ITMATT_JSON);
    for (let run = 0; run < XML_RUNS / 20; run += 1)
      survive(() => declarationsOfItmatt(damaged(text, random), OPTIONS));
  });
});
