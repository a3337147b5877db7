import { writeN42 } from "../../protocols/n42/index.ts";
import { Random } from "../random.ts";
import type { Address } from "./address.ts";
import { ByteServer } from "./byte-server.ts";

const STX = "\u0002";
const ETX = "\u0003";
/** Slices of an occupancy, and how long each is, ms. */
const SLICES = 8;
const SLICE_MS = 200;
/** Background of all detectors, counts a second. */
const GAMMA_RATE = 880;
const NEUTRON_RATE = 8;

/** What an item does to the portal. */
export interface N42Passage {
  readonly gamma: "normal" | "alarm" | "fault";
  readonly neutron: "normal" | "alarm" | "fault";
}

/** A portal that sends an N42.42-2012 document for each item, framed by STX and ETX. */
export class N42PortalDevice {
  readonly #server: ByteServer;
  readonly #random: Random;
  readonly #now: () => number;
  #sent = 0;

  constructor(options: { readonly address: Address; readonly seed: number; readonly now: () => number }) {
    this.#server = new ByteServer({ address: options.address });
    this.#random = new Random(options.seed, "n42-portal");
    this.#now = options.now;
  }

  start(): Promise<Address> {
    return this.#server.start();
  }

  stop(): Promise<void> {
    return this.#server.stop();
  }

  /** The cable is pulled. */
  cut(): void {
    this.#server.cut();
  }

  /** What is no document. */
  garbage(): void {
    this.#say("<RadInstrumentData><half");
  }

  pass({ gamma, neutron }: N42Passage): void {
    const endedAt = this.#now();
    const beganAt = endedAt - SLICES * SLICE_MS;
    const slices = Array.from({ length: SLICES }, (_, n) => beganAt + n * SLICE_MS).flatMap((at) => [
      { at, channel: "gamma" as const, counts: this.#counts(GAMMA_RATE, gamma) },
      { at, channel: "neutron" as const, counts: this.#counts(NEUTRON_RATE, neutron) },
    ]);
    this.#sent += 1;
    this.#say(
      writeN42({
        uuid: `00000000-0000-4000-8000-${String(this.#sent % 1e12).padStart(12, "0")}`,
        writtenAt: endedAt,
        instrument: { manufacturer: "Simulated", model: "N42 portal", identifier: "SIM" },
        creator: { name: "simulator", version: "1" },
        sliceMs: SLICE_MS,
        occupancy: {
          beganAt,
          endedAt,
          gamma,
          neutron,
          gammaSigma: null,
          neutronSigma: null,
          faults: gamma === "fault" || neutron === "fault" ? ["a detector does not answer"] : [],
          background: { gamma: GAMMA_RATE, neutron: NEUTRON_RATE },
          slices,
        },
      }),
    );
  }

  #counts(rate: number, state: N42Passage["gamma"]): number[] {
    const expected = (rate * (state === "alarm" ? 4 : 1) * SLICE_MS) / 4000;
    return Array.from({ length: 4 }, () =>
      Math.max(0, Math.round(expected + this.#random.range(-1, 1) * Math.sqrt(expected))),
    );
  }

  #say(text: string): void {
    this.#server.broadcast(new TextEncoder().encode(`${STX}${text}${ETX}`));
  }
}
