import { afterEach, describe, expect, it } from "vitest";
import { ModbusConveyor } from "../../device/belt/conveyor.ts";
import { beltMap } from "../../device/belt/map.ts";
import type { BeltSample, BeltState, EyeEdge } from "../../device/belt/port.ts";
import { SILENT_LOG } from "../../device/log.ts";
import { modbusAddress } from "../../device/transport/modbus.ts";
import { PLANT_MAP, PlantController, servePlantSerially } from "../../simulator/plant/controller.ts";
import { Plant } from "../../simulator/plant/plant.ts";
import { until as untilSaid } from "../fixtures/line-device.ts";
import { serialCable } from "../fixtures/pty.ts";

const now = () => performance.now();
const until = (condition: () => boolean) => untilSaid(condition, String(condition));
const ended: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const end of ended.splice(0).reverse()) await end();
});

async function plantAndConveyor(watchdogMs: number | null = null) {
  const layout = {
    eyes: new Map([
      ["eye", 0],
      ["eye2", 300],
    ]),
    diverterMm: 600,
    speedMmS: 1000,
    watchdogMs,
  };
  const plant = new Plant(layout, now());
  const controller = new PlantController({ address: { host: "127.0.0.1", port: 0 }, plant, now });
  const { port } = await controller.start();
  ended.push(() => controller.stop());
  const url = `tcp://127.0.0.1:${port}`;
  const conveyor = new ModbusConveyor({
    id: "plc",
    url,
    ...modbusAddress(url),
    map: beltMap(PLANT_MAP),
    pollMs: 5,
    heartbeatMs: 50,
    clock: Date.now,
    log: SILENT_LOG,
    backoff: { baseMs: 20, maxMs: 50 },
  });
  const heard = { samples: [] as BeltSample[], edges: [] as EyeEdge[], states: [] as BeltState[] };
  conveyor.onBelt((sample) => heard.samples.push(sample));
  conveyor.onEye((edge) => heard.edges.push(edge));
  conveyor.onState((state) => heard.states.push(state));
  conveyor.start();
  ended.push(() => conveyor.stop());
  await until(() => conveyor.link.state === "connected");
  return { plant, controller, conveyor, heard };
}

describe("conveyor over Modbus TCP", () => {
  it("reads belt, eyes and state", async () => {
    const { plant, heard } = await plantAndConveyor();
    await until(() => heard.samples.length > 2);
    plant.place("a", 200, 50);
    await until(() => heard.edges.length >= 4);
    const inOrder = heard.edges.map(({ name, dark }) => `${name} ${dark ? "dark" : "light"}`);
    expect(inOrder).toEqual(["eye dark", "eye light", "eye2 dark", "eye2 light"]);
    expect(heard.samples[0]?.fresh).toBe(true);
    expect(heard.samples.slice(1).every(({ fresh }) => !fresh)).toBe(true);
    expect(heard.states[0]).toEqual({ running: true, emergencyStop: false, reset: null });
    const way = heard.samples.map(({ mm }) => mm);
    expect(way).toEqual(way.toSorted((a, b) => a - b));
  });

  it("stops and diverts, and says what cannot be done", async () => {
    const { plant, controller, conveyor, heard } = await plantAndConveyor();
    await conveyor.set("stop", true);
    await until(() => heard.states.at(-1)?.running === false);
    await conveyor.set("stop", false);
    plant.reset();
    await conveyor.set("divert", true);
    plant.place("a", 100, 0);
    await until(() => plant.diverted.length === 1);
    await controller.stop();
    await until(() => conveyor.link.state === "absent");
    await expect(conveyor.set("stop", true)).rejects.toMatchObject({ code: "LYN_BELT_OUTPUT" });
  });

  it("comes back by itself, and says that what came meanwhile was not seen", async () => {
    const { controller, conveyor, heard } = await plantAndConveyor();
    await until(() => heard.samples.length > 2);
    await controller.stop();
    await until(() => conveyor.link.state === "absent");
    await controller.start();
    await until(() => conveyor.link.state === "connected");
    await until(() => heard.samples.filter(({ fresh }) => fresh).length === 2);
  });

  it("keeps the plant running by its heartbeat; without it the belt stops", async () => {
    const { plant, conveyor } = await plantAndConveyor(300);
    const running = () => {
      plant.advance(now());
      return plant.running;
    };
    await until(() => plant.mm > 500);
    expect(running()).toBe(true);
    await conveyor.stop();
    await until(() => !running());
  });

  it("says that the emergency stop is pressed", async () => {
    const { plant, heard } = await plantAndConveyor();
    plant.pressEmergencyStop(true);
    await until(() => heard.states.at(-1)?.emergencyStop === true);
  });
});

describe("conveyor over Modbus RTU", () => {
  it("reads and writes over a serial line, and survives its unplugging", async () => {
    const cable = await serialCable();
    ended.push(() => cable.remove());
    const layout = { eyes: new Map([["eye", 0]]), diverterMm: 600, speedMmS: 500, watchdogMs: null };
    const plant = new Plant(layout, now());
    let stopServing = await servePlantSerially({ path: cable.device, baud: 115_200, plant, now });
    ended.push(() => stopServing());
    const url = `serial://${cable.gateway}?baud=115200`;
    const conveyor = new ModbusConveyor({
      id: "plc",
      url,
      ...modbusAddress(url),
      map: beltMap(PLANT_MAP),
      pollMs: 5,
      heartbeatMs: 50,
      clock: Date.now,
      log: SILENT_LOG,
      backoff: { baseMs: 20, maxMs: 50 },
    });
    const samples: BeltSample[] = [];
    conveyor.onBelt((sample) => samples.push(sample));
    conveyor.start();
    ended.push(() => conveyor.stop());
    await until(() => samples.length > 5);
    await conveyor.set("stop", true);
    expect(plant.running).toBe(false);
    await stopServing();
    await cable.unplug();
    await until(() => conveyor.link.state === "absent");
    await cable.plug();
    const before = samples.length;
    stopServing = await servePlantSerially({ path: cable.device, baud: 115_200, plant, now });
    // A serial port opens whether or not anybody is at its end: the plant is back when it answers.
    await until(() => samples.length > before);
    expect(conveyor.link.state).toBe("connected");
    await conveyor.set("stop", false);
    plant.reset();
    expect(plant.running).toBe(true);
  });
});
