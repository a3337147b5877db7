import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { imagesOf } from "../../device/dicom-out/images.ts";
import { outcomeReport } from "../../device/dicom-out/outcome-report.ts";
import { machineReport, type ReportSource, reportUid } from "../../device/dicom-out/report.ts";
import type { Scan } from "../../device/scan.ts";
import { readPart10 } from "../../protocols/dicom/part10.ts";
import { checkReferences } from "../../protocols/dicom/rules/set.ts";
import { validatePart10 } from "../../protocols/dicom/rules/validate.ts";
import { planeOf } from "../fixtures/dicom.ts";
import { ITEM_NUMBER, scanOf } from "../fixtures/fusion.ts";

const run = promisify(execFile);
const TIMEOUT = { timeout: 60_000 };
const VERSIONS = ["V02", "V03"] as const;
const AROUND = { software: "1.2.3", site: "NLRTM-EX", gateway: "gw-01" };
const [WIDTH, HEIGHT] = [60, 40];

const READ_IMAGES = `
import json, sys, pydicom, hashlib
out = []
for path in sys.argv[1:]:
    d = pydicom.dcmread(path)
    p = d.pixel_array
    out.append({'class': d.SOPClassUID, 'instance': d.SOPInstanceUID, 'scan': d.StudyInstanceUID, 'series': d.SeriesInstanceUID,
      'frame': d.FrameOfReferenceUID, 'modality': d.Modality, 'type': list(d.ImageType), 'shape': list(p.shape), 'bits': d.BitsStored,
      'view': d[0x6100, 0x0024].value if (0x6100, 0x0024) in d else None, 'origin': d[0x0008, 0x0118].value if (0x0008, 0x0118) in d else None,
      'version': d[0x4010, 0x103a].value, 'energy': d[0x6100, 0x0031].value, 'sha': hashlib.sha256(p.astype('<u2').tobytes()).hexdigest()})
print(json.dumps(out))`;

const READ_REPORT = `
import json, sys, pydicom
d = pydicom.dcmread(sys.argv[1])
t = d.get((0x4010, 0x1011))
def get(x, g, e):
    return x[g, e].value if (g, e) in x else None
objects = []
for o in ([] if t is None else t.value):
    a = o[0x4010, 0x1038].value[0]
    r = o[0x4010, 0x1037].value[0]
    roi = r[0x4010, 0x1001].value[0]
    ref = get(o, 0x4010, 0x1076)
    objects.append({'id': o[0x4010, 0x1010].value, 'category': get(a, 0x4010, 0x1012), 'flag': a[0x4010, 0x1015].value,
      'ability': a[0x4010, 0x1014].value, 'probability': get(a, 0x4010, 0x1016), 'base': list(roi[0x4010, 0x1004].value),
      'extents': list(roi[0x4010, 0x1005].value), 'polygon': list(r[0x4010, 0x101d].value) if (0x4010, 0x101d) in r else None,
      'images': [i.ReferencedSOPInstanceUID for i in r[0x0008, 0x114a].value],
      'refersTo': None if ref is None else ref[0][0x4010, 0x1010].value})
print(json.dumps({'type': d[0x4010, 0x1027].value, 'decision': d[0x4010, 0x1031].value, 'abort': d[0x4010, 0x1024].value,
  'reason': get(d, 0x4010, 0x1021), 'total': d[0x4010, 0x1033].value, 'alarms': get(d, 0x4010, 0x1034),
  'decidedAt': str(d[0x4010, 0x102b].value), 'milliseconds': d[0x4010, 0x1069].value, 'operator': (0x0008, 0x1072) in d,
  'instance': d.SOPInstanceUID, 'scan': d.StudyInstanceUID, 'ooi': d.PatientID, 'objects': objects}))`;

