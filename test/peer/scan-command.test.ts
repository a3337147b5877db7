import { createHash } from "node:crypto";
import { cp, mkdir, readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import sharp from "sharp";
import { describe, expect, it } from "vitest";
import { readDeclaration } from "../../device/cli/scan/declaration.ts";
import { pseudoColour } from "../../device/image/pseudo-colour.ts";
import { canonicalJson } from "../../protocols/canonical-json.ts";
import { type Hit, hitSchema } from "../../protocols/mqtt/hit.ts";
import { declarationOf } from "../fixtures/fusion.ts";
import {
  parcelPlane,
  temporaryFolder,
  writeGrey16,
  writePngHeader,
  writeRgb,
  writeTiffHeader,
} from "../fixtures/image-files.ts";
import { ROOT, sharedPath } from "../fixtures/project.ts";
import { runCommand } from "../fixtures/run-command.ts";
import { BLADE_MODEL, writeTinyModel } from "../fixtures/tiny-model.ts";

/** `lynceus scan ARGS…` as a user runs it. */
async function scan(...args: readonly string[]) {
  const command = [join(ROOT, "device/bin/lynceus.js"), "scan", ...args];
  const run = await runCommand(process.execPath, command, { timeoutMs: 110_000 });
  const hits = run.stdout
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => hitSchema.parse(JSON.parse(line)));
  return { ...run, hits };
}

/** A hit without what depends on when it was made. */
function timeless(hit: Hit) {
  const { decidedAt: _1, receivedAt: _2, integrity: _3, models, ...rest } = hit;
  return { ...rest, models: models.map(({ milliseconds: _, ...model }) => model) };
}

const [WIDTH, HEIGHT] = [96, 80];

async function writePair(folder: string, name: string, extension = "tif"): Promise<string> {
  const [low, high] = ["low", "high"].map((energy) => join(folder, `${name}.${energy}.${extension}`));
  await writeGrey16(low!, parcelPlane(WIDTH, HEIGHT, 50_000, 0.3), WIDTH);
  await writeGrey16(high!, parcelPlane(WIDTH, HEIGHT, 50_400, 0.5), WIDTH);
  return `${low},${high}`;
}

async function withModels() {
  const folder = await temporaryFolder();
  const models = join(folder.path, "models");
  await mkdir(models);
  await writeTinyModel(models, BLADE_MODEL);
  return { ...folder, models };
}

