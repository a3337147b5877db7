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

function openObject(schema: z.ZodObject): z.ZodType {
  const shape: Record<string, z.ZodType> = {};
  for (const [key, member] of Object.entries(schema.shape)) shape[key] = openSchema(member as z.ZodType);
  return z.object(shape);
}

/** The checks of a list are kept but not its length: a later version may allow more. */
function openArray(schema: z.ZodArray): z.ZodType {
  return z.array(openSchema(schema.element as z.ZodType));
}

/** The consumer's form of a strict schema: unknown members dropped, enums open to later words, lists of any length. */
export function openSchema(schema: z.ZodType): z.ZodType {
  if (schema instanceof z.ZodObject) return openObject(schema);
  if (schema instanceof z.ZodArray) return openArray(schema);
  if (schema instanceof z.ZodOptional) return openSchema(schema.unwrap() as z.ZodType).optional();
  if (schema instanceof z.ZodNullable) return openSchema(schema.unwrap() as z.ZodType).nullable();
  if (schema instanceof z.ZodEnum) return z.string().max(MAX_WORD);
  return schema;
}
