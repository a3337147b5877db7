import { createHash } from "node:crypto";
import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { writeDataset } from "../../simulator/dataset.ts";
import { composites, MAX_COMPOSITES, writeComposites } from "../../simulator/projection/dataset.ts";
import { findPairs } from "../../simulator/projection/read.ts";
import { ROOT } from "../fixtures/project.ts";

const REAL = join(ROOT, "..", "shared", "data", "dual-energy");
const folders: string[] = [];

function folder(): string {
  const made = mkdtempSync(join(tmpdir(), "lynceus-projection-"));
  folders.push(made);
  return made;
}

afterEach(() => {
  for (const made of folders.splice(0)) rmSync(made, { recursive: true, force: true });
});

function digest(of: string): string {
  const hash = createHash("sha256");
  for (const name of (readdirSync(of, { recursive: true }) as string[]).sort()) {
    hash.update(name);
    if (/\.\w+$/.test(name)) hash.update(readFileSync(join(of, name)));
  }
  return hash.digest("hex");
}

interface Coco {
  readonly images: readonly {
    readonly id: number;
    readonly file_name: string;
    readonly origin: string;
    readonly source: string;
  }[];
  readonly annotations: readonly {
    readonly image_id: number;
    readonly bbox: readonly number[];
    readonly segmentation: { readonly counts: readonly number[]; readonly size: readonly [number, number] };
  }[];
}

describe("composites of given pairs", () => {
  it("are written as a labelled data set that says AUGMENTED, the same bytes for the same seed", async () => {
    const scans = folder();
    await writeDataset({ out: scans, count: 3, seed: 3, workers: 1 });
    const [one, two] = [folder(), folder()];
    await writeComposites({ scans, out: one, seed: 8, count: 3 });
    await writeComposites({ scans, out: two, seed: 8, count: 3 });
    expect(digest(two)).toBe(digest(one));
    const coco = JSON.parse(readFileSync(join(one, "annotations.json"), "utf8")) as Coco;
    expect(coco.images).toHaveLength(3);
    expect(coco.annotations.length).toBeGreaterThanOrEqual(3);
    for (const image of coco.images) {
      expect(image.origin).toBe("AUGMENTED");
      expect(image.source).toMatch(/^00000\d$/);
      const sidecar = join(one, "images", image.file_name.replace(".low.png", ".json"));
      expect(JSON.parse(readFileSync(sidecar, "utf8"))).toMatchObject({
        airLevel: 60_000,
        origin: "AUGMENTED",
      });
      expect(existsSync(join(one, "masks", image.file_name.replace(".low", "")))).toBe(true);
    }
    for (const { segmentation } of coco.annotations) {
      const [height, width] = segmentation.size;
      expect(segmentation.counts.reduce((a, b) => a + b)).toBe(width * height);
    }
    await expect(writeComposites({ scans, out: one, seed: 8, count: 3 })).rejects.toThrow(
      /holds no data set|cannot be written/,
    );
  });

  it("take targets that were cut out of a labelled data set", async () => {
    const [scans, labelled] = [folder(), folder()];
    await writeDataset({ out: scans, count: 2, seed: 3, workers: 1 });
    await writeDataset({ out: labelled, count: 6, seed: 4, mix: "training", workers: 1 });
    for await (const { scan } of composites({ scans, cutFrom: labelled, seed: 8, count: 2 })) {
      expect(scan.targets.length).toBeGreaterThan(0);
      for (const target of scan.targets) expect(target.massKg).toBeNull();
    }
    await expect(
      composites({ scans, cutFrom: scans, classes: [], seed: 8, count: 1 }).next(),
    ).rejects.toThrow(/Nothing can be cut out/);
    await expect(
      composites({ scans, cutFrom: join(scans, "none"), seed: 8, count: 1 }).next(),
    ).rejects.toMatchObject({
      code: "LYN_PATH_MISSING",
    });
  });

  it("keep to their limits and name what is missing", async () => {
    const scans = folder();
    await expect(findPairs(scans)).rejects.toMatchObject({ code: "LYN_PATH_MISSING" });
    await expect(
      writeComposites({ scans, out: folder(), seed: 1, count: MAX_COMPOSITES + 1 }),
    ).rejects.toMatchObject({ code: "LYN_SIMULATION" });
  });

  it("are made of real pairs, too", async () => {
    if (!existsSync(REAL)) {
      console.log("real scans are absent (../shared/data/dual-energy): nothing shown");
      return;
    }
    const scans = folder();
    for (const name of readdirSync(REAL).filter((file) => file.startsWith("clean-20200103_171623"))) {
      cpSync(join(REAL, name), join(scans, name));
    }
    let made = 0;
    for await (const { scan } of composites({ scans, seed: 2, count: 1, pixelPitchMm: 0.85 })) {
      made++;
      expect(scan.targets.length).toBeGreaterThan(0);
      expect(scan.origin).toBe("AUGMENTED");
    }
    expect(made).toBe(1);
  });
});
