import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { readClockMemory, writeClockMemory } from "../../device/clock/clock-file.ts";
import { type ClockMemory, type ClockStep, GatewayClock } from "../../device/clock/gateway-clock.ts";
import { openKernelClock } from "../../device/clock/kernel-clock.ts";
import { SILENT_LOG } from "../../device/log.ts";
import { temporaryFolder } from "../fixtures/uplink.ts";

const NOW = Date.parse("2026-11-22T09:00:00Z");
const YEAR = 365 * 24 * 3_600_000;
const DAY = YEAR / 365;

/** A world in which time passes and clocks are set. */
function world(options: { memory?: ClockMemory | null; synchronised?: boolean; wall?: number } = {}) {
  const steps: ClockStep[] = [];
  const state = { wall: options.wall ?? NOW, monotonic: 5000, synchronised: options.synchronised ?? false };
  const open = (memory: ClockMemory | null) =>
    new GatewayClock({
      wall: () => state.wall,
      monotonic: () => state.monotonic,
      kernel: () => ({ synchronised: state.synchronised, maxErrorMs: null }),
      memory,
      onStep: (step) => steps.push(step),
      log: SILENT_LOG,
    });
  const pass = (ms: number) => {
    state.wall += ms;
    state.monotonic += ms;
  };
  return { state, steps, pass, open, clock: open(options.memory ?? null) };
}

describe("a clock that is set while the gateway runs", () => {
  test.each([YEAR, -YEAR])("P-46 by %d ms is not followed while nothing confirms it", (jump) => {
    const { state, steps, pass, clock } = world();
    expect(clock.now()).toBe(NOW);
    pass(1000);
    state.wall += jump;
    expect(clock.now()).toBe(NOW + 1000);
    pass(60_000);
    expect(clock.now()).toBe(NOW + 61_000);
    expect(clock.state()).toMatchObject({ synchronised: false });
    expect(steps).toEqual([{ fromMs: NOW + 1000, toMs: NOW + 1000 + jump, followed: false }]);
    // Set back again, it is followed as if nothing had been.
    state.wall -= jump;
    pass(1000);
    expect(clock.now()).toBe(NOW + 62_000);
    expect(steps).toHaveLength(1);
  });

  test("is followed where a time service drives it, or central says that time", () => {
    const one = world();
    one.clock.now();
    one.state.wall += DAY;
    one.state.synchronised = true;
    expect(one.clock.now()).toBe(NOW + DAY);
    expect(one.clock.state()).toEqual({ synchronised: true, offsetMs: null });

    const other = world();
    other.clock.now();
    other.state.wall += DAY;
    expect(other.clock.now()).toBe(NOW);
    // What waited at the broker proves nothing of now.
    other.clock.heard(NOW + DAY, false);
    expect(other.clock.now()).toBe(NOW);
    other.clock.heard(NOW + DAY, true);
    expect(other.clock.now()).toBe(NOW + DAY);
    expect(other.steps.map(({ followed }) => followed)).toEqual([false, true]);
  });

  test("goes on evenly: small corrections are followed, and no time is before the last", () => {
    const { state, pass, clock, steps } = world();
    let last = clock.now();
    for (let step = 0; step < 1000; step += 1) {
      pass(10);
      state.wall += step % 3 === 0 ? -300 : 150;
      const now = clock.now();
      expect(now).toBeGreaterThanOrEqual(last);
      last = now;
    }
    expect(steps).toEqual([]);
  });
});

describe("a clock that is wrong when the gateway starts", () => {
  test("goes on from where the last run ended, when it is behind that", () => {
    const memory = { last: NOW, proven: NOW, life: 1000 };
    const { pass, clock, state } = world({ memory, wall: NOW - YEAR });
    expect(clock.now()).toBe(NOW);
    pass(500);
    expect(clock.now()).toBe(NOW + 500);
    // The clock had been ahead in the last run: central confirms that it is right now.
    clock.heard(NOW - YEAR + 500, true);
    expect(clock.now()).toBe(state.wall);
  });

  test("ahead, it stamps with that and lets nothing expire by it", () => {
    const memory = { last: NOW, proven: NOW, life: 1000 };
    const { pass, clock } = world({ memory, wall: NOW + YEAR });
    pass(1000);
    expect(clock.now()).toBe(NOW + YEAR + 1000);
    expect(clock.proven()).toBe(NOW + 1000);
    clock.heard(NOW + 2000, true);
    expect(clock.proven()).toBe(NOW + 2000);
    expect(clock.state().offsetMs).toBe(YEAR - 1000);
  });
});

describe("what is proven of the time", () => {
  test("is nothing before anything confirms it, and goes on with the time that passes", () => {
    const { pass, clock, state } = world();
    expect(clock.proven()).toBe(0);
    pass(DAY);
    expect(clock.proven()).toBe(0);
    clock.heard(NOW, false);
    pass(1000);
    expect(clock.proven()).toBe(NOW + 1000);
    state.synchronised = true;
    expect(clock.proven()).toBe(NOW + DAY + 1000);
  });

  test("needs two: neither central's word nor a synchronised clock alone moves it far", () => {
    const { clock, state } = world();
    clock.heard(NOW, true);
    clock.heard(NOW + 10 * YEAR, true);
    expect(clock.proven()).toBe(NOW);
    state.wall += YEAR;
    state.synchronised = true;
    expect(clock.proven()).toBe(NOW);
    state.wall += 9 * YEAR;
    clock.heard(NOW + 10 * YEAR, true);
    expect(clock.proven()).toBe(NOW + 10 * YEAR);
  });
});

test("the offset is that of the word that took least, and forgotten when none comes", () => {
  const { pass, clock, state } = world({ synchronised: true });
  clock.heard(state.wall - 400, true);
  pass(1000);
  clock.heard(state.wall - 30, true);
  expect(clock.state()).toEqual({ synchronised: true, offsetMs: 30 });
  clock.heard(state.wall - 20_000, true);
  expect(clock.state().offsetMs).toBe(30);
  pass(700_000);
  expect(clock.state().offsetMs).toBeNull();
  // A time service that follows a wrong reference.
  clock.heard(state.wall - 20_000, true);
  expect(clock.state()).toEqual({ synchronised: false, offsetMs: 20_000 });
  clock.heard(Number.NaN, true);
  expect(clock.state().offsetMs).toBe(20_000);
});

test("running time adds up over starts, whatever the clock says", () => {
  const { pass, clock, open, state } = world();
  pass(1000);
  const { memory } = clock;
  expect(memory).toEqual({ last: NOW + 1000, proven: 0, life: 1000 });
  state.wall -= YEAR;
  const again = open(memory);
  pass(500);
  expect(again.life()).toBe(1500);
});

test("what outlives a restart is read back, and begins anew where it cannot be read", async () => {
  using folder = temporaryFolder();
  expect(await readClockMemory(folder.path)).toBeNull();
  const memory = { last: NOW, proven: NOW - 1, life: 12 };
  await writeClockMemory(folder.path, memory);
  expect(await readClockMemory(folder.path)).toEqual(memory);
  writeFileSync(join(folder.path, "clock.json"), '{"last":');
  expect(await readClockMemory(folder.path)).toBeNull();
});

test("the kernel is asked; a process that is told another time is not synchronised", async () => {
  const right = (await openKernelClock(Date.now))();
  expect(typeof right.synchronised).toBe("boolean");
  if (right.synchronised) expect(right.maxErrorMs).toBeGreaterThanOrEqual(0);
  expect((await openKernelClock(() => Date.now() + YEAR))().synchronised).toBe(false);
});
