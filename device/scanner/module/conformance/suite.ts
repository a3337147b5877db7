import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import type { ConformancePeer, DriverModule } from "../api.ts";
import { openRig, patternScan, type Rig } from "./rig.ts";

/** One rule of the port, as the suite found it. */
export interface CheckResult {
  readonly name: string;
  readonly ok: boolean;
  /** What was seen where it is not ok; null else. */
  readonly found: string | null;
  readonly milliseconds: number;
}

/** A scan is through in this, ms; generous, since what is tested is order, not speed. */
const SCAN_MS = 30_000;
/** A driver has stopped by then, ms. */
const STOP_MS = 5_000;
/** Scans that a driver may have ready while nobody asks, at most. */
const MAX_AHEAD = 4;
/**
 * Memory is measured after each of so many runs of so many scans. What a run leaves by chance (a cache, a buffer that is not
 * collected yet) it leaves once; a driver that keeps half of what went through it grows in every run, and is caught.
 */
const MEMORY_RUNS = 3;
const MEMORY_SCANS = 8;
const MEMORY_LINES = 4096;
const MEMORY_PIXELS = 64;
const MAX_GROWTH_BYTES = (MEMORY_SCANS * MEMORY_LINES * MEMORY_PIXELS * 2) / 2;
/** Garbage is collected so often at most, with a pause between, until memory is below what is allowed. */
const COLLECTIONS = 6;
const COLLECTION_MS = 50;
/** Scans before memory is measured: caches fill. */
const WARM_SCANS = 4;
const PATIENCE_MS = 500;

/** `scanMs`: a scan is through in this, ms. */
type Check = (rig: Rig, scanMs: number) => Promise<void>;

const CHECKS: Readonly<Record<string, Check>> = {
  "a scan arrives with every count in its place, described as it is": async (rig, scanMs) => {
    const scan = patternScan("one");
    rig.go();
    await inTime(rig.peer.send(scan), "the machine can send", scanMs);
    await rig.until(() => rig.taken.length === 1, "a capture", scanMs);
    const [capture] = rig.taken;
    const [view] = capture?.views ?? [];
    const [plane] = capture?.planes ?? [];
    expect(view?.width === scan.width && view?.height === scan.height, "the view has the size of the scan");
    expect(plane !== undefined && plane.format === "u16", "the plane has 16 bits");
    const stored = capture === undefined ? new Uint16Array() : await rig.samplesOf(capture);
    const { width, height } = scan;
    const wrong = scan.samples.findIndex((count, at) => {
      const [x, y] = [Math.floor(at / height), at % height];
      return stored[plane?.layout === "rows" ? y * width + x : at] !== count;
    });
    expect(stored.length === scan.samples.length && wrong < 0, "every count is where it was sent");
    const { beganAt, capturedAt, receivedAt } = capture ?? { beganAt: 1, capturedAt: 0, receivedAt: 0 };
    expect(beganAt <= capturedAt && capturedAt <= receivedAt, "began ≤ captured ≤ received");
  },
  "it is acknowledged only once the lane has stored it": async (rig, scanMs) => {
    void rig.peer.send(patternScan("held")).catch(() => undefined);
    await wait(PATIENCE_MS);
    expect(rig.peer.acknowledged.length === 0, "nothing is acknowledged before it is taken");
    rig.keepUnstored();
    rig.go();
    await rig.until(() => rig.pulled === 1, "the capture", scanMs);
    await wait(PATIENCE_MS);
    expect(rig.peer.acknowledged.length === 0, "nothing is acknowledged that is taken and not stored yet");
    rig.store();
    await rig.until(() => rig.peer.acknowledged.includes("held"), "the acknowledgement", scanMs);
    expect(rig.taken.length === 1, "stored once");
  },
  "a refused scan stays with the machine and comes again": async (rig, scanMs) => {
    rig.refuseNext();
    rig.go();
    void rig.peer.send(patternScan("again")).catch(() => undefined);
    await rig.until(
      () => rig.peer.acknowledged.includes("again"),
      "the scan that was refused once",
      2 * scanMs,
    );
    expect(rig.taken.length === 1, "stored once");
  },
  "back-pressure: scans wait with the machine while nobody asks": async (rig, scanMs) => {
    const before = rig.taken.length;
    for (let at = 0; at < 3 * MAX_AHEAD; at += 1)
      void rig.peer.send(patternScan(`wait-${at}`, 48, 32, at)).catch(() => undefined);
    await wait(2 * PATIENCE_MS);
    expect(
      rig.ahead <= MAX_AHEAD,
      `at most ${MAX_AHEAD} scans are begun while nobody asks; ${rig.ahead} are`,
    );
    expect(rig.taken.length === before && rig.peer.acknowledged.length === 0, "nothing moves");
    rig.go();
    await rig.until(
      () => rig.peer.acknowledged.length >= 3 * MAX_AHEAD,
      "all scans, once it is asked",
      3 * scanMs,
    );
    const refs = rig.taken.map(({ key }) => key.scanRef);
    expect(new Set(refs).size === refs.length, "each once");
  },
  "a lost link is a state, and the driver comes back by itself without losing or doubling a scan": async (
    rig,
    scanMs,
  ) => {
    if (rig.peer.cut === undefined) return;
    rig.go();
    await inTime(rig.peer.send(patternScan("before")), "the machine can send", scanMs);
    await rig.until(() => rig.peer.acknowledged.includes("before"), "the first scan", scanMs);
    const states: string[] = [];
    rig.driver.onState(({ state }) => states.push(state));
    await rig.peer.cut();
    await rig.until(() => states.includes("absent"), "the state absent", scanMs);
    await inTime(rig.peer.send(patternScan("after")), "the machine can send", scanMs);
    await rig.until(() => rig.peer.acknowledged.includes("after"), "the scan after the cut", scanMs);
    expect(rig.driver.state.state !== "absent", "it is not absent any more");
    const refs = rig.taken.map(({ key }) => key.scanRef);
    expect(refs.length === 2 && new Set(refs).size === 2, "each scan once");
  },
  "malformed input harms nothing: the next scan arrives": async (rig, scanMs) => {
    rig.go();
    for (let round = 0; round < 8; round += 1)
      await inTime(rig.peer.garbage(noise(round, 64 << round)), "the machine can send again", scanMs);
    await inTime(rig.peer.send(patternScan("clean")), "the machine can send", scanMs);
    await rig.until(() => rig.peer.acknowledged.includes("clean"), "the scan after the noise", 2 * scanMs);
    const [capture] = rig.taken.filter(({ key }) => key.scanRef.startsWith("clean"));
    expect(capture !== undefined, "it is the one that was sent");
  },
  "stop() ends it, its captures and its link within five seconds, and can be called twice": async (
    rig,
    scanMs,
  ) => {
    rig.go();
    await inTime(rig.peer.send(patternScan("last")), "the machine can send", scanMs);
    await rig.until(() => rig.peer.acknowledged.includes("last"), "a scan", scanMs);
    expect(await rig.stopDriver(STOP_MS), "captures() ends after stop()");
    await rig.driver.stop();
  },
  "stop() ends it while a scan is waiting to be taken": async (rig) => {
    void rig.peer.send(patternScan("untaken")).catch(() => undefined);
    await wait(PATIENCE_MS);
    const stopped = rig.driver.stop();
    rig.go();
    expect(
      await Promise.race([stopped.then(() => true), wait(STOP_MS).then(() => false)]),
      "stop() resolves",
    );
    expect(rig.peer.acknowledged.length === rig.taken.length, "nothing is acknowledged that is not stored");
  },
  "memory does not grow with the number of scans": async (rig, scanMs) => {
    rig.go();
    const send = async (at: number) => {
      await inTime(
        rig.peer.send(patternScan(`m-${at}`, MEMORY_LINES, MEMORY_PIXELS, at)),
        "the machine can send",
        scanMs,
      );
      await rig.until(() => rig.peer.acknowledged.length > at, `scan ${at}`, scanMs);
    };
    for (let at = 0; at < WARM_SCANS; at += 1) await send(at);
    const first = await held(0);
    let before = first;
    for (let run = 0; run < MEMORY_RUNS; run += 1) {
      for (let at = 0; at < MEMORY_SCANS; at += 1) await send(WARM_SCANS + run * MEMORY_SCANS + at);
      const now = await held(before + MAX_GROWTH_BYTES);
      if (now < before + MAX_GROWTH_BYTES) return;
      before = now;
    }
    const grown = Math.round((before - first) / 1e6);
    throw new Error(`it does not hold: memory grew by ${grown} MB over ${MEMORY_RUNS * MEMORY_SCANS} scans`);
  },
};

