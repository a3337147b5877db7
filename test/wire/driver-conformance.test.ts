import { describe, expect, it } from "vitest";
import type { ConformancePeer, DriverModule } from "../../device/scanner/module/api.ts";
import { CHECK_NAMES, testDriver } from "../../device/scanner/module/conformance/suite.ts";
import { loadDriverModule } from "../../device/scanner/module/load.ts";
import { driver as acme } from "../fixtures/acme/driver.ts";
import { AcmePeer } from "../fixtures/acme/peer.ts";
import { folderModule, lineScanModule } from "../fixtures/conformance-peers.ts";
import { ROOT } from "../fixtures/project.ts";

const MINUTES = 60_000;

async function faultsOf(module: DriverModule, peer: () => ConformancePeer): Promise<readonly string[]> {
  const results = [];
  for await (const result of testDriver(module, peer)) results.push(result);
  expect(results.map(({ name }) => name)).toEqual(CHECK_NAMES);
  return results.filter(({ ok }) => !ok).map(({ name, found }) => `${name}: ${found}`);
}

describe("the conformance suite for drivers", () => {
  it.each([
    ["line-scan", lineScanModule],
    ["folder", folderModule],
    ["a vendor's, written from the docs", acme],
  ])(
    "holds for the driver: %s",
    async (_, module) => {
      const { createPeer } = module;
      if (createPeer === undefined) throw new Error("no peer");
      expect(await faultsOf(module, createPeer)).toEqual([]);
    },
    4 * MINUTES,
  );

  it(
    "finds a driver that acknowledges before its scan is stored, and one that does not stop",
    async () => {
      const hasty: DriverModule = {
        ...acme,
        createDriver: (context) => {
          const driver = acme.createDriver(context);
          const early: Promise<void> = acknowledgeAll(driver);
          return { ...bound(driver), captures: () => nothing(early) };
        },
      };
      const endless: DriverModule = {
        ...acme,
        createDriver: (context) => ({
          ...bound(acme.createDriver(context)),
          stop: () => new Promise(() => {}),
        }),
      };
      const first = async (module: DriverModule, rule: string) => {
        const only = CHECK_NAMES.filter((name) => name.startsWith(rule));
        for await (const { ok } of testDriver(module, () => new AcmePeer(), only)) return ok;
        return null;
      };
      expect(await first(hasty, "it is acknowledged only once")).toBe(false);
      expect(await first(endless, "stop() ends it, its captures")).toBe(false);
    },
    4 * MINUTES,
  );

  it("refuses what is no driver module, and says why", async () => {
    await expect(loadDriverModule("./no-such-file.js", ROOT)).rejects.toThrow(/there is no file/);
    await expect(loadDriverModule("no-such-package-here", ROOT)).rejects.toThrow(/no such package/);
    await expect(loadDriverModule("./protocols/errors.ts", ROOT)).rejects.toThrow(/driver interface/);
    expect((await loadDriverModule("./test/fixtures/acme/driver.ts", ROOT)).name).toBe("acme");
  });
});

/** The members of a driver as an object whose parts can be replaced. */
function bound(driver: ReturnType<DriverModule["createDriver"]>) {
  return {
    captures: () => driver.captures(),
    acknowledge: driver.acknowledge.bind(driver),
    refuse: driver.refuse.bind(driver),
    result: driver.result.bind(driver),
    get state() {
      return driver.state;
    },
    onState: driver.onState.bind(driver),
    onEvent: driver.onEvent.bind(driver),
    onScanStart: driver.onScanStart.bind(driver),
    start: driver.start.bind(driver),
    stop: driver.stop.bind(driver),
  };
}

/** Acknowledges each capture before anybody has asked for it. */
async function acknowledgeAll(driver: ReturnType<DriverModule["createDriver"]>): Promise<void> {
  for await (const capture of driver.captures()) await driver.acknowledge(capture, capture);
}

async function* nothing(until: Promise<void>) {
  await until;
  yield* [];
}
