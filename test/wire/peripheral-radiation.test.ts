import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { SILENT_LOG } from "../../device/log.ts";
import { openPeripheral, type PeripheralSpec } from "../../device/peripheral/open.ts";
import type { Peripheral, Reading } from "../../device/peripheral/port.ts";
import type { ScannerEvent } from "../../device/scanner/port.ts";
import { openTransport } from "../../device/transport/open.ts";
import { readN42, writeN42 } from "../../protocols/n42/index.ts";
import { AspectDevice } from "../../simulator/peripherals/aspect-portal.ts";
import { ByteServer } from "../../simulator/peripherals/byte-server.ts";
import { Portal } from "../../simulator/peripherals/portal.ts";
import { settle, until } from "../fixtures/line-device.ts";
import { until as untilFound } from "../fixtures/processes.ts";
import { serialCable } from "../fixtures/pty.ts";

const ANY_PORT = { host: "127.0.0.1", port: 0 };
const running: { stop(): Promise<unknown> }[] = [];
afterEach(async () => {
  for (const each of running.splice(0).reverse()) await each.stop();
});

interface Opened {
  readonly portal: Peripheral;
  readonly readings: Extract<Reading, { kind: "radiation" }>[];
  readonly events: ScannerEvent[];
}

function open(url: string, more: Pick<PeripheralSpec, "protocol"> & { unit?: number; n42?: string }): Opened {
  const portal = openPeripheral({
    id: "rpm",
    kind: "radiation",
    transport: openTransport(url),
    clock: Date.now,
    log: SILENT_LOG,
    backoff: { baseMs: 10, maxMs: 40 },
    ...more,
  } as PeripheralSpec);
  const readings: Opened["readings"] = [];
  const events: ScannerEvent[] = [];
  portal.onReading((reading) => reading.kind === "radiation" && readings.push(reading));
  portal.onEvent?.((event) => events.push(event));
  portal.start();
  running.push(portal);
  return { portal, readings, events };
}

async function vm250(n42?: string): Promise<Opened & { device: Portal }> {
  const device = new Portal({ address: ANY_PORT, seed: 3, sliceMs: 5, backgroundMs: 50 });
  const { port } = await device.start();
  running.push(device);
  const opened = open(`tcp://127.0.0.1:${port}`, {
    protocol: "vm250",
    ...(n42 === undefined ? {} : { n42 }),
  });
  await until(
    () => opened.portal.link.state === "connected" && device.clients === 1,
    "the portal is connected",
  );
  await settle(100);
  return { ...opened, device };
}

const NORMAL = { gamma: "normal", neutron: "normal", slices: 8 } as const;

describe("a VM-250-type portal", () => {
  it("gives one reading for each item: normal, gamma alarm with its sigma, neutron alarm, each with its alert", async () => {
    const { device, readings, events } = await vm250();
    await device.pass(NORMAL);
    await device.pass({ ...NORMAL, gamma: "alarm" });
    await device.pass({ ...NORMAL, neutron: "alarm" });
    await until(() => readings.length === 3, "three readings");
    expect(readings.map(({ gamma, neutron }) => `${gamma} ${neutron}`)).toEqual([
      "normal normal",
      "alarm normal",
      "normal alarm",
    ]);
    expect(Math.abs(readings[0]?.sigma ?? 99)).toBeLessThan(7);
    expect(readings[1]?.sigma).toBeGreaterThan(7);
    expect(events.map(({ code, severity }) => `${code} ${severity}`)).toEqual([
      "RADIATION_ALARM critical",
      "RADIATION_ALARM critical",
    ]);
  });

  it("is never normal while it is faulty, says so in an alert, and is normal when that is over", async () => {
    const { portal, device, readings, events } = await vm250();
    device.trouble("gamma-low");
    await until(() => portal.fault !== null, "the fault is shown");
    await device.pass(NORMAL);
    device.trouble("tamper");
    await settle(20);
    await device.pass({ ...NORMAL, neutron: "alarm" });
    device.trouble("none");
    await until(() => portal.fault === null, "the fault is over");
    await device.pass(NORMAL);
    await until(() => readings.length === 3, "three readings");
    expect(readings.map(({ gamma, neutron }) => `${gamma} ${neutron}`)).toEqual([
      "fault normal",
      "fault alarm",
      "normal normal",
    ]);
    expect(readings[0]?.why).toMatch(/too low/);
    expect(readings[2]?.why).toBeNull();
    expect(
      events.map(({ code }) => code).filter((code) => code === "RADIATION_FAULT").length,
    ).toBeGreaterThan(0);
  });

  it("says fault of an item that passes while the cable is pulled or its end is not heard", async () => {
    const { device, readings, portal } = await vm250();
    const passing = device.pass({ ...NORMAL, slices: 40 });
    await settle(60);
    device.cut();
    await passing;
    await until(() => readings.length >= 1 && portal.link.state === "connected", "it is back");
    expect(readings[0]).toMatchObject({ gamma: "fault", neutron: "fault" });
    await settle(150);
    const before = readings.length;
    device.trouble("no-end");
    await device.pass(NORMAL);
    device.trouble("none");
    await until(() => readings.length > before, "the occupancy is closed by the next background");
    expect(readings.at(-1)).toMatchObject({
      gamma: "fault",
      why: expect.stringMatching(/end of the passage/),
    });
  });

  it("counts as lost when it falls silent in the middle of an item", async () => {
    const { device, portal, readings } = await vm250();
    const codes: (string | null)[] = [];
    portal.onLink(({ code }) => codes.push(code));
    const passing = device.pass({ ...NORMAL, slices: 20 });
    await settle(40);
    device.trouble("silent");
    await passing;
    await until(() => codes.includes("LYN_LINK_SILENT"), "the silence is shown");
    expect(readings[0]).toMatchObject({ gamma: "fault", neutron: "fault" });
  });

  it("gives up a device that is no portal, with a code", async () => {
    const { device, portal } = await vm250();
    device.trouble("garbage");
    await until(() => portal.link.code === "LYN_PERIPHERAL_PROTOCOL", "the fault is shown", 20_000);
  });

  it("keeps each occupancy as an N42 document", async () => {
    const folder = await mkdtemp(join(tmpdir(), "lynceus-n42-"));
    const { device } = await vm250(join(folder, "n42"));
    await device.pass({ ...NORMAL, gamma: "alarm" });
    const names = async () =>
      (await readdir(join(folder, "n42")).catch(() => [])).filter((name) => name.endsWith(".n42"));
    const name = await untilFound("the document", 60_000, async () => (await names())[0]);
    const document = readN42(await readFile(join(folder, "n42", name), "utf8"));
    expect(document.alarms.map(({ category }) => category)).toEqual(["Gamma"]);
    expect(document.measurements).toHaveLength(17);
    await rm(folder, { recursive: true });
  });

  it("is read over a serial line", async () => {
    const cable = await serialCable();
    running.push({ stop: () => cable.remove() });
    const { portal, readings } = open(`serial://${cable.gateway}?baud=9600`, { protocol: "vm250" });
    await until(() => portal.link.state === "connected", "the port is open");
    const { open: openFile } = await import("node:fs/promises");
    const file = await openFile(cable.device, "w");
    await file.write(
      "GB,000188,000206,000262,000243\r\nGA,000140,000150,000160,000150\r\nGX,000017,004000\r\n",
    );
    await until(() => readings.length === 1, "a reading");
    expect(readings[0]).toMatchObject({ gamma: "alarm", neutron: null, device: "rpm" });
    await file.close();
  });
});

