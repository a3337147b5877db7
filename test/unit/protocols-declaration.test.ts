import { readFileSync } from "node:fs";
import { Ajv2020 } from "ajv/dist/2020.js";
import addFormats from "ajv-formats";
import { describe, expect, it } from "vitest";
import {
  type Declaration,
  declarationSchema,
  MAX_FINDINGS,
  type ParsedDeclaration,
  parseDeclaration,
} from "../../protocols/declaration.ts";
import { Dice, fuzzRounds, mutateJson } from "../fixtures/mutate.ts";
import { sharedPath } from "../fixtures/project.ts";

type Json = Record<string, unknown>;

/** The postal example, typed here. */
function postal(): Json & {
  identifiers: Json[];
  consignment: Json;
  items: Json[];
  parties: Record<string, Json>;
} {
  return {
    schema: "customs-aed/1.0",
    aedId: "018f2b7e-6a3c-7c1e-9b52-0d6a1f3e4c01",
    revision: 1,
    function: "original",
    sourceRegime: "UPU_ITMATT",
    issuedAt: "2026-03-01T08:12:00Z",
    receivedAt: "2026-03-01T08:12:09Z",
    direction: "import",
    flow: "postal",
    identifiers: [{ scheme: "S10", value: "RR473124829GB", level: "item", checkOk: true }],
    transport: { mode: "4", originOe: "GBLALA", destinationOe: "KRSELA", eta: "2026-03-04T21:00:00Z" },
    parties: {
      consignor: { kind: "natural", token: "k7:q0Yx9mQf0a3b2LwZ8tUeXA", country: "GB", postcodeArea: "EC1" },
    },
    consignment: {
      category: "gift",
      packageCount: 1,
      grossMassKg: 1.84,
      totalValue: { amount: "35.00", currency: "GBP" },
    },
    items: [
      { seq: 1, description: "knitted cotton baby blanket", hs6: "630130", quantity: 1, netMassKg: 0.62 },
      { seq: 2, description: "wooden toy", hs6: "950300", quantity: 2 },
    ],
    privacy: { profile: "edge_min", retainUntil: "2026-04-01T00:00:00Z" },
  };
}

function used(parsed: ParsedDeclaration): { declaration: Declaration; pointers: readonly string[] } {
  if (!parsed.ok) throw new Error(`${parsed.pointer} ${parsed.message}`);
  return { declaration: parsed.declaration, pointers: parsed.findings.map((finding) => finding.pointer) };
}

describe("a declaration without fault", () => {
  it("is used as it is", () => {
    const parsed = parseDeclaration(postal());
    expect(parsed).toEqual({ ok: true, declaration: postal(), findings: [], scrubbed: 0 });
  });

  it("may be a cancellation with the vital members only", () => {
    const { schema, aedId, receivedAt } = postal();
    const cancel = { schema, aedId, revision: 3, function: "cancel", receivedAt };
    expect(parseDeclaration(cancel)).toEqual({ ok: true, declaration: cancel, findings: [], scrubbed: 0 });
  });
});

describe("a dead letter", () => {
  it.each<[string, unknown, string]>([
    ["text", "customs-aed/1.0", ""],
    ["a list", [postal()], ""],
    ["null", null, ""],
    ["an unknown schema", { ...postal(), schema: "customs-aed/2.0" }, "/schema"],
    ["no schema", { ...postal(), schema: undefined }, "/schema"],
    ["an aedId that is no uuid", { ...postal(), aedId: "7" }, "/aedId"],
    ["a revision of text", { ...postal(), revision: "1" }, "/revision"],
    ["revision 0", { ...postal(), revision: 0 }, "/revision"],
    ["an unknown function", { ...postal(), function: "replace" }, "/function"],
    ["a receivedAt that is no time", { ...postal(), receivedAt: "yesterday" }, "/receivedAt"],
    ["identifiers of text", { ...postal(), identifiers: "RR473124829GB" }, "/identifiers"],
    ["no identifier", { ...postal(), identifiers: [] }, "/identifiers"],
    [
      "no usable identifier",
      { ...postal(), identifiers: [{ scheme: "S10", value: "rr 1" }] },
      "/identifiers/0/value",
    ],
  ])("is %s", (_, json, pointer) => {
    expect(parseDeclaration(json)).toMatchObject({ ok: false, pointer });
  });

  it.each(["schema", "aedId", "revision", "function", "receivedAt", "identifiers"])("lacks %s", (key) => {
    const json: Json = postal();
    delete json[key];
    expect(parseDeclaration(json)).toEqual({ ok: false, pointer: `/${key}`, message: "is missing" });
  });
});

