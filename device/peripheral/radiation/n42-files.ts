import { randomUUID } from "node:crypto";
import { mkdir, readdir, rename, unlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { writeN42 } from "../../../protocols/n42/index.ts";
import type { Occupancy } from "../../../protocols/radiation/occupancy.ts";
import type { Log } from "../../log.ts";
import { packageVersion } from "../../versions.ts";

/** Documents kept in the folder; the oldest gives way. */
export const MAX_N42_FILES = 10_000;
/** Time that a slice of a portal covers, ms. */
const SLICE_MS = 200;

/**
 * Keeps each occupancy as an N42.42-2012 document in a folder, named by its time, renamed into place. A disk that is full
 * costs the document, never the reading.
 */
export function n42Keeper(options: {
  readonly id: string;
  readonly folder: string;
  readonly clock: () => number;
  readonly log: Log;
  readonly maxFiles?: number;
}): (occupancy: Occupancy) => void {
  let writing: Promise<void> = Promise.resolve();
  return (occupancy) => {
    writing = writing
      .then(() => keep(options, occupancy))
      .catch((error: unknown) =>
        options.log.warn({ err: error, device: options.id }, "an N42 document could not be kept"),
      );
  };
}

async function keep(
  { id, folder, clock, maxFiles = MAX_N42_FILES }: Parameters<typeof n42Keeper>[0],
  occupancy: Occupancy,
): Promise<void> {
  const at = clock();
  const text = writeN42({
    uuid: randomUUID(),
    writtenAt: at,
    instrument: { manufacturer: "unknown", model: "unknown", identifier: id },
    creator: { name: "lynceus", version: packageVersion() },
    sliceMs: SLICE_MS,
    occupancy,
  });
  await mkdir(folder, { recursive: true });
  const name = `${id}-${new Date(occupancy.beganAt).toISOString().replaceAll(":", "-")}.n42`;
  await writeFile(join(folder, `${name}.part`), text);
  await rename(join(folder, `${name}.part`), join(folder, name));
  const kept = (await readdir(folder))
    .filter((each) => each.startsWith(`${id}-`) && each.endsWith(".n42"))
    .sort();
  for (const old of kept.slice(0, Math.max(0, kept.length - maxFiles))) await unlink(join(folder, old));
}
