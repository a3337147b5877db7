import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { replaceDurably } from "../durable.ts";
import type { ClockMemory } from "./gateway-clock.ts";

const CLOCK_FILE = "clock.json";

const memorySchema = z.object({
  last: z.number().min(0),
  proven: z.number().min(0),
  life: z.number().min(0),
});

/** What the last run of a gateway on this spool left; null where there is nothing, or nothing that can be read. */
export async function readClockMemory(spoolPath: string): Promise<ClockMemory | null> {
  try {
    return memorySchema.parse(JSON.parse(await readFile(join(spoolPath, CLOCK_FILE), "utf8")));
  } catch {
    // Lost, it begins anew: nothing is kept shorter for that.
    return null;
  }
}

export async function writeClockMemory(spoolPath: string, memory: ClockMemory): Promise<void> {
  await replaceDurably(join(spoolPath, CLOCK_FILE), `${JSON.stringify(memory)}\n`);
}
