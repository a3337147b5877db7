import { afterEach, describe, expect, it } from "vitest";
import { SILENT_LOG } from "../../device/log.ts";
import { openPeripheral } from "../../device/peripheral/open.ts";
import type { Peripheral, Reading } from "../../device/peripheral/port.ts";
import { SCALE_MAX_BAD_LINES } from "../../device/peripheral/scale-dialogue.ts";
import { profileScale } from "../../device/peripheral/scale-profile.ts";
import { openTransport } from "../../device/transport/open.ts";
import { ProfileScale, SCALE_FORMATS, type ScaleFormat } from "../../simulator/peripherals/profile-scale.ts";
import { settle, until } from "../fixtures/line-device.ts";
import { serialCable } from "../fixtures/pty.ts";

const running: { stop(): Promise<void> }[] = [];
afterEach(async () => {
  for (const each of running.splice(0).reverse()) await each.stop();
});

interface Rig {
  readonly device: ProfileScale;
  readonly scale: Peripheral;
  readonly masses: Extract<Reading, { kind: "mass" }>[];
}

async function rig(format: ScaleFormat, replyMs = 3000): Promise<Rig> {
  const device = new ProfileScale({ address: { host: "127.0.0.1", port: 0 }, seed: 1, format });
  const { port } = await device.start();
  const masses: Rig["masses"] = [];
  const scale = profileScale({
    id: "scale",
    profile: format,
    transport: openTransport(`tcp://127.0.0.1:${port}`),
    clock: () => 1_000_000,
    log: SILENT_LOG,
    backoff: { baseMs: 10, maxMs: 40 },
    replyMs,
  });
  scale.onReading((reading) => reading.kind === "mass" && masses.push(reading));
  scale.start();
  running.push(device, scale);
  await until(() => device.clients === 1, "the gateway is connected");
  await settle(250);
  return { device, scale, masses };
}

describe("a scale by its profile", () => {
  it.each(SCALE_FORMATS)("says the stable mass of each item once, its raw line kept: %s", async (format) => {
    const { device, masses } = await rig(format);
    device.put(3.217);
    await until(() => masses.length === 1, "the first mass");
    device.put(0);
    await settle(500);
    device.put(12.5);
    await until(() => masses.length === 2, "the second mass");
    expect(masses.map(({ massKg, stable }) => [massKg, stable])).toEqual([
      [3.217, true],
      [12.5, true],
    ]);
    expect(masses[0]?.raw?.replaceAll(/[^\d]/g, "")).toContain("3217");
    device.put(61);
    await settle(500);
    expect(masses).toHaveLength(2);
  });

  it("shows a fault of the scale, and that it is over", async () => {
    const { device, scale, masses } = await rig("and-standard");
    expect(scale.fault).toBeNull();
    device.trouble("fault");
    await until(() => scale.fault !== null, "the fault is shown");
    device.put(5);
    await settle(500);
    expect(masses).toEqual([]);
    device.trouble("none");
    await until(() => scale.fault === null, "the fault is over");
  });

  it("is red while the cable is pulled, and weighs on", async () => {
    const { device, scale, masses } = await rig("sma");
    const states: string[] = [];
    scale.onLink(({ state }) => states.push(state));
    device.cut();
    await until(() => states.length >= 2, "gone and back");
    expect(states.slice(0, 2)).toEqual(["absent", "connected"]);
    await settle(250);
    device.put(2);
    await until(() => masses.length === 1, "a mass");
  });

  it("gives up a silent scale, and one that speaks something else, with a code", async () => {
    const { device, scale } = await rig("sma", 60);
    device.trouble("silent");
    await until(() => scale.link.code === "LYN_LINK_SILENT", "the silence is shown");
    device.trouble("garbage");
    const other = await rig("and-standard");
    other.device.trouble("garbage");
    await until(
      () => other.scale.link.code === "LYN_PERIPHERAL_PROTOCOL",
      `${SCALE_MAX_BAD_LINES} bad lines`,
    );
  });

  it("weighs over a serial line with a profile of the configuration", async () => {
    const cable = await serialCable();
    const masses: number[] = [];
    const scale = openPeripheral({
      id: "scale",
      kind: "scale",
      protocol: "profile",
      profile: {
        mode: "polled",
        poll: { command: "\u0005", everyMs: 50 },
        end: [13],
        ignore: 0,
        value: { at: 1, length: 8, decimalComma: false },
        decimals: 3,
        unit: "kg",
        states: [{ at: 0, text: "S", means: "stable" }],
      },
      transport: openTransport(`serial://${cable.gateway}?baud=4800&bits=7&parity=even`),
      clock: () => 1,
      log: SILENT_LOG,
    });
    scale.onReading((reading) => reading.kind === "mass" && masses.push(reading.massKg));
    scale.start();
    running.push({ stop: () => cable.remove() }, scale);
    await until(() => scale.link.state === "connected", "the port is open");
    const { open } = await import("node:fs/promises");
    const file = await open(cable.device, "r+");
    const { buffer, bytesRead } = await file.read(new Uint8Array(1));
    expect([...buffer.subarray(0, bytesRead)]).toEqual([5]);
    await file.write("S00000000\rD00001000\rS00001250\r");
    await until(() => masses.length === 1, "a mass");
    expect(masses).toEqual([1.25]);
    await file.close();
  });
});
