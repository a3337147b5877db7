import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { describe, expect, it } from "vitest";
import { drawSettings } from "../../simulator/physics/settings.ts";
import { companions, MAX_COMPANION_SIDE } from "../../simulator/projection/companions.ts";
import { Random } from "../../simulator/random.ts";
import { simulateScan } from "../../simulator/scan.ts";
import { encodeScan } from "../../simulator/stream.ts";

const run = promisify(execFile);
const settings = drawSettings(new Random(5, "machine"));
const drawn = (seed: number) => companions(settings, 1.5, 40, new Random(seed, "company"));

describe("things seen alone beside a scan", () => {
  it("are the same for the same seed", () => {
    expect(drawn(3)).toEqual(drawn(3));
    expect(drawn(3)).not.toEqual(drawn(4));
  });

  it("hold targets whose boxes lie inside of them, and often none", () => {
    const things = drawn(9);
    expect(things).toHaveLength(40);
    expect(things.filter(({ targets }) => targets.length === 0).length).toBeGreaterThan(5);
    for (const { width, height, low, high, targets } of things) {
      expect(Math.max(width, height)).toBeLessThanOrEqual(MAX_COMPANION_SIDE);
      expect(low).toHaveLength(width * height);
      expect(Math.max(...high)).toBe(60_000);
      for (const { box } of targets) {
        expect(box.width * box.height).toBeGreaterThan(0);
        expect(Math.min(box.x, box.y)).toBeGreaterThanOrEqual(0);
        expect(box.x + box.width).toBeLessThanOrEqual(width);
        expect(box.y + box.height).toBeLessThanOrEqual(height);
      }
    }
  });

  it("follow the scan's own record in the stream, which stays as it was", async () => {
    const { stdout } = await run(
      process.execPath,
      [
        "simulator/projection/company.ts",
        ..."--seed 8 --start 2 --count 1 --scenario mail --companions 2".split(" "),
      ],
      { encoding: "buffer", maxBuffer: 1 << 26 },
    );
    const scan = encodeScan(simulateScan({ seed: 8, index: 2, scenario: "mail", mix: "training" }), 2);
    expect(Buffer.compare(stdout.subarray(0, scan.length), Buffer.from(scan))).toBe(0);
    const rest = stdout.subarray(scan.length);
    const header = JSON.parse(rest.subarray(4, 4 + rest.readUInt32LE(0)).toString());
    expect(header.photons).toHaveLength(2);
    const samples = header.companions.reduce(
      (sum: number, { width, height }: { width: number; height: number }) => sum + 2 * width * height,
      0,
    );
    const cells = header.matter.width * header.matter.height;
    expect(cells).toBeGreaterThan(0);
    expect(rest.length).toBe(4 + rest.readUInt32LE(0) + 2 * samples + cells);
  });
});