/** The names of the rules. */
export const CHECK_NAMES: readonly string[] = Object.keys(CHECKS);

/** Runs every rule (or those of `only`) against a module, each with a machine and a spool of its own. */
export async function* testDriver(
  module: DriverModule,
  createPeer: () => ConformancePeer,
  { only = CHECK_NAMES, scanMs = SCAN_MS }: { only?: readonly string[]; scanMs?: number } = {},
): AsyncGenerator<CheckResult> {
  for (const [name, check] of Object.entries(CHECKS)) {
    if (!only.includes(name)) continue;
    const began = performance.now();
    const found = await attempt(module, createPeer, (rig) => check(rig, scanMs));
    yield { name, ok: found === null, found, milliseconds: Math.round(performance.now() - began) };
  }
}

async function attempt(
  module: DriverModule,
  createPeer: () => ConformancePeer,
  check: (rig: Rig) => Promise<void>,
): Promise<string | null> {
  let rig: Rig | null = null;
  try {
    rig = await openRig(module, createPeer);
    await check(rig);
    return null;
  } catch (error) {
    return (error as Error).message;
  } finally {
    await rig?.close();
  }
}

function expect(holds: boolean, what: string): void {
  if (!holds) throw new Error(`it does not hold: ${what}`);
}

/** A machine whose link never comes back would wait for ever. */
async function inTime(work: Promise<void>, what: string, ms: number): Promise<void> {
  const { promise: late, reject } = Promise.withResolvers<void>();
  const timer = setTimeout(() => reject(new Error(`not within ${ms / 1000} s: ${what}`)), ms);
  await Promise.race([work, late]).finally(() => clearTimeout(timer));
}

function wait(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** Bytes on the heap and outside it that are in use, the least of several looks: garbage is collected first, until it is `enough`. */
async function held(enough: number): Promise<number> {
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc") as () => void;
  let least = Number.POSITIVE_INFINITY;
  for (let look = 0; look < COLLECTIONS && least >= enough; look += 1) {
    if (look > 0) await wait(COLLECTION_MS);
    collect();
    const { heapUsed, external } = process.memoryUsage();
    least = Math.min(least, heapUsed + external);
  }
  return least;
}

/** Bytes of no meaning, the same each time. */
function noise(seed: number, length: number): Uint8Array {
  let state = seed * 2_654_435_761 + 1;
  return Uint8Array.from({ length }, () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state >>> 24;
  });
}
