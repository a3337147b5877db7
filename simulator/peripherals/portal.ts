import { encodeVm250Counts, type Vm250Counts } from "../../protocols/radiation/vm250.ts";
import { Random } from "../random.ts";
import type { Address } from "./address.ts";
import { ByteServer } from "./byte-server.ts";

/** Portals send counts of 200 ms while an item is there. */
export const SLICE_MS = 200;
/** Background lines come this often, ms. */
const BACKGROUND_MS = 5_000;
/** Background of one detector, counts a second. */
const GAMMA_RATE = 220;
const NEUTRON_RATE = 2;

/** What an item does to the portal. */
export interface Passage {
  readonly gamma: "normal" | "alarm";
  readonly neutron: "normal" | "alarm";
  /** Slices of 200 ms that it takes. */
  readonly slices: number;
}

/** What is wrong with the portal. */
export type PortalTrouble =
  | "none"
  | "gamma-high"
  | "gamma-low"
  | "neutron-high"
  | "tamper"
  | "silent"
  | "garbage"
  /** The line that ends an occupancy is lost. */
  | "no-end";

/** A VM-250-type radiation portal behind a serial server: background lines, slices while an item passes, alarms and faults. */
export class Portal {
  readonly #server: ByteServer;
  readonly #random: Random;
  readonly #sliceMs: number;
  readonly #backgroundMs: number;
  #timer: NodeJS.Timeout | undefined;
  #trouble: PortalTrouble = "none";
  #occupied = false;
  #occupancies = 0;

  /** @param sliceMs {@link SLICE_MS} unless a test is in a hurry. */
  constructor(options: {
    readonly address: Address;
    readonly seed: number;
    readonly sliceMs?: number;
    readonly backgroundMs?: number;
  }) {
    this.#random = new Random(options.seed, "portal");
    this.#sliceMs = options.sliceMs ?? SLICE_MS;
    this.#backgroundMs = options.backgroundMs ?? BACKGROUND_MS;
    this.#server = new ByteServer({ address: options.address, onClient: () => this.#background() });
  }

  start(): Promise<Address> {
    this.#timer = setInterval(() => this.#background(), this.#backgroundMs);
    return this.#server.start();
  }

  stop(): Promise<void> {
    clearInterval(this.#timer);
    return this.#server.stop();
  }

  get clients(): number {
    return this.#server.clients;
  }

  /** Resolves true once somebody listens, false after `timeoutMs`. */
  untilClient(timeoutMs: number, signal: AbortSignal): Promise<boolean> {
    return this.#server.untilClient(timeoutMs, signal);
  }

  trouble(what: PortalTrouble): void {
    if (this.#trouble === "tamper" && what !== "tamper") this.#say("TC");
    this.#trouble = what;
    if (what === "tamper") this.#say("TT");
    else if (!this.#occupied) this.#background();
  }

  /** The cable is pulled. */
  cut(): void {
    this.#server.cut();
  }

  /** An item passes; resolves when it is through. One at a time. */
  async pass(passage: Passage, signal?: AbortSignal): Promise<void> {
    this.#occupied = true;
    for (let slice = 0; slice < passage.slices && signal?.aborted !== true; slice += 1) {
      const strength = Math.sin((Math.PI * (slice + 0.5)) / passage.slices);
      this.#slice("gamma", passage.gamma, GAMMA_RATE, strength);
      this.#slice("neutron", passage.neutron, NEUTRON_RATE, strength);
      await new Promise((resolve) => setTimeout(resolve, this.#sliceMs));
    }
    this.#occupied = false;
    this.#occupancies += 1;
    if (this.#trouble === "no-end") return;
    this.#say(`GX,${String(this.#occupancies % 1_000_000).padStart(6, "0")},${NEUTRON_RATE * 4 * 1000}`);
    this.#say("SP,0.3000,002.272,003.657");
    this.#background();
  }

  #slice(channel: "gamma" | "neutron", state: "normal" | "alarm", rate: number, strength: number): void {
    const code = `${channel === "gamma" ? "G" : "N"}${state === "alarm" ? "A" : "S"}`;
    const source = state === "alarm" ? (channel === "gamma" ? 3 : 20) * strength : 0;
    this.#say(encodeVm250Counts(code, this.#counts((rate * (1 + source) * SLICE_MS) / 1000)));
  }

  #background(): void {
    if (this.#occupied) return;
    const gamma = this.#trouble === "gamma-high" ? "GH" : this.#trouble === "gamma-low" ? "GL" : "GB";
    const rate = gamma === "GH" ? 40 * GAMMA_RATE : gamma === "GL" ? 0 : GAMMA_RATE;
    this.#say(encodeVm250Counts(gamma, this.#counts(rate)));
    const neutron = this.#trouble === "neutron-high" ? "NH" : "NB";
    this.#say(encodeVm250Counts(neutron, this.#counts(neutron === "NH" ? 50 * NEUTRON_RATE : NEUTRON_RATE)));
  }

  /** Four detectors that count `expected` each, give or take. */
  #counts(expected: number): Vm250Counts {
    const count = () => Math.max(0, Math.round(expected + this.#random.range(-1, 1) * Math.sqrt(expected)));
    return [count(), count(), count(), count()];
  }

  #say(line: string): void {
    if (this.#trouble === "silent") return;
    const text = this.#trouble === "garbage" ? "~~ not a portal ~~" : line;
    this.#server.broadcast(new TextEncoder().encode(`${text}\r\n`));
  }
}
