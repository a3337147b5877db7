import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { readPlanes } from "../../device/inference/planes.ts";
import { readPart10 } from "../../protocols/dicom/part10.ts";
import { TAG } from "../../protocols/dicom/tags.ts";
import { textOf } from "../../protocols/dicom/values.ts";
import { dxOf, fileOf, planeOf, uidOf, writePair } from "../fixtures/dicom.ts";
import { type DicomLane, dicomLane } from "../fixtures/dicom-lane.ts";
import { referenceFiles } from "../fixtures/dicos.ts";
import { until } from "../fixtures/processes.ts";

const run = promisify(execFile);
const TIMEOUT = { timeout: 60_000 };
/** A pair is a scan as soon as it is whole, however long a busy machine takes between its halves. */
const PATIENT = { timings: { joinMs: 60_000 } };

/** dcmtk's `storescu`, proposing just what the files are; resolves with its exit code and words. */
async function storescu(port: number, files: readonly string[], ...options: readonly string[]) {
  try {
    const { stdout, stderr } = await run(
      "storescu",
      ["-v", "-R", ...options, "127.0.0.1", String(port), ...files],
      TIMEOUT,
    );
    return { code: 0, words: stdout + stderr };
  } catch (error) {
    const { code, stdout, stderr } = error as { code: number; stdout: string; stderr: string };
    return { code, words: stdout + stderr };
  }
}