describe("an Aspect portal over Modbus TCP", () => {
  it("is read by its registers: normal, alarm, fault, an item between two polls, and a cut", async () => {
    const device = new AspectDevice({ address: ANY_PORT });
    const { port } = await device.start();
    let stopped = false;
    running.push({ stop: () => (stopped ? Promise.resolve() : device.stop()) });
    const { portal, readings, events } = open(`tcp://127.0.0.1:${port}`, { protocol: "aspect", unit: 1 });
    await until(() => portal.link.state === "connected", "it is connected");
    await settle(500);
    const item = async (state: Parameters<AspectDevice["set"]>[0], count: number) => {
      const before = readings.length;
      device.set({ occupied: true, ...state });
      await settle(500);
      device.set({
        occupied: false,
        gammaAlarm: false,
        neutronAlarm: false,
        inputs: 0,
        gammaStatus: 0,
        gammaCount: 100,
        objects: count,
      });
      await until(() => readings.length > before, "a reading");
      return readings.at(-1);
    };
    expect(await item({ gammaCount: 150 }, 1)).toMatchObject({
      gamma: "normal",
      neutron: "normal",
      sigma: 5,
    });
    expect(await item({ gammaAlarm: true }, 2)).toMatchObject({ gamma: "alarm", neutron: "normal" });
    expect(await item({ gammaStatus: 0x40 }, 3)).toMatchObject({ gamma: "fault", neutron: "normal" });
    device.set({ objects: 4 });
    await until(() => readings.length === 4, "the item that nobody saw");
    expect(readings[3]).toMatchObject({ gamma: "fault", why: expect.stringMatching(/between two/) });
    expect(events.map(({ code }) => code)).toEqual(["RADIATION_ALARM", "RADIATION_FAULT"]);
    device.set({ occupied: true });
    await settle(500);
    stopped = true;
    await device.stop();
    await until(() => portal.link.state === "absent", "it is absent");
    await until(() => readings.length === 5, "the item that was cut off");
    expect(readings[4]).toMatchObject({ gamma: "fault", neutron: "fault" });
  });
});

describe("a portal that sends N42 documents", () => {
  it("gives a reading for each, and survives what is none", async () => {
    const server = new ByteServer({ address: ANY_PORT });
    const { port } = await server.start();
    running.push(server);
    const { portal, readings } = open(`tcp://127.0.0.1:${port}`, { protocol: "n42" });
    await until(() => portal.link.state === "connected" && server.clients === 1, "it is connected");
    const document = writeN42({
      uuid: "0a91ca36-f473-4319-bef3-134898d15b69",
      writtenAt: 0,
      instrument: { manufacturer: "M", model: "X", identifier: "1" },
      creator: { name: "t", version: "1" },
      sliceMs: 200,
      occupancy: {
        beganAt: 1_000,
        endedAt: 2_000,
        gamma: "normal",
        neutron: "alarm",
        gammaSigma: 1,
        neutronSigma: 9,
        faults: [],
        background: { gamma: 900, neutron: 8 },
        slices: [1_000, 1_200, 1_400, 1_600, 1_800].flatMap((at) => [
          { at, channel: "gamma" as const, counts: [50, 50, 50, 60] },
          { at, channel: "neutron" as const, counts: [5, 5, 5, 5] },
        ]),
      },
    });
    server.broadcast(new TextEncoder().encode(`\u0002not xml\u0003\u0002${document}\u0003`));
    await until(() => readings.length === 2, "two readings");
    expect(readings[0]).toMatchObject({ gamma: "fault", neutron: "fault" });
    expect(readings[1]).toMatchObject({ gamma: "normal", neutron: "alarm" });
    expect(readings[1]?.sigma).toBeGreaterThan(20);
    expect(portal.names).toEqual({ vendor: "M", model: "X", serial: "1" });
  });
});
