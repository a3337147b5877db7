import { execFileSync } from "node:child_process";
import { mkdirSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { openSpoolReader } from "../../device/spool/reader.ts";
import { recordWorkload } from "../fixtures/power-cut/record.ts";
import { openTestSpool, storeHit, temporaryFolder } from "../fixtures/uplink.ts";

const fixture = (name: string) => new URL(`../fixtures/power-cut/${name}`, import.meta.url).pathname;

/** Runs `faults.ts` on a disk that fails and returns what it printed. */
function onFaultyDisk(folder: string, kind: "F" | "E", work: "accept" | "hit" | "receipt", room = 0) {
  const library = join(folder, "faulty-disk.so");
  const disk = join(folder, "disk");
  mkdirSync(disk);
  execFileSync("gcc", ["-O2", "-shared", "-fPIC", "-o", library, fixture("faulty-disk.c")]);
  const script = [fixture("faults.ts"), join(disk, "spool"), join(folder, "switch"), kind, work];
  const env = {
    PATH: process.env["PATH"] ?? "",
    LD_PRELOAD: library,
    FAULTY_ROOT: disk,
    FAULTY_SWITCH: join(folder, "switch"),
    FAULTY_ROOM: String(room),
    UV_USE_IO_URING: "0",
  };
  const output = execFileSync(process.execPath, script, { env, encoding: "utf8", timeout: 60_000 });
  const answers = output
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as Record<string, unknown>);
  return { answers: Object.assign({}, ...answers) as Record<string, unknown>, spool: join(disk, "spool") };
}

describe("a disk that fails", () => {
  test.each(["accept", "hit", "receipt"] as const)(
    "P-04 an fsync that fails during %s acknowledges nothing and is fatal, even when it would work again",
    async (work) => {
      using folder = temporaryFolder();
      const { answers, spool } = onFaultyDisk(folder.path, "E", work);
      expect(answers).toEqual({
        fatal: "LYN_SPOOL_FATAL",
        during: "LYN_SPOOL_FATAL",
        after: "LYN_SPOOL_FATAL",
      });
      // The restart finds what was acknowledged and goes on behind it.
      const again = await openTestSpool(spool);
      expect((await again.list(10)).map(({ state }) => state)).toContain("unpublished");
      const { sequence } = await storeHit(again, 5);
      expect(sequence).toBeGreaterThanOrEqual(2);
      await again.stop();
    },
  );

  test("P-12 on a full disk a scan is refused, and everything works again when there is room", () => {
    using folder = temporaryFolder();
    const { answers, spool } = onFaultyDisk(folder.path, "F", "accept");
    expect(answers).toEqual({ during: "LYN_SPOOL_FULL", after: 2 });
    const reader = openSpoolReader(spool);
    expect(reader.figures()).toMatchObject({ sequence: 2 });
    reader.close();
  });

  test("P-11 on a full disk the ballast is given up, so that a receipt can still free rows", () => {
    using folder = temporaryFolder();
    const { answers, spool } = onFaultyDisk(folder.path, "F", "receipt", 1 << 20);
    expect(answers).toEqual({ during: 1, after: 2 });
    expect(readdirSync(spool)).not.toContain("ballast");
  });
});

describe("what a scan waits for", () => {
  test("from the last line to its committed hit there are four fsyncs: two planes, the scan's row, the hit's row", () => {
    const { operations } = recordWorkload({ scans: 30, workload: "fsyncs.ts" });
    const counts: number[] = [];
    let fsyncs = 0;
    for (const { kind, data } of operations) {
      if (kind === "sync") fsyncs += 1;
      if (kind !== "mark") continue;
      if (new TextDecoder().decode(data) === "hit") counts.push(fsyncs);
      fsyncs = 0;
    }
    expect(counts).toHaveLength(30);
    expect(counts.filter((count) => count > 4)).toEqual([]);
  });
});
