import { setTimeout as delay } from "node:timers/promises";
import { LynceusError } from "../../protocols/errors.ts";
import type { BackoffLimits } from "../backoff.ts";
import { Listeners } from "../listeners.ts";
import type { Log } from "../log.ts";
import { type ModbusAddress, type ModbusLink, modbusTransport } from "../transport/modbus.ts";
import type { Link, LinkState } from "../transport/port.ts";
import { LinkSupervisor, type ServeContext } from "../transport/supervisor.ts";
import { type BeltMap, countOf, countsBetween } from "./map.ts";
import { PLANT_REQUEST_MS, readEncoder, readInputs } from "./modbus-plant.ts";
import type { BeltOutput, BeltSample, BeltState, Conveyor, EyeEdge } from "./port.ts";

/** Outputs that wait for the plant, at most. */
const MAX_PENDING = 32;

export interface ConveyorOptions {
  readonly id: string;
  readonly url: string;
  readonly address: ModbusAddress;
  readonly unit: number;
  readonly map: BeltMap;
  /** Between two polls, ms. */
  readonly pollMs: number;
  /** The heartbeat coil changes this often; the plant stops the belt when it no longer does, ms. */
  readonly heartbeatMs: number;
  readonly clock: () => number;
  readonly log: Log;
  readonly backoff?: BackoffLimits;
  readonly random?: () => number;
}

interface Pending {
  readonly output: BeltOutput;
  readonly on: boolean;
  readonly done: () => void;
  readonly failed: (error: LynceusError) => void;
}

/**
 * A belt's controller over Modbus: polls its eyes and encoder, writes `stop` and `divert` between two polls, and keeps a
 * heartbeat coil alternating, so that a plant whose gateway has died stops by itself.
 */
export class ModbusConveyor implements Conveyor {
  readonly id: string;
  readonly #options: ConveyorOptions;
  readonly #supervisor: LinkSupervisor;
  readonly #belt = new Listeners<BeltSample>();
  readonly #eyes = new Listeners<EyeEdge>();
  readonly #states = new Listeners<BeltState>();
  #pending: Pending[] = [];
  #wake: (() => void) | null = null;
  /** A link is up and polled: what is asked for now is written now, not after the next connection. */
  #serving = false;

