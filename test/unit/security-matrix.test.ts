import { existsSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
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

  it("says who attacks, what stops them and what does not, and where to report", () => {
    expect(rowsUnder("Who attacks, what they reach, what stops them").length).toBeGreaterThanOrEqual(8);
    expect(TEXT).toMatch(/## Reporting/);
    expect(TEXT.split("\n").length).toBeLessThanOrEqual(400);
  });
});
