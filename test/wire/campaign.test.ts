import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { commandOf, GATES, piecesOf } from "../campaign/gates.ts";
import { reportOf } from "../campaign/report.ts";
import { startProcess } from "../fixtures/processes.ts";
import { ROOT } from "../fixtures/project.ts";
import { temporaryFolder } from "../fixtures/uplink.ts";

/** Runs the campaign's program; returns its code and what it printed. */
async function campaign(...args: readonly string[]): Promise<{ code: number | null; text: string }> {
  const run = startProcess(process.execPath, [join(ROOT, "test/campaign/run.ts"), ...args], { cwd: ROOT });
  const code = await run.exited;
  return { code, text: run.lines.join("\n") };
}

describe("a campaign", () => {
  it("is cut into pieces with seeds that make up its size, at any fraction", () => {
    for (const gate of GATES) {
      for (const fraction of [1, 0.1, 1e-9]) {
        const pieces = piecesOf(gate, fraction, 5);
        const sum = pieces.reduce((total, { count }) => total + count, 0);
        expect(sum).toBe(Math.max(1, Math.round(gate.size * fraction)));
        expect(pieces.map(({ seed }) => seed)).toEqual(pieces.map((_, at) => at + 5));
      }
    }
  });

  it("runs a piece, goes on where it was, and says what was run with which seed", {
    timeout: 300_000,
  }, async () => {
    using folder = temporaryFolder();
    const args = ["--only", "histories", "--fraction", "0.00001", "--seed", "3", "--folder", folder.path];
    const first = await campaign(...args);
    expect(first.text).toContain("10 random histories of the outbox, seed 3: passed");
    expect(first.code).toBe(0);
    expect(readFileSync(join(folder.path, "report.md"), "utf8")).toContain("| histories | 10 of 1000000");
    const again = await campaign(...args);
    expect(again.code).toBe(0);
    expect(again.text).not.toContain("passed");
  });

  it("begins nothing when its time is over, and refuses what it does not know", async () => {
    using folder = temporaryFolder();
    const late = await campaign("--only", "kills", "--minutes", "0.000001", "--folder", folder.path);
    expect(late.code).toBe(3);
    expect((await campaign("--only", "nothing")).code).toBe(2);
    expect((await campaign("--fraction", "2")).code).toBe(2);
  });

  it("names for each failure the command that repeats it", () => {
    const done = { gate: "cuts", count: 2000, seed: 9, passed: false, seconds: 4, log: "", tail: ["row 7"] };
    const report = reportOf({ "cuts 2000 9": done });
    expect(report).toContain("row 7");
    expect(report).toContain(
      "Again: `LYNCEUS_CUTS=2000 LYNCEUS_SEED=9 npx vitest run test/chaos/power-cut.test.ts -t P-01`",
    );
    expect(GATES.map((gate) => commandOf({ gate, count: 1, seed: 1 })).join("\n")).not.toContain("undefined");
  });
});
