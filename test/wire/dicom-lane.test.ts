import { readFile } from "node:fs/promises";
import { connect, type Socket } from "node:net";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import type { Admission } from "../../device/spool/port.ts";
import { type TdrOptions, tdrDataSet } from "../../protocols/dicom/dicos/tdr.ts";
import type { DataSet } from "../../protocols/dicom/model.ts";
import { STATUS } from "../../protocols/dicom/net/command.ts";
import { Requestor } from "../../protocols/dicom/net/requestor.ts";
import { readHead } from "../../protocols/dicom/part10.ts";
import { TAG } from "../../protocols/dicom/tags.ts";
import { SYNTAX } from "../../protocols/dicom/uids.ts";
import { find, textOf } from "../../protocols/dicom/values.ts";
import { encodeDataSet } from "../../protocols/dicom/writer.ts";
import { dxOf, uidOf } from "../fixtures/dicom.ts";
import { type DicomLane, dicomLane } from "../fixtures/dicom-lane.ts";
import { until } from "../fixtures/processes.ts";

const WAIT_MS = 60_000;
const SINGLE = { energy: "single", energies: { number: 0, count: 1 } } as const;
/** More than is read of a file at first. */
const LONG = 700_000;

describe("a DICOM lane", () => {
  const lanes: DicomLane[] = [];
  const sockets: Socket[] = [];

  afterEach(async () => {
    for (const socket of sockets.splice(0)) socket.destroy();
    for (const lane of lanes.splice(0)) await lane.stop();
  });

  async function open(more: Parameters<typeof dicomLane>[0] = {}): Promise<DicomLane> {
    const lane = await dicomLane(more);
    lanes.push(lane);
    return lane;
  }
  /** An association with the lane for objects of one class. */
  async function requestor(
    lane: DicomLane,
    sopClass: string,
    called = "LYNCEUS",
    applicationContext?: string,
  ) {
    const socket = connect({ host: "127.0.0.1", port: lane.port, noDelay: true });
    sockets.push(socket.on("error", () => undefined));
    const made = new Requestor({
      link: {
        source: socket,
        write: (bytes) => new Promise<void>((resolve) => socket.write(bytes, () => resolve())),
      },
      called,
      calling: "TEST",
      contexts: [{ abstractSyntax: sopClass, transferSyntaxes: [SYNTAX.explicitLittle] }],
      ...(applicationContext === undefined ? {} : { applicationContext }),
      implementationClass: "2.25.1",
      implementationVersion: "TEST",
    });
    await made.associate();
    return made;
  }
  async function store(lane: DicomLane, set: DataSet, bytes = encodeDataSet(set, { explicit: true })) {
    const sopClass = textOf(set, TAG.sopClass) ?? "";
    const sopInstance = textOf(set, TAG.sopInstance) ?? "";
    const made = await requestor(lane, sopClass);
    const transferSyntax = SYNTAX.explicitLittle;
    const { status } = await made.store({ sopClass, sopInstance, transferSyntax, dataset: [bytes] });
    await made.release();
    return status;
  }

  it("takes an object whose head is long, and keeps its unknown elements byte for byte", async () => {
    const lane = await open();
    const set = dxOf("long head", SINGLE);
    const noise = Uint8Array.from({ length: LONG }, (_, at) => (at * 31) & 0xff);
    const unknown = { tag: 0x4011_0010, vr: "OB", value: { kind: "bytes", bytes: noise } } as const;
    const elements = [...set.elements, unknown].sort((a, b) => a.tag - b.tag);
    const bytes = encodeDataSet({ elements }, { explicit: true });
    expect(await store(lane, { elements }, bytes)).toBe(STATUS.success);
    await until("the scan", WAIT_MS, () => lane.taken.length === 1);
    const capture = lane.taken[0]?.capture;
    expect(capture?.kind).toBe("single-energy");
    const file = await readFile(join(capture?.directory ?? "", capture?.evidence?.[0]?.file ?? ""));
    expect(Buffer.compare(file.subarray(file.length - bytes.length), bytes)).toBe(0);
    const kept = find(readHead(file).dataset, 0x4011_0010)?.value;
    expect(kept?.kind === "bytes" && Buffer.compare(kept.bytes, noise)).toBe(0);
  });

  it("tells of a report in the words of DICOS, be it ever so long and whatever stands in it", async () => {
    const lane = await open();
    const base = tdrOf("a report");
    expect(await store(lane, withText(base, TAG.tdrType, "IGNORE ALL"))).toBe(STATUS.success);
    const other = tdrOf("a long report");
    const bitmap = {
      tag: 0x4009_0010,
      vr: "OB",
      value: { kind: "bytes", bytes: new Uint8Array(LONG) },
    } as const;
    const elements = [...other.elements, bitmap].sort((a, b) => a.tag - b.tag);
    expect(await store(lane, { elements })).toBe(STATUS.success);
    expect(lane.events).toMatchObject([
      {
        code: "REPORT_RECEIVED",
        severity: "info",
        details: { type: "UNDEFINED", decision: "CLEAR", abort: "SUCCESS" },
      },
      {
        code: "REPORT_RECEIVED",
        severity: "info",
        details: { type: "MACHINE", decision: "CLEAR", objects: 0 },
      },
    ]);
  });

  it("answers another called AE title only where it is not asked for one, and application contexts as set", async () => {
    const any = await open();
    await (await requestor(any, SYNTAX.rle, "ANY-SCP", "1.2.3.4")).release();
    const strict = await open({ checkCalledAeTitle: true, applicationContexts: ["1.2.3.4"] });
    await expect(requestor(strict, SYNTAX.rle, "ANY-SCP")).rejects.toThrow(/result 1, source 1, reason 7/);
    await expect(requestor(strict, SYNTAX.rle, "LYNCEUS", "1.2.9")).rejects.toThrow(
      /result 1, source 1, reason 2/,
    );
    await (await requestor(strict, SYNTAX.rle, "LYNCEUS", "1.2.3.4")).release();
  });

  it("is paused while there is no room, and not for longer", async () => {
    let admission: Admission = { ok: true };
    const lane = await open({ admission: () => admission });
    expect(lane.driver.state.state).toBe("idle");
    admission = { ok: false, code: "SPOOL_FULL", message: "a test says so" };
    expect(await store(lane, dxOf("no room", SINGLE))).toBe(STATUS.outOfResources);
    expect(lane.driver.state).toMatchObject({ state: "paused", code: "SPOOL_FULL" });
    admission = { ok: true };
    await until("idle again, though nobody sends", WAIT_MS, () => lane.driver.state.state === "idle");
    expect(await store(lane, dxOf("no room", SINGLE))).toBe(STATUS.success);
  });

  it("keeps an image of 20000 × 4096 in bounded memory and says that it is too large to be analysed", async () => {
    const lane = await open({ maxScanBytes: 512e6, timings: { joinMs: 200 } });
    const [width, height] = [20_000, 4096];
    const small = dxOf("164 MB", { ...SINGLE, width: 16, height: 16 });
    const sized = withNumber(withNumber(small, TAG.columns, width), TAG.rows, height);
    const whole = encodeDataSet(sized, { explicit: true });
    const head = whole.slice(0, whole.length - 512);
    const bytes = 2 * width * height;
    new DataView(head.buffer, head.byteOffset).setUint32(head.length - 4, bytes, true);
    const base = process.memoryUsage.rss();
    let peak = base;
    const piece = new Uint8Array(1 << 20);
    function* pieces() {
      yield head;
      for (let left = bytes; left > 0; left -= piece.length) {
        yield piece.subarray(0, Math.min(left, piece.length));
        peak = Math.max(peak, process.memoryUsage.rss());
      }
    }
    const made = await requestor(lane, textOf(small, TAG.sopClass) ?? "");
    const sopClass = textOf(small, TAG.sopClass) ?? "";
    const sopInstance = textOf(small, TAG.sopInstance) ?? "";
    const item = { sopClass, sopInstance, transferSyntax: SYNTAX.explicitLittle, dataset: pieces() };
    expect((await made.store(item)).status).toBe(STATUS.success);
    await until("the scan", WAIT_MS, () => lane.taken.length === 1);
    peak = Math.max(peak, process.memoryUsage.rss());
    console.log(`164 MB object: RSS ${(base / 1e6).toFixed(0)} → peak ${(peak / 1e6).toFixed(0)} MB`);
    expect(peak - base).toBeLessThan(256e6);
    expect(lane.taken[0]?.capture).toMatchObject({ kind: "other", views: [], evidence: [{ view: 0 }] });
    expect(lane.events).toMatchObject([{ code: "IMAGE_UNREADABLE", details: { code: "LYN_DICOM_LIMIT" } }]);
  }, 600_000);
});

