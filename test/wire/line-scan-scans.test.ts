import { readdir } from "node:fs/promises";
import { dirname } from "node:path";
import { crc32 } from "node:zlib";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import type { ScanStore } from "../../device/spool/port.ts";
import {
  type CaptureRig,
  captureRig,
  type SpoolRig,
  spoolRig,
  storedPlane,
} from "../fixtures/capture-rig.ts";
import { HEIGHT, LineScanPeer, samplesOf, scanOf, sendScan } from "../fixtures/line-scan-peer.ts";

let disk: SpoolRig;
let rig: CaptureRig;
let peer: LineScanPeer;
beforeAll(async () => {
  disk = await spoolRig();
});
afterAll(() => disk.stop());
afterEach(async () => {
  peer.close();
  await rig.stop();
});

async function connected(options: Parameters<typeof captureRig>[1] = {}): Promise<void> {
  rig = await captureRig(disk.spool, options);
  peer = await LineScanPeer.connect(await rig.port());
  await peer.hello();
}

async function expectStored(scanId: string, lines: number): Promise<void> {
  const stored = await disk.spool.scan(scanId);
  for (const energy of [0, 1]) {
    const plane = stored!.scan.planes.find((each) => each.energy === energy)!;
    expect(plane).toMatchObject({ width: lines, height: HEIGHT, layout: "columns", format: "u16" });
    const samples = await storedPlane(stored!.scan.directory, plane);
    expect(Buffer.from(samples.buffer).equals(Buffer.from(samplesOf(energy, 0, lines).buffer))).toBe(true);
  }
}

