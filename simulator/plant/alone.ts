import type { Address } from "../peripherals/address.ts";
import { type ToldDevice, toldDevice } from "../peripherals/told.ts";
import { PLANT_MAP, PlantController } from "./controller.ts";
import { STATIONS } from "./moving-belt.ts";
import { Plant } from "./plant.ts";

const SPEED_MM_S = 500;
/** An item is put on the belt this long before the entry eye, mm. */
const FEED_MM = 100;
const TICK_MS = 5;
const WATCHDOG_MS = 1000;

/** A belt with photo-eyes and a diverter alone: items are put on it by hand, and it says where they went. */
export function plantAlone(options: {
  readonly address: Address;
  readonly now: () => number;
  readonly say: (line: string) => void;
}): ToldDevice {
  const { address, now, say } = options;
  const eyes = new Map([
    ["eye", 0],
    ["eye2", STATIONS.eye2],
  ]);
  const layout = { eyes, diverterMm: STATIONS.diverter, speedMmS: SPEED_MM_S, watchdogMs: WATCHDOG_MS };
  const plant = new Plant(layout, now());
  const controller = new PlantController({ address, plant, now });
  const told = { diverted: 0, passed: 0, running: true };
  const look = () => {
    plant.advance(now());
    for (; told.diverted < plant.diverted.length; told.diverted++)
      say(`diverted ${plant.diverted[told.diverted]}`);
    for (; told.passed < plant.passed.length; told.passed++) say(`passed ${plant.passed[told.passed]}`);
    if (plant.running !== told.running) say(plant.running ? "runs" : "stands");
    told.running = plant.running;
  };
  let timer: NodeJS.Timeout | undefined;
  const real = {
    start: async () => {
      timer = setInterval(look, TICK_MS);
      return controller.start();
    },
    stop: async () => {
      clearInterval(timer);
      await controller.stop();
    },
  };
  return toldDevice(real, HELP, async ([word, value, name]) => {
    const number = Number(value);
    if (word === "item" && number > 0) plant.place(name ?? `item-${Math.round(plant.mm)}`, number, FEED_MM);
    else if (word === "estop" && (value === "on" || value === "off"))
      plant.pressEmergencyStop(value === "on");
    else if (word === "reset") plant.reset();
    else if (word === "off" && number > 0) await awayFor(controller, number);
    else return false;
    return true;
  });
}

const HELP = `item MM [NAME]: an item of this length comes; estop on|off; reset: lets a stopped belt run again; off MS: the controller is away for so long. It says \`diverted NAME\`, \`passed NAME\`, \`stands\`, \`runs\`. Its map: ${JSON.stringify(PLANT_MAP)}`;

async function awayFor(controller: PlantController, ms: number): Promise<void> {
  await controller.stop();
  await new Promise((resolve) => setTimeout(resolve, ms));
  await controller.start();
}
