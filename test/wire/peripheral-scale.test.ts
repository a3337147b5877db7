import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { SILENT_LOG } from "../../device/log.ts";
import type { Peripheral, Reading } from "../../device/peripheral/port.ts";
import { SCALE_MAX_BAD_LINES } from "../../device/peripheral/scale-dialogue.ts";
import { mtSicsScale } from "../../device/peripheral/scale-mt-sics.ts";
import { openTransport } from "../../device/transport/open.ts";
import { LineDevice, settle, until } from "../fixtures/line-device.ts";
import { serialCable } from "../fixtures/pty.ts";

const device = new LineDevice();
const masses: number[] = [];
let scale: Peripheral;

function open(url: string, replyMs: number): Peripheral {
  const made = mtSicsScale({
    id: "scale",
    transport: openTransport(url),
    clock: () => 1_000_000,
    log: SILENT_LOG,
    backoff: { baseMs: 10, maxMs: 40 },
    replyMs,
  });
  made.onReading((reading: Reading) => {
    if (reading.kind === "mass") masses.push(reading.massKg);
    expect(reading).toMatchObject({ device: "scale", at: 1_000_000, stable: true });
  });
  made.start();
  return made;
}

async function connect(replyMs = 5000): Promise<void> {
  scale = open(`tcp://127.0.0.1:${device.port}`, replyMs);
  await until(() => device.lines.includes("SIR"), "the scale was asked");
}

/** What a scale repeats. */
const S = (state: "S" | "D", kg: number, unit = "kg") =>
  `S ${state} ${kg.toFixed(3).padStart(10)} ${unit}\r\n`;

beforeEach(async () => {
  masses.length = 0;
  device.lines.length = 0;
  device.answer(() => null);
  await device.start();
});
afterEach(async () => {
  await scale.stop();
  await device.stop();
});

describe("MT-SICS scale", () => {
  it("says one stable mass for each item, not each repetition", async () => {
    await connect();
    device.say(S("S", 0) + S("D", 1.1) + S("D", 3.3) + S("S", 3.2).repeat(20) + S("D", 2) + S("S", 0));
    device.say(S("D", 3) + S("S", 3.2).repeat(3)); // the next item weighs the same
    await until(() => masses.length === 2, "two items");
    device.say(S("D", 2) + S("S", 0).repeat(5));
    await settle();
    expect(masses).toEqual([3.2, 3.2]);
  });

  it("reads grams and other units as kilograms", async () => {
    await connect();
    device.say(S("S", 0) + S("S", 1250, "g") + S("S", 0) + S("S", 10, "lb"));
    await until(() => masses.length === 2, "two items");
    expect(masses).toEqual([1.25, 4.5359237]);
  });

  it("does not say what lay on the scale before the link opened", async () => {
    await connect();
    device.say(S("S", 7.5).repeat(5));
    await settle();
    expect(masses).toEqual([]);
    device.say(S("D", 5) + S("S", 4));
    await until(() => masses.length === 1, "the next item");
    expect(masses).toEqual([4]);
  });

  it("takes no mass from motion, overload, underload, busy or errors", async () => {
    await connect();
    device.say(`${S("D", 3)}S +\r\nS -\r\nS I\r\nnonsense\r\nS S 1.0 stone\r\n${"9".repeat(500)}\r\n`);
    device.say(S("S", 2.5));
    await until(() => masses.length === 1, "the stable mass");
    expect(masses).toEqual([2.5]);
  });

  it("asks again after an error", async () => {
    let errors = 2;
    device.answer(() => (errors-- > 0 ? "ET\r\n" : S("S", 0) + S("S", 1.5)));
    await connect(100);
    await until(() => masses.length === 1, "a mass after the errors");
    expect(device.lines.slice(0, 3)).toEqual(["SIR", "SIR", "SIR"]);
    expect(device.connections).toBeGreaterThan(0);
  });

  it("asks a silent scale again, then opens the link anew and asks on", async () => {
    await connect(60);
    const before = device.connections;
    await until(() => scale.link.code === "LYN_LINK_SILENT", "the silence is shown");
    await until(() => device.connections > before, "a new link");
    expect(device.lines.filter((line) => line === "SIR").length).toBeGreaterThanOrEqual(3);
    const asked = device.lines.length;
    await until(() => device.lines.length > asked, "it is asked on the new link");
    device.say(S("S", 0) + S("S", 2));
    await until(() => masses.length === 1, "a mass");
  });

  it("asks again when the scale was reset, and takes nothing that lay there before", async () => {
    await connect();
    let told = 0;
    scale.onNames?.(() => (told += 1));
    device.say(S("S", 0) + S("D", 2) + S("S", 4));
    await until(() => masses.length === 1, "a mass");
    const asked = device.lines.length;
    device.say(`I4 A "B021002593"\r\n`);
    await until(() => device.lines.length > asked, "it is asked again");
    device.say(S("S", 7).repeat(3));
    await settle();
    expect(masses).toEqual([4]);
    device.say(`I4 A "B021002593"\r\n`.repeat(2));
    await settle();
    expect([told, scale.names]).toEqual([1, { vendor: null, model: null, serial: "B021002593" }]);
  });

  it("subscribes again after the scale was switched off and on", async () => {
    await connect();
    await device.stop();
    await until(() => scale.link.state === "absent", "the scale is absent");
    device.lines.length = 0;
    await device.start();
    await until(() => device.lines.includes("SIR"), "it is asked again");
    device.say(S("S", 0) + S("S", 2));
    await until(() => masses.length === 1, "a mass");
  });

  it("gives up a device that speaks something else, and says so", async () => {
    await connect();
    device.say("hello\r\n".repeat(SCALE_MAX_BAD_LINES + 1));
    await until(() => scale.link.code === "LYN_PERIPHERAL_PROTOCOL", "the fault is shown");
  });

  it("weighs over a serial line", async () => {
    const cable = await serialCable();
    scale = open(`serial://${cable.gateway}?baud=9600`, 5000);
    await until(() => scale.link.state === "connected", "the port is open");
    const { open: openFile } = await import("node:fs/promises");
    const file = await openFile(cable.device, "r+");
    const { buffer, bytesRead } = await file.read(new Uint8Array(16));
    expect(new TextDecoder().decode(buffer.subarray(0, bytesRead))).toBe("SIR\r\n");
    await file.write(S("S", 0) + S("S", 12.345));
    await until(() => masses.length === 1, "a mass");
    expect(masses).toEqual([12.345]);
    await file.close();
    await scale.stop();
    await cable.remove();
  });
});