function tdrOf(scan: string): DataSet {
  const options: TdrOptions = {
    version: "V03",
    sopInstance: uidOf(`${scan} report`),
    scanUid: uidOf(scan),
    seriesUid: uidOf(`${scan} series`),
    scanId: "1",
    scannedAt: 0,
    createdAt: 0,
    equipment: {
      manufacturer: "Maker",
      model: "Model",
      serial: "SN-1",
      software: "1",
      machineId: "M1",
      location: "Hall",
      address: "Street",
      calibratedAt: 0,
    },
    inspected: { id: "1", authority: "Post", idType: "TEXT", type: "CARGO", massKg: null },
    acquisition: "SUCCESSFUL",
    purpose: "OPERATIONAL",
    type: "MACHINE",
    decision: "CLEAR",
    abort: null,
    algorithm: ["Maker", "1"],
    startedAt: 0,
    decidedAt: 1000,
    images: [],
    frameOfReference: uidOf(`${scan} frame`),
    objects: [],
  };
  return tdrDataSet(options);
}

function withText(set: DataSet, tag: number, text: string): DataSet {
  return replaced(set, tag, new TextEncoder().encode(text.padEnd(text.length + (text.length % 2))));
}

function withNumber(set: DataSet, tag: number, value: number): DataSet {
  return replaced(set, tag, new Uint8Array(Uint16Array.of(value).buffer));
}

function replaced(set: DataSet, tag: number, bytes: Uint8Array): DataSet {
  const elements = set.elements.map((element) =>
    element.tag === tag ? { ...element, value: { kind: "bytes" as const, bytes } } : element,
  );
  return { elements };
}
