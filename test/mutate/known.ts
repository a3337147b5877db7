import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { ROOT } from "../fixtures/project.ts";
import type { Break } from "./break.ts";

/** What earlier runs saw, so that a run that was broken off goes on where it was. */
export type Known = Record<
  string,
  { readonly key: string; readonly verdict: string; readonly seconds: number }
>;

export const STATE_FILE = "test/.cache/mutate.json";
const PATH = join(ROOT, STATE_FILE);

/** What a verdict rests on: the break, the test's file and the broken file. */
export function keyOf(tree: string, given: Break): string {
  const hash = createHash("sha256").update(JSON.stringify(given));
  for (const file of [given.test, given.file]) hash.update(readFileSync(join(tree, file)));
  return hash.digest("hex");
}

export function readKnown(): Known {
  return existsSync(PATH) ? (JSON.parse(readFileSync(PATH, "utf8")) as Known) : {};
}

export function writeKnown(known: Known): void {
  mkdirSync(dirname(PATH), { recursive: true });
  writeFileSync(PATH, `${JSON.stringify(known, null, 2)}\n`);
}
