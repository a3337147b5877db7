import { afterEach, describe, expect, it, vi } from "vitest";
import { type Check, commits, scores } from "../../device/host/liveness.ts";
import { watchdogMs } from "../../device/host/notify.ts";
import { Watchdog } from "../../device/host/watchdog.ts";
import { SILENT_LOG } from "../../device/log.ts";
import { LynceusError } from "../../protocols/errors.ts";

const WAIT = { timeout: 30_000 };

describe("the watchdog", () => {
  const running: Watchdog[] = [];
  afterEach(async () => {
    await Promise.all(running.splice(0).map((each) => each.stop()));
  });
  const start = (checks: readonly Check[], periodMs = 100) => {
    const said: string[] = [];
    const notifier = { say: (lines: readonly string[]) => said.push(...lines) > 0 };
    const watchdog = new Watchdog({ notifier, periodMs, checks, log: SILENT_LOG });
    running.push(watchdog);
    watchdog.start();
    return said;
  };

  it("P-51 is fed while everything moves, and by nothing else than that", async () => {
    const moves = { first: true, second: true };
    const said = start([
      { name: "first", alive: async () => moves.first },
      { name: "second", alive: async () => moves.second },
    ]);
    await vi.waitFor(() => expect(said.length).toBeGreaterThan(2), WAIT);
    expect(new Set(said)).toEqual(new Set(["WATCHDOG=1"]));
    moves.second = false;
    await new Promise((resolve) => setTimeout(resolve, 200));
    const fed = said.length;
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(said).toHaveLength(fed);
    moves.second = true;
    await vi.waitFor(() => expect(said.length).toBeGreaterThan(fed), WAIT);
  });

  it.each<[string, Check["alive"]]>([
    ["never answers", () => new Promise(() => {})],
    ["fails", () => Promise.reject(new Error("gone"))],
  ])("is not fed where a check %s", async (_, alive) => {
    const said = start([{ name: "stuck", alive }]);
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(said).toEqual([]);
  });

  it("ends at once, fed a last time so that what is under way can finish", async () => {
    const said = start([{ name: "stuck", alive: () => new Promise(() => {}) }], 3_600_000);
    await running.splice(0)[0]?.stop();
    expect(said.at(-1)).toBe("WATCHDOG=1");
  });

  it("reads the time that the service manager gives", () => {
    expect(watchdogMs({ WATCHDOG_USEC: "60000000" })).toBe(60_000);
    for (const value of [undefined, "", "0", "-1", "soon", "1.5"])
      expect(watchdogMs({ WATCHDOG_USEC: value })).toBeNull();
  });
});

describe("what the watchdog looks at", () => {
  it("is a commit: a spool that is full is alive, one that failed or is silent is not", async () => {
    const check = (heartbeat: () => Promise<void>) => commits({ heartbeat }).alive();
    const fails = (code: "LYN_SPOOL_FULL" | "LYN_SPOOL_FATAL") => () =>
      Promise.reject(new LynceusError(code, "x", { remedy: "y" }));
    expect(await check(() => Promise.resolve())).toBe(true);
    expect(await check(fails("LYN_SPOOL_FULL"))).toBe(true);
    expect(await check(fails("LYN_SPOOL_FATAL"))).toBe(false);
  });

  it("is that scans get their hits, where any wait that did not from the start", async () => {
    const work = { scored: 0, scoreFailed: 0 };
    let open = 2; // of a lane that is gone
    let now = 0;
    const check = scores({ work, waiting: async () => open }, 1000, () => now);
    const later = (ms: number) => {
      now += ms;
      return check.alive();
    };
    expect(await later(0)).toBe(true);
    expect(await later(5000)).toBe(true);
    open = 3;
    expect(await later(10)).toBe(true);
    expect(await later(999)).toBe(true);
    expect(await later(1)).toBe(false);
    work.scored += 1;
    expect(await later(0)).toBe(true);
    open = 2;
    expect(await later(5000)).toBe(true);
    open = 4;
    expect(await later(0)).toBe(true);
    work.scoreFailed += 1;
    expect(await later(2000)).toBe(true);
    expect(await later(0)).toBe(true);
    expect(await later(1000)).toBe(false);
  });
});
