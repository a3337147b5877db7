import { once } from "node:events";
import { createRequire } from "node:module";
import { createServer } from "node:net";
import type { ServerSerial as ModbusLine, ServerTCP as ModbusServer } from "modbus-serial";
import type { Address } from "../peripherals/address.ts";
import type { Plant } from "./plant.ts";

/** Where the signals are: the map that goes into the gateway's configuration. */
export const PLANT_MAP = {
  stop: { coil: 1 },
  divert: { coil: 2 },
  heartbeat: { coil: 3 },
  running: { input: 0 },
  eye: { input: 1 },
  eye2: { input: 2 },
  estop: { input: 3, inverted: true },
  encoder: { register: 10, bits: 32, wordOrder: "high-first", mmPerCount: 0.1 },
} as const;

const ENCODER_PER_MM = 10;

export interface ControllerOptions {
  readonly address: Address;
  readonly plant: Plant;
  /** Monotonic, ms. */
  readonly now: () => number;
}

/** The plant's controller on Modbus TCP. It can be switched off and on again: clients are cut off and come back. */
export class PlantController {
  readonly #options: ControllerOptions;
  #server: ModbusServer | null = null;
  #port: number;

  constructor(options: ControllerOptions) {
    this.#options = options;
    this.#port = options.address.port;
  }

  /** Binds; resolves with the address, its port filled in. A second start takes the same port. */
  async start(): Promise<Address> {
    const { host } = this.#options.address;
    // The library takes port 0 for its default, 502.
    if (this.#port === 0) this.#port = await freePort(host);
    const { ServerTCP } = library();
    const server = new ServerTCP(plantSignals(this.#options.plant, this.#options.now), {
      host,
      port: this.#port,
      unitID: 1,
    });
    // Its own error listener: a client that is cut off is no fault of the plant.
    server.on("socketError", () => undefined);
    await once(server, "initialized");
    this.#server = server;
    return { host, port: this.#port };
  }

  async stop(): Promise<void> {
    const server = this.#server;
    this.#server = null;
    if (server === null) return;
    for (const socket of server.socks.keys()) socket.destroy();
    await new Promise<void>((resolve) => server.close(() => resolve()));
  }
}

/** What the controller answers with: the plant as it is at the moment of asking. */
export function plantSignals(plant: Plant, clock: () => number) {
  const coils = new Map<number, boolean>();
  const now = () => {
    plant.advance(clock());
    return plant;
  };
  return {
    getCoil: (address: number) => coils.get(address) ?? false,
    getDiscreteInput: (address: number) => {
      const inputs = [plant.running, now().eye("eye"), plant.eye("eye2"), !plant.emergencyStop];
      return inputs[address] ?? false;
    },
    getInputRegister: (address: number) => {
      const count = Math.floor(now().mm * ENCODER_PER_MM) >>> 0;
      return address === PLANT_MAP.encoder.register ? count >>> 16 : count & 0xffff;
    },
    setCoil: (address: number, on: boolean) => {
      coils.set(address, on);
      now();
      if (address === PLANT_MAP.stop.coil) plant.setStop(on);
      else if (address === PLANT_MAP.divert.coil) plant.setDivert(on);
      else if (address === PLANT_MAP.heartbeat.coil) plant.setHeartbeat(on);
    },
  };
}

/** The same controller at the end of a serial line, in Modbus RTU (8N1). Resolves with how to stop it. */
export async function servePlantSerially(options: {
  readonly path: string;
  readonly baud: number;
  readonly plant: Plant;
  readonly now: () => number;
}): Promise<() => Promise<void>> {
  const { ServerSerial } = library();
  const server = new ServerSerial(plantSignals(options.plant, options.now), {
    path: options.path,
    baudRate: options.baud,
    unitID: 1,
  });
  await once(server, "initialized");
  return () => new Promise<void>((resolve) => server.close(() => resolve()));
}

function library(): { readonly ServerTCP: typeof ModbusServer; readonly ServerSerial: typeof ModbusLine } {
  return createRequire(import.meta.url)("modbus-serial");
}

async function freePort(host: string): Promise<number> {
  const server = createServer().listen(0, host);
  await once(server, "listening");
  const bound = server.address();
  await new Promise<void>((resolve) => server.close(() => resolve()));
  return bound !== null && typeof bound === "object" ? bound.port : 0;
}
