import { once } from "node:events";
import type { Address } from "./address.ts";

const BASE = 100;
const COUNT = 21;
const READY = 0x80;

/** What the simulated portal's registers say. */
export interface AspectState {
  readonly occupied: boolean;
  readonly gammaAlarm: boolean;
  readonly neutronAlarm: boolean;
  /** Bits of the inputs register beside the occupancy. */
  readonly inputs: number;
  /** Fault bits of the gamma channel's status. */
  readonly gammaStatus: number;
  readonly gammaCount: number;
  readonly objects: number;
}

const AT_REST: AspectState = {
  occupied: false,
  gammaAlarm: false,
  neutronAlarm: false,
  inputs: 0,
  gammaStatus: 0,
  gammaCount: 100,
  objects: 0,
};

/** An Aspect portal: registers over Modbus TCP (`nii-standards.md` §4.3), served by a Modbus library. */
export class AspectDevice {
  readonly #address: Address;
  #state: AspectState = AT_REST;
  #server: { close(done: () => void): void; socks?: Map<unknown, unknown> } | null = null;

  constructor(options: { readonly address: Address }) {
    this.#address = options.address;
  }

  async start(): Promise<Address> {
    const { ServerTCP } = await import("modbus-serial");
    const { host, port } = this.#address;
    const server = new ServerTCP(
      { getHoldingRegister: (address: number) => Promise.resolve(this.#register(address)) },
      { host, port, unitID: 1 },
    );
    this.#server = server as never;
    await once(server as never, "initialized");
    const bound = (server as never as { _server: { address(): { port: number } } })._server.address();
    return { host, port: bound.port };
  }

  async stop(): Promise<void> {
    const server = this.#server;
    this.#server = null;
    if (server !== null) await new Promise<void>((resolve) => server.close(() => resolve()));
  }

  set(state: Partial<AspectState>): void {
    this.#state = { ...this.#state, ...state };
  }

  #register(address: number): number {
    if (address < 8) return [0x4153, 200, 1, BASE, COUNT, 0, 0, 0][address] ?? 0;
    return this.#block()[address - BASE] ?? 0;
  }

  #block(): readonly number[] {
    const { occupied, gammaAlarm, neutronAlarm, inputs, gammaStatus, gammaCount, objects } = this.#state;
    return [
      ...u32(1_000),
      inputs | (occupied ? 0x01 : 0),
      READY | gammaStatus | (gammaAlarm ? 0x01 : 0),
      ...u32(gammaCount),
      ...f32(100),
      ...f32(100),
      READY | (neutronAlarm ? 0x02 : 0),
      ...u32(neutronAlarm ? 40 : 1),
      ...f32(1),
      ...f32(1),
      objects & 0xffff,
      0,
      5,
      0,
    ];
  }
}

/** Low word first. */
function u32(value: number): readonly [number, number] {
  return [value & 0xffff, (value >>> 16) & 0xffff];
}

function f32(value: number): readonly [number, number] {
  const view = new DataView(new ArrayBuffer(4));
  view.setFloat32(0, value);
  return u32(view.getUint32(0));
}
