import { cpSync, existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { MAX_PLANE_PIXELS } from "../../device/spool/planes.ts";
import { BARE_ITEM, captureScan, planeSamples } from "../fixtures/scans.ts";
import { openTestSpool, temporaryFolder } from "../fixtures/uplink.ts";

const MAX_BYTES = 1 << 20;
const LOW = { view: 0, energy: 0, height: 16 } as const;

describe("planes as they are written", () => {
  test("lines go where their number says, out of order and repeated", async () => {
    using folder = temporaryFolder();
    const spool = await openTestSpool(folder.path);
    const samples = planeSamples({ lines: 10, height: 16, seed: 1 });
    const writer = await spool.begin({ lane: "lane-1", maxBytes: MAX_BYTES });
    await writer.writeLines(LOW, 4, samples.subarray(4 * 32));
    await writer.writeLines(LOW, 0, samples.subarray(0, 6 * 32));
    expect(writer.bytes).toBe(samples.length);
    const planes = await writer.finish();
    expect(planes).toEqual([
      {
        view: 0,
        energy: 0,
        width: 10,
        height: 16,
        file: "v0-e0.u16",
        layout: "columns",
        format: "u16",
        bytes: 320,
      },
    ]);
    expect(readFileSync(join(writer.directory, "v0-e0.u16"))).toEqual(Buffer.from(samples));
    await spool.stop();
  });

  test("the end of the scan says how wide a plane is: cut, or filled with no signal", async () => {
    using folder = temporaryFolder();
    const spool = await openTestSpool(folder.path);
    const writer = await spool.begin({ lane: "lane-1", maxBytes: MAX_BYTES });
    const samples = planeSamples({ lines: 10, height: 16, seed: 1 });
    await writer.writeLines(LOW, 0, samples);
    await writer.writeLines({ ...LOW, energy: 1 }, 0, samples);
    const planes = await writer.finish([
      { view: 0, energy: 0, lines: 8 },
      { view: 0, energy: 1, lines: 12 },
    ]);
    expect(planes.map(({ width, bytes }) => ({ width, bytes }))).toEqual([
      { width: 8, bytes: 256 },
      { width: 12, bytes: 384 },
    ]);
    const longer = readFileSync(join(writer.directory, "v0-e1.u16"));
    expect(longer).toHaveLength(384);
    expect(longer.subarray(320)).toEqual(Buffer.alloc(64));
    await spool.stop();
  });

  test("whole planes: 16 bit and colour, row by row", async () => {
    using folder = temporaryFolder();
    const spool = await openTestSpool(folder.path);
    const writer = await spool.begin({ lane: "lane-1", maxBytes: MAX_BYTES });
    const at = { view: 1, energy: 2, width: 7, height: 3, format: "rgb8" } as const;
    await writer.writePlane(at, new Uint8Array(63).fill(9));
    await expect(writer.writePlane(at, new Uint8Array(62))).rejects.toMatchObject({
      code: "LYN_PLANE_INVALID",
    });
    const [plane] = await writer.finish();
    expect(plane).toMatchObject({ file: "v1-e2.rgb8", layout: "rows", bytes: 63 });
    await spool.stop();
  });

  test.each([
    ["a ninth view", { ...LOW, view: 8 }, 0, 32],
    ["no pixels", { ...LOW, height: 0 }, 0, 32],
    ["half a line", LOW, 0, 31],
    ["a line before the first", LOW, -1, 32],
    ["another height than before", { ...LOW, height: 8 }, 0, 16],
  ])("%s is refused", async (_, at, firstLine, bytes) => {
    using folder = temporaryFolder();
    const spool = await openTestSpool(folder.path);
    const writer = await spool.begin({ lane: "lane-1", maxBytes: MAX_BYTES });
    await writer.writeLines(LOW, 0, new Uint8Array(32));
    await expect(writer.writeLines(at, firstLine, new Uint8Array(bytes))).rejects.toMatchObject({
      code: "LYN_PLANE_INVALID",
    });
    await spool.stop();
  });

  test("a scan is bounded by its bytes and a plane by 64 Mpx, before anything is written", async () => {
    using folder = temporaryFolder();
    const spool = await openTestSpool(folder.path);
    const small = await spool.begin({ lane: "lane-1", maxBytes: 640 });
    await small.writeLines(LOW, 0, new Uint8Array(320));
    await small.writeLines({ ...LOW, energy: 1 }, 0, new Uint8Array(320));
    await expect(small.writeLines(LOW, 10, new Uint8Array(32))).rejects.toMatchObject({
      code: "LYN_SCAN_TOO_LARGE",
    });
    expect(small.bytes).toBe(640);
    const large = await spool.begin({ lane: "lane-1", maxBytes: 1e12 });
    const beyond = MAX_PLANE_PIXELS / 16;
    await expect(large.writeLines(LOW, beyond, new Uint8Array(32))).rejects.toMatchObject({
      code: "LYN_SCAN_TOO_LARGE",
    });
    await large.writeLines(LOW, beyond - 1, new Uint8Array(32));
    await expect(large.finish([{ view: 0, energy: 0, lines: beyond + 1 }])).rejects.toMatchObject({
      code: "LYN_SCAN_TOO_LARGE",
    });
    await spool.stop();
  });

  test("a dropped scan leaves nothing, and neither does one that was open at the stop", async () => {
    using folder = temporaryFolder();
    const spool = await openTestSpool(folder.path);
    const dropped = await spool.begin({ lane: "lane-1", maxBytes: MAX_BYTES });
    await dropped.writeLines(LOW, 0, new Uint8Array(32));
    await dropped.discard();
    await expect(dropped.writeLines(LOW, 0, new Uint8Array(32))).rejects.toMatchObject({
      code: "LYN_PLANE_INVALID",
    });
    const open = await spool.begin({ lane: "lane-1", maxBytes: MAX_BYTES });
    await open.writeLines(LOW, 0, new Uint8Array(32));
    await spool.stop();
    expect(existsSync(dropped.directory)).toBe(false);
    expect(existsSync(open.directory)).toBe(false);
  });

  test("P-37 folders that no scan owns are swept at the start, owned ones stay", async () => {
    using folder = temporaryFolder();
    const spool = await openTestSpool(folder.path);
    const kept = await captureScan(spool, { scanRef: "kept", seed: 1 });
    await spool.accept(kept, BARE_ITEM);
    // Finished and never accepted: as if the process had died in between.
    const lost = await captureScan(spool, { scanRef: "lost", seed: 2 });
    const orphan = `${lost.directory.slice(0, -4)}beef`;
    cpSync(lost.directory, orphan, { recursive: true });
    await spool.stop();
    const again = await openTestSpool(folder.path);
    await again.stop();
    expect(existsSync(orphan)).toBe(false);
    expect(readdirSync(kept.directory)).toEqual(["v0-e0.u16", "v0-e1.u16"]);
  });
});
