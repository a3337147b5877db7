import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readPart10 } from "../../protocols/dicom/part10.ts";
import { validatePart10 } from "../../protocols/dicom/rules/validate.ts";
import { encodeEvent } from "../../protocols/mqtt/envelope.ts";
import { topicFor } from "../../protocols/mqtt/topics.ts";
import { simulateScan } from "../../simulator/scan.ts";
import { type Central, openCentral } from "../fixtures/central.ts";
import { openCommander } from "../fixtures/commander.ts";
import { dxOf, fileOf, uidOf, writePair } from "../fixtures/dicom.ts";
import { referenceFiles } from "../fixtures/dicos.ts";
import { type Mosquitto, startMosquitto } from "../fixtures/mosquitto.ts";
import { freePort, type Running, startLynceus, startProcess, until } from "../fixtures/processes.ts";

const run = promisify(execFile);
const WAIT_MS = 60_000;

const READ_TDR = `
import json, pydicom, sys
d = pydicom.dcmread(sys.argv[1])
threats = d.get((0x4010, 0x1011))
print(json.dumps({
  'class': d.SOPClassUID, 'scan': d.StudyInstanceUID, 'decision': d[0x4010, 0x1031].value, 'type': d[0x4010, 0x1027].value,
  'total': d[0x4010, 0x1033].value, 'alarms': d[0x4010, 0x1034].value if (0x4010, 0x1034) in d else None,
  'ooi': d.PatientID, 'grams': float(d.PatientWeight), 'refs': [r.ReferencedSOPInstanceUID for r in d.ReferencedStudySequence],
  'objects': [] if threats is None else [{
    'category': t[0x4010, 0x1038].value[0][0x4010, 0x1012].value,
    'probability': t[0x4010, 0x1038].value[0][0x4010, 0x1016].value if (0x4010, 0x1016) in t[0x4010, 0x1038].value[0] else None,
    'base': list(t[0x4010, 0x1037].value[0][0x4010, 0x1001].value[0][0x4010, 0x1004].value),
    'extents': list(t[0x4010, 0x1037].value[0][0x4010, 0x1001].value[0][0x4010, 0x1005].value),
  } for t in threats.value]}))`;

