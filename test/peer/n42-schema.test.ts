import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { writeN42 } from "../../protocols/n42/index.ts";
import type { ChannelState, Occupancy } from "../../protocols/radiation/occupancy.ts";
import { ROOT } from "../fixtures/project.ts";

const SCHEMA = join(ROOT, "../shared/data/n42/n42.xsd");

function occupancy(
  gamma: ChannelState,
  neutron: ChannelState,
  slices: number,
  faults: readonly string[],
): Occupancy {
  const at = Date.UTC(2026, 2, 1);
  return {
    beganAt: at,
    endedAt: at + slices * 200,
    gamma,
    neutron,
    gammaSigma: gamma === null ? null : 3.5,
    neutronSigma: null,
    faults,
    background: { gamma: gamma === null ? null : 880.5, neutron: neutron === null ? null : 8 },
    slices: Array.from({ length: slices }, (_, index) => ({
      at: at + index * 200,
      channel: index % 2 === 0 || neutron === null ? ("gamma" as const) : ("neutron" as const),
      counts: [1, 2, 3, index],
    })),
  };
}

it("writes documents that xmllint finds valid against the N42.42-2012 schema", () => {
  if (!existsSync(SCHEMA))
    return console.info("../shared is absent: the schema of N42.42 is not there to check against");
  const folder = mkdtempSync(join(tmpdir(), "lynceus-n42-"));
  const cases = [
    occupancy("normal", "normal", 10, []),
    occupancy("alarm", "alarm", 10, []),
    occupancy("alarm", null, 5, ["a & b < c"]),
    occupancy("fault", "fault", 0, ["an item passed between two readings of the portal"]),
    occupancy(null, null, 0, []),
  ];
  const files = cases.map((each, at) => {
    const file = join(folder, `${at}.n42`);
    const instrument = { manufacturer: "M", model: "X & Y", identifier: "rpm" };
    const creator = { name: "lynceus", version: "1.2.3" };
    const uuid = "0a91ca36-f473-4319-bef3-134898d15b69";
    writeFileSync(
      file,
      writeN42({ uuid, writtenAt: each.endedAt, instrument, creator, sliceMs: 200, occupancy: each }),
    );
    return file;
  });
  const { stderr } = spawnSync("xmllint", ["--noout", "--nonet", "--schema", SCHEMA, ...files], {
    encoding: "utf8",
  });
  rmSync(folder, { recursive: true });
  expect(stderr.trim().split("\n")).toEqual(files.map((file) => `${file} validates`));
});