describe("lynceus scan", () => {
  it("prints one hit payload of the contract for a pair", async () => {
    await using folder = await withModels();
    const run = await scan(await writePair(folder.path, "bag"), "--models", folder.models);
    expect(run.code, run.stderr).toBe(0);
    const [hit] = run.hits;
    expect(run.hits).toHaveLength(1);
    expect(hit).toMatchObject({
      site: "local",
      gateway: "local",
      lane: "local",
      sequence: 0,
      revision: 1,
      scan: { kind: "dual-energy", views: [{ width: WIDTH, height: HEIGHT, energies: ["low", "high"] }] },
      detections: [{ class: "blade", alarm: true, boxes: [{ view: 0, x: 3, y: 4, width: 7, height: 8 }] }],
      integrity: { previous: "0".repeat(64), signature: null, keyId: null },
    });
    expect(hit?.reasons.map((reason) => reason.code)).toContain("IMAGE_QUALITY");
    const { integrity, ...data } = JSON.parse(run.stdout) as Hit;
    const sealed = createHash("sha256")
      .update(`${integrity.previous}\n${canonicalJson(data)}`)
      .digest("hex");
    expect(integrity.hash).toBe(sealed);
    expect(run.stderr).toContain("dual-energy");
  });

  it("gives the same answer twice, and another scan id to another image", async () => {
    await using folder = await withModels();
    const pair = await writePair(folder.path, "bag");
    const other = join(folder.path, "other.png");
    await writeGrey16(other, parcelPlane(WIDTH, HEIGHT, 40_000, 0.5), WIDTH);
    const args = [pair, other, "--models", folder.models, "--json"];
    const [one, two] = [await scan(...args), await scan(...args)];
    expect(two.hits.map(timeless)).toEqual(one.hits.map(timeless));
    expect(new Set(one.hits.map((hit) => hit.scanId)).size).toBe(2);
    expect(one.stderr).toBe("");
  });

  it("uses the air level of a sidecar at its word", async () => {
    await using folder = await withModels();
    const pair = await writePair(folder.path, "bag");
    await writeFile(join(folder.path, "bag.json"), '{"airLevel": 50200}');
    const { hits } = await scan(pair, "--models", folder.models, "--json");
    expect(hits[0]?.reasons.map((reason) => reason.code)).not.toContain("IMAGE_QUALITY");
    expect(hits[0]?.scan.quality).toBe(1);
  });

  it("takes folders, pairs by name and single files, one line each in their order", async () => {
    await using folder = await withModels();
    const inner = join(folder.path, "images");
    await mkdir(inner);
    await writePair(inner, "b-pair", "png");
    await writeGrey16(join(inner, "c-single.tif"), parcelPlane(WIDTH, HEIGHT, 40_000, 0.5), WIDTH);
    await writeRgb(
      join(inner, "a-colour.jpg"),
      pseudoColour({
        width: WIDTH,
        height: HEIGHT,
        airLevel: 40_000,
        low: parcelPlane(WIDTH, HEIGHT, 40_000, 0.2),
        high: parcelPlane(WIDTH, HEIGHT, 40_000, 0.4),
      }),
      WIDTH,
    );
    const lone = await writePair(folder.path, "z-pair");
    const args = [inner, lone.split(",")[1] ?? "", "--models", folder.models, "--json"];
    const run = await scan(...args);
    expect(run.code, run.stderr).toBe(0);
    expect(run.hits.map((hit) => hit.scan.kind)).toEqual([
      "pseudo-colour",
      "dual-energy",
      "single-energy",
      "dual-energy",
    ]);
    expect(run.hits.map((hit) => hit.recommendation).slice(0, 1)).toEqual(["NO_DECISION"]);
    expect(run.hits[0]?.reasons[0]?.code).toBe("NO_MODEL");
  });

  it("says NO_DECISION for what cannot be read, does the rest, and exits 1", async () => {
    await using folder = await withModels();
    const names = ["text.png", "zero.png", "absurd.tif", "cut.tif", "cut.dcm", "odd.png"];
    const bad = names.map((name) => join(folder.path, name));
    await writeFile(bad[0]!, "a text file named .png");
    await writePngHeader(bad[1]!, 0, 0);
    await writeTiffHeader(bad[2]!, 100_000, 100_000);
    await writeTiffHeader(bad[3]!, 100, 100);
    await writeFile(bad[4]!, `${"\0".repeat(128)}DICM\x02\0\0\0UL`);
    await writeGrey16(bad[5]!, parcelPlane(WIDTH, HEIGHT, 50_000, 0.3), WIDTH);
    await writeFile(join(folder.path, "odd.json"), '{"airLevel": "bright"}');
    const pair = await writePair(folder.path, "good");
    const run = await scan(bad[0]!, bad[1]!, pair, ...bad.slice(2), "--models", folder.models);
    expect(run.code).toBe(1);
    const unknown = run.hits.map((hit) => hit.decision === "UNKNOWN");
    expect(unknown).toEqual([true, true, false, true, true, true, true]);
    for (const at of [0, 1, 3, 4, 5, 6]) {
      const hit = run.hits[at];
      expect(hit).toMatchObject({ recommendation: "NO_DECISION", detections: [], score: { image: null } });
      expect(hit?.reasons[0]?.code).toBe("IMAGE_QUALITY");
      expect(hit?.reasons[0]?.text).toMatch(/^Not readable: .*[a-z]+\.(png|tif|dcm|json)/);
      expect(JSON.stringify(hit)).not.toContain(folder.path);
    }
    for (const [at, code] of ["FORMAT", "SIZE", "SIZE", "UNREADABLE"].entries()) {
      expect(run.stderr).toContain(`error LYN_IMAGE_${code}: ${bad[at]}`);
    }
    expect(run.stderr).toContain(`error LYN_DICOM_TRUNCATED: ${bad[4]}`);
    expect(run.stderr).toContain(`error LYN_IMAGE_SIDECAR: The sidecar ${join(folder.path, "odd.json")}`);
    expect(run.stderr.match(/remedy: ./g)).toHaveLength(6);
    expect(run.stderr).not.toMatch(/^\s+at /m);
  });

  it.each([
    ["a missing image", (folder: string) => [join(folder, "none.png")]],
    [
      "a missing half of a pair",
      (folder: string) => [`${join(folder, "a.low.tif")},${join(folder, "none.tif")}`],
    ],
    [
      "a missing declaration",
      (folder: string) => [join(folder, "a.low.tif"), "--declaration", join(folder, "none.json")],
    ],
    [
      "a missing models folder",
      (folder: string) => [join(folder, "a.low.tif"), "--models", join(folder, "none")],
    ],
    ["a folder without images", (folder: string) => [join(folder, "models")]],
    ["an unknown option", (folder: string) => [join(folder, "a.low.tif"), "--nonsense"]],
    ["no input", () => []],
  ])("exits 2 for %s, before anything is analysed", async (_, args) => {
    await using folder = await withModels();
    await writePair(folder.path, "a");
    const run = await scan(...args(folder.path));
    expect(run.code, run.stderr).toBe(2);
    expect(run.stdout).toBe("");
    expect(run.stderr.length).toBeGreaterThan(20);
  });

  it("takes a declaration alone in a list for the item's, of several none", async () => {
    await using folder = await temporaryFolder();
    const file = join(folder.path, "declarations.json");
    const one = declarationOf();
    await writeFile(file, JSON.stringify([one]));
    expect((await readDeclaration(file)).declaration.aedId).toBe(one.aedId);
    await writeFile(file, JSON.stringify([one, one]));
    await expect(readDeclaration(file)).rejects.toThrow(/it holds 2 declarations/);
    await writeFile(file, "[]");
    await expect(readDeclaration(file)).rejects.toMatchObject({ code: "LYN_USAGE" });
  });

  it("fuses with the declaration of the item", async () => {
    await using folder = await withModels();
    const file = join(folder.path, "declaration.json");
    await writeFile(file, JSON.stringify(declarationOf()));
    const pair = await writePair(folder.path, "bag");
    const { hits, code } = await scan(pair, "--declaration", file, "--models", folder.models, "--json");
    expect(code).toBe(0);
    expect(hits[0]?.declarations).toHaveLength(1);
    expect(hits[0]?.declarations[0]).toMatchObject({
      aedId: declarationOf().aedId,
      matchedBy: { source: "operator" },
    });
    expect(hits[0]?.reasons.map((reason) => reason.code)).not.toContain("DECLARATION_MISSING");
    await writeFile(file, '{"schema": "customs-aed/1.0"}');
    const refused = await scan(pair, "--declaration", file, "--models", folder.models);
    expect(refused.code).toBe(2);
    expect(refused.stderr).toContain("/aedId is missing");
  });

  it("writes renderings of the size of the plane, one a scan, whatever they are called", async () => {
    await using folder = await withModels();
    const [one, two] = [join(folder.path, "one"), join(folder.path, "two")];
    await mkdir(one);
    await writePair(one, "bag");
    await cp(one, two, { recursive: true });
    const out = join(folder.path, "out", "deep");
    const run = await scan(one, two, "--models", folder.models, "--render", out);
    expect(run.code, run.stderr).toBe(0);
    expect((await readdir(out)).sort()).toEqual(["bag-2.png", "bag.png"]);
    expect(await sharp(join(out, "bag.png")).metadata()).toMatchObject({
      width: WIDTH,
      height: HEIGHT,
      channels: 3,
    });
  });

  it("ends quietly when nobody reads its results any more", async () => {
    await using folder = await withModels();
    const images = join(folder.path, "images");
    await mkdir(images);
    for (let at = 0; at < 30; at++) await writePair(images, `bag-${at}`);
    const command = `"${process.execPath}" "${join(ROOT, "device/bin/lynceus.js")}" scan "${images}" --models "${folder.models}" --json | head -c 10`;
    const run = await runCommand("/bin/sh", ["-c", command], { timeoutMs: 110_000 });
    expect(run.stdout).toHaveLength(10);
    expect(run.stderr).toBe("");
  });

  it("exits 1 and says so in every payload when a model does not run", async () => {
    await using folder = await withModels();
    await writeTinyModel(folder.models, { ...BLADE_MODEL, name: "broken", goldenError: 0.3 });
    const run = await scan(await writePair(folder.path, "bag"), "--models", folder.models, "--json");
    expect(run.code).toBe(1);
    expect(run.stderr).toContain("LYN_MODEL_KNOWN_ANSWER");
    expect(run.hits[0]?.reasons.map((reason) => reason.code)).toContain("MODEL_FAULT");
    expect(run.hits[0]?.detections).toHaveLength(1);
  });
});

