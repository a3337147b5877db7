import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type Running, startLynceus, startProcess, until } from "../fixtures/processes.ts";
import { ROOT } from "../fixtures/project.ts";

const LAUNCHER = join(ROOT, "device/bin/lynceus.js");
const MINUTE = 60_000;
const HIT = /^\d\d:\d\d:\d\d {2}\S+.* (ALARM|CLEAR|UNKNOWN) .* %/;

/** Processes that a demo started, by its mark in their environment. */
function partsOf(demo: Running): readonly { pid: number; command: string }[] {
  return readdirSync("/proc").flatMap((name) => {
    if (!/^\d+$/.test(name) || Number(name) === demo.child.pid) return [];
    try {
      const marked = readFileSync(`/proc/${name}/environ`, "utf8").split("\0");
      if (!marked.includes(`LYNCEUS_DEMO_PID=${demo.child.pid}`)) return [];
      return [
        { pid: Number(name), command: readFileSync(`/proc/${name}/cmdline`, "utf8").replaceAll("\0", " ") },
      ];
    } catch {
      return []; // it is gone, or another user's
    }
  });
}

const gone = (demo: Running) => until("every part to be gone", 20_000, () => partsOf(demo).length === 0);

describe("lynceus demo", () => {
  let folder = "";
  let env: NodeJS.ProcessEnv = {};
  let running: Running | null = null;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "lynceus-demo-test-"));
    env = { ...process.env, TMPDIR: folder };
  });
  afterEach(async () => {
    running?.child.kill("SIGKILL");
    if (running !== null) await gone(running);
    rmSync(folder, { recursive: true, force: true });
  });

  function start(...args: string[]): Running {
    running = startLynceus(["demo", ...args], { env });
    return running;
  }

  const left = () => readdirSync(folder).filter((name) => name.startsWith("lynceus-demo-"));

  it(
    "prints a line per hit as central receives it, sums up, ends by itself and leaves nothing behind",
    async () => {
      const demo = start("--scans", "6", "--seed", "7", "--rate", "3");
      expect(await demo.exited, demo.stderr()).toBe(0);
      const hits = demo.lines.filter((line) => HIT.test(line));
      expect(hits.filter((line) => !line.includes("revision"))).toHaveLength(6);
      const text = demo.lines.join("\n");
      expect(text).toMatch(/^6 scans in \d+ s$/m);
      expect(text).toContain("6 of 6 acknowledged end to end, 0 lost");
      expect(text).toContain("0 duplicated effects");
      expect(text).toMatch(/latency +p50 \d+ ms, p95 \d+ ms/);
      expect(text).toMatch(/recall +\d+ of \d+/);
      expect(text).toMatch(/false alarms +\d+ of \d+/);
      expect(text + demo.stderr()).not.toContain("\u001b");
      await gone(demo);
      expect(left()).toEqual([]);
    },
    2 * MINUTE,
  );

  it(
    "ends all its parts at Ctrl-C, with exit code 130 and no stack trace",
    async () => {
      const demo = start("--rate", "3");
      await until("a hit", MINUTE, () => demo.lines.some((line) => HIT.test(line)));
      expect(partsOf(demo).length).toBeGreaterThanOrEqual(4);
      demo.child.kill("SIGINT");
      expect(await demo.exited).toBe(130);
      expect(demo.stderr()).not.toMatch(/^\s+at /m);
      await gone(demo);
      expect(left()).toEqual([]);
    },
    2 * MINUTE,
  );

  it(
    "ends all its parts at Ctrl-C also while they are starting",
    async () => {
      const demo = start();
      await until("a part", MINUTE, () => partsOf(demo).length > 0);
      demo.child.kill("SIGINT");
      expect(await demo.exited).toBe(130);
      await gone(demo);
      expect(left()).toEqual([]);
    },
    2 * MINUTE,
  );

  it(
    "ends quietly when nobody reads its hits any more",
    async () => {
      const command = `${process.execPath} ${LAUNCHER} demo --rate 3 | head -n 1`;
      running = startProcess("sh", ["-c", command], { env });
      expect(await running.exited).toBe(0);
      await until("the folder to be gone", 30_000, () => left().length === 0);
      expect(running.lines).toHaveLength(1);
      expect(running.stderr()).not.toMatch(/^\s+at |EPIPE/m);
    },
    2 * MINUTE,
  );

  it(
    "leaves no part behind when it is killed itself",
    async () => {
      const demo = start("--rate", "3");
      await until("a hit", MINUTE, () => demo.lines.some((line) => HIT.test(line)));
      demo.child.kill("SIGKILL");
      await demo.exited;
      await gone(demo);
    },
    2 * MINUTE,
  );

  it(
    "says which part failed, keeps the evidence, and exits 1",
    async () => {
      const demo = start("--rate", "3");
      await until("a hit", MINUTE, () => demo.lines.some((line) => HIT.test(line)));
      const gateway = partsOf(demo).find(({ command }) => command.includes(" run --config"));
      process.kill(gateway?.pid ?? 0, "SIGKILL");
      expect(await demo.exited).toBe(1);
      expect(demo.stderr()).toContain("the gateway ended with a signal");
      expect(left()).toHaveLength(1);
      expect(demo.stderr()).toContain(left()[0]);
      await gone(demo);
    },
    2 * MINUTE,
  );

  it(
    "shows colours and its progress on a terminal, within its width",
    async () => {
      const command = `stty cols 100; ${process.execPath} ${LAUNCHER} demo --scans 2 --seed 7 --rate 3`;
      running = startProcess("script", ["-qec", command, "/dev/null"], { env: { ...env, NO_COLOR: "" } });
      expect(await running.exited).toBe(0);
      const text = running.lines.join("\n");
      expect(text).toContain("\u001b[32m");
      expect(text).toMatch(/of 2 scans acknowledged end to end/);
      const shown = text.split("\r\u001b[2K").join("\n").split("\n");
      // biome-ignore lint/suspicious/noControlCharactersInRegex: colours are control characters
      const plain = shown.map((line) => line.replaceAll(/\u001b\[[0-9;]*[mK]|\r/g, ""));
      const hits = plain.filter((line) => HIT.test(line));
      expect(hits).not.toEqual([]);
      for (const line of hits) expect(line.length).toBeLessThan(100);
    },
    2 * MINUTE,
  );

  it.each([["--scans", "0"], ["--rate", "fast"], ["--seed", "-1"], ["--nonsense"]])(
    "refuses %s %s",
    async (...args) => {
      const demo = start(...args.filter((each) => each !== undefined));
      expect(await demo.exited).toBe(2);
    },
  );
});