describe("dcmtk stores to a lane", () => {
  let folder: string;
  const lanes: DicomLane[] = [];

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "lynceus-dicom-"));
  });
  afterEach(async () => {
    for (const lane of lanes.splice(0)) await lane.stop();
    await rm(folder, { recursive: true, force: true });
  });
  async function open(more: Parameters<typeof dicomLane>[0] = {}): Promise<DicomLane> {
    const lane = await dicomLane(more);
    lanes.push(lane);
    return lane;
  }

  it("echoes", async () => {
    const lane = await open();
    await expect(run("echoscu", ["127.0.0.1", String(lane.port)], TIMEOUT)).resolves.toBeDefined();
  });

  it("a dual-energy pair becomes one scan as soon as it is whole, with the objects as received beside it", async () => {
    const lane = await open(PATIENT);
    const files = await writePair(folder, "pair one");
    expect(await storescu(lane.port, files)).toMatchObject({ code: 0 });
    await until("the scans", 20_000, () => lane.taken.length === 1);
    const { capture } = lane.taken[0]!;
    expect(capture.kind).toBe("dual-energy");
    expect(capture.key).toEqual({
      serial: "dicom:SN-1",
      scanRef: uidOf("pair one"),
      startedAt: "2026-03-05T12:00:00.000Z",
    });
    expect(capture.views).toEqual([
      { view: 0, name: "top", width: 96, height: 64, pixelPitchMm: { x: 0.8, y: 1.6 }, energies: [0, 1] },
    ]);
    expect(capture.identifiers).toEqual([
      { scheme: "S10", value: "RR473124829GB", checkOk: true, source: "dicos", confidence: 1 },
    ]);
    expect(capture).toMatchObject({
      statedMassKg: 2.5,
      purpose: "OPERATIONAL",
      origin: "MACHINE",
      acquisition: ["SUCCESSFUL"],
    });
    const [view] = readPlanes({ ...capture, directory: capture.directory }).views;
    expect(view?.low).toEqual(planeOf(96, 64, 50_000, 20_000));
    expect(view?.high).toEqual(planeOf(96, 64, 52_000, 30_000));
    for (const { file, sha256, bytes } of capture.evidence ?? []) {
      const kept = await readFile(join(capture.directory, file));
      expect([kept.length, createHash("sha256").update(kept).digest("hex")]).toEqual([bytes, sha256]);
    }
    expect(capture.evidence).toHaveLength(2);
    expect(await readdir(join(lane.inbox, "objects"))).toEqual([]);
  });

  it("stores over TLS, and not without a certificate of the authority", async () => {
    const at = (name: string) => join(folder, name);
    const subject = ["-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost"];
    await run("openssl", ["req", "-x509", ...subject, "-keyout", at("key.pem"), "-out", at("cert.pem")]);
    const [cert, key] = [await readFile(at("cert.pem")), await readFile(at("key.pem"))];
    const lane = await open({ ...PATIENT, tls: { cert, key, ca: cert } });
    const files = await writePair(folder, "secret");
    const trust = ["+cf", at("cert.pem")];
    expect((await storescu(lane.port, files, "+tla", ...trust)).code).not.toBe(0);
    expect((await storescu(lane.port, files)).code).not.toBe(0);
    expect(await storescu(lane.port, files, "+tls", at("key.pem"), at("cert.pem"), ...trust)).toMatchObject({
      code: 0,
    });
    await until("the scan", 30_000, () => lane.taken.length === 1);
    expect(lane.taken[0]?.capture.kind).toBe("dual-energy");
  });

  it("every transfer syntax arrives with the same pixels", async () => {
    const lane = await open();
    const makers: readonly (readonly [string, (file: string, out: string) => Promise<unknown>, string])[] = [
      ["implicit", (file, out) => run("dcmconv", ["+ti", file, out]), "-xi"],
      ["rle", (file, out) => run("dcmcrle", [file, out]), "-xr"],
      ["lossless", (file, out) => run("dcmcjpeg", ["+e1", file, out]), "-xs"],
      ["jpeg-ls", (file, out) => run("dcmcjpls", [file, out]), "-xt"],
      ["jpeg-2000", jpeg2000, "-xv"],
    ];
    for (const [name, make, option] of makers) {
      const file = join(folder, `${name}.dcs`);
      await writeFile(
        file,
        fileOf(dxOf(`syntax ${name}`, { energy: "single", energies: { number: 0, count: 1 } })),
      );
      const compressed = join(folder, `${name}.out.dcs`);
      await make(file, compressed);
      expect(await storescu(lane.port, [compressed], option), name).toMatchObject({ code: 0 });
    }
    await until("the scans", 30_000, () => lane.taken.length === makers.length);
    for (const { capture } of lane.taken) {
      const [view] = readPlanes(capture).views;
      expect([capture.key.scanRef, capture.kind]).toEqual([capture.key.scanRef, "single-energy"]);
      expect(view?.single).toEqual(planeOf(96, 64, 50_000, 20_000));
    }
  });

  it("every reference file is taken; volumes and millimetre-wave images are kept, reports are told of", async () => {
    const files = referenceFiles();
    if (files.length === 0) return;
    const lane = await open();
    const taken = new Set<string>();
    let reports = 0;
    for (const { path, name, bytes } of files) {
      const { dataset } = readPart10(bytes);
      const instance = textOf(dataset, TAG.sopInstance) ?? "";
      const { words } = await storescu(lane.port, [path], "-xs");
      // Editions of one example share their instance UID: the second is other content under a known instance.
      expect(words, name).toMatch(taken.has(instance) ? /0x0?111|Duplicate/i : /Success/);
      if (!taken.has(instance) && textOf(dataset, TAG.modality) === "TDR") reports += 1;
      taken.add(instance);
    }
    expect(lane.events.map(({ code }) => code)).toEqual(
      Array.from({ length: reports }, () => "REPORT_RECEIVED"),
    );
    expect(await readdir(join(lane.inbox, "reports"))).toHaveLength(reports);
    const objects = () => lane.taken.flatMap(({ capture }) => capture.evidence ?? []).length;
    await until("the scans", 20_000, () => objects() === taken.size - reports);
    const kinds = lane.taken.map(({ capture }) => capture.kind);
    expect(new Set(kinds)).toEqual(new Set(["ait", "ct", "single-energy"]));
  });

  it("half a pair is a scan after the time-out, and whole when the other half comes late", async () => {
    const JOIN_MS = 3_000;
    const lane = await open({ timings: { joinMs: JOIN_MS } });
    const [low = "", high = ""] = await writePair(folder, "torn");
    await storescu(lane.port, [low]);
    await until("the scans", 20_000, () => lane.taken.length === 1);
    expect(lane.taken[0]?.capture).toMatchObject({ kind: "single-energy", acquisition: ["INCOMPLETE"] });
    const { beganAt, receivedAt } = lane.taken[0]!.capture;
    expect(receivedAt - beganAt, "the wait for the other half is no transfer").toBeLessThan(JOIN_MS);
    await storescu(lane.port, [high]);
    await until("the scans", 20_000, () => lane.taken.length === 2);
    expect(lane.taken[1]?.capture).toMatchObject({ kind: "dual-energy", acquisition: ["SUCCESSFUL"] });
    expect(lane.taken[1]?.accepted.outcome).toBe("replaced");
  });

  it("what is sent again is answered Success and makes no second scan; other content under its instance is refused", async () => {
    const lane = await open(PATIENT);
    const files = await writePair(folder, "again");
    await storescu(lane.port, files);
    await until("the scans", 20_000, () => lane.taken.length === 1);
    expect(await storescu(lane.port, files)).toMatchObject({ code: 0 });
    await writeFile(files[0] ?? "", fileOf(dxOf("again", { samples: planeOf(96, 64, 40_000, 10_000) })));
    const { words } = await storescu(lane.port, files.slice(0, 1));
    expect(words).toMatch(/DuplicateSOPInstance|0x0?111/i);
    expect(lane.taken).toHaveLength(1);
  });

  it("the same data set of another sender, or in another transfer syntax, is answered Success", async () => {
    const lane = await open(PATIENT);
    const files = await writePair(folder, "resent");
    expect(await storescu(lane.port, files, "-aet", "SCANNER")).toMatchObject({ code: 0 });
    expect(await storescu(lane.port, files, "-aet", "WORKSTATION")).toMatchObject({ code: 0 });
    const packed = join(folder, "packed.dcs");
    await run("dcmcrle", [files[0] ?? "", packed]);
    const { code, words } = await storescu(lane.port, [packed], "-xr");
    expect([code, /Success/.test(words)], words).toEqual([0, true]);
    await until("the scan", 20_000, () => lane.taken.length === 1);
  });

  it("an object over the bound is refused while it comes, and nothing is left of it", async () => {
    const lane = await open({ maxScanBytes: 100_000 });
    const file = join(folder, "large.dcs");
    const large = { energy: "single", width: 600, height: 400, energies: { number: 0, count: 1 } } as const;
    await writeFile(file, fileOf(dxOf("large", large)));
    const { words } = await storescu(lane.port, [file]);
    expect(words).toMatch(/OutOfResources|A700/i);
    expect(lane.events.map(({ code }) => code)).toEqual(["SCAN_TOO_LARGE"]);
    expect(await readdir(join(lane.inbox, "incoming"))).toEqual([]);
    expect(await readdir(join(lane.inbox, "objects"))).toEqual([]);
  });

  it("only AE titles on the list may store; others may still echo", async () => {
    const lane = await open({ aeTitles: ["SCANNER"] });
    const files = await writePair(folder, "titled");
    const { words } = await storescu(lane.port, files, "-aet", "STRANGER");
    expect(words).toMatch(/0x0?124|NotAuthorized|not authori[sz]ed/i);
    await run("echoscu", ["-aet", "STRANGER", "127.0.0.1", String(lane.port)], TIMEOUT);
    expect(await storescu(lane.port, files, "-aet", "SCANNER")).toMatchObject({ code: 0 });
    expect(lane.events.map(({ code }) => code)).toContain("SCANNER_REFUSED");
  });

  it("a restart goes on with what was answered Success", async () => {
    const lane = await open(PATIENT);
    const [low = "", high = ""] = await writePair(folder, "restarted");
    await storescu(lane.port, [low]);
    await lane.restart();
    await storescu(lane.port, [high]);
    await until("the scans", 20_000, () => lane.taken.length === 1);
    expect(lane.taken[0]?.capture.kind).toBe("dual-energy");
  });

  it("a scan that the spool refuses stays in the inbox and is taken later", async () => {
    let refusals = 2;
    const lane = await open({ ...PATIENT, keep: () => refusals-- <= 0 });
    await storescu(lane.port, await writePair(folder, "patient"));
    await until("the scans", 20_000, () => lane.taken.length === 1);
    expect(lane.taken[0]?.accepted.outcome).toBe("new");
  });

  it("an object of synthetic origin says so all the way", async () => {
    const lane = await open(PATIENT);
    await storescu(
      lane.port,
      await writePair(folder, "synthetic", { origin: "SYNTHETIC", purpose: "NON_OPERATIONAL" }),
    );
    await until("the scans", 20_000, () => lane.taken.length === 1);
    expect(lane.taken[0]?.capture).toMatchObject({ origin: "SYNTHETIC", purpose: "NON_OPERATIONAL" });
  });

  it("an object whose pixels cannot be read is kept and still makes a scan", async () => {
    const lane = await open();
    const dataset = dxOf("odd", { energy: "single", energies: { number: 0, count: 1 } });
    const elements = dataset.elements.map((one) =>
      one.tag === TAG.photometric
        ? { ...one, value: { kind: "bytes" as const, bytes: Buffer.from("XYZZY ") } }
        : one,
    );
    const file = join(folder, "odd.dcs");
    await writeFile(file, fileOf({ elements }));
    expect(await storescu(lane.port, [file])).toMatchObject({ code: 0 });
    await until("the scans", 20_000, () => lane.taken.length === 1);
    expect(lane.taken[0]?.capture).toMatchObject({ kind: "other", views: [], planes: [] });
    expect(lane.events.map(({ code }) => code)).toEqual(["IMAGE_UNREADABLE"]);
  });

  async function jpeg2000(file: string, out: string): Promise<void> {
    const script = [
      "import pydicom, subprocess, sys",
      "from pydicom.encaps import encapsulate",
      "source, raw, stream, out = sys.argv[1:]",
      "d = pydicom.dcmread(source)",
      "open(raw, 'wb').write(d.PixelData)",
      "size = '%d,%d,1,16,u' % (d.Columns, d.Rows)",
      "subprocess.run(['opj_compress', '-i', raw, '-o', stream, '-F', size], check=True, stdout=subprocess.DEVNULL)",
      "d.PixelData = encapsulate([open(stream, 'rb').read()])",
      "d['PixelData'].VR = 'OB'",
      "d['PixelData'].is_undefined_length = True",
      "d.file_meta.TransferSyntaxUID = pydicom.uid.JPEG2000Lossless",
      "d.save_as(out, write_like_original=False)",
    ].join("\n");
    await run(
      "/usr/bin/python3",
      ["-c", script, file, join(folder, "j.rawl"), join(folder, "j.j2k"), out],
      TIMEOUT,
    );
  }
});
