import { describe, expect, it } from "vitest";
import type { ConformancePeer, DriverModule } from "../../device/scanner/module/api.ts";
import { CHECK_NAMES, testDriver } from "../../device/scanner/module/conformance/suite.ts";
import { loadDriverModule } from "../../device/scanner/module/load.ts";
import { driver as acme } from "../fixtures/acme/driver.ts";
import { dicomModule } from "../fixtures/conformance-dicom.ts";
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
    ["dicom", dicomModule],
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

  it("refuses what is no driver module, and says why", async () => {
    await expect(loadDriverModule("./no-such-file.js", ROOT)).rejects.toThrow(/there is no file/);
    await expect(loadDriverModule("no-such-package-here", ROOT)).rejects.toThrow(/no such package/);
    await expect(loadDriverModule("./protocols/errors.ts", ROOT)).rejects.toThrow(/driver interface/);
    expect((await loadDriverModule("./test/fixtures/acme/driver.ts", ROOT)).name).toBe("acme");
  });
});