describe("line-scan: scans", () => {
  it("acknowledges a scan once it is durable, with its scan id", async () => {
    await connected();
    await sendScan(peer, { scanRef: "R-1" });
    const ack = await peer.expect("ACK");
    expect(ack).toEqual({ scanRef: "R-1", scanId: rig.taken[0]!.accepted.scan.scanId });
    await expectStored(rig.taken[0]!.accepted.scan.scanId, 40);
    expect(rig.taken[0]!.capture.acquisition).toEqual(["SUCCESSFUL"]);
  });

  it("does not acknowledge before the lane has stored the scan", async () => {
    await connected();
    rig.hold();
    await sendScan(peer, { scanRef: "R-1" });
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(peer.count("ACK")).toBe(0);
    rig.resume();
    expect(await peer.expect("ACK")).toMatchObject({ scanRef: "R-1" });
  });

  it("asks for missing lines, of both planes, and stores the scan whole when they come", async () => {
    await connected();
    const scan = scanOf(peer, { lines: 40, chunk: 8 });
    await peer.raw(
      scan.start(),
      scan.block(0, 0),
      scan.block(0, 8),
      scan.block(0, 24),
      scan.block(1, 8, 16),
      scan.end(),
    );
    const nak = await peer.expect("NAK");
    expect(nak).toMatchObject({
      code: "LINES_MISSING",
      scanRef: "R-1",
      missing: [
        { view: 0, energy: 0, from: 16, to: 24 },
        { view: 0, energy: 0, from: 32, to: 40 },
        { view: 0, energy: 1, from: 0, to: 8 },
        { view: 0, energy: 1, from: 24, to: 40 },
      ],
    });
    for (const { energy, from, to } of nak.missing ?? [])
      await peer.raw(scan.block(energy as 0 | 1, from, to - from));
    await peer.raw(scan.end());
    const ack = await peer.expect("ACK");
    await expectStored((ack as { scanId: string }).scanId, 40);
  });

  it("takes the whole scan again under a new number, and repeated lines without harm", async () => {
    await connected();
    const startedAt = new Date().toISOString();
    const first = scanOf(peer, { scan: 1, startedAt });
    await peer.raw(first.start(), first.block(0, 0), first.block(0, 0), first.end());
    await peer.expect("NAK");
    await sendScan(peer, { scan: 2, startedAt });
    const ack = await peer.expect("ACK");
    expect(rig.taken).toHaveLength(1);
    await expectStored((ack as { scanId: string }).scanId, 40);
  });

  it("stores INCOMPLETE only when the scanner says final, and replaces it when the scan comes whole", async () => {
    await connected();
    const startedAt = new Date().toISOString();
    const scan = scanOf(peer, { scan: 1, startedAt });
    await peer.raw(scan.start(), scan.block(0, 0), scan.block(1, 0), scan.end());
    expect(await peer.expect("NAK")).toMatchObject({ code: "LINES_MISSING" });
    await peer.raw(scan.end({ final: true }));
    const first = (await peer.expect("ACK")) as { scanId: string };
    expect(rig.taken[0]!.capture.acquisition).toEqual(["INCOMPLETE"]);
    await sendScan(peer, { scan: 2, startedAt });
    const second = (await peer.expect("ACK")) as { scanId: string };
    expect(rig.taken.map(({ accepted }) => accepted.outcome)).toEqual(["new", "replaced"]);
    expect(second.scanId).toBe(first.scanId);
    await expectStored(second.scanId, 40);
  });

  it("stores even a scan of which nothing came, when the scanner says that it is final", async () => {
    await connected();
    const scan = scanOf(peer);
    await peer.raw(scan.start(), scan.end({ final: true }));
    const { scanId } = (await peer.expect("ACK")) as { scanId: string };
    const stored = await disk.spool.scan(scanId);
    expect(stored!.scan).toMatchObject({ acquisition: ["INCOMPLETE"], planes: [], views: [], kind: "other" });
  });

  it("stores the plane that came when the other is lost for good", async () => {
    await connected();
    const scan = scanOf(peer, { lines: 8 });
    await peer.raw(scan.start(), scan.block(1, 0), scan.end({ final: true }));
    const { scanId } = (await peer.expect("ACK")) as { scanId: string };
    const stored = await disk.spool.scan(scanId);
    expect(stored!.scan).toMatchObject({ kind: "single-energy", views: [{ energies: [1], width: 8 }] });
  });

  it("acknowledges a scan it has at once, without storing it again", async () => {
    await connected();
    const startedAt = new Date().toISOString();
    await sendScan(peer, { scan: 1, startedAt });
    const first = (await peer.expect("ACK")) as { scanId: string };
    const again = scanOf(peer, { scan: 2, startedAt });
    await peer.raw(again.start());
    expect(await peer.expect("ACK")).toEqual({ scanRef: "R-1", scanId: first.scanId });
    await peer.raw(again.block(0, 0), again.end());
    expect(await peer.expect("ACK")).toEqual({ scanRef: "R-1", scanId: first.scanId });
    expect(rig.taken).toHaveLength(1);
    expect(peer.count("NAK")).toBe(0);
  });

  it("takes the same reference with another start as a new scan, and says so", async () => {
    await connected();
    await sendScan(peer, { scan: 1, startedAt: "2026-01-01T00:00:00Z" });
    const first = (await peer.expect("ACK")) as { scanId: string };
    await sendScan(peer, { scan: 2, startedAt: "2026-01-02T00:00:00Z" });
    const second = (await peer.expect("ACK")) as { scanId: string };
    expect(second.scanId).not.toBe(first.scanId);
    expect(rig.events).toMatchObject([{ code: "SCAN_REF_REUSED", severity: "warning" }]);
  });

  it("keeps four scans open side by side and refuses a fifth", async () => {
    await connected();
    const scans = [1, 2, 3, 4].map((scan) => scanOf(peer, { scan, scanRef: `R-${scan}` }));
    for (const scan of scans) await peer.raw(scan.start());
    await peer.raw(scanOf(peer, { scan: 5, scanRef: "R-5" }).start());
    expect(await peer.expect("NAK")).toMatchObject({ code: "LANE_BUSY", scanRef: "R-5" });
    for (const at of scans[0]!.blocks())
      for (const scan of scans) await peer.raw(scan.block(at.energy, at.from));
    for (const scan of scans) await peer.raw(scan.end());
    for (const _ of scans) await peer.expect("ACK");
    for (const { accepted } of rig.taken) await expectStored(accepted.scan.scanId, 40);
    expect(rig.taken).toHaveLength(4);
  });

  it("refuses a scan over maxScanBytes and keeps nothing of it", async () => {
    await connected({ maxScanBytes: 2 * HEIGHT * 20 });
    await sendScan(peer, { scan: 9, scanRef: "R-9", lines: 8 });
    const earlier = (await peer.expect("ACK")) as { scanId: string };
    const folder = dirname((await disk.spool.scan(earlier.scanId))!.scan.directory);
    const before = await readdir(folder);
    await sendScan(peer, { scanRef: "R-1", lines: 40 });
    expect(await peer.expect("NAK")).toMatchObject({ code: "SCAN_TOO_LARGE", scanRef: "R-1" });
    expect(rig.events).toMatchObject([{ code: "SCAN_TOO_LARGE" }]);
    await sendScan(peer, { scan: 2, scanRef: "R-2", lines: 8 });
    const ack = (await peer.expect("ACK")) as { scanId: string };
    expect(ack).toMatchObject({ scanRef: "R-2" });
    expect(await readdir(folder)).toContain(ack.scanId);
    expect(await readdir(folder)).toHaveLength(before.length + 1);
  });

  it("refuses a plane of more than 64 Mpx", async () => {
    await connected();
    const scan = scanOf(peer, { lines: 8 });
    const start = scan.start();
    // The encoder would not write such a line number: it is put into the frame afterwards.
    const frame = Buffer.from(scan.block(0, 0));
    frame.writeUInt32LE(5_000_000, 16 + 8);
    frame.writeUInt32LE(crc32(frame.subarray(0, -4)), frame.length - 4);
    await peer.raw(start, frame);
    expect(await peer.expect("NAK")).toMatchObject({ code: "SCAN_TOO_LARGE", scanRef: "R-1" });
  });

  it("says once that lines do not fit what HELLO announced", async () => {
    await connected();
    const scan = scanOf(peer);
    await peer.raw(scan.start());
    for (let n = 0; n < 5; n++)
      await peer.raw(
        peer.encodeLines({ scan: 1, energy: 2, firstLine: 8 * n }, HEIGHT, samplesOf(2, 8 * n, 8)),
      );
    await peer.raw(
      peer.encodeLines({ scan: 1, energy: 0, firstLine: 0 }, HEIGHT + 1, samplesOf(0, 0, 8, HEIGHT + 1)),
    );
    expect(await peer.expect("NAK")).toMatchObject({ code: "BAD_LENGTH", scanRef: "R-1" });
    for (const at of scan.blocks()) await peer.raw(scan.block(at.energy, at.from));
    await peer.raw(scan.end());
    await peer.expect("ACK");
    expect(peer.count("NAK")).toBe(0);
  });

  it("refuses new scans while the lane is paused or the disk is full, and drops their lines quietly", async () => {
    let refusal: "PAUSED" | "SPOOL_FULL" | null = "PAUSED";
    const store: ScanStore = {
      admission: (lane) =>
        refusal === null
          ? disk.spool.admission(lane)
          : { ok: false, code: refusal, message: `because ${refusal}` },
      find: (lane, key) => disk.spool.find(lane, key),
      begin: (begin) => disk.spool.begin(begin),
    };
    await connected({ store });
    const startedAt = new Date().toISOString();
    await sendScan(peer, { scan: 1, startedAt });
    expect(await peer.expect("NAK")).toMatchObject({
      code: "PAUSED",
      scanRef: "R-1",
      message: "because PAUSED",
    });
    refusal = "SPOOL_FULL";
    await sendScan(peer, { scan: 2, startedAt });
    expect(await peer.expect("NAK")).toMatchObject({ code: "SPOOL_FULL", scanRef: "R-1" });
    refusal = null;
    await sendScan(peer, { scan: 3, startedAt });
    await expectStored(((await peer.expect("ACK")) as { scanId: string }).scanId, 40);
    expect(peer.count("NAK")).toBe(0);
  });

  it("asks for the whole scan when its SCAN_START was lost, and takes it when it comes", async () => {
    await connected();
    const lost = scanOf(peer, { scan: 1 });
    lost.start(); // numbered, never sent
    for (const at of lost.blocks()) await peer.raw(lost.block(at.energy, at.from));
    await peer.raw(lost.end());
    const gap = await peer.expect("NAK");
    expect(gap).toMatchObject({ code: "BAD_SEQUENCE", sequence: 2 });
    expect(gap.scanRef).toBeUndefined();
    expect(await peer.expect("NAK")).toMatchObject({ code: "BAD_SEQUENCE", scanRef: "R-1" });
    await sendScan(peer, { scan: 2, startedAt: lost.startedAt });
    await expectStored(((await peer.expect("ACK")) as { scanId: string }).scanId, 40);
  });

  it("hands on the scanner's own identifiers in canonical form, never label text", async () => {
    await connected();
    const scan = scanOf(peer, { lines: 8 });
    const identifiers = [
      "]C0rr473124829gb",
      { scheme: "SSCC" as const, value: "1 0614141 234567890 8" },
      "Mr. A. Smith",
    ];
    await peer.raw(scan.start({ identifiers }), scan.block(0, 0), scan.block(1, 0), scan.end());
    await peer.expect("ACK");
    expect(rig.taken[0]!.capture.identifiers).toMatchObject([
      { scheme: "S10", value: "RR473124829GB", checkOk: true, source: "scanner" },
      { scheme: "SSCC", value: "106141412345678908", checkOk: true, source: "scanner" },
    ]);
  });

  it("passes RESULT on to the machine", async () => {
    await connected();
    await sendScan(peer, { lines: 8 });
    const { scanId } = (await peer.expect("ACK")) as { scanId: string };
    const result = {
      scanRef: "R-1",
      scanId,
      revision: 1,
      decision: "CLEAR",
      recommendation: "RELEASE",
      detections: [],
    };
    await rig.driver.result(result);
    expect(await peer.expect("RESULT")).toEqual(result);
  });
});
