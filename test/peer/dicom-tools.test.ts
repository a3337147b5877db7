import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { TAG } from "../../protocols/dicom/tags.ts";
import type { Hit } from "../../protocols/mqtt/hit.ts";
import { dxOf, fileOf, writePair } from "../fixtures/dicom.ts";
import { referenceFiles } from "../fixtures/dicos.ts";
import { startLynceus } from "../fixtures/processes.ts";

/** Runs the command line to its end. */
async function lynceus(...args: readonly string[]) {
  const running = startLynceus(args);
  const code = await running.exited;
  return { code, stdout: running.lines.join("\n"), stderr: running.stderr() };
}

describe("DICOM on the command line", () => {
  let folder: string;
  let pair: readonly string[];
  const at = (name: string) => join(folder, name);

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "lynceus-dicom-tools-"));
    pair = await writePair(folder, "pair");
    const dataset = dxOf("wrong", { energy: "single", energies: { number: 0, count: 1 } });
    const elements = dataset.elements.filter(({ tag }) => tag !== TAG.acquisitionStatus);
    await writeFile(at("wrong.dcs"), fileOf({ elements }));
    await writeFile(at("text.dcs"), "no object");
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  it("dump shows the attributes by their DICOS names", async () => {
    const { code, stdout } = await lynceus("dicom", "dump", pair[0] ?? "");
    expect(code).toBe(0);
    expect(stdout).toMatch(/\(0008,0118\) CS \w*ImageOrigin\w*\s+MACHINE/);
    expect(stdout).toMatch(/\(0020,000d\) UI ScanInstanceUID/i);
    expect(stdout).toMatch(/\(0010,0020\) LO \w*OOI\w*\s+RR473124829GB/);
  });

  it("validate passes what is right, names the rule and the remedy of what is not, and goes on", async () => {
    expect(await lynceus("dicom", "validate", ...pair)).toMatchObject({ code: 0 });
    const { code, stdout, stderr } = await lynceus(
      "dicom",
      "validate",
      at("wrong.dcs"),
      at("text.dcs"),
      pair[0] ?? "",
    );
    expect(code).toBe(1);
    const words = stdout + stderr;
    expect(words).toMatch(/error +[A-Z]+-\d\d \(4010,1044\)/);
    expect(words).toContain("text.dcs");
    expect(words).toMatch(/pair-low\.dcs: nothing found/);
  });

  it("scan joins the objects of a scan, and answers volumes and millimetre-wave images UNKNOWN with NO_MODEL", async () => {
    const of = (part: string) =>
      referenceFiles()
        .filter(({ name }) => name.includes(part))
        .map(({ path }) => path);
    const others = [...of("CT_Low_Energy"), ...of("ait2d")].slice(0, 2);
    if (others.length === 0) console.log("no reference files beside the project: only the pair is scanned");
    const { stdout, stderr } = await lynceus("scan", ...pair, ...others, "--json");
    const hits = stdout
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as Hit);
    expect(hits, stderr).toHaveLength(1 + others.length);
    expect(hits[0]?.scan).toMatchObject({ kind: "dual-energy", views: [{ energies: ["low", "high"] }] });
    expect(hits[0]?.identifiers).toMatchObject([{ scheme: "S10", value: "RR473124829GB", source: "dicos" }]);
    for (const hit of hits.slice(1)) {
      expect(["ct", "ait"]).toContain(hit.scan.kind);
      expect(hit.decision).toBe("UNKNOWN");
      expect(hit.reasons.map(({ code }) => code)).toContain("NO_MODEL");
    }
  });
});
