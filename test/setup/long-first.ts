import { BaseSequencer, type TestSpecification } from "vitest/node";

/** Folders of tests, those with the longest files first. */
const FOLDERS = ["chaos", "peer", "wire", "unit"];

/** Long files first, so that no worker is left alone with one at the end: nothing is known of a fresh checkout's times. */
export class LongFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    return sorted.toSorted((one, other) => rank(one.moduleId) - rank(other.moduleId));
  }
}

function rank(path: string): number {
  const folder = FOLDERS.findIndex((name) => path.includes(`/test/${name}/`));
  return folder < 0 ? FOLDERS.length : folder;
}
