import { once } from "node:events";
import { readdir } from "node:fs/promises";
import { connect, type Socket } from "node:net";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { DICOM_DRIVER_LIMITS } from "../../device/scanner/dicom/options.ts";
import { STATUS } from "../../protocols/dicom/net/command.ts";
import { NET_LIMITS } from "../../protocols/dicom/net/limits.ts";
import { encodeAssociateRequest, PDU } from "../../protocols/dicom/net/pdu.ts";
import { Requestor } from "../../protocols/dicom/net/requestor.ts";
import { DICOM_APPLICATION_CONTEXT, SOP_CLASS, SYNTAX } from "../../protocols/dicom/uids.ts";
import { encodeDataSet } from "../../protocols/dicom/writer.ts";
import { dxOf, uidOf } from "../fixtures/dicom.ts";
import { type DicomLane, dicomLane } from "../fixtures/dicom-lane.ts";
import { until } from "../fixtures/processes.ts";

const OWN = { implementationClass: "2.25.1", implementationVersion: "TEST" };
const CONTEXTS: readonly { abstractSyntax: string; transferSyntaxes: readonly string[] }[] = [
  { abstractSyntax: SOP_CLASS.dicosDxProcessing, transferSyntaxes: [SYNTAX.explicitLittle] },
];
const REQUEST = encodeAssociateRequest({
  called: "LYNCEUS",
  calling: "TEST",
  applicationContext: DICOM_APPLICATION_CONTEXT,
  contexts: [{ id: 1, ...CONTEXTS[0]! }],
  maxPdu: 16_384,
  ...OWN,
});

