import { createReadStream } from "node:fs";
import { createInterface } from "node:readline";
import { z } from "zod";

const event = z.object({
  id: z.string(),
  source: z.string(),
  type: z.string(),
  subject: z.string().optional(),
  data: z.object({ revision: z.number().optional() }),
});

/** What lies in central's file, by which loss and duplication are judged. */
export interface CentralFile {
  /** Scans with at least one hit. */
  readonly scanIds: ReadonlySet<string>;
  /** Events, or revisions of a scan, that stand there more than once. */
  readonly duplicated: number;
}

/** Reads central's NDJSON file. */
export async function readCentralFile(path: string): Promise<CentralFile> {
  const scanIds = new Set<string>();
  const seen = new Set<string>();
  let duplicated = 0;
  for await (const line of createInterface({ input: createReadStream(path) })) {
    const result = event.safeParse(JSON.parse(line));
    if (!result.success) continue;
    const { id, source, type, subject, data } = result.data;
    const effect = type === "org.lynceus.hit.v1" ? `${subject} ${data.revision}` : id;
    if (seen.has(`${source} ${id}`) || seen.has(effect)) duplicated += 1;
    seen.add(`${source} ${id}`).add(effect);
    if (type === "org.lynceus.hit.v1" && subject !== undefined) scanIds.add(subject);
  }
  return { scanIds, duplicated };
}
