import { afterEach, expect, test } from "vitest";
import { probePeripheral } from "../../device/cli/doctor/devices.ts";
import { parseConfig } from "../../device/config/load.ts";
import { PlantController } from "../../simulator/plant/controller.ts";
import { Plant } from "../../simulator/plant/plant.ts";
import { LineDevice } from "../fixtures/line-device.ts";

const running: { stop(): unknown }[] = [];
afterEach(async () => {
  for (const each of running.splice(0)) await each.stop();
});

/** What the doctor says of a plant at a port, as a configuration file names it. */
async function probe(port: number) {
  const text = `
schema: lynceus-config/1
gateway: { site: NLRTM-EX, id: gw-01 }
broker: { url: "mqtt://127.0.0.1:1883" }
spool: { path: spool }
lanes:
  - id: lane-1
    scanner: { driver: folder, path: scans }
    peripherals:
      - { id: plc, kind: conveyor, protocol: modbus, transport: "tcp://127.0.0.1:${port}?unit=1", map: { stop: { coil: 1 }, eye: { input: 1 } } }
`;
  const plc = parseConfig(text, "/etc/lynceus.yaml").lanes[0]?.peripherals[0];
  if (plc === undefined) throw new Error("no plant in the configuration");
  return probePeripheral("plc", plc);
}

test("a plant whose URL names its unit is valid, and sound when it answers a read", async () => {
  const now = () => performance.now();
  const layout = { eyes: new Map([["eye", 0]]), diverterMm: 600, speedMmS: 100, watchdogMs: null };
  const plant = new Plant(layout, now());
  const controller = new PlantController({ address: { host: "127.0.0.1", port: 0 }, plant, now });
  running.push(controller);
  const { port } = await controller.start();
  expect(await probe(port)).toMatchObject({ state: "ok" });
});

test("a port that is open and speaks no Modbus is a fault", async () => {
  const mute = new LineDevice();
  await mute.start();
  running.push(mute);
  expect(await probe(mute.port)).toMatchObject({ state: "fault" });
});
