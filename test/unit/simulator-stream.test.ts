import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { simulateScan } from "../../simulator/scan.ts";
import { ROOT } from "../fixtures/project.ts";

const STREAM = join(ROOT, "simulator", "stream.ts");

interface Header {
  readonly index: number;
  readonly width: number;
  readonly height: number;
  readonly airLevel: number;
  readonly targets: readonly { readonly class: string; readonly box: object }[];
  readonly groups: readonly { readonly group: string; readonly share: number }[];
}

function run(...args: readonly string[]): ReturnType<typeof spawnSync> {
  return spawnSync(process.execPath, [STREAM, ...args], { maxBuffer: 64 << 20, timeout: 50_000 });
}

/** Scans as a reader of the stream takes them apart. */
function* scansOf(bytes: Buffer): Generator<{ header: Header; low: Uint16Array; high: Uint16Array }> {
  for (let at = 0; at < bytes.length; ) {
    const length = bytes.readUInt32LE(at);
    const header: Header = JSON.parse(bytes.toString("utf8", at + 4, at + 4 + length));
    at += 4 + length;
    const size = header.width * header.height;
    const plane = (offset: number): Uint16Array =>
      Uint16Array.from({ length: size }, (_, i) => bytes.readUInt16LE(offset + 2 * i));
    yield { header, low: plane(at), high: plane(at + 2 * size) };
    at += 4 * size;
  }
}

describe("the training stream", () => {
  it("gives the simulated scans, from any start", () => {
    const { stdout, status } = run("--seed", "17", "--start", "5", "--count", "3");
    expect(status).toBe(0);
    const scans = [...scansOf(stdout as Buffer)];
    expect(scans.map(({ header }) => header.index)).toEqual([5, 6, 7]);
    for (const { header, low, high } of scans) {
      const expected = simulateScan({ seed: 17, index: header.index, mix: "training" });
      expect(low).toEqual(expected.planes[0]?.samples);
      expect(high).toEqual(expected.planes[1]?.samples);
      expect(header.airLevel).toBe(expected.airLevel);
      expect(header.targets).toMatchObject(
        expected.truth.targets.map(({ class: name, box }) => ({ class: name, box })),
      );
      expect(header.groups).toEqual(expected.truth.groups.map(({ group, share }) => ({ group, share })));
    }
  });

  it("ends quietly when its reader goes away", async () => {
    const child = spawn(process.execPath, [STREAM, "--seed", "1"], { stdio: ["ignore", "pipe", "pipe"] });
    let complaints = "";
    child.stderr.on("data", (chunk: Buffer) => {
      complaints += chunk.toString();
    });
    await once(child.stdout, "data");
    child.stdout.destroy();
    const [code] = await once(child, "exit");
    expect(code).toBe(0);
    expect(complaints).toBe("");
  });

  it("says what is wrong with its options", () => {
    for (const args of [
      ["--seed", "x"],
      ["--count", "-1"],
      ["--mix", "other"],
    ]) {
      const { status, stderr } = run(...args);
      expect(status).toBe(2);
      expect(String(stderr)).toMatch(/^LYN_USAGE: .*\n$/);
    }
  });
});
