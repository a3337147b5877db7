import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { checkExport } from "../../device/audit/export-check.ts";
import { loadDataset } from "../../device/cli/evaluate/dataset.ts";
import { readPapers } from "../../device/cli/evaluate/papers.ts";
import { exportDataset } from "../../device/export/dataset.ts";
import { Pseudonyms } from "../../device/export/pseudonyms.ts";
import { exportScan } from "../../device/export/scan.ts";
import { describeImages } from "../../device/inference/evidence.ts";
import { readPlanes } from "../../device/inference/planes.ts";
import type { Analysis } from "../../device/scan.ts";
import type { Spool } from "../../device/spool/port.ts";
import { parseDeclaration } from "../../protocols/declaration.ts";
import { checkIdentifier } from "../../protocols/identifiers/canonical.ts";
import { sampleHit } from "../fixtures/sample-hit.ts";
import { BARE_ITEM, captureScan } from "../fixtures/scans.ts";
import { openTestSpool } from "../fixtures/uplink.ts";

const IDENTIFIER = { scheme: "S10", value: "RR473124829GB" };
const PERSONAL = {
  aedId: "8d1f3a52-77aa-4c11-9b1e-0123456789ab",
  token: "k1:plantedplantedplantedplanted",
  company: "NL123456789000",
  reference: "PLANTEDFLIGHT1",
};
const ANALYSIS: Analysis = {
  detections: [
    {
      class: "firearm",
      score: 0.9,
      threshold: 0.5,
      model: "threat-detector@0.4.0",
      certified: false,
      prevalence: 0.1,
      boxes: [{ view: 0, x: 2, y: 3, width: 10, height: 8 }],
    },
  ],
  contents: [],
  quality: 0.9,
  airEstimated: false,
  images: [],
  models: [],
  analysed: true,
  problems: [],
};

