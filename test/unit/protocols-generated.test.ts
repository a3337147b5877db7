import { readFileSync } from "node:fs";
import asyncapi from "@asyncapi/specs";
import { Ajv } from "ajv";
import { Ajv2020 } from "ajv/dist/2020.js";
import addFormats from "ajv-formats";
import { describe, expect, it } from "vitest";
import { declarationSchema } from "../../protocols/declaration.ts";
import { FrameDecoder } from "../../protocols/line-scan/index.ts";
import { TOPICS, unwrap, wrap } from "../../protocols/mqtt/index.ts";
import { generatedFiles } from "../../protocols/publish/index.ts";
import { Dice, mutateJson } from "../fixtures/mutate.ts";
import { projectFiles, projectText, sharedPath } from "../fixtures/project.ts";
import { sampleHit } from "../fixtures/sample-hit.ts";

const FOLDER = "protocols/generated/";
const generated = generatedFiles();

function json(path: string): Record<string, unknown> {
  return JSON.parse(generated.get(path) ?? "null") as Record<string, unknown>;
}

function schemaValidator(path: string) {
  const ajv = new Ajv2020({ strict: false });
  addFormats.default(ajv);
  return ajv.compile(json(path));
}

describe("protocols/generated", () => {
  it("is what the schemas give: run `node protocols/generate.ts` where this fails", () => {
    const committed = projectFiles("protocols/generated", ".json").map((file) => file.slice(FOLDER.length));
    expect([...committed].sort()).toEqual([...generated.keys()].sort());
    for (const [path, text] of generated) expect(projectText(`${FOLDER}${path}`) === text, path).toBe(true);
  });

  it("is the same each time", () => {
    expect([...generatedFiles()]).toEqual([...generated]);
  });

  it("holds valid JSON Schema 2020-12, each with an id of its own", () => {
    const ids = [...generated.keys()]
      .filter((path) => path.startsWith("schemas/"))
      .map((path) => {
        const schema = json(path);
        expect(schema["$schema"]).toBe("https://json-schema.org/draft/2020-12/schema");
        expect(schemaValidator(path)).toBeTypeOf("function");
        return schema["$id"];
      });
    expect(new Set(ids).size).toBe(ids.length);
    expect(ids).toContain("urn:lynceus:schema:hit:1.0");
    expect(ids).toContain("urn:lynceus:schema:customs-aed:1.0");
  });

  it("holds a hit schema that takes a hit and refuses what is none", () => {
    const validate = schemaValidator("schemas/hit.schema.json");
    expect(validate(sampleHit()), JSON.stringify(validate.errors)).toBe(true);
    expect(validate({ ...sampleHit(), recommendation: "MAYBE" })).toBe(false);
    expect(validate({ ...sampleHit(), extra: 1 })).toBe(false);
  });

  it("holds a declaration schema that agrees with the code", () => {
    const examplePath = sharedPath("reference", "customs-aed.example.json");
    if (examplePath === null) return;
    const validate = schemaValidator("schemas/declaration.schema.json");
    const seeds = JSON.parse(readFileSync(examplePath, "utf8")) as unknown[];
    const dice = new Dice(21);
    for (let round = 0; round < 5_000; round += 1) {
      const declaration = mutateJson(dice.pick(seeds), dice);
      const accepted = declarationSchema.safeParse(declaration).success;
      if (validate(declaration) !== accepted) {
        throw new Error(`${accepted} ${JSON.stringify(validate.errors)} ${JSON.stringify(declaration)}`);
      }
    }
  });

  it("holds an AsyncAPI 3.0 document that is valid and names every topic", () => {
    const ajv = new Ajv({ strict: false, allErrors: true, validateSchema: false, meta: false });
    addFormats.default(ajv);
    const validate = ajv.compile(asyncapi.schemas["3.0.0"]);
    const document = json("asyncapi.json");
    expect(validate(document), JSON.stringify(validate.errors?.slice(0, 5))).toBe(true);
    expect(validate({ ...document, channels: 3 })).toBe(false);
    expect(Object.keys(document["channels"] as object)).toEqual(Object.keys(TOPICS));
    expect(Object.keys(document["operations"] as object)).toEqual(Object.keys(TOPICS));
  });

  it("names in it what MQTT 5 carries beside a payload", () => {
    type Message = {
      headers: { properties: Record<string, unknown>; required: string[] };
      bindings: { mqtt: object };
    };
    const { messages } = json("asyncapi.json")["components"] as { messages: Record<string, Message> };
    expect(messages["hit"]?.headers).toMatchObject({
      properties: { schema: { const: "urn:lynceus:schema:hit:1.0" } },
      required: ["schema", "traceparent"],
    });
    expect(messages["checkpoint"]?.headers.required).toEqual(["schema"]);
    expect(messages["declaration"]?.headers.required).toEqual([]);
    expect(Object.keys(messages["command"]?.bindings.mqtt ?? {})).toContain("responseTopic");
    for (const message of Object.values(messages))
      expect(message.headers.properties).toHaveProperty("schema");
  });

  it("describes in it the events that are sent", () => {
    const ajv = new Ajv({ strict: false });
    addFormats.default(ajv);
    ajv.addSchema({ $id: "contract", ...json("asyncapi.json") });
    const validate = ajv.compile({ $ref: "contract#/components/schemas/hit-event" });
    const hit = sampleHit();
    const event = { id: "1", source: "/NLRTM-EX/gw-01/lane-1", time: "2026-03-01T08:12:09.900Z", data: hit };
    const sent = unwrap(wrap({ name: "hit", ...event }));
    expect(validate(sent), JSON.stringify(validate.errors)).toBe(true);
    expect(validate({ ...sent, data: { ...hit, revision: 0 } })).toBe(false);
  });

  it("holds no reference that leads nowhere", () => {
    const document = json("asyncapi.json");
    const references = [...(generated.get("asyncapi.json") ?? "").matchAll(/"\$ref": "#\/([^"]+)"/g)];
    expect(references.length).toBeGreaterThan(50);
    for (const [, path = ""] of references) {
      const target = path
        .split("/")
        .reduce<unknown>((node, key) => (node as Record<string, unknown>)?.[key], document);
      expect(target, path).toBeDefined();
    }
  });

  it("holds the frames of the line-scan vectors", () => {
    const { frames } = json("vectors/line-scan.json") as { frames?: { hex: string }[] };
    for (const { hex } of frames ?? []) {
      const outputs = new FrameDecoder().push(Uint8Array.from(Buffer.from(hex, "hex")));
      expect(outputs.at(-1)?.kind).toBe("frame");
    }
    expect(frames?.[0]?.hex).toBe(
      "4c585331030000000200000020000000010000000001020007000000e803000015cd5b070000000060ea30750100ffffa3f02140",
    );
  });
});
