import { existsSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { ATTACK_TITLES } from "../fixtures/attack-titles.ts";
import { projectText, ROOT } from "../fixtures/project.ts";

const TEXT = projectText("SECURITY.md");
const TESTS = [...TEXT.matchAll(/`(test\/[^`]+)`/g)].map(([, path = ""]) => path);
/** How a row may say that there is no test, and why. */
const SAID = /\b(not met|partly|not a test)\b/;

/** Rows of the table under a heading, without its head. */
function rowsUnder(heading: string): readonly string[] {
  const from = TEXT.indexOf(`\n## ${heading}`);
  const to = TEXT.indexOf("\n## ", from + 4);
  const section = TEXT.slice(from, to < 0 ? undefined : to);
  return section
    .split("\n")
    .filter((line) => line.startsWith("| ") && !line.startsWith("|---"))
    .slice(1);
}

describe("SECURITY.md", () => {
  it("names tests that exist", () => {
    expect(TESTS.length).toBeGreaterThan(60);
    expect(TESTS.filter((path) => !existsSync(join(ROOT, path)))).toEqual([]);
  });

  it.each([
    ["IEC 62443-4-2", 40],
    ["ETSI EN 303 645", 14],
    ["TSA notice TSA25-04-03387 and the ACI Europe list", 15],
    ["Attacks, each with its test", 7],
  ])("has a test in each row of %s, or says plainly that it is not met and why", (heading, least) => {
    const rows = rowsUnder(heading);
    expect(rows.length).toBeGreaterThanOrEqual(least);
    const empty = rows.filter((row) => !/`test\/[^`]+`/.test(row) && !SAID.test(row));
    expect(empty).toEqual([]);
  });

  it("shows each attack by tests of the titles that are listed for it", () => {
    const rows = rowsUnder("Attacks, each with its test");
    const shown = Object.entries(ATTACK_TITLES);
    const rowsOf = (begins: string) => rows.filter((row) => row.startsWith(`| ${begins}`));
    expect(shown.filter(([begins]) => rowsOf(begins).length !== 1).map(([begins]) => begins)).toEqual([]);
    expect(rows.filter((row) => !shown.some(([begins]) => row.startsWith(`| ${begins}`)))).toEqual([]);
    for (const [begins, files] of shown) {
      const [row = ""] = rowsOf(begins);
      const named = [...row.matchAll(/`(test\/[^`]+)`/g)].map(([, path = ""]) => path);
      expect(named.toSorted(), begins).toEqual(
        Object.keys(files)
          .map((file) => `test/${file}.test.ts`)
          .toSorted(),
      );
      for (const [file, titles] of Object.entries(files)) {
        const text = projectText(`test/${file}.test.ts`);
        expect(
          titles.filter((title) => !text.includes(title)),
          `${begins}: ${file}`,
        ).toEqual([]);
      }
    }
  });

  it("says of each attack what the test does without its defence", () => {
    const silent = rowsUnder("Attacks, each with its test").filter((row) => !/\| red[^|]* \|$/.test(row));
    expect(silent).toEqual([]);
  });

  it("says who attacks, what stops them and what does not, and where to report", () => {
    expect(rowsUnder("Who attacks, what they reach, what stops them").length).toBeGreaterThanOrEqual(8);
    expect(TEXT).toMatch(/## Reporting/);
    expect(TEXT.split("\n").length).toBeLessThanOrEqual(400);
  });
});
