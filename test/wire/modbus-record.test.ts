import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { ModbusConveyor } from "../../device/belt/conveyor.ts";
import { beltMap } from "../../device/belt/map.ts";
import type { BeltSample, EyeEdge } from "../../device/belt/port.ts";
import { modbusPart } from "../../device/cli/record/modbus-part.ts";
import { SILENT_LOG } from "../../device/log.ts";
import { modbusAddress } from "../../device/transport/modbus.ts";
import { RECORDING_SCHEMA, recordedTransport } from "../../device/transport/recording.ts";
import { PLANT_MAP, PlantController, servePlantSerially } from "../../simulator/plant/controller.ts";
import { Plant } from "../../simulator/plant/plant.ts";
import { startLynceus, until } from "../fixtures/processes.ts";
import { serialCable } from "../fixtures/pty.ts";

const LONG_MS = 120_000;
/** The plant's time goes on by so much with each look at it, however slow the machine is, ms. */
const LOOK_MS = 5;
const undo: (() => Promise<void>)[] = [];
let folder = "";
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "lynceus-record-"));
  undo.push(() => rm(folder, { recursive: true, force: true }));
});
afterEach(async () => {
  for (const each of undo.splice(0).reverse()) await each();
});

function plantOf(): { plant: Plant; now: () => number } {
  const layout = { eyes: new Map([["eye", 0]]), diverterMm: 600, speedMmS: 500, watchdogMs: null };
  let time = 0;
  const now = () => {
    time += LOOK_MS;
    return time;
  };
  return { plant: new Plant(layout, 0), now };
}

/** What a gateway hears of the plant in a recording, each answer in its turn, until the plant stays away. */
async function playedBack(out: string): Promise<{ edges: EyeEdge[]; samples: BeltSample[] }> {
  const url = `replay://${out}?device=plc&speed=0`;
  const conveyor = new ModbusConveyor({
    ...{ id: "plc", url, ...modbusAddress(url), map: beltMap(PLANT_MAP), pollMs: 5, heartbeatMs: 50 },
    ...{ clock: Date.now, log: SILENT_LOG, backoff: { baseMs: 5, maxMs: 10 } },
  });
  const heard = { edges: [] as EyeEdge[], samples: [] as BeltSample[] };
  conveyor.onEye((edge) => heard.edges.push(edge));
  conveyor.onBelt((sample) => heard.samples.push(sample));
  conveyor.start();
  undo.push(() => conveyor.stop());
  await until("the recorded plant answers", LONG_MS, () => heard.samples.length > 3);
  await until("the recording is over", LONG_MS, () => conveyor.link.state === "absent");
  return heard;
}

const darkened = (edges: readonly EyeEdge[]) =>
  edges.filter(({ name, dark }) => name === "eye" && dark).length;

describe("a plant on Modbus", () => {
  it("is recorded by `lynceus record` and played back with its eyes and its encoder", async () => {
    const { plant, now } = plantOf();
    const controller = new PlantController({ address: { host: "127.0.0.1", port: 0 }, plant, now });
    const { port } = await controller.start();
    undo.push(() => controller.stop());
    const [config, out] = [join(folder, "lynceus.yaml"), join(folder, "plc.rec")];
    await writeFile(
      config,
      `schema: lynceus-config/1
gateway: { site: NLRTM-EX, id: gw-01 }
broker: { url: "mqtt://127.0.0.1:1" }
spool: { path: spool }
lanes:
  - id: lane-1
    scanner: { driver: folder, path: in }
    peripherals:
      - { id: plc, kind: conveyor, protocol: modbus, transport: "tcp://127.0.0.1:${port}?unit=1", pollMs: 10, map: ${JSON.stringify(PLANT_MAP)} }
`,
    );
    const recorder = startLynceus(["record", "--config", config, "--lane", "lane-1", "--out", out]);
    const recorded = async () => (await readFile(out, "utf8").catch(() => "")).split("\n").length;
    for (const parcel of ["a", "b"]) {
      const before = await recorded();
      await until("the plant is polled", LONG_MS, async () => (await recorded()) > before + 20);
      plant.place(parcel, 300, 30);
      const entered = plant.mm;
      await until("the parcel is through", LONG_MS, () => plant.mm > entered + 500);
    }
    recorder.child.kill("SIGTERM");
    expect(await recorder.exited).toBe(0);
    // Nothing was written to the plant: its watchdog must see that nobody looks at what it carries.
    expect(plant.watched).toBe(false);
    const heard = await playedBack(out);
    expect(darkened(heard.edges)).toBe(2);
    const [first, last] = [heard.samples[0], heard.samples.at(-1)];
    expect((last?.mm ?? 0) - (first?.mm ?? 0)).toBeGreaterThan(800);
  }, 400_000);

  it("is recorded at the end of a serial line too", async () => {
    const cable = await serialCable();
    undo.push(() => cable.remove());
    const { plant, now } = plantOf();
    const stopServing = await servePlantSerially({ path: cable.device, baud: 115_200, plant, now });
    undo.push(stopServing);
    const lines = [JSON.stringify({ schema: RECORDING_SCHEMA, lane: "lane-1", at: "2026-03-01T00:00:00Z" })];
    const part = modbusPart(
      {
        ...{ id: "plc", kind: "conveyor", protocol: "modbus", pollMs: 5, heartbeatMs: 100 },
        ...{ transport: `serial://${cable.gateway}?baud=115200`, map: PLANT_MAP },
      },
      {
        log: SILENT_LOG,
        wrap: (inner) =>
          recordedTransport(inner, {
            ...{ device: "plc", since: 0 },
            record: (entry) => lines.push(JSON.stringify(entry)),
          }),
      },
    );
    await part.start();
    await until("the plant is polled", LONG_MS, () => lines.length > 30);
    plant.place("a", 200, 30);
    const before = lines.length;
    await until("the parcel is through", LONG_MS, () => plant.mm > 400 && lines.length > before + 30);
    await part.stop();
    const out = join(folder, "rtu.rec");
    await writeFile(out, `${lines.join("\n")}\n`);
    expect(darkened((await playedBack(out)).edges)).toBe(1);
  }, 400_000);
});
