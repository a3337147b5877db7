import { describe, expect, it } from "vitest";
import { projectText } from "../fixtures/project.ts";
import { BREAKS } from "../mutate/breaks.ts";
import { lineOf } from "../mutate/copy.ts";
import { breaksTold } from "../mutate/told.ts";

/** Rows of the tables in `device/PROMISES.md`: `| P-01 | text | test | file |`. */
const ROWS = [
  ...projectText("device/PROMISES.md").matchAll(/^\| (P-\d\d) \| (.+) \| `(.+)` \| `(.+)` \|$/gm),
].map(([, id = "", text = "", test = "", file = ""]) => ({ id, text, test, file }));

describe("what a site can rely on", () => {
  it("is told in at least 25 promises, each once and without a gap in their numbers", () => {
    const ids = ROWS.map(({ id }) => id).sort();
    expect(ids.length).toBeGreaterThanOrEqual(25);
    expect(ids).toEqual(ids.map((_, at) => `P-${String(at + 1).padStart(2, "0")}`));
  });

  it("names the test and the broken file that the mutation run uses", () => {
    const told = ROWS.map(({ id, test, file }) => ({ id, test, file })).sort((a, b) =>
      a.id < b.id ? -1 : 1,
    );
    const broken = BREAKS.map(({ id, test, file }) => ({ id, test, file }));
    expect(told).toEqual(broken);
  });

  it("tells how each is broken, as the mutation run does it (`node test/mutate/told.ts` writes that part)", () => {
    expect(projectText("device/PROMISES.md").endsWith(`\n${breaksTold()}`)).toBe(true);
  });

  it.each(BREAKS)("is shown by a test whose title opens with $id", ({ id, test }) => {
    expect(projectText(test).match(new RegExp(`["'\`]${id} `, "g"))).toHaveLength(1);
  });

  it.each(BREAKS)("can be broken by one line: $id", (each) => {
    expect(
      lineOf(projectText(each.file), each),
      `${each.file} holds the line once:\n${each.from}`,
    ).toBeGreaterThan(-1);
    expect(each.to).not.toBe(each.from);
    expect(each.to).not.toContain("\n");
  });
});