describe("lynceus scan on real images", () => {
  it.each([
    ["dual-energy", "dual-energy", 60],
    ["containers/images", "single-energy", 99],
  ])("%s: every one analysed, kind %s", { timeout: 300_000 }, async (name, kind, count) => {
    const folder = sharedPath("data", ...name.split("/"));
    if (folder === null) return;
    const command = [join(ROOT, "device/bin/lynceus.js"), "scan", folder, "--json"];
    const run = await runCommand(process.execPath, command, { timeoutMs: 280_000 });
    expect(run.code, run.stderr).toBe(0);
    const hits = run.stdout
      .trim()
      .split("\n")
      .map((line) => hitSchema.parse(JSON.parse(line)));
    expect(hits).toHaveLength(count);
    for (const hit of hits) {
      expect(hit.scan.kind).toBe(kind);
      expect(hit.scan.quality).toBeLessThan(1);
      // Nobody looked, nobody says so; who looked names what ran.
      expect(hit.models.length > 0).toBe(hit.decision !== "UNKNOWN");
      if (kind === "single-energy")
        expect(hit).toMatchObject({ detections: [], load: { profile: expect.any(Array) } });
    }
  });

  it("baggage: pseudo-colour, and no opinion without a model for it", { timeout: 120_000 }, async () => {
    const folder = sharedPath("data", "baggage", "images");
    if (folder === null) return;
    const names = (await readdir(folder)).sort().filter((_, at) => at % 300 === 0);
    const run = await scan(...names.map((name) => join(folder, name)), "--json");
    expect(run.hits.map((hit) => hit.scan.kind)).toEqual(names.map(() => "pseudo-colour"));
    for (const hit of run.hits) expect(hit.models.length > 0).toBe(hit.decision !== "UNKNOWN");
  });
});
