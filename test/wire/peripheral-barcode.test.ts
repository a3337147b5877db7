import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Log } from "../../device/log.ts";
import { MAX_LABELS_PER_WINDOW } from "../../device/peripheral/barcode-labels.ts";
import { openPeripheral } from "../../device/peripheral/open.ts";
import type { Peripheral, Reading } from "../../device/peripheral/port.ts";
import { openTransport } from "../../device/transport/open.ts";
import { LineDevice, settle, until } from "../fixtures/line-device.ts";
import { serialCable } from "../fixtures/pty.ts";

const device = new LineDevice();
const readings: Reading[] = [];
const logged: string[] = [];
let reader: Peripheral;

const log: Log = {
  debug: (fields, message) => logged.push(JSON.stringify([fields, message])),
  info: (fields, message) => logged.push(JSON.stringify([fields, message])),
  warn: (fields, message) => logged.push(JSON.stringify([fields, message])),
  error: (fields, message) => logged.push(JSON.stringify([fields, message])),
};

function open(url: string): Peripheral {
  const made = openPeripheral({
    id: "label",
    kind: "barcode",
    protocol: "line",
    transport: openTransport(url),
    clock: () => 1_000_000,
    log,
    backoff: { baseMs: 10, maxMs: 40 },
  });
  made.onReading((reading) => readings.push(reading));
  made.start();
  return made;
}

beforeEach(async () => {
  readings.length = 0;
  logged.length = 0;
  await device.start();
  reader = open(`tcp://127.0.0.1:${device.port}`);
  await until(
    () => reader.link.state === "connected" && device.sockets.length === 1,
    "the reader is connected",
  );
});
afterEach(async () => {
  await reader.stop();
  await device.stop();
});

const values = () =>
  readings.flatMap((reading) =>
    reading.kind === "identifier" ? reading.identifiers.map(({ value }) => value) : [],
  );

describe("barcode reader in line mode", () => {
  it("reads labels with AIM prefix, whatever ends the line and however it is cut", async () => {
    device.say("]C0RR473124829GB\r\n]C0RB1234");
    await settle(20);
    device.say("56785GB\r]C1001061414123");
    await settle(20);
    device.say("45678908\n\r\n\n");
    await until(() => readings.length === 3, "three readings");
    expect(readings[0]).toEqual({
      kind: "identifier",
      device: "label",
      at: 1_000_000,
      identifiers: [
        { scheme: "S10", value: "RR473124829GB", checkOk: true, source: "barcode", confidence: 1 },
      ],
    });
    expect(values()).toEqual(["RR473124829GB", "RB123456785GB", "106141412345678908"]);
  });

  it("keeps an identifier with a wrong check digit, marked and of low confidence", async () => {
    device.say("]C0RR473124820GB\r\n");
    await until(() => readings.length === 1, "a reading");
    expect(readings[0]).toMatchObject({
      identifiers: [{ value: "RR473124820GB", checkOk: false, confidence: 0.5 }],
    });
  });

  it("drops lines that are too long, and label text that is no identifier, and logs neither", async () => {
    device.say(`]C0${"A1".repeat(400)}\r\n`);
    device.say("]Q1Mr. Adam Smith, 12 High Street, Anytown\r\n");
    device.say("]C0RR473124829GB\r\n");
    await until(() => readings.length === 1, "the good label");
    expect(logged.join("\n")).not.toMatch(/Smith|A1A1|RR4731/);
    expect(logged.join("\n")).toMatch(/too long/);
    expect(logged.join("\n")).toMatch(/without an identifier/);
  });

  it("survives bytes of no meaning", async () => {
    device.say(String.fromCharCode(...Array.from({ length: 2000 }, (_, index) => (index * 37) & 0xff)));
    device.say("\r\n]C0RR473124829GB\r\n");
    await until(() => values().includes("RR473124829GB"), "the good label");
  });

  it("passes a bounded number of labels a second; a flood is its fault, and told once", async () => {
    const told: string[] = [];
    reader.onEvent?.(({ code, details }) => told.push(`${code} ${details["device"]}`));
    expect(reader.fault).toBeNull();
    device.say("]C0RR473124829GB\r\n".repeat(1000));
    await until(() => readings.length >= MAX_LABELS_PER_WINDOW, "the bound is reached");
    await until(() => reader.fault !== null, "the flood is a fault");
    expect(reader.fault).toBe("the reader sends more than 100 labels a second");
    expect(readings).toHaveLength(MAX_LABELS_PER_WINDOW);
    device.say("no label\r\n".repeat(200));
    await settle();
    expect(told).toEqual(["READER_FLOOD label"]);
    await until(() => reader.fault === null, "the flood is over");
  });

  it("is absent while the reader is gone, and reads again when it is back; a torn label is not joined", async () => {
    const states: string[] = [];
    reader.onLink(({ state, code }) => states.push(`${state} ${code}`));
    device.say("]C0RR47312");
    await settle(20);
    await device.stop();
    await until(() => reader.link.code === "ECONNREFUSED", "the refusal is shown");
    await device.start();
    await until(() => reader.link.state === "connected" && device.sockets.length === 1, "the reader is back");
    device.say("4829GB\r\n]C0RR473124829GB\r\n");
    await until(() => values().includes("RR473124829GB"), "the good label");
    expect(values().filter((value) => value.startsWith("RR"))).toEqual(["RR473124829GB"]);
    expect(states).toEqual(["absent LYN_LINK_ENDED", "absent ECONNREFUSED", "connected null"]);
  });

  it("reads over a serial line", async () => {
    const cable = await serialCable();
    const serial = open(`serial://${cable.gateway}?baud=9600`);
    await until(() => serial.link.state === "connected", "the port is open");
    const { open: openFile } = await import("node:fs/promises");
    const file = await openFile(cable.device, "w");
    await file.write("]C0RR473124829GB\r\n");
    await until(() => readings.length === 1, "a reading");
    await file.close();
    await serial.stop();
    await cable.remove();
  });
});
