import type { OperationContext } from "./context.ts";

/** Notes retained topics that are about to be published; returns those noted before that are none of them. */
export function announceTopics(
  { database }: OperationContext,
  { topics }: { topics: readonly string[] },
): string[] {
  for (const topic of topics) database.run("INSERT OR IGNORE INTO announced (topic) VALUES (?)", topic);
  return database
    .all(
      "SELECT topic FROM announced WHERE topic NOT IN (SELECT value FROM json_each(?)) ORDER BY topic",
      JSON.stringify(topics),
    )
    .map((row) => String(row["topic"]));
}

/** A retained topic was cleared at the broker. */
export function forgetTopic({ database }: OperationContext, { topic }: { topic: string }): void {
  database.run("DELETE FROM announced WHERE topic = ?", topic);
}
