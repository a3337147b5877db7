import { z } from "zod";

/**
 * A payload as a consumer may meet it: members and enum words of a later minor version are allowed, unknown members are
 * dropped (`README.md` "Change").
 */
export type Received<Type> = Type extends string
  ? string extends Type
    ? string
    : Type | (string & {})
  : Type extends readonly (infer Element)[]
    ? Received<Element>[]
    : Type extends object
      ? { [Key in keyof Type]: Received<Type[Key]> }
      : Type;

/** Longest word of an open enum, characters. */
const MAX_WORD = 64;
const word = z.string().max(MAX_WORD);
/** A literal that carries a version: `lynceus-hit/1.0`, `1.0`. */
const VERSION = /^([a-z-]+\/)?1\.0$/;

function openObject(schema: z.ZodObject): z.ZodType {
  const shape: Record<string, z.ZodType> = {};
  for (const [key, member] of Object.entries(schema.shape)) shape[key] = openSchema(member as z.ZodType);
  return z.object(shape);
}

function openLiteral(schema: z.ZodLiteral): z.ZodType {
  if (typeof schema.value !== "string") return schema;
  const version = VERSION.exec(schema.value);
  return version === null ? word : z.string().regex(new RegExp(`^${version[1] ?? ""}1\\.\\d{1,4}$`));
}

/**
 * The consumer's form of a strict schema: unknown members dropped, enums open to later words, every version 1.x, lists of
 * any length (the message's size bounds them).
 */
export function openSchema(schema: z.ZodType): z.ZodType {
  if (schema instanceof z.ZodObject) return openObject(schema);
  if (schema instanceof z.ZodArray) return z.array(openSchema(schema.element as z.ZodType));
  if (schema instanceof z.ZodRecord) return z.record(word, openSchema(schema.valueType as z.ZodType));
  if (schema instanceof z.ZodOptional) return openSchema(schema.unwrap() as z.ZodType).optional();
  if (schema instanceof z.ZodNullable) return openSchema(schema.unwrap() as z.ZodType).nullable();
  if (schema instanceof z.ZodEnum) return word;
  return schema instanceof z.ZodLiteral ? openLiteral(schema) : schema;
}
