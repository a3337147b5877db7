import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { releaseDigests } from "../../device/models/trust-of-config.ts";
import {
  listPackages,
  loadPackage,
  MAX_MANIFEST_BYTES,
  type ModelManifest,
  readPackageFile,
} from "../../models/package.ts";
import { digestsOf } from "../../models/release/digests.ts";
import { isLynceusError } from "../../protocols/errors.ts";
import { ROOT } from "../fixtures/project.ts";

const PACKAGES = join(ROOT, "models/packages");
/** The weights of the detector and the goods classifier together (8 MiB), and all files of all packages (14 MiB). */
const MAX_WEIGHTS_BYTES = 8 * 1024 * 1024;
const MAX_FILES_BYTES = 14 * 1024 * 1024;

describe("packages of the project", () => {
  it("are whole, and small", async () => {
    const packages = await Promise.all((await listPackages(PACKAGES)).map((folder) => loadPackage(folder)));
    const names = packages.map(({ manifest }) => manifest.name);
    expect(names).toEqual(
      expect.arrayContaining(["container-contents", "goods-classifier", "threat-detector"]),
    );
    const bytes = (names: readonly string[], pick: (file: string) => boolean): number =>
      packages
        .filter(({ manifest }) => names.includes(manifest.name))
        .flatMap(({ manifest }) => Object.entries(manifest.files))
        .reduce((sum, [name, file]) => sum + (pick(name) ? file.bytes : 0), 0);
    expect(bytes(["threat-detector", "goods-classifier"], (file) => file === "model.onnx")).toBeLessThan(
      MAX_WEIGHTS_BYTES,
    );
    expect(bytes(names, () => true)).toBeLessThan(MAX_FILES_BYTES);
  });

  it("state in their card what they cannot do and that the figures are synthetic", async () => {
    for (const folder of await listPackages(PACKAGES)) {
      const card = readFileSync(join(folder, "MODEL_CARD.md"), "utf8");
      expect(card).toMatch(/What it cannot do/);
      expect(card).toMatch(/Synthetic only/);
    }
  });

  it("are listed by the digest that they are trusted by: `node models/release/main.ts digests` after each change", async () => {
    const listed = await releaseDigests();
    for (const [name, digest] of Object.entries(await digestsOf())) expect(listed[name], name).toBe(digest);
  });

  it("are found only where they are", async () => {
    expect(await listPackages(join(PACKAGES, "nowhere"))).toEqual([]);
    expect(await listPackages(join(ROOT, "protocols"))).toEqual([]);
  });
});

describe("loading a package", () => {
  let folder = "";
  const manifestPath = () => join(folder, "model.json");
  const manifest = () => JSON.parse(readFileSync(manifestPath(), "utf8")) as ModelManifest;
  const write = (change: Record<string, unknown>) =>
    writeFileSync(manifestPath(), JSON.stringify({ ...manifest(), ...change }));
  const fault = async (): Promise<unknown> => loadPackage(folder).catch((error: unknown) => error);

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), "lynceus-model-"));
    cpSync((await listPackages(PACKAGES))[0]!, folder, { recursive: true });
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  it("names the package by the digest of its manifest", async () => {
    const before = await loadPackage(folder);
    write({ provider: "someone else" });
    expect((await loadPackage(folder)).sha256).not.toBe(before.sha256);
  });

  it("refuses a file that is not the one described, by content or by size", async () => {
    writeFileSync(join(folder, "MODEL_CARD.md"), "changed");
    expect(isLynceusError(await fault(), "LYN_MODEL_DIGEST_MISMATCH")).toBe(true);
    rmSync(join(folder, "MODEL_CARD.md"));
    expect(isLynceusError(await fault(), "LYN_MODEL_UNREADABLE")).toBe(true);
  });

  it("reads again what was verified, and refuses it when it changed meanwhile", async () => {
    const loaded = await loadPackage(folder);
    expect((await readPackageFile(loaded, "model.onnx")).byteLength).toBe(
      loaded.manifest.files["model.onnx"]!.bytes,
    );
    writeFileSync(join(folder, "model.onnx"), "other");
    const error = await readPackageFile(loaded, "model.onnx").catch((cause: unknown) => cause);
    expect(isLynceusError(error, "LYN_MODEL_DIGEST_MISMATCH")).toBe(true);
    const unlisted = await readPackageFile(loaded, "SIGNATURE").catch((cause: unknown) => cause);
    expect(isLynceusError(unlisted, "LYN_MODEL_DIGEST_MISMATCH")).toBe(true);
  });

  it("refuses a manifest that is absent, too large, not JSON or not lynceus-model/1, naming the place", async () => {
    write({ schema: "lynceus-model/9" });
    const wrong = await fault();
    expect(isLynceusError(wrong, "LYN_MODEL_MANIFEST_INVALID") && wrong.message).toMatch(/\/schema/);
    writeFileSync(manifestPath(), "{");
    expect(isLynceusError(await fault(), "LYN_MODEL_MANIFEST_INVALID")).toBe(true);
    writeFileSync(manifestPath(), " ".repeat(MAX_MANIFEST_BYTES + 1));
    expect(isLynceusError(await fault(), "LYN_MODEL_UNREADABLE")).toBe(true);
    rmSync(manifestPath());
    expect(isLynceusError(await fault(), "LYN_MODEL_UNREADABLE")).toBe(true);
  });

  it("never reads outside of its folder", async () => {
    const { files } = manifest();
    for (const name of ["../model.json", "/etc/passwd", "golden/../../x", "./model.onnx"]) {
      write({ files: { ...files, [name]: files["model.onnx"] } });
      expect(isLynceusError(await fault(), "LYN_MODEL_MANIFEST_INVALID")).toBe(true);
    }
  });

  it("refuses golden cases whose files no digest covers", async () => {
    const { golden } = manifest();
    write({ golden: { ...golden, cases: [{ ...golden.cases[0]!, input: "golden/other.gz" }] } });
    expect(isLynceusError(await fault(), "LYN_MODEL_MANIFEST_INVALID")).toBe(true);
    expect(existsSync(join(folder, "golden/other.gz"))).toBe(false);
  });
});
