import { once } from "node:events";
import { createServer, type Server, type Socket } from "node:net";
import { SerialPort } from "serialport";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import type { ScanEnded, ScanLost } from "../../device/scanner/port.ts";
import { type CaptureRig, captureRig, type SpoolRig, spoolRig } from "../fixtures/capture-rig.ts";
import { helloOf, LineScanPeer, scanOf, sendScan } from "../fixtures/line-scan-peer.ts";
import { freePort } from "../fixtures/processes.ts";
import { serialCable } from "../fixtures/pty.ts";

const TIMINGS = { heartbeatMs: 60, silenceMs: 400, unfinishedMs: 150, helloMs: 400 };

let disk: SpoolRig;
let rig: CaptureRig;
const peers: LineScanPeer[] = [];
beforeAll(async () => {
  disk = await spoolRig();
});
afterAll(() => disk.stop());
afterEach(async () => {
  for (const peer of peers.splice(0)) peer.close();
  await rig.stop();
});

async function connect(): Promise<LineScanPeer> {
  const peer = await LineScanPeer.connect(await rig.port());
  peers.push(peer);
  return peer;
}

describe("line-scan: links", () => {
  it("greets a scanner and shows it as idle, scanning, idle, absent", async () => {
    rig = await captureRig(disk.spool, {});
    const states: string[] = [];
    rig.driver.onState(({ state, code }) => states.push(code === null ? state : `${state} ${code}`));
    const peer = await connect();
    const ack = await peer.hello();
    expect(ack).toMatchObject({ protocol: 1, credit: 6 });
    await sendScan(peer, { lines: 8 });
    await peer.expect("ACK");
    peer.close();
    await rig.until(() => rig.driver.state.state === "absent", "the scanner is absent");
    expect(states).toEqual(["absent NO_HELLO", "idle", "scanning", "idle", "absent LYN_LINK_ENDED"]);
  });

  it.each([
    ["another protocol version", helloOf({ protocol: 2 }), "UNSUPPORTED_PROTOCOL"],
    ["a serial number that is not allowed", helloOf({ serial: "SN-X" }), "UNKNOWN_SERIAL"],
    ["a HELLO that cannot be read", { ...helloOf(), views: [] }, "UNSUPPORTED_PROTOCOL"],
    [
      "nine views",
      { ...helloOf(), views: Array.from({ length: 9 }, (_, view) => ({ ...helloOf().views[0]!, view })) },
      "UNSUPPORTED_PROTOCOL",
    ],
  ])("refuses %s, closes, and shows the fault until a scanner is accepted", async (_, hello, code) => {
    rig = await captureRig(disk.spool, { serials: ["SN-1"] });
    const peer = await connect();
    await peer.send("HELLO", hello);
    expect(await peer.expect("NAK")).toMatchObject({ code });
    await peer.closed();
    expect(rig.driver.state).toMatchObject({ state: "fault", code });
    expect(rig.events).toMatchObject([{ code: "SCANNER_REFUSED" }]);
    await (await connect()).hello();
    expect(rig.driver.state.state).toBe("idle");
  });

  it("turns a second scanner away with LANE_BUSY and keeps the first", async () => {
    rig = await captureRig(disk.spool, {});
    const first = await connect();
    await first.hello();
    const second = await connect();
    await second.send("HELLO", helloOf({ serial: "SN-2" }));
    expect(await second.expect("NAK")).toMatchObject({ code: "LANE_BUSY" });
    await second.closed();
    await sendScan(first);
    await first.expect("ACK");
  });

  it("closes peers whose address is not allowed", async () => {
    rig = await captureRig(disk.spool, { from: ["10.0.0.0/8"] });
    await (await connect()).closed();
    expect(rig.driver.state.state).toBe("absent");
  });

  it("lets a peer go that says no HELLO, however much else it says", async () => {
    rig = await captureRig(disk.spool, { timings: TIMINGS });
    const peer = await connect();
    let turn = 0;
    const noise = setInterval(() => {
      turn += 1;
      // Good frames, too: a peer that is never silent is no scanner either.
      if (turn % 2 === 0) void peer.raw(Buffer.from("LXS0 LXS1 noise"));
      else void peer.send("HEARTBEAT", { at: new Date().toISOString(), timestampNs: "1", encoder: turn });
    }, 20);
    await peer.closed();
    clearInterval(noise);
    await rig.until(() => rig.driver.state.code === "LYN_LINK_SILENT", "the silence is shown");
    expect(rig.driver.state.state).toBe("absent");
  });

  it("sends heartbeats, and holds a link that only sends heartbeats", async () => {
    rig = await captureRig(disk.spool, { timings: TIMINGS });
    const peer = await connect();
    await peer.hello();
    for (let n = 0; n < 8; n++) {
      await peer.send("HEARTBEAT", { at: new Date().toISOString(), timestampNs: "1", encoder: n });
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    expect(peer.ended).toBe(false);
    const beat = await peer.expect("HEARTBEAT");
    expect(Date.parse(beat.at)).not.toBeNaN();
    expect(beat.timestampNs).toBeTypeOf("number");
    expect(peer.count("HEARTBEAT")).toBeGreaterThan(3);
  });

  it("gives up a half-open link after silence, drops the open scan and takes it again", async () => {
    rig = await captureRig(disk.spool, { timings: TIMINGS });
    const lost: ScanLost[] = [];
    const ended: ScanEnded[] = [];
    rig.driver.onScanLost((loss) => lost.push(loss));
    rig.driver.onScanEnd((end) => ended.push(end));
    const silentPeer = await connect();
    await silentPeer.hello();
    const startedAt = new Date().toISOString();
    const cut = scanOf(silentPeer, { startedAt });
    await silentPeer.raw(cut.start(), cut.block(0, 0));
    await silentPeer.closed();
    await rig.until(() => rig.driver.state.code === "LYN_LINK_SILENT", "the silence is shown");
    expect(lost).toHaveLength(1);
    expect(lost[0]!.beganAt).not.toBeNull();
    const peer = await connect();
    await peer.hello();
    await sendScan(peer, { startedAt });
    await peer.expect("ACK");
    expect(rig.taken).toHaveLength(1);
    expect(ended).toMatchObject([
      { beganAt: rig.taken[0]!.capture.beganAt, capturedAt: rig.taken[0]!.capture.capturedAt },
    ]);
  });

  it("acknowledges over the next connection what became durable after the link was lost", async () => {
    rig = await captureRig(disk.spool, { timings: TIMINGS });
    const peer = await connect();
    await peer.hello();
    rig.hold();
    const startedAt = new Date().toISOString();
    await sendScan(peer, { startedAt });
    await new Promise((resolve) => setTimeout(resolve, 100));
    peer.close();
    const next = await connect();
    await next.hello();
    await sendScan(next, { scan: 9, startedAt });
    rig.resume();
    expect(await next.expect("ACK")).toMatchObject({ scanRef: "R-1" });
    expect(rig.taken).toHaveLength(1);
  });

  it("puts the end of a re-sent scan where it was on the gateway's clock, though the scanner's is an hour off", async () => {
    rig = await captureRig(disk.spool, {});
    const peer = await connect();
    await peer.hello();
    const scannerNow = () => Date.now() - 3_600_000;
    await peer.send("HEARTBEAT", { at: new Date(scannerNow()).toISOString() });
    const live = scanOf(peer, {
      scan: 1,
      scanRef: "live",
      lines: 8,
      startedAt: new Date(scannerNow()).toISOString(),
    });
    const endedAt = new Date(scannerNow()).toISOString();
    await peer.raw(live.start(), live.block(0, 0), live.block(1, 0), live.end({ endedAt }));
    await peer.expect("ACK");
    const old = scanOf(peer, {
      scan: 2,
      scanRef: "old",
      lines: 8,
      startedAt: new Date(scannerNow() - 60_000).toISOString(),
    });
    await peer.raw(
      old.start(),
      old.block(0, 0),
      old.block(1, 0),
      old.end({ endedAt: new Date(scannerNow() - 58_000).toISOString() }),
    );
    await peer.expect("ACK");
    const [first, second] = rig.taken.map(({ capture }) => capture.receivedAt - capture.capturedAt);
    // A busy machine may be late with either.
    expect(first).toBeLessThan(30_000);
    expect(second).toBeGreaterThan(57_000);
    expect(second).toBeLessThan(90_000);
  });

  it("reports an old calibration and the emergency stop", async () => {
    rig = await captureRig(disk.spool, { maxCalibrationAgeMs: 3_600_000 });
    const peer = await connect();
    await peer.hello({ airAt: new Date(Date.now() - 2 * 3_600_000).toISOString() });
    const at = new Date().toISOString();
    for (const state of ["pressed", "pressed"]) await peer.send("EVENT", { kind: "estop", state, at });
    await rig.until(() => rig.driver.state.code === "ESTOP", "the stop is seen");
    await peer.send("EVENT", { kind: "estop", state: "released", at });
    await rig.until(() => rig.driver.state.state === "idle", "the release is seen");
    expect(rig.events.map(({ code }) => code)).toEqual(["CALIBRATION_OLD", "SCANNER_ESTOP"]);
  });

  it("keeps trying a scanner that is absent, says why, and takes it when it comes", async () => {
    const port = await freePort();
    rig = await captureRig(disk.spool, { url: `tcp://127.0.0.1:${port}` });
    await rig.until(() => rig.driver.state.code === "ECONNREFUSED", "the refusal is shown");
    expect(rig.driver.state.state).toBe("absent");
    const server = createServer();
    server.listen(port, "127.0.0.1");
    const [socket] = (await once(server, "connection")) as [Socket];
    const peer = new LineScanPeer(socket);
    peers.push(peer);
    await peer.hello();
    await sendScan(peer);
    await peer.expect("ACK");
    peer.close();
    const [again] = (await once(server, "connection")) as [Socket];
    const back = new LineScanPeer(again);
    peers.push(back);
    await back.hello();
    back.close();
    await rig.driver.stop();
    await closeServer(server);
  });

  it("stops promptly while a scanner is connected, while one is absent, and while a capture waits", async () => {
    rig = await captureRig(disk.spool, {});
    const peer = await connect();
    await peer.hello();
    rig.hold();
    await sendScan(peer, { scan: 1, scanRef: "R-1" });
    await sendScan(peer, { scan: 2, scanRef: "R-2" });
    await new Promise((resolve) => setTimeout(resolve, 100));
    const began = performance.now();
    await rig.driver.stop();
    expect(performance.now() - began).toBeLessThan(10_000);
    await peer.closed();
  });

  it("over a serial line: a new HELLO begins a new conversation, and a cable is unplugged and plugged", async () => {
    const cable = await serialCable();
    rig = await captureRig(disk.spool, { url: `serial://${cable.gateway}?baud=921600` });
    const open = async () => {
      const port = new SerialPort({ path: cable.device, baudRate: 921_600, hupcl: false, autoOpen: false });
      await new Promise<void>((resolve, reject) => port.open((error) => (error ? reject(error) : resolve())));
      return new LineScanPeer(port);
    };
    const settled = () => rig.until(() => rig.driver.state.code === "NO_HELLO", "the port is open");
    await settled();
    const peer = await open();
    await peer.hello();
    const cut = scanOf(peer, { scan: 1 });
    await peer.raw(cut.start(), cut.block(0, 0));
    peer.sequence = 0; // the scanner was switched off and on
    await peer.hello();
    await sendScan(peer, { scan: 1, startedAt: cut.startedAt });
    await peer.expect("ACK");
    expect(peer.count("NAK")).toBe(0);
    await cable.unplug();
    await rig.until(() => rig.driver.state.state === "absent", "the port is gone");
    await cable.plug();
    await settled();
    const back = await open();
    await back.hello();
    expect(rig.driver.state.state).toBe("idle");
    await new Promise<void>((resolve) => (back.stream as SerialPort).close(() => resolve()));
    await rig.driver.stop();
    await cable.remove();
  });
});

function closeServer(server: Server): Promise<void> {
  return new Promise((resolve) => server.close(() => resolve()));
}
