import { z } from "zod";

/** User property `schema` of a signed note: it is no event. */
export const NOTE_SCHEMA = "signed-note";

/** A signed note (text, not an event): origin, tree size, root hash, empty line, signature lines. */
export const signedNoteSchema = z
  .string()
  .max(4000)
  .describe("Merkle checkpoint of the chain as a signed note; a witness adds its own signature line");
