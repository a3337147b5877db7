import { NOTE_SCHEMA } from "../../protocols/mqtt/note.ts";
import { TOPICS } from "../../protocols/mqtt/topics.ts";
import type { Connection } from "./connection.ts";

/** Publishes a checkpoint of the journal, a signed note; false: there is no connection, no room in its window, or it was refused. */
export async function publishNote(
  connection: Connection | null,
  { topic, note }: { readonly topic: string; readonly note: string },
): Promise<boolean> {
  if (connection === null || connection.room === 0) return false;
  const { qos, retain, contentType } = TOPICS.checkpoint;
  const payload = new TextEncoder().encode(note);
  const result = await connection.publish({
    topic,
    payload,
    qos,
    retain,
    contentType,
    schema: NOTE_SCHEMA,
  });
  return result.kind === "acknowledged";
}
