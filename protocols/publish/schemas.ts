import { z } from "zod";
import { MESSAGE_SCHEMAS, type MessageName } from "../line-scan/index.ts";
import { cloudEventSchema, dataSchemaUrn } from "../mqtt/envelope.ts";
import { imagePartHeaderSchema } from "../mqtt/image-part.ts";
import { EVENT_NAMES, EVENT_SCHEMAS } from "../mqtt/payloads.ts";
import { profileSchema } from "../mqtt/profile.ts";

/** A JSON Schema as plain JSON. */
export type JsonSchema = Readonly<Record<string, unknown>>;

/** Words of the published schemas on versions. */
const VERSION_NOTE =
  "What version 1.0 sends. Consumers ignore members they do not know and accept every 1.x; see the contract.";

/** JSON Schema of a payload; `input`: what may be sent, so what has a default is not required. */
export function jsonSchemaOf(schema: z.ZodType, target: "draft-2020-12" | "draft-07"): JsonSchema {
  return z.toJSONSchema(schema, { target, io: "input" });
}

function published(id: string, schema: z.ZodType): JsonSchema {
  const { $schema, ...rest } = jsonSchemaOf(schema, "draft-2020-12");
  return { $schema, $id: id, $comment: VERSION_NOTE, ...rest };
}

const OTHER_SCHEMAS: readonly (readonly [string, z.ZodType])[] = [
  ["envelope", cloudEventSchema],
  ["image-part", imagePartHeaderSchema],
  ["profile-payload", profileSchema],
];

/** Every JSON Schema that is published, by its path below `generated/`. */
export function schemaFiles(): ReadonlyMap<string, JsonSchema> {
  const files = new Map<string, JsonSchema>();
  for (const name of EVENT_NAMES) {
    files.set(`schemas/${name}.schema.json`, published(dataSchemaUrn(name), EVENT_SCHEMAS[name]));
  }
  for (const [name, schema] of OTHER_SCHEMAS) {
    files.set(`schemas/${name}.schema.json`, published(`urn:lynceus:schema:${name}:1.0`, schema));
  }
  for (const name of Object.keys(MESSAGE_SCHEMAS) as MessageName[]) {
    const word = name.toLowerCase().replaceAll("_", "-");
    const id = `urn:lynceus:schema:line-scan-${word}:1.0`;
    files.set(`schemas/line-scan/${word}.schema.json`, published(id, MESSAGE_SCHEMAS[name]));
  }
  return files;
}
