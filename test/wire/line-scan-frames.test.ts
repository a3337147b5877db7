import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { type CaptureRig, captureRig, type SpoolRig, spoolRig } from "../fixtures/capture-rig.ts";
import { HEIGHT, LineScanPeer, samplesOf, scanOf, sendScan } from "../fixtures/line-scan-peer.ts";

const TIMINGS = { heartbeatMs: 1000, silenceMs: 5000, unfinishedMs: 1000, helloMs: 5000 };

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

async function connected(): Promise<void> {
  rig = await captureRig(disk.spool, { timings: TIMINGS });
  peer = await LineScanPeer.connect(await rig.port());
  await peer.hello();
}

/** Sends a scan whose blocks pass through `damage`, then what the gateway asks for, until it is acknowledged. */
async function sendDamaged(damage: (frame: Uint8Array, index: number) => readonly Uint8Array[], scan = 1) {
  const sent = scanOf(peer, { scan, scanRef: `R-${scan}` });
  await peer.raw(sent.start());
  for (const [index, { energy, from }] of sent.blocks().entries()) {
    for (const bytes of damage(sent.block(energy, from), index)) await peer.raw(bytes);
  }
  await peer.raw(sent.end());
  return sent;
}

/** Answers LINES_MISSING until the ACK comes; returns the NAKs that came on the way. */
async function recover(sent: ReturnType<typeof scanOf>) {
  const naks = [];
  while (true) {
    await rig.until(() => peer.count("NAK") + peer.count("ACK") > 0, "an answer");
    const nak = peer.take("NAK");
    if (nak === null) break;
    naks.push(nak);
    if (nak.code !== "LINES_MISSING") continue;
    for (const { energy, from, to } of nak.missing ?? [])
      await peer.raw(sent.block(energy as 0 | 1, from, to - from));
    await peer.raw(sent.end());
  }
  const ack = await peer.expect("ACK");
  expect(ack).toMatchObject({ scanRef: sent.scanRef });
  const stored = await disk.spool.scan((ack as { scanId: string }).scanId);
  expect(stored!.scan.acquisition).toEqual(["SUCCESSFUL"]);
  return naks.map(({ code }) => code);
}

const corrupt = (frame: Uint8Array, at: number) => {
  const copy = Uint8Array.from(frame);
  copy[at] = (copy[at] ?? 0) ^ 0x5a;
  return copy;
};

