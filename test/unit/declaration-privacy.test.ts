import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { guardPrivacy, parseDeclaration, REMOVED, scrubText } from "../../protocols/declaration.ts";
import { trafficDeclaration } from "../fixtures/declaration-traffic.ts";

/** Texts as senders write them, and what of each must not be left. */
const PERSONAL: readonly (readonly [text: string, gone: readonly string[]])[] = [
  ["cotton shirts, contact jane.doe@example.com", ["jane", "doe", "example"]],
  ["shoes jane.doe (at) example.org", ["doe"]],
  ["toy @jane_doe_77", ["jane"]],
  ["gift for Mr. John Smith", ["John", "Smith"]],
  ["GIFT FOR MRS ANNA MUELLER, 2 BOOKS", ["ANNA", "MUELLER"]],
  ["Bücher für Frau Müller-Lüdenscheidt", ["Müller"]],
  ["cadeau pour Madame Dupont", ["Dupont"]],
  ["ropa para Señora Ana García", ["Ana", "García"]],
  ["attn: peter van dam spare parts", ["peter", "dam"]],
  ["recipient: li wei, phone case", ["li wei"]],
  ["Empfänger: Karl Heinz, Werkzeug", ["Karl", "Heinz"]],
  ["books c/o mary jones", ["mary", "jones"]],
  ["birthday present Maria Gonzalez", ["Maria", "Gonzalez"]],
  ["JOHN SMITH BIRTHDAY PRESENT", ["JOHN", "SMITH"]],
  ["watch, José da Silva", ["José", "Silva"]],
  ["call +44 20 7946 0958", ["7946", "0958"]],
  ["0049 170 1234567 handy", ["1234567"]],
  ["tel 020 7946 0958 lamp", ["7946"]],
  ["Tel.: 1234567", ["1234567"]],
  ["(415) 555-0132 blender", ["555"]],
  ["whatsapp 555 0132 99", ["0132"]],
  ["id 123-45-6789", ["6789"]],
  ["card 4111 1111 1111 1111", ["4111"]],
  ["iban DE89 3704 0044 0532 0130 00", ["3704"]],
  ["passport no. X1234567 holder", ["X1234567"]],
  ["order 20260301123", ["20260301123"]],
  ["DOB 12/03/1984 bracelet", ["1984"]],
  ["né le 03.04.1971", ["1971"]],
  ["deliver to: anna, 12 Baker Street", ["anna", "Baker"]],
  ["lamp 221b Baker Street London", ["Baker"]],
  ["Schuhe Hauptstraße 12", ["Hauptstraße"]],
  ["livre 12 rue de la Paix", ["Paix"]],
  ["calle Mayor 5 camiseta", ["Mayor"]],
  ["mug P.O. Box 4711", ["4711"]],
];

/** Goods texts that must stay as they are. */
const PLAIN = [
  "knitted cotton baby blanket",
  "ladies' blouse, 100% polyester, size 38-40",
  "Brake discs for passenger cars (2 pcs) 280x22 mm",
  "LED lamp 220-240V 50/60Hz 12 W E27",
  "phone case for Samsung Galaxy S24",
  "Dr. Martens boots, black, size 42",
  "Ralph Lauren polo shirt",
  "Calvin Klein underwear 3-pack",
  "HS code 8517620000 router",
  "Damen Kleid Baumwolle Gr. 40",
  "power bank 10000 mAh 3.7V 37Wh UN3481",
  "frying pan set, Max Power 1200 W",
  "Product name: stainless bottle",
  "livre de cuisine, rue",
  "2026 calendar, 12 months",
  "screws M8x40 DIN 933 A2-70 qty 500",
  "Bay leaves 50 g",
  "Jean Shorts Denim Blue",
];