describe("a lane among hostile and broken peers", () => {
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
  async function dial(lane: DicomLane): Promise<Socket> {
    const socket = connect({ host: "127.0.0.1", port: lane.port, noDelay: true });
    socket.on("error", () => undefined);
    sockets.push(socket);
    await once(socket, "connect");
    return socket;
  }
  /** A requesting side on a new link; `chunk`: bytes written at once. */
  async function requestor(lane: DicomLane, chunk = Infinity, contexts: typeof CONTEXTS = CONTEXTS) {
    const socket = await dial(lane);
    const write = async (bytes: Uint8Array) => {
      for (let at = 0; at < bytes.length; at += chunk) {
        const piece = bytes.subarray(at, at + chunk);
        if (at + chunk < bytes.length) socket.write(piece);
        else await new Promise<void>((resolve) => socket.write(piece, () => resolve()));
      }
    };
    const made = new Requestor({
      link: { source: socket, write },
      called: "LYNCEUS",
      calling: "TEST",
      contexts,
      ...OWN,
    });
    await made.associate();
    return { made, socket };
  }
  const itemOf = (scan: string, more: Parameters<typeof dxOf>[1] = {}) => {
    const dataset = encodeDataSet(
      dxOf(scan, { energy: "single", energies: { number: 0, count: 1 }, ...more }),
      {
        explicit: true,
      },
    );
    const { view = { number: 0 } } = more;
    const sopInstance = uidOf(`${scan} ${view.number} single instance`);
    return {
      sopClass: SOP_CLASS.dicosDxProcessing,
      sopInstance,
      transferSyntax: SYNTAX.explicitLittle,
      dataset,
    };
  };
  async function store(lane: DicomLane, scan: string): Promise<number> {
    const { made, socket } = await requestor(lane);
    const { dataset, ...item } = itemOf(scan);
    const { status } = await made.store({ ...item, dataset: [dataset] });
    await made.release();
    socket.end();
    return status;
  }
  /** Whether a lane of little patience took it: a busy machine is told that it came too late. */
  const isTaken = (lane: DicomLane, scan: string): Promise<boolean> =>
    store(lane, scan).then(
      (status) => status === STATUS.success,
      () => false,
    );
  /** What came back on a raw link until it was closed. */
  async function answerTo(lane: DicomLane, bytes: Uint8Array): Promise<Buffer> {
    const socket = await dial(lane);
    const chunks: Buffer[] = [];
    socket.on("data", (chunk) => chunks.push(chunk));
    socket.write(bytes);
    await once(socket, "close");
    return Buffer.concat(chunks);
  }

  it("aborts a PDU that claims 4 GiB, and one of no known type, and closes", async () => {
    const lane = await open();
    const huge = Uint8Array.of(PDU.data, 0, 0xff, 0xff, 0xff, 0xff);
    const answer = await answerTo(lane, Buffer.concat([REQUEST, huge]));
    expect(answer[answer.length - 10]).toBe(PDU.abort);
    expect((await answerTo(lane, Uint8Array.of(PDU.associateRequest, 0, 0x7f, 0xff, 0xff, 0xff)))[0]).toBe(
      PDU.abort,
    );
    expect((await answerTo(lane, Uint8Array.of(99, 0, 0, 0, 0, 1)))[0]).toBe(PDU.abort);
    expect((await answerTo(lane, Uint8Array.of(PDU.data, 0, 0, 0, 0, 6, 0, 0, 0, 2, 1, 3)))[0]).toBe(
      PDU.abort,
    );
    expect(await store(lane, "after")).toBe(STATUS.success);
  });

  it("takes an object that comes byte by byte", async () => {
    const lane = await open();
    const { made } = await requestor(lane, 1);
    const { dataset, ...item } = itemOf("bytes", { width: 24, height: 16 });
    const one = Array.from(dataset, (_, at) => dataset.subarray(at, at + 1));
    expect(await made.store({ ...item, dataset: one })).toMatchObject({ status: STATUS.success });
    await until("the scan", 20_000, () => lane.taken.length === 1);
  });

  it("leaves nothing of an object whose sender goes away, aborts or falls silent", async () => {
    const lane = await open({ timings: { idleMs: 300 } });
    const { dataset, ...item } = itemOf("torn");
    for (const end of ["destroy", "abort", "silence"] as const) {
      const { made, socket } = await requestor(lane);
      async function* half() {
        yield dataset.subarray(0, 4000);
        // A machine that is busy may cut the link for its silence first.
        const begun = async () => socket.closed || (await readdir(join(lane.inbox, "incoming"))).length > 0;
        await until("a file", 10_000, begun);
        if (end === "destroy") socket.destroy();
        if (end === "abort" && !socket.closed) await made.abort();
        if (!socket.closed) await once(socket, "close");
      }
      await expect(made.store({ ...item, dataset: half() })).rejects.toThrow();
      await until("no file", 10_000, async () => (await readdir(join(lane.inbox, "incoming"))).length === 0);
    }
    expect(lane.taken).toEqual([]);
    await until("the whole", 10_000, () => isTaken(lane, "torn"));
  });

  it("cuts links that never ask for an association", async () => {
    const lane = await open({ timings: { requestMs: 200 } });
    const socket = await dial(lane);
    socket.resume();
    await once(socket, "close");
    await until("one that asks", 10_000, () => isTaken(lane, "later"));
  });

  it("serves 100 associations at once, and turns away more than its bound as busy", async () => {
    const lane = await open();
    const all = await Promise.all(Array.from({ length: 100 }, () => requestor(lane)));
    const results = await Promise.all(
      all.map(async ({ made }, index) => {
        const { dataset, ...item } = itemOf(`crowd ${index}`, { width: 16, height: 16 });
        return (await made.store({ ...item, dataset: [dataset] })).status;
      }),
    );
    expect(new Set(results)).toEqual(new Set([STATUS.success]));
    const idle = DICOM_DRIVER_LIMITS.maxAssociations - all.length;
    await Promise.all(Array.from({ length: idle }, () => requestor(lane)));
    await expect(requestor(lane)).rejects.toMatchObject({ code: "LYN_DICOM_ASSOCIATION" });
  });

  it("answers what it does not take with the status that says why", async () => {
    const lane = await open();
    const two = [
      ...CONTEXTS,
      { abstractSyntax: SOP_CLASS.dicosCt, transferSyntaxes: [SYNTAX.explicitLittle] },
    ];
    const { made } = await requestor(lane, Infinity, two);
    const { dataset, ...item } = itemOf("wrong");
    const status = async (more: object, bytes: Uint8Array = dataset) =>
      (await made.store({ ...item, ...more, dataset: [bytes] })).status;
    // A DX object in the context of CT, an instance that the data set does not have, and what is no data set.
    expect(await status({ sopClass: SOP_CLASS.dicosCt })).toBe(STATUS.mismatch);
    expect(await status({ sopInstance: "1.2.3" })).toBe(STATUS.mismatch);
    expect(await status({ sopInstance: "1.2.4" }, Buffer.from("this is no data set at all, but text"))).toBe(
      STATUS.cannotUnderstand,
    );
    expect(await status({ sopInstance: item.sopInstance }, dataset.subarray(0, dataset.length - 100))).toBe(
      STATUS.cannotUnderstand,
    );
    await expect(made.action({ ...item, actionType: 1, dataset })).resolves.toMatchObject({ status: 0x0211 });
    expect(await status({})).toBe(STATUS.success);
    expect(await readdir(join(lane.inbox, "incoming"))).toEqual([]);
  });

  it("refuses a command set without end, and peers at addresses that are not allowed", async () => {
    const lane = await open();
    const { made, socket } = await requestor(lane);
    const endless = Buffer.alloc(NET_LIMITS.maxCommandBytes + 1);
    const header = Buffer.from([4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1]);
    header.writeUInt32BE(endless.length + 6, 2);
    header.writeUInt32BE(endless.length + 2, 6);
    socket.write(Buffer.concat([header, endless]));
    await expect(made.echo()).rejects.toThrow();
    const closed = await open({ from: ["10.1.2.3"] });
    await expect(requestor(closed)).rejects.toThrow();
  });

  it("keeps its memory while an object of 1 GiB streams in, and keeps nothing of one that is over the bound", async () => {
    const bytes = 1 << 30;
    const lane = await open({ maxScanBytes: 2e9, timings: { joinMs: 200 } });
    const { made } = await requestor(lane);
    const { dataset, ...item } = itemOf("giant", { width: 16, height: 16 });
    const head = dataset.slice(0, dataset.length - 512);
    new DataView(head.buffer, head.byteOffset).setUint32(head.length - 4, bytes, true);
    const piece = new Uint8Array(1 << 20);
    async function* giant() {
      yield head;
      for (let sent = 0; sent < bytes; sent += piece.length) {
        yield piece;
        peak = Math.max(peak, process.memoryUsage.rss());
      }
    }
    const base = process.memoryUsage.rss();
    let peak = base;
    const began = performance.now();
    expect((await made.store({ ...item, dataset: giant() })).status).toBe(STATUS.success);
    const seconds = (performance.now() - began) / 1000;
    console.log(
      `1 GiB object: ${seconds.toFixed(1)} s, RSS ${(base / 1e6).toFixed(0)} → peak ${(peak / 1e6).toFixed(0)} MB`,
    );
    expect(peak - base).toBeLessThan(256e6);
    await until("the scan", 60_000, () => lane.taken.length === 1);
    const small = await open({ maxScanBytes: 512e6 });
    const second = await requestor(small);
    expect((await second.made.store({ ...item, dataset: giant() })).status).toBe(STATUS.outOfResources);
    expect(await readdir(join(small.inbox, "incoming"))).toEqual([]);
    expect(await readdir(join(small.inbox, "objects"))).toEqual([]);
  }, 600_000);
});