describe("line-scan: damaged streams", () => {
  it("wrong CRC: one NAK, the lines asked for again", async () => {
    await connected();
    const sent = await sendDamaged((frame, index) => [index === 3 ? corrupt(frame, 40) : frame]);
    expect(await recover(sent)).toEqual(["BAD_CRC", "LINES_MISSING"]);
    expect(rig.driver.losses).toBe(1);
  });

  it("torn frame: one NAK however many bytes are missing", async () => {
    await connected();
    const sent = await sendDamaged((frame, index) => [index === 3 ? frame.subarray(0, 100) : frame]);
    expect(await recover(sent)).toEqual(["BAD_CRC", "LINES_MISSING"]);
  });

  it("oversize length: one NAK, the frames behind it are found", async () => {
    await connected();
    const sent = await sendDamaged((frame, index) => {
      if (index !== 3) return [frame];
      const copy = Buffer.from(frame);
      copy.writeUInt32LE(0x7fff_ffff, 12);
      return [copy];
    });
    expect(await recover(sent)).toEqual(["BAD_LENGTH", "LINES_MISSING"]);
  });

  it("garbage between frames: one NAK, never per byte, and nothing is missing", async () => {
    await connected();
    const garbage = Uint8Array.from({ length: 50_000 }, (_, index) => (index * 7919) & 0xff);
    const sent = await sendDamaged((frame, index) => (index === 3 ? [garbage, frame] : [frame]));
    expect(await recover(sent)).toEqual(["BAD_LENGTH"]);
  });

  it("frames out of order: one NAK for the swap, and every line is kept", async () => {
    await connected();
    let held: Uint8Array | null = null;
    const sent = await sendDamaged((frame, index) => {
      if (index === 3) {
        held = frame;
        return [];
      }
      return index === 4 ? [frame, held!] : [frame];
    });
    expect(await recover(sent)).toEqual(["BAD_SEQUENCE"]);
  });

  it("a frame that stalls is given up after its time, and the next good frame is taken", async () => {
    await connected();
    const sent = scanOf(peer);
    await peer.raw(sent.start(), sent.block(0, 0).subarray(0, 60));
    expect(await peer.expect("NAK")).toMatchObject({ code: "BAD_LENGTH" });
    const rest = sent.blocks().slice(1);
    for (const { energy, from } of rest) await peer.raw(sent.block(energy, from));
    await peer.raw(sent.end());
    expect(await recover(sent)).toEqual(["LINES_MISSING"]);
  });

  it("lost frames do not cost the scanner its credit", async () => {
    await connected();
    const sent = scanOf(peer, { lines: 400, chunk: 8 });
    await peer.raw(sent.start());
    let credit = 6;
    let damaged = 0;
    for (const [index, { energy, from }] of sent.blocks().entries()) {
      while (credit === 0) credit += (await peer.expect("FLOW")).credit;
      credit -= 1;
      const frame = sent.block(energy, from);
      const bad = index % 3 === 0;
      if (bad) damaged += 1;
      await peer.raw(bad ? corrupt(frame, 50) : frame);
      for (let flow = peer.take("FLOW"); flow !== null; flow = peer.take("FLOW")) credit += flow.credit;
    }
    expect(damaged).toBeGreaterThan(6);
    await peer.raw(sent.end());
    const codes = await recover(sent);
    expect(codes.at(-1)).toBe("LINES_MISSING");
  });

  it("many losses make one alert with figures, and NAKs stay bounded", async () => {
    await connected();
    const sent = scanOf(peer, { scan: 1, lines: 1600, chunk: 8 });
    await peer.raw(sent.start());
    for (const [index, { energy, from }] of sent.blocks().entries()) {
      const frame = sent.block(energy, from);
      await peer.raw(index % 2 === 0 ? corrupt(frame, 50) : frame);
    }
    await peer.send("HEARTBEAT", { at: new Date().toISOString() });
    await rig.until(() => rig.driver.losses === 200, "all losses are counted");
    expect(rig.events).toMatchObject([
      { code: "SCANNER_LINK_ERRORS", severity: "warning", details: { lastMinute: 10 } },
    ]);
    expect(peer.count("NAK")).toBeLessThan(100);
  });

  it("a flood is held back: the driver never holds more than a few frames, and loses none", async () => {
    await connected();
    rig.hold();
    await sendScan(peer, { scan: 1, scanRef: "R-first", lines: 8 });
    await sendScan(peer, { scan: 2, scanRef: "R-held", lines: 8 });
    // The lane does not take captures: the connection must stop being read, the peer's socket fills.
    const big = scanOf(peer, { scan: 3, scanRef: "R-flood", lines: 20_000, chunk: 8000 });
    await peer.raw(big.start());
    let written = 0;
    const writing = (async () => {
      for (let round = 0; round < 40; round++) {
        for (const { energy, from } of big.blocks()) {
          const frame = big.block(energy, from);
          await peer.raw(frame);
          written += frame.length;
        }
      }
    })();
    let stalledAt = -1;
    while (written !== stalledAt) {
      stalledAt = written;
      await new Promise((resolve) => setTimeout(resolve, 500));
    }
    // What lies between the two sockets is the system's (a few MB); 40 rounds would be 51 MB.
    expect(stalledAt).toBeLessThan(25_000_000);
    rig.resume();
    await writing;
    await peer.raw(big.end());
    await peer.expect("ACK");
    await peer.expect("ACK");
    expect(await peer.expect("ACK")).toMatchObject({ scanRef: "R-flood" });
    expect(peer.count("NAK")).toBe(0);
  });

  it("a message outside the schema costs a NAK that says where, not the link", async () => {
    await connected();
    await peer.send("SCAN_START", { scan: -1, scanRef: "", startedAt: "yesterday" });
    const nak = await peer.expect("NAK");
    expect(nak.code).toBe("BAD_LENGTH");
    expect(nak.message).toMatch(/SCAN_START: \/scan/);
    await sendScan(peer, { scan: 2 });
    expect(await peer.expect("ACK")).toMatchObject({ scanRef: "R-1" });
  });

  it("types of a later version are ignored", async () => {
    await connected();
    const { encodeFrame } = await import("../../protocols/line-scan/index.ts");
    await peer.raw(encodeFrame({ type: 77, sequence: peer.sequence++, payload: new Uint8Array(9) }));
    await sendScan(peer);
    await peer.expect("ACK");
    expect(peer.count("NAK")).toBe(0);
  });

  it("asks for HELLO once when other frames come first", async () => {
    rig = await captureRig(disk.spool, { timings: TIMINGS });
    peer = await LineScanPeer.connect(await rig.port());
    for (let n = 0; n < 5; n++) {
      await peer.raw(peer.encodeLines({ scan: 1, energy: 0, firstLine: 0 }, HEIGHT, samplesOf(0, 0, 8)));
    }
    await peer.hello();
    expect(peer.count("NAK")).toBe(1);
    expect(await peer.expect("NAK")).toMatchObject({ code: "BAD_SEQUENCE", message: "HELLO comes first" });
  });
});