describe("goods texts", () => {
  test.each(PERSONAL)("%s", (text, gone) => {
    const scrubbed = scrubText(text);
    expect(scrubbed.removed).toBeGreaterThan(0);
    for (const piece of gone) expect(scrubbed.text).not.toContain(piece);
    expect(scrubbed.text).toContain(REMOVED);
  });

  test("what names only goods stays", () => {
    expect(PLAIN.map(scrubText)).toEqual(PLAIN.map((text) => ({ text, removed: 0 })));
    for (let index = 0; index < 500; index += 1)
      for (const { description } of trafficDeclaration(21, index).items ?? [])
        expect(scrubText(description)).toEqual({ text: description, removed: 0 });
  });

  test("nothing is taken out of fifteen hundred goods texts in five languages", () => {
    const folder = new URL("../fixtures/goods-text/", import.meta.url);
    const texts = readdirSync(folder)
      .filter((name) => name.endsWith(".txt"))
      .flatMap((name) => readFileSync(new URL(name, folder), "utf8").split("\n"));
    expect(texts.length).toBeGreaterThan(1500);
    expect(texts.filter((text) => scrubText(text).removed > 0)).toEqual([]);
  });

  test("scrubbing again changes nothing, and a hostile text costs little", () => {
    for (const [text] of PERSONAL) expect(scrubText(scrubText(text).text).removed).toBe(0);
    const hostile = [
      "a".repeat(512),
      "1 ".repeat(256),
      "Aa ".repeat(170),
      "a@".repeat(256),
      "rue a ".repeat(85),
      "12 A ".repeat(100),
      "+1(".repeat(170),
    ];
    const began = performance.now();
    for (const text of hostile) scrubText(text);
    expect(performance.now() - began).toBeLessThan(5000);
  });
});

describe("a declaration", () => {
  const personal = {
    ...trafficDeclaration(22, 1),
    declarationRef: "for John Smith",
    transport: { mode: "4", conveyanceRef: "attn: jane doe" },
    placi: { status: "ASC", ref: "a@example.com" },
    parties: { consignee: { kind: "legal", publicId: "Anna Müller", postcodeArea: "10" } },
    equipment: [
      { id: "a@example.com", kind: "uld" },
      { id: "AKE12345KL", seals: ["SL1", "Herr Meier"] },
    ],
    declRisk: {
      p: 0.1,
      basePrior: 0.1,
      model: "m-1",
      asOf: "2026-03-01T08:00:00Z",
      indicators: ["mass_gap", "Maria Lopez"],
    },
    privacy: { profile: "edge_min", retainUntil: "2026-04-01T08:00:00Z", purpose: "Mr Bean" },
    items: [{ seq: 1, description: "gift for Mrs Jane Doe, +44 20 7946 0958" }],
  };

  test("loses what looks personal, wherever it stands, and says where", () => {
    const parsed = parseDeclaration(personal);
    if (!parsed.ok) throw new Error("not read");
    const text = JSON.stringify(parsed);
    for (const piece of ["John", "jane", "Jane", "Anna", "Meier", "Maria", "Bean", "example", "7946"])
      expect(text).not.toContain(piece);
    expect(parsed.scrubbed).toBe(10);
    expect(parsed.findings.map(({ pointer }) => pointer)).toEqual([
      "/declarationRef",
      "/transport/conveyanceRef",
      "/placi/ref",
      "/privacy/purpose",
      "/equipment/0/id",
      "/equipment/1/seals/1",
      "/parties/consignee/publicId",
      "/declRisk/indicators/1",
    ]);
    expect(parsed.declaration.equipment).toEqual([{ id: "AKE12345KL", seals: ["SL1"] }]);
    expect(parsed.declaration.declRisk?.indicators).toEqual(["mass_gap"]);
    expect(parsed.declaration.items?.[0]?.description).toBe(`gift for ${REMOVED}`);
  });

  test("is the same one when there is nothing to take out", () => {
    for (let index = 0; index < 200; index += 1) {
      const declaration = trafficDeclaration(23, index);
      expect(guardPrivacy(declaration)).toEqual({ declaration, removed: 0, pointers: [] });
    }
  });

  test("members that the schema does not know are dropped with what they hold", () => {
    const json = {
      ...trafficDeclaration(24, 1),
      parties: {
        consignee: {
          kind: "natural",
          name: "Jane Doe",
          street: "12 Baker Street",
          phone: "+44",
          email: "j@x.org",
        },
      },
      "Jane Doe": true,
    };
    const parsed = parseDeclaration(json);
    const text = JSON.stringify(parsed);
    for (const piece of ["Jane", "Baker", "+44", "x.org"]) expect(text).not.toContain(piece);
  });
});
