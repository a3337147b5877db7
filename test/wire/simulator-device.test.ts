import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { expect, it } from "vitest";
import { ModbusConveyor } from "../../device/belt/conveyor.ts";
import { beltMap } from "../../device/belt/map.ts";
import { SILENT_LOG } from "../../device/log.ts";
import { openPeripheral, type PeripheralSpec } from "../../device/peripheral/open.ts";
import type { Reading } from "../../device/peripheral/port.ts";
import { modbusAddress } from "../../device/transport/modbus.ts";
import { openTransport } from "../../device/transport/open.ts";
import { PLANT_MAP } from "../../simulator/plant/controller.ts";
import { until } from "../fixtures/line-device.ts";
import { ROOT } from "../fixtures/project.ts";

const WAIT_MS = 120_000;

/** `simulate device` as a process: what it says, and a way to tell it things. */
async function startDevice(kind: string, args: readonly string[] = []) {
  const command = ["simulate", "device", kind, "--listen", "127.0.0.1:0", ...args];
  const child = spawn(process.execPath, [join(ROOT, "device/bin/lynceus.js"), ...command], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  let output = "";
  child.stdout.on("data", (chunk: Buffer) => {
    output += chunk.toString();
  });
  await until(() => output.includes("\n"), "it listens", WAIT_MS);
  return {
    address: output.split("\n")[0]?.split(" ")[1] ?? "",
    output: () => output,
    tell: (line: string) => child.stdin.write(`${line}\n`),
    stop: async () => {
      const exited = once(child, "exit");
      child.kill("SIGTERM");
      await exited;
    },
  };
}

it.each([
  ["reader", [], { kind: "barcode", protocol: "line" }, "read ]C0RR473124829GB", { kind: "identifier" }],
  ["scale", [], { kind: "scale", protocol: "mt-sics" }, "put 3.2", { kind: "mass", massKg: 3.2 }],
  [
    "scale",
    ["--format", "sma"],
    { kind: "scale", protocol: "profile", profile: "sma" },
    "put 4.5",
    { kind: "mass", massKg: 4.5 },
  ],
  [
    "n42-portal",
    [],
    { kind: "radiation", protocol: "n42" },
    "pass gamma",
    { kind: "radiation", gamma: "alarm", neutron: "normal" },
  ],
  [
    "portal",
    [],
    { kind: "radiation", protocol: "vm250" },
    "pass neutron",
    { kind: "radiation", gamma: "normal", neutron: "alarm" },
  ],
] as const)("a %s runs alone and does what it is told", async (kind, args, spec, told, expected) => {
  const device = await startDevice(kind, args);
  const readings: Reading[] = [];
  const peripheral = openPeripheral({
    ...{ id: "device", clock: Date.now, log: SILENT_LOG, ...spec },
    transport: openTransport(`tcp://${device.address}`),
  } as PeripheralSpec);
  peripheral.onReading((reading) => readings.push(reading));
  peripheral.start();
  await until(() => peripheral.link.state === "connected", "it is connected", WAIT_MS);
  await new Promise((resolve) => setTimeout(resolve, 500));
  device.tell(told);
  // What lay on a scale before it was asked for the first time is not told: another item comes.
  const again = setInterval(() => {
    if (kind === "scale") device.tell("put 0");
    setTimeout(() => device.tell(told), 500);
  }, 5000);
  // A portal that has not yet told its background calls the first item faulty.
  const fits = (reading: Reading) =>
    Object.entries(expected).every(([name, value]) => reading[name as keyof Reading] === value);
  await until(() => readings.some(fits), "such a reading", WAIT_MS);
  clearInterval(again);
  await peripheral.stop();
  await device.stop();
});

it("a scale runs alone with each of its faults, and weighs on when they are over", async () => {
  const device = await startDevice("scale", []);
  const masses: number[] = [];
  const scale = openPeripheral({
    ...{ id: "scale", kind: "scale", protocol: "mt-sics", clock: Date.now, log: SILENT_LOG },
    transport: openTransport(`tcp://${device.address}`),
  });
  const states: string[] = [];
  scale.onLink(({ state }) => states.push(state));
  scale.onReading((reading) => reading.kind === "mass" && masses.push(reading.massKg));
  scale.start();
  await until(() => scale.link.state === "connected", "it is connected", WAIT_MS);
  for (const [index, trouble] of ["over", "under", "moving", "busy", "error", "garbage"].entries()) {
    device.tell(`trouble ${trouble}`);
    device.tell(`put ${90 + index}`);
    await new Promise((resolve) => setTimeout(resolve, 600));
  }
  expect(masses).toEqual([]);
  device.tell("put 0");
  device.tell("trouble none");
  device.tell("reset");
  await new Promise((resolve) => setTimeout(resolve, 600));
  device.tell("cut");
  await until(() => states.includes("absent"), "it is away", WAIT_MS);
  await until(() => scale.link.state === "connected", "it is back", WAIT_MS);
  // What lay there before the scale was asked again is not told: another comes.
  const again = setInterval(() => {
    device.tell("put 0");
    setTimeout(() => device.tell("put 2.5"), 500);
  }, 1500);
  await until(() => masses.length > 0, "it weighs on", WAIT_MS);
  clearInterval(again);
  expect(new Set(masses)).toEqual(new Set([2.5]));
  await scale.stop();
  await device.stop();
});

it("a conveyor runs alone: items pass its eyes, it is stopped, reset and goes away", async () => {
  const device = await startDevice("conveyor");
  const url = `tcp://${device.address}`;
  const conveyor = new ModbusConveyor({
    ...{ id: "plc", url, ...modbusAddress(url), map: beltMap(PLANT_MAP), pollMs: 5, heartbeatMs: 100 },
    ...{ clock: Date.now, log: SILENT_LOG, backoff: { baseMs: 20, maxMs: 50 } },
  });
  const edges: string[] = [];
  const links: string[] = [];
  conveyor.onEye(({ name, dark }) => edges.push(`${name} ${dark}`));
  conveyor.onLink(({ state }) => links.push(state));
  conveyor.start();
  await until(() => conveyor.link.state === "connected", "it is connected", WAIT_MS);
  device.tell("item 300 parcel");
  await until(() => edges.includes("eye false"), "the item passes the eye", WAIT_MS);
  await conveyor.set("stop", true);
  await until(() => device.output().includes("stands"), "it stands", WAIT_MS);
  await conveyor.set("stop", false);
  device.tell("reset");
  await until(() => device.output().includes("runs"), "it runs again", WAIT_MS);
  device.tell("off 200");
  await until(() => links.includes("absent") && links.at(-1) === "connected", "it was away", WAIT_MS);
  await until(() => device.output().includes("passed parcel"), "the item leaves the belt", WAIT_MS);
  await conveyor.stop();
  await device.stop();
});

it("a camera runs alone, and hangs or sends no picture when it is told to", async () => {
  const device = await startDevice("camera");
  const snapshot = async (limitMs = 60_000) => {
    const answer = await fetch(`http://${device.address}/snapshot.jpg`, {
      signal: AbortSignal.timeout(limitMs),
    });
    return new Uint8Array(await answer.arrayBuffer());
  };
  const blank = await snapshot();
  expect([...blank.subarray(0, 2)]).toEqual([0xff, 0xd8]);
  device.tell("show CSQU3054383");
  for (let shown = blank; shown.length === blank.length; ) shown = await snapshot();
  device.tell("trouble garbage");
  for (let shown = blank; shown[0] === 0xff; ) shown = await snapshot();
  device.tell("trouble hang");
  await expect(
    (async () => {
      for (;;) await snapshot(2_000);
    })(),
  ).rejects.toThrow(/timeout/i);
  await device.stop();
});
