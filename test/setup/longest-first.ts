import { BaseSequencer, type TestSpecification } from "vitest/node";
import { SECONDS } from "./seconds.ts";

/** What a file takes that is not in the table, s: those that start processes take longer. */
const USUAL = new Map([
  ["chaos", 5],
  ["peer", 5],
  ["wire", 3],
  ["unit", 1],
]);

/** Longest files first, so that no worker is left alone with one at the end; a fresh checkout knows their times by a table. */
export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    return sorted.toSorted((one, other) => secondsOf(other.moduleId) - secondsOf(one.moduleId));
  }
}

function secondsOf(path: string): number {
  const [, folder = "", name = ""] = /\/test\/(\w+)\/([^/]+)\.test\.ts$/.exec(path) ?? [];
  return SECONDS[`${folder}/${name}`] ?? USUAL.get(folder) ?? 0;
}