describe("what is written of a scan that came by another driver", () => {
  let folder: string;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "lynceus-written-"));
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  /** Two views of two energies, as planes on the disk. */
  async function stored(): Promise<Scan> {
    const planes: Scan["planes"][number][] = [];
    for (const view of [0, 1]) {
      for (const energy of [0, 1] as const) {
        const file = `v${view}e${energy}.u16`;
        const samples = planeOf(WIDTH, HEIGHT, 50_000 + view, 20_000 + 1000 * energy);
        await writeFile(join(folder, file), samples);
        const size = { width: WIDTH, height: HEIGHT, bytes: samples.byteLength };
        planes.push({ view, energy, file, layout: "rows", format: "u16", ...size });
      }
    }
    const size = { width: WIDTH, height: HEIGHT, pixelPitchMm: { x: 1, y: 2 } };
    return scanOf({
      directory: folder,
      planes,
      views: [
        { view: 0, name: "top", ...size, energies: [0, 1] },
        { view: 1, name: "side", ...size, energies: [0, 1] },
      ],
    });
  }

  function hitOf(scan: Scan, more: Partial<ReportSource["hit"]> = {}): ReportSource["hit"] {
    return {
      revision: 1,
      receivedAt: "2026-03-05T12:00:00.040Z",
      decidedAt: "2026-03-05T12:00:00.340Z",
      decision: "CLEAR",
      reasons: [],
      detections: [],
      identifiers: [{ scheme: "S10", value: ITEM_NUMBER, checkOk: true, source: "barcode", confidence: 1 }],
      measured: { ...scan.measured, massKg: 2.5 },
      models: [],
      scan: {
        kind: "dual-energy",
        views: [],
        acquisition: ["SUCCESSFUL"],
        purpose: "OPERATIONAL",
        origin: "MACHINE",
        quality: 1,
      },
      site: "NLRTM-EX",
      gateway: "gw-01",
      ...more,
    };
  }
  const BLADE: ReportSource["hit"]["detections"][number] = {
    id: "1",
    class: "blade",
    score: 0.75,
    threshold: 0.5,
    alarm: true,
    model: "threat-detector@0.3.0",
    boxes: [{ view: 1, x: 10, y: 20, width: 30, height: 15 }],
  };

  it.each(VERSIONS)(
    "DX pairs of %s: one object a view and energy, read by pydicom sample for sample",
    async (version) => {
      const scan = await stored();
      const images = await imagesOf(scan, { version, ...AROUND });
      const paths: string[] = [];
      for (const [index, { content }] of images.entries()) {
        if (!("bytes" in content)) throw new Error("made, not received");
        paths.push(join(folder, `${index}.dcs`));
        await writeFile(paths[index] ?? "", content.bytes);
        expect(validatePart10(readPart10(content.bytes)).filter(({ level }) => level === "error")).toEqual(
          [],
        );
      }
      const { stdout } = await run("/usr/bin/python3", ["-c", READ_IMAGES, ...paths], TIMEOUT);
      const read = JSON.parse(stdout) as Record<string, unknown>[];
      expect(read).toHaveLength(4);
      read.forEach((image, index) => {
        const [view, energy] = [Math.floor(index / 2), index % 2];
        const samples = planeOf(WIDTH, HEIGHT, 50_000 + view, 20_000 + 1000 * energy);
        expect(image).toMatchObject({
          class: "1.2.840.10008.5.1.4.1.1.501.2.2",
          instance: images[index]?.sopInstance,
          modality: version === "V02" ? "DX" : "XRAY",
          shape: [HEIGHT, WIDTH],
          bits: 16,
          version,
          sha: createHash("sha256").update(new Uint8Array(samples.buffer)).digest("hex"),
        });
        const name = energy === 0 ? "LOW ENERGY" : "HIGH ENERGY";
        expect((image["type"] as string[])[1]).toBe(version === "V02" ? "PRIMARY" : name);
        expect(String(image["energy"]).toUpperCase()).toContain(energy === 0 ? "LOW" : "HIGH");
      });
      // Different series, one scan and one frame of reference (reference, 1.8).
      expect(new Set(read.map(({ series }) => series)).size).toBe(4);
      expect(new Set(read.map(({ scan: uid }) => uid)).size).toBe(1);
      expect(new Set(read.map(({ frame }) => frame)).size).toBe(1);
      for (const path of paths) {
        const { stdout: words, stderr } = await run("dcmdump", [path], TIMEOUT);
        expect(words).toContain("DICOS_DigitalXRayImageStorageForProcessing");
        expect(stderr).not.toMatch(/^E:/m);
      }
    },
  );

  it.each(VERSIONS)(
    "reports of %s on every decision keep the rules, and pydicom reads them as meant",
    async (version) => {
      const scan = await stored();
      const images = (await imagesOf(scan, { version, ...AROUND })).map(({ content }) =>
        readPart10("bytes" in content ? content.bytes : new Uint8Array(0)),
      );
      const cases: readonly (readonly [Partial<ReportSource["hit"]>, object])[] = [
        [
          {
            decision: "ALARM",
            detections: [BLADE, { ...BLADE, id: "2", class: "liquid", score: 0.1, alarm: false }],
          },
          {
            decision: "ALARM",
            abort: "SUCCESS",
            total: 2,
            alarms: 1,
            objects: [
              {
                id: 0,
                category: "PI",
                flag: "THREAT",
                base: [10, 20, 0],
                extents: [30, 15, 1],
                probability: 0.75,
              },
              { id: 1, flag: "NO_THREAT" },
            ],
          },
        ],
        // A radiation alarm is of no place: the whole object is meant.
        [
          { decision: "ALARM", reasons: [{ code: "RADIATION_GAMMA", weight: 1, text: "gamma" }] },
          {
            decision: "ALARM",
            alarms: 1,
            objects: [{ category: "ANOMALY", base: [0, 0, 0], extents: [WIDTH, HEIGHT, 1] }],
          },
        ],
        [{ decision: "CLEAR" }, { decision: "CLEAR", abort: "SUCCESS", total: 0, alarms: null, objects: [] }],
        [
          { decision: "UNKNOWN", reasons: [{ code: "NO_MODEL", weight: 1, text: "none" }] },
          { decision: "UNKNOWN", abort: "ABORT", reason: "UNKNOWN_DATATYPE" },
        ],
      ];
      for (const [more, meant] of cases) {
        const { bytes, sopInstance } = machineReport({
          hit: hitOf(scan, more),
          scan,
          version,
          software: "1.2.3",
        });
        const path = join(folder, "report.dcs");
        await writeFile(path, bytes);
        const file = readPart10(bytes);
        expect(validatePart10(file)).toEqual([]);
        expect(
          checkReferences(
            file.dataset,
            images.map(({ dataset }) => dataset),
          ),
        ).toEqual([]);
        const { stdout } = await run("/usr/bin/python3", ["-c", READ_REPORT, path], TIMEOUT);
        const read = JSON.parse(stdout);
        expect(read).toMatchObject({
          type: "MACHINE",
          instance: sopInstance,
          ooi: "RR473124829GB",
          operator: false,
          ...meant,
        });
        expect(read.milliseconds).toBeCloseTo(300, 3);
        expect(read.decidedAt).toMatch(/^2026-?03-?05/);
      }
    },
  );

  it("an alarm on a scan without any image is a report that says that nobody has looked", async () => {
    const scan = { ...(await stored()), views: [], planes: [] };
    const { bytes } = machineReport({
      hit: hitOf(scan, { decision: "ALARM" }),
      scan,
      version: "V03",
      software: "1",
    });
    const path = join(folder, "none.dcs");
    await writeFile(path, bytes);
    expect(validatePart10(readPart10(bytes)).filter(({ level }) => level === "error")).toEqual([]);
    const { stdout } = await run("/usr/bin/python3", ["-c", READ_REPORT, path], TIMEOUT);
    expect(JSON.parse(stdout)).toMatchObject({
      decision: "UNKNOWN",
      abort: "ABORT",
      reason: "NOT_REVIEWED",
      objects: [],
    });
  });

  it.each(VERSIONS)(
    "an outcome is an OPERATOR report of %s that refers to the machine's",
    async (version) => {
      const scan = await stored();
      const outcome = {
        schema: "lynceus-outcome/1.0",
        outcomeId: "019ca000-0000-7000-8000-00000000000a",
        scanId: scan.scanId,
        revision: 2,
        result: "confirmed",
        examination: "full",
        classes: ["narcotic", "blade"],
        goodsGroups: [],
        officerAction: null,
        at: "2026-03-05T13:00:00.000Z",
      } as unknown as Parameters<typeof outcomeReport>[0];
      const report = outcomeReport(outcome, scan, { version, ...AROUND });
      const path = join(folder, "operator.dcs");
      await writeFile(path, report?.bytes ?? new Uint8Array(0));
      expect(validatePart10(readPart10(report?.bytes ?? new Uint8Array(0)))).toEqual([]);
      const { stdout } = await run("/usr/bin/python3", ["-c", READ_REPORT, path], TIMEOUT);
      const read = JSON.parse(stdout);
      expect(read).toMatchObject({
        type: "OPERATOR",
        decision: "ALARM",
        operator: true,
        total: 2,
        alarms: 2,
        objects: [{ refersTo: 0 }, { refersTo: 0 }],
      });
      const dump = await run("dcmdump", ["+P", "0008,1155", "-s", path], TIMEOUT).catch(() => null);
      const whole = await run("dcmdump", [path], TIMEOUT);
      expect((dump?.stdout ?? "") + whole.stdout).toContain(reportUid(scan.scanId, 2));
    },
  );
});