describe("any other fault", () => {
  it("drops the smallest member that makes the rest valid", () => {
    const json = postal();
    json.items[0] = { ...json.items[0], hs6: "63", netMassKg: "heavy" };
    json.items[1] = { seq: 2, hs6: "950300" };
    json.items.push({ seq: 3, description: "socks", quantity: 0, mood: "good" });
    json.consignment = {
      ...json.consignment,
      grossMassKg: -1,
      totalValue: { amount: "1", currency: "Pounds" },
    };
    json["flow"] = "pigeon";
    json["later"] = true;
    const { declaration, pointers } = used(parseDeclaration(json));
    expect(pointers).toEqual([
      "/flow",
      "/consignment/grossMassKg",
      "/consignment/totalValue/currency",
      "/items/0/hs6",
      "/items/0/netMassKg",
      "/items/1/description",
      "/items/2/quantity",
      "/items/2/mood",
      "/later",
    ]);
    expect(declaration.items).toEqual([
      { seq: 1, description: "knitted cotton baby blanket", quantity: 1 },
      { seq: 3, description: "socks" },
    ]);
    expect(declaration.consignment).toEqual({ category: "gift", packageCount: 1 });
    expect(declaration.flow).toBeUndefined();
  });

  it("drops the whole where a required member of it is gone", () => {
    const json = postal();
    json.consignment = { grossMassKg: 3, packageCount: "one" };
    const { declaration, pointers } = used(parseDeclaration(json));
    expect(declaration.consignment).toBeUndefined();
    expect(pointers).toEqual(["/consignment/packageCount"]);
  });

  it("records what is missing and uses the rest", () => {
    const json: Json = postal();
    for (const key of ["sourceRegime", "direction", "flow", "consignment", "items"]) delete json[key];
    const parsed = parseDeclaration(json);
    expect(parsed).toMatchObject({ ok: true, declaration: { aedId: json["aedId"] } });
    expect(used(parsed).pointers).toEqual(["/sourceRegime", "/direction", "/flow", "/consignment", "/items"]);
    if (parsed.ok) expect(parsed.findings.every(({ metric }) => metric === "C1")).toBe(true);
  });

  it("keeps the identifiers that are good, the first 64 of them", () => {
    const json = postal();
    json.identifiers = Array.from({ length: 70 }, (_, i) => ({ scheme: "HAWB", value: `H${i}` }));
    json.identifiers[1] = { scheme: "QR", value: "X" };
    const { declaration, pointers } = used(parseDeclaration(json));
    expect(declaration.identifiers).toHaveLength(64);
    expect(pointers).toEqual(["/identifiers/1/scheme", "/identifiers"]);
  });

  it("drops the public id of a natural person", () => {
    const json = postal();
    json.parties = { consignee: { kind: "natural", publicId: "GB123", country: "GB" } };
    const { declaration, pointers } = used(parseDeclaration(json));
    expect(declaration.parties).toEqual({ consignee: { kind: "natural", country: "GB" } });
    expect(pointers).toEqual(["/parties/consignee/publicId"]);
  });

  it("never repeats what the declaration says, nor a member's name that may be a person's", () => {
    const json = postal();
    json.parties = { consignor: { kind: "Jane Doe", "Jane Doe": 1 }, "Jane Doe/12 High St": {} };
    json.items[0] = { ...json.items[0], hs6: "Jane Doe", value: "Jane Doe" };
    expect(JSON.stringify(used(parseDeclaration(json)).pointers)).not.toContain("Jane");
    const parsed = parseDeclaration(json);
    expect(parsed.ok && JSON.stringify(parsed.findings)).not.toContain("Jane");
    expect(JSON.stringify(parseDeclaration({ ...json, aedId: "Jane Doe" }))).not.toContain("Jane");
  });

  it("tells at most a hundred findings", () => {
    const json = postal();
    json.items = Array.from({ length: 5000 }, (_, seq) => ({ seq }));
    const parsed = parseDeclaration(json);
    if (!parsed.ok) throw new Error(parsed.message);
    expect(parsed.declaration.items).toEqual([]);
    expect(parsed.findings).toHaveLength(MAX_FINDINGS);
    expect(parsed.findings.at(-1)?.message).toBe("and 4901 more faults");
  });
});

it("never throws, and what it keeps is valid, whatever is mutated", () => {
  const dice = new Dice(11);
  for (let round = 0; round < fuzzRounds(20_000, 0.01); round += 1) {
    let json: unknown = postal();
    for (let left = 1 + dice.below(4); left > 0; left -= 1) json = mutateJson(json, dice);
    const parsed = parseDeclaration(json);
    if (!parsed.ok) continue;
    const filled = { ...postal(), ...parsed.declaration };
    const again = declarationSchema.safeParse(filled);
    if (!again.success) throw new Error(JSON.stringify(again.error.issues));
    const strict = declarationSchema.safeParse(json).success;
    if (strict !== (parsed.findings.length === 0)) throw new Error(JSON.stringify(json));
  }
});

it("agrees with the published JSON Schema on 20 000 mutated declarations", () => {
  const schemaPath = sharedPath("reference", "customs-aed.schema.json");
  const examplePath = sharedPath("reference", "customs-aed.example.json");
  if (schemaPath === null || examplePath === null) return;
  const ajv = new Ajv2020({ strict: false });
  addFormats.default(ajv);
  const validate = ajv.compile(JSON.parse(readFileSync(schemaPath, "utf8")) as object);
  const examples = JSON.parse(readFileSync(examplePath, "utf8")) as unknown[];
  const seeds = [postal(), ...examples];
  for (const seed of seeds) expect(parseDeclaration(seed)).toMatchObject({ ok: true, findings: [] });
  const dice = new Dice(12);
  for (let round = 0; round < fuzzRounds(20_000, 0.01); round += 1) {
    const json = mutateJson(dice.pick(seeds), dice);
    const published = validate(json);
    if (declarationSchema.safeParse(json).success !== published) {
      throw new Error(`${published} ${JSON.stringify(validate.errors)} ${JSON.stringify(json)}`);
    }
  }
});