  constructor(options: ConveyorOptions) {
    this.id = options.id;
    this.#options = options;
    const { url, address, unit, clock, log, backoff, random } = options;
    this.#supervisor = new LinkSupervisor({
      transport: modbusTransport({ url, address, unit, requestMs: PLANT_REQUEST_MS }),
      serve: (link, context) => this.#serve(link, context),
      now: clock,
      log,
      ...(backoff === undefined ? {} : { backoff }),
      ...(random === undefined ? {} : { random }),
    });
  }

  get link(): LinkState {
    return this.#supervisor.state;
  }

  onBelt(listener: (sample: BeltSample) => void): () => void {
    return this.#belt.add(listener);
  }

  onEye(listener: (edge: EyeEdge) => void): () => void {
    return this.#eyes.add(listener);
  }

  onState(listener: (state: BeltState) => void): () => void {
    return this.#states.add(listener);
  }

  onLink(listener: (state: LinkState) => void): () => void {
    return this.#supervisor.onState(listener);
  }

  has(output: BeltOutput): boolean {
    return this.#options.map[output] !== null;
  }

  set(output: BeltOutput, on: boolean): Promise<void> {
    if (!this.has(output)) return Promise.reject(notDone(output, "the map has no such coil"));
    if (!this.#serving || this.link.state !== "connected")
      return Promise.reject(notDone(output, "the plant is not connected"));
    if (this.#pending.length >= MAX_PENDING)
      return Promise.reject(notDone(output, "too much waits for the plant"));
    return new Promise((resolve, reject) => {
      this.#pending.push({ output, on, done: resolve, failed: reject });
      this.#wake?.();
    });
  }

  start(): void {
    this.#supervisor.start();
  }

  async stop(): Promise<void> {
    await this.#supervisor.stop();
  }

  async #serve(link: Link, context: ServeContext): Promise<void> {
    const plant = link as ModbusLink;
    const poll = new Poll({ ...this.#options, belt: this.#belt, eyes: this.#eyes, states: this.#states });
    this.#serving = true;
    try {
      for (let first = true; !context.signal.aborted; first = false) {
        await this.#writePending(plant);
        await poll.once(plant);
        if (first) context.healthy();
        await this.#untilNext(context.signal);
      }
    } finally {
      this.#serving = false;
      for (const each of this.#pending.splice(0))
        each.failed(notDone(each.output, "the link to the plant was lost"));
    }
  }

  async #writePending(plant: ModbusLink): Promise<void> {
    while (this.#pending[0] !== undefined) {
      const { output, on, done } = this.#pending[0];
      const signal = this.#options.map[output];
      if (signal !== null) await plant.client.writeCoil(signal.address, on !== signal.inverted);
      this.#pending.shift();
      done();
    }
  }

  /** Until the next poll is due or something is to be written. */
  async #untilNext(signal: AbortSignal): Promise<void> {
    if (this.#pending.length > 0) return;
    const woken = new AbortController();
    this.#wake = () => woken.abort();
    const either = AbortSignal.any([signal, woken.signal]);
    await delay(this.#options.pollMs, undefined, { signal: either }).catch(() => undefined);
    this.#wake = null;
  }
}

interface PollOptions extends Pick<ConveyorOptions, "map" | "heartbeatMs" | "clock"> {
  readonly belt: Listeners<BeltSample>;
  readonly eyes: Listeners<EyeEdge>;
  readonly states: Listeners<BeltState>;
}

/** What one connection has seen so far. */
class Poll {
  readonly #options: PollOptions;
  readonly #dark = new Map<string, boolean>();
  #state = "";
  #count: number | null = null;
  #mm = 0;
  #polledAt: number | null = null;
  #beat = false;
  #beatAt = Number.NEGATIVE_INFINITY;

  constructor(options: PollOptions) {
    this.#options = options;
  }

  async once(plant: ModbusLink): Promise<void> {
    await this.#readEncoder(plant);
    await this.#readInputs(plant);
    await this.#beatHeart(plant);
  }

  async #readEncoder(plant: ModbusLink): Promise<void> {
    const { map, clock, belt } = this.#options;
    if (map.encoder === null) return;
    const asked = clock();
    const count = countOf(map.encoder, await readEncoder(plant, map.encoder));
    const fresh = this.#count === null;
    this.#mm += countsBetween(map.encoder, this.#count ?? count, count) * map.encoder.mmPerCount;
    this.#count = count;
    const answered = clock();
    belt.tell({ at: (asked + answered) / 2, withinMs: (answered - asked) / 2, mm: this.#mm, fresh });
  }

  async #readInputs(plant: ModbusLink): Promise<void> {
    const { map, clock, eyes, states } = this.#options;
    const asked = clock();
    const bits = await readInputs(plant, map);
    const at = clock();
    for (const name of map.eyes.keys()) {
      const dark = bits.get(name) ?? false;
      if (this.#dark.get(name) === dark) continue;
      this.#dark.set(name, dark);
      // Found in its state at the first poll: nothing is known of when it turned.
      if (this.#polledAt !== null) eyes.tell({ name, after: this.#polledAt, at, dark });
    }
    this.#polledAt = asked;
    const state: BeltState = {
      running: bits.get("running") ?? null,
      emergencyStop: bits.get("estop") ?? null,
      reset: bits.get("reset") ?? null,
    };
    const said = JSON.stringify(state);
    if (said === this.#state) return;
    this.#state = said;
    states.tell(state);
  }

  async #beatHeart(plant: ModbusLink): Promise<void> {
    const { map, clock, heartbeatMs } = this.#options;
    if (map.heartbeat === null || clock() - this.#beatAt < heartbeatMs) return;
    this.#beatAt = clock();
    this.#beat = !this.#beat;
    await plant.client.writeCoil(map.heartbeat.address, this.#beat);
  }
}

function notDone(output: BeltOutput, why: string): LynceusError {
  return new LynceusError("LYN_BELT_OUTPUT", `${output} was not done: ${why}`, {
    remedy: "Stop the belt by hand if an alarm stands; check the plant's link and the lane's map",
    details: { output },
  });
}
