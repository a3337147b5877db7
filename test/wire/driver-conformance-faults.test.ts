import { describe, expect, it } from "vitest";
import type { DriverModule } from "../../device/scanner/module/api.ts";
import { CHECK_NAMES, testDriver } from "../../device/scanner/module/conformance/suite.ts";
import { AcmePeer } from "../fixtures/acme/peer.ts";
import {
  blind,
  early,
  endless,
  forgetful,
  garbling,
  hasty,
  hoarding,
  lame,
} from "../fixtures/faulty-drivers.ts";

const MINUTES = 60_000;
/** What must not come is waited for so long, ms. */
const SCAN_MS = 10_000;

/** Each rule with a driver that breaks it, and what the suite says. */
const BROKEN: readonly (readonly [rule: string, what: string, driver: DriverModule, says: RegExp])[] = [
  ["a scan arrives", "garbles counts", garbling, /every count is where it was sent/],
  ["it is acknowledged only", "acknowledges before it is asked", hasty, /before it is taken/],
  ["it is acknowledged only", "acknowledges what is taken", early, /taken and not stored yet/],
  ["a refused scan", "forgets what was refused", forgetful, /stored once/],
  ["back-pressure", "reads on while nobody asks", hasty, /nothing moves|begun while nobody asks/],
  ["a lost link", "does not say that its machine is gone", blind, /the state absent/],
  ["malformed input", "does not come back", lame, /the machine can send again|the scan after the noise/],
  ["stop() ends it, its captures", "does not stop", endless, /captures\(\) ends/],
  ["stop() ends it while", "does not stop while a scan waits", endless, /stop\(\) resolves/],
];

it("the broken drivers below cover every rule but that of memory", () => {
  expect(CHECK_NAMES.filter((name) => !BROKEN.some(([rule]) => name.startsWith(rule)))).toEqual([
    "memory does not grow with the number of scans",
  ]);
});

async function findings(module: DriverModule, rule: string, scanMs: number) {
  const only = CHECK_NAMES.filter((name) => name.startsWith(rule));
  const results = [];
  for await (const { ok, found } of testDriver(module, () => new AcmePeer(), { only, scanMs }))
    results.push({ ok, found });
  return results;
}

// Most of these wait for what must not come: together they take no longer than the slowest.
describe.concurrent("a rule of the suite", () => {
  it.each(BROKEN)(
    "'%s…' finds a driver that %s",
    async (rule, _, module, says) => {
      const found = await findings(module, rule, SCAN_MS);
      expect(found).toEqual([{ ok: false, found: expect.stringMatching(says) }]);
    },
    2 * MINUTES,
  );
});

// Alone: it measures the memory of the process.
it("the rule of memory finds a driver that keeps what it has read", { timeout: 10 * MINUTES }, async () => {
  const found = await findings(hoarding(), "memory", 10 * SCAN_MS);
  expect(found).toEqual([{ ok: false, found: expect.stringMatching(/memory grew by \d+ MB/) }]);
});