describe("lynceus export", () => {
  let folder: string;
  let spool: Spool;
  const scans: string[] = [];
  const config = () => ({
    gateway: { site: "NLRTM-EX", id: "gw-01" },
    spool: { path: join(folder, "spool"), maxBytes: 1, minFreeBytes: 1, keepPublished: 1 } as never,
    signing: undefined,
    trust: { central: [], models: [], require: [] } as never,
    reports: undefined,
  });
  const text = (path: string) => readFileSync(path, "utf8");
  const filesIn = (path: string) =>
    readdirSync(path, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name));

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), "lynceus-export-"));
    spool = await openTestSpool(join(folder, "spool"));
    const parsed = parseDeclaration(declaration());
    if (!parsed.ok) throw new Error(parsed.message);
    await spool.putDeclaration(parsed.declaration, parsed.findings, Date.now());
    for (const seed of [1, 2, 3]) scans.push(await store(seed));
    const found = { confirmed: ["firearm"], hidden: ["blade"], refuted: [] };
    await outcome(scans[0]!, "confirmed", "full", found.confirmed);
    await outcome(scans[1]!, "confirmed", "full", found.hidden);
    await outcome(scans[2]!, "refuted", "full", found.refuted);
  });
  afterAll(async () => {
    await spool.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  async function store(seed: number): Promise<string> {
    const capture = await captureScan(spool, { scanRef: `scan-${seed}`, seed, lines: 40, height: 30 });
    const identifiers = [{ ...IDENTIFIER, checkOk: true, source: "barcode" as const, confidence: 1 }];
    const { scan } = await spool.accept(capture, { ...BARE_ITEM, identifiers });
    const { scanId } = scan;
    const images = describeImages(readPlanes(scan)).map((image) => ({ ...image, keptUntil: null }));
    for (const revision of [1, 2]) {
      const {
        journal: _j,
        sequence: _s,
        bootId: _b,
        integrity: _i,
        ...data
      } = sampleHit({
        scanId,
        revision,
        images: images as never,
      });
      const analysis = revision === 1 ? { analysis: ANALYSIS } : {};
      await spool.commitHit({ scanId, lane: "lane-1", revision, data, state: "analysed", ...analysis });
    }
    return scanId;
  }
  function declaration(): Record<string, unknown> {
    return {
      schema: "customs-aed/1.0",
      aedId: PERSONAL.aedId,
      revision: 1,
      function: "original",
      receivedAt: "2026-03-01T06:12:09Z",
      sourceRegime: "OTHER",
      direction: "import",
      flow: "postal",
      identifiers: [{ ...IDENTIFIER, level: "item" }],
      parties: {
        consignee: { kind: "natural", token: PERSONAL.token, country: "NL", nameQ: "ok" },
        consignor: { kind: "legal", publicId: PERSONAL.company, country: "CN" },
      },
      transport: { conveyanceRef: PERSONAL.reference },
      consignment: { packageCount: 1, grossMassKg: 1.8, totalValue: { amount: "12.50", currency: "EUR" } },
      items: [{ seq: 1, description: "cotton shirts", hs6: "610910", quantity: 2 }],
      privacy: { profile: "edge_min", retainUntil: "2099-01-01T00:00:00Z" },
    };
  }
  async function outcome(scanId: string, result: string, examination: string, classes: readonly string[]) {
    const at = "2026-03-02T10:11:12.000Z";
    const outcomeId = crypto.randomUUID();
    const body = JSON.stringify({
      schema: "lynceus-outcome/1.0",
      outcomeId,
      scanId,
      revision: 1,
      result,
      examination,
      classes,
      goodsGroups: ["textiles", "of-a-later-version"],
      officerAction: "PLANTED-OFFICER",
      at,
    });
    await spool.putOutcome({ outcomeId, scanId, at, body });
  }

  it("writes a scan as evidence that is verified without the gateway, to the byte", async () => {
    const out = join(folder, "evidence");
    const scanId = scans[0]!;
    const figures = await exportScan({ config: config(), env: {}, scanId, out, now: Date.now() });
    expect(figures).toMatchObject({ scanId, hits: 2, declarations: 1, outcomes: 1 });
    const names = filesIn(out).map((file) => file.slice(out.length + 1));
    for (const name of [
      "scan.json",
      "hits/0001.json",
      "hits/0002.json",
      "declarations.ndjson",
      "outcomes.ndjson",
      "chain.ndjson",
      "proof.json",
      "digests.json",
    ])
      expect(names, name).toContain(name);
    expect(names.filter((name) => name.startsWith("planes/")).length).toBeGreaterThan(0);
    expect(names.filter((name) => name.startsWith("rendered/"))).toHaveLength(1);
    expect(JSON.parse(text(join(out, "hits/0002.json"))).data).toMatchObject({ scanId, revision: 2 });
    const chain = text(join(out, "chain.ndjson"))
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line));
    for (const [at, row] of chain.slice(1).entries()) expect(row.previous).toBe(chain[at].hash);
    expect(text(join(out, "scan.json"))).not.toContain(folder);
    const options = { keys: null, witnesses: [], notes: [] };
    const sound = await checkExport(out, options);
    expect(sound.broken).toBeNull();
    expect(sound.images).toMatchObject({ images: expect.any(Number) });
    expect(sound.warnings.join()).not.toContain("not in the export");
    // One byte of one picture, one character of one hit.
    for (const name of [names.find((each) => each.startsWith("planes/"))!, "hits/0001.json"]) {
      const file = join(out, name);
      const before = readFileSync(file);
      const after = Buffer.from(before);
      after[after.length >> 1]! ^= 1;
      writeFileSync(file, after);
      expect((await checkExport(out, options)).broken?.reason, name).toBe(name);
      writeFileSync(file, before);
    }
  });

  it("refuses a scan that is not there and a folder that is in use", async () => {
    const used = join(folder, "used");
    await exportScan({ config: config(), env: {}, scanId: scans[1]!, out: used, now: Date.now() });
    const again = exportScan({ config: config(), env: {}, scanId: scans[1]!, out: used, now: Date.now() });
    await expect(again).rejects.toMatchObject({ code: "LYN_EXPORT" });
    const strange = { config: config(), env: {}, scanId: crypto.randomUUID(), now: Date.now() };
    await expect(exportScan({ ...strange, out: join(folder, "none") })).rejects.toThrow(/there is no scan/);
    const early = { config: config(), since: Date.now() + 1000, now: Date.now(), out: join(folder, "none") };
    await expect(exportDataset(early)).rejects.toThrow(/no scan with an outcome/);
  });

  it("writes scans with outcomes as a training set that evaluate reads, without personal data", async () => {
    const out = join(folder, "dataset");
    const figures = await exportDataset({ config: config(), since: 0, now: Date.now(), out });
    expect(figures).toMatchObject({ scans: 3, gone: 0, declarations: 1 });
    const dataset = await loadDataset(out);
    expect(dataset.images).toHaveLength(3);
    const [located, open, clear] = dataset.images.map(({ targets }) => targets);
    expect(located).toMatchObject([{ class: "firearm", tier: "clear", x: 2, y: 3, width: 10, height: 8 }]);
    // Found by the examination and boxed by no model: neither taught nor punished. The firearm was none.
    expect(open).toMatchObject([{ class: "blade", tier: "hidden", width: 40, height: 30 }]);
    expect(clear).toEqual([]);
    const papers = await readPapers(out);
    expect(papers.declarations).toBe(1);
    expect(papers.irregularShare).toBeCloseTo(2 / 3);
    expect(dataset.images.map((image) => papers.declarationsOf(image).length)).toEqual([1, 1, 1]);
    expect(dataset.images.map(({ scanId }) => papers.irregular(scanId))).toEqual([true, true, false]);
    const secrets = [
      ...Object.values(PERSONAL),
      IDENTIFIER.value,
      ...scans,
      "PLANTED",
      "06:12:09",
      "10:11:12",
    ];
    for (const file of filesIn(out)) {
      const content = readFileSync(file, "latin1");
      for (const secret of secrets) expect(content.includes(secret), `${secret} in ${file}`).toBe(false);
    }
    expect(text(join(out, "declarations.ndjson"))).toContain("cotton shirts");
  });

  it("gives an item another name in each export, of its scheme and with a right check digit", () => {
    const [one, other] = [new Pseudonyms(), new Pseudonyms()];
    for (const scheme of ["S10", "SSCC", "MAWB", "ISO6346"] as const) {
      for (let at = 0; at < 50; at++) {
        const name = one.identifier(scheme, `value ${at}`);
        expect(checkIdentifier(scheme, name), `${scheme} ${name}`).toBe(true);
        expect(one.identifier(scheme, `value ${at}`)).toBe(name);
        expect(other.identifier(scheme, `value ${at}`)).not.toBe(name);
      }
    }
    expect(one.identifier("HAWB", "X")).toMatch(/^[A-Z2-7]{20}$/);
    expect(one.uuid("scan", "a")).toMatch(
      /^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/,
    );
  });
});