describe("a gateway with a DICOM lane", () => {
  const folder = mkdtempSync(join(tmpdir(), "lynceus-dicom-site-"));
  const archived = join(folder, "archived");
  const reports = join(folder, "reports");
  let broker: Mosquitto;
  let central: Central;
  let gateway: Running;
  let archive: Running;
  let port: number;
  let brokerPort: number;
  let archivePort: number;

  const startArchive = () =>
    startProcess("storescp", [
      "-od",
      archived,
      "--fork",
      "--filename-extension",
      ".dcs",
      String(archivePort),
    ]);
  const startGateway = () => startLynceus(["run", "--config", join(folder, "lynceus.yaml")]);
  const send = (files: readonly string[], ...options: readonly string[]) =>
    run("storescu", ["-R", ...options, "-aec", "LYNCEUS", "127.0.0.1", String(port), ...files], {
      timeout: WAIT_MS,
    });
  beforeAll(async () => {
    mkdirSync(archived);
    brokerPort = await freePort();
    [port, archivePort] = [await freePort(), await freePort()];
    writeFileSync(
      join(folder, "lynceus.yaml"),
      `schema: lynceus-config/1
gateway: { site: NLRTM-EX, id: gw-01 }
broker: { url: "mqtt://127.0.0.1:${brokerPort}" }
spool: { path: spool, minFreeBytes: 100MB, maxBytes: 5GB }
lanes:
  - id: lane-1
    scanner: { driver: dicom, listen: "127.0.0.1:${port}", aeTitle: LYNCEUS, joinTimeout: 1s }
    fusion: { floor: { firearm: 0.02, blade: 0.02, battery: 0.02, liquid: 0.02 } }
reports:
  folder: reports
  archives:
    - { id: pacs, address: "127.0.0.1:${archivePort}", aeTitle: STORESCP, images: true }
`,
    );
    broker = await startMosquitto({ port: brokerPort });
    central = await openCentral(brokerPort);
    gateway = startGateway();
    await until("ready", WAIT_MS, () => gateway.stderr().includes('"msg":"ready"'));
    await until("listening", WAIT_MS, () => central.last("state")?.["state"] === "idle");
  });
  afterAll(async () => {
    gateway.child.kill("SIGTERM");
    archive?.child.kill("SIGTERM");
    await gateway.exited;
    await central.close();
    await broker[Symbol.asyncDispose]();
    rmSync(folder, { recursive: true, force: true });
  });

  /** A simulated parcel as the pair of objects that a dual-energy scanner sends. */
  function writeScan(name: string, index: number): readonly string[] {
    const scan = simulateScan({ seed: 9, index, mix: "training" });
    const { width, height, planes, pixelPitchMm } = scan;
    return (["low", "high"] as const).map((energy, number) => {
      const samples = planes.find((plane) => plane.view === 0 && plane.energy === number)?.samples;
      const dataset = dxOf(name, { energy, width, height, pixelPitchMm, ...(samples && { samples }) });
      const file = join(folder, `${name}-${energy}.dcs`);
      writeFileSync(file, fileOf(dataset));
      return file;
    });
  }

  it("turns a C-STORE of a dual-energy pair into a hit and a report that pydicom and dcmdump read", async () => {
    await send(writeScan("first", 1));
    // A first hit may come at the deadline, before the analysis, on a machine that is busy.
    const hit = await until("the hit", WAIT_MS, () => central.hits().find(({ models }) => models.length > 0));
    expect(hit.scan.kind).toBe("dual-energy");
    expect(hit.identifiers).toMatchObject([{ scheme: "S10", value: "RR473124829GB", source: "dicos" }]);
    expect(hit.measured.massKg).toBe(2.5);
    expect(hit.images.map(({ mediaType }) => mediaType)).toEqual(["application/dicom", "application/dicom"]);
    const name = `${hit.scanId}-r${hit.revision}-1tdr.dcs`;
    await until("the report", WAIT_MS, () => existsSync(join(reports, name)));
    const bytes = readFileSync(join(reports, name));
    expect(hit.tdr).toEqual({
      sha256: createHash("sha256").update(bytes).digest("hex"),
      bytes: bytes.length,
    });
    expect(validatePart10(readPart10(bytes))).toEqual([]);
    const { stdout } = await run("/usr/bin/python3", ["-c", READ_TDR, join(reports, name)], {
      timeout: WAIT_MS,
    });
    const read = JSON.parse(stdout);
    expect(read).toMatchObject({
      class: "1.2.840.10008.5.1.4.1.1.501.3",
      scan: uidOf("first"),
      type: "MACHINE",
      decision: hit.decision,
      total: hit.decision === "ALARM" ? expect.any(Number) : hit.detections.length,
      ooi: "RR473124829GB",
      grams: 2500,
      refs: [uidOf("first 0 low instance"), uidOf("first 0 high instance")],
    });
    hit.detections.forEach(({ score, boxes: [box] }, index) => {
      expect(read.objects[index].probability).toBeCloseTo(score, 5);
      expect(read.objects[index].base[0]).toBeCloseTo(box?.x ?? 0, 2);
      expect(read.objects[index].extents[1]).toBeCloseTo(box?.height ?? 0, 2);
    });
    const dump = await run("dcmdump", [join(reports, name)], { timeout: WAIT_MS });
    expect(dump.stdout).toContain("DICOS_ThreatDetectionReportStorage");
    expect(dump.stderr).not.toMatch(/^E:/m);
  });

  it("keeps what an absent archive is to get, also over a kill, and sends it when the archive comes", async () => {
    gateway.child.kill("SIGKILL");
    await gateway.exited;
    gateway = startGateway();
    archive = startArchive();
    await until("ready", WAIT_MS, () => gateway.stderr().includes('"msg":"ready"'));
    const stored = () => readdirSync(archived).filter((file) => file.endsWith(".dcs"));
    await until("two images and a report in the archive", WAIT_MS, () => stored().length >= 3);
    const classes = stored().map(
      (file) => readPart10(readFileSync(join(archived, file))).dataset.elements.length,
    );
    expect(classes.length).toBeGreaterThanOrEqual(3);
    const destinations = await until("health", WAIT_MS, () => central.last("health")?.["destinations"]);
    expect(destinations).toMatchObject([
      { id: "folder", kind: "folder", state: "idle" },
      { id: "pacs", kind: "archive", failed: 0, committing: 0 },
    ]);
    await until(
      "an empty queue",
      WAIT_MS,
      () => readdirSync(join(folder, "spool/dicom/out/pacs/waiting")).length === 0,
    );
  });

  it("reports on the outcome of an examination as the operator's word on the machine's report", async () => {
    const [hit] = central.hits();
    const outcomeId = crypto.randomUUID();
    const data = {
      schema: "lynceus-outcome/1.0",
      outcomeId,
      scanId: hit?.scanId,
      revision: 1,
      result: "confirmed",
      examination: "full",
      classes: ["narcotic"],
      goodsGroups: [],
      officerAction: null,
      at: new Date().toISOString(),
    };
    const event = {
      name: "outcome",
      id: crypto.randomUUID(),
      source: "/central",
      time: data.at,
      data,
    } as const;
    await central.publish(topicFor("outcome", { site: "NLRTM-EX" }), encodeEvent(event));
    const name = `${hit?.scanId}-outcome-${outcomeId}.dcs`;
    await until("the report", WAIT_MS, () => existsSync(join(reports, name)));
    const bytes = readFileSync(join(reports, name));
    expect(validatePart10(readPart10(bytes))).toEqual([]);
    const { stdout } = await run("/usr/bin/python3", ["-c", READ_TDR, join(reports, name)], {
      timeout: WAIT_MS,
    });
    expect(JSON.parse(stdout)).toMatchObject({
      ...{ type: "OPERATOR", decision: "ALARM", total: 1, alarms: 1, scan: uidOf("first") },
      objects: [{ category: "CONTRABAND", probability: null }],
    });
  });

  it("takes what the simulated scanner sends, an association a scan", async () => {
    const known = new Set(central.hits().map(({ scanId }) => scanId));
    const args = [
      "simulate",
      "scanner",
      "--protocol",
      "dicom",
      "--connect",
      `127.0.0.1:${port}`,
      "--scans",
      "2",
    ];
    const scanner = startLynceus([...args, "--rate", "5", "--json"]);
    expect(await scanner.exited).toBe(0);
    const fresh = () => central.hits().filter(({ scanId, revision }) => !known.has(scanId) && revision === 1);
    await until("its hits", WAIT_MS, () => fresh().length === 2);
    expect(JSON.parse(scanner.lines.at(-1) ?? "{}")).toMatchObject({
      event: "summary",
      scans: 2,
      acknowledged: 2,
    });
    const kinds = fresh().map(({ scan }) => [scan.kind, scan.origin]);
    expect(kinds).toEqual([
      ["dual-energy", "SYNTHETIC"],
      ["dual-energy", "SYNTHETIC"],
    ]);
  });

  it("hands out a scan on the command image: its report, its objects, and what an analyst would look at", async () => {
    const commander = await openCommander(brokerPort);
    try {
      const [hit] = central.hits();
      const scanId = hit?.scanId ?? "";
      const answers = `nii/v1/NLRTM-EX/answers/one`;
      const report = await commander.ask("image", { scanId, form: "tdr" }, { responseTopic: answers });
      expect(report).toMatchObject({ ok: true, topic: answers, correlation: `c-${report.id}` });
      const [tdr] = commander.images(report.id);
      const last = central
        .hits()
        .filter((one) => one.scanId === scanId)
        .at(-1);
      expect(tdr?.header).toMatchObject({ form: "tdr", view: null, sha256: last?.tdr?.sha256 });
      expect(validatePart10(readPart10(tdr?.bytes ?? new Uint8Array(0)))).toEqual([]);
      const pair = await commander.ask("image", { scanId, form: "dicos", view: 0 });
      expect(commander.images(pair.id).map(({ header }) => [header.energy, header.sha256])).toEqual(
        hit?.images.map(({ energy, sha256 }) => [energy, sha256]),
      );
      const low = await commander.ask("image", { scanId, form: "raw16", energy: "low" });
      expect(commander.images(low.id).map(({ header }) => header.sha256)).toEqual([hit?.images[0]?.sha256]);
      const shown = await commander.ask("image", { scanId, form: "rendered" });
      const [picture] = commander.images(shown.id);
      expect(picture?.header).toMatchObject({ mediaType: "image/png", energy: null, view: 0 });
      expect([...(picture?.bytes.subarray(1, 4) ?? [])]).toEqual([0x50, 0x4e, 0x47]);
      // The same command again: the same answer, and nothing is sent twice.
      const again = await commander.ask("image", { scanId, form: "rendered" }, { id: shown.id });
      expect(again).toMatchObject({ ok: true, data: shown.data });
      const nothing = await commander.ask("image", { scanId: crypto.randomUUID(), form: "tdr" });
      expect(nothing.error?.code).toBe("NOT_FOUND");
      expect((await commander.ask("image", { scanId, form: "jpeg" })).error?.code).toBe("BAD_REQUEST");
      expect((await commander.ask("image", { scanId, form: "tdr", view: 5, energy: "low" })).ok).toBe(true);
      expect((await commander.ask("image", { scanId, form: "dicos", view: 5 })).error?.code).toBe(
        "NOT_FOUND",
      );
    } finally {
      await commander.close();
    }
  });

  it("decides nothing on a synthetic scan, and the report says so", async () => {
    const known = new Set(central.hits().map(({ scanId }) => scanId));
    await send(await writePair(folder, "synthetic", { origin: "SYNTHETIC", purpose: "NON_OPERATIONAL" }));
    const hit = await until("the hit", WAIT_MS, () =>
      central.hits().find(({ scanId }) => !known.has(scanId)),
    );
    expect(hit).toMatchObject({ recommendation: "NO_DECISION", scan: { origin: "SYNTHETIC" } });
    const name = `${hit.scanId}-r1-1tdr.dcs`;
    await until("the report", WAIT_MS, () => existsSync(join(reports, name)));
    expect(validatePart10(readPart10(readFileSync(join(reports, name))))).toEqual([]);
  });

  it("keeps a volume and answers it UNKNOWN with NO_MODEL, and tells of the machine's report on it", async () => {
    const files = referenceFiles().filter(({ name }) => /(CT_Low_Energy|TDR_Dual_Energy)\.dcs$/.test(name));
    if (files.length === 0) {
      console.log("no reference files beside the project: no volume to send");
      return;
    }
    await send(
      files.map(({ path }) => path),
      "-xs",
    );
    const hit = await until("the hit", WAIT_MS, () => central.hits().find(({ scan }) => scan.kind === "ct"));
    expect(hit).toMatchObject({ decision: "UNKNOWN", images: [{ mediaType: "application/dicom" }] });
    expect(hit.reasons.map(({ code }) => code)).toContain("NO_MODEL");
    const alert = await until("the alert", WAIT_MS, () =>
      central.alerts().find(({ code }) => code === "REPORT_RECEIVED"),
    );
    expect(alert.details["type"]).toBe("MACHINE");
  });
});
