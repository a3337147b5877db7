import type { Address } from "./address.ts";
import { ByteServer } from "./byte-server.ts";
import { CAPACITY_KG } from "./scale-session.ts";
import { Weighing } from "./weighing.ts";

/** How often a continuous scale sends, ms. */
const EVERY_MS = 50;

/** Formats the simulated scale can be set to. */
export const SCALE_FORMATS = ["and-standard", "sma", "toledo-continuous"] as const;
export type ScaleFormat = (typeof SCALE_FORMATS)[number];

/** What is wrong with the scale. */
export type ScaleTrouble = "none" | "silent" | "garbage" | "fault";

/** A scale that sends continuously, or answers when polled, in one of the common formats: a peer beside the MT-SICS one. */
export class ProfileScale {
  readonly #format: ScaleFormat;
  readonly #weighing: Weighing;
  readonly #server: ByteServer;
  #timer: NodeJS.Timeout | undefined;
  #trouble: ScaleTrouble = "none";

  constructor(options: { readonly address: Address; readonly seed: number; readonly format: ScaleFormat }) {
    this.#format = options.format;
    this.#weighing = new Weighing({ seed: options.seed });
    this.#server = new ByteServer({
      address: options.address,
      onData: (chunk, send) => {
        // An SMA scale answers each W.
        if (this.#format === "sma" && chunk.includes(0x57) && this.#trouble !== "silent") send(this.#frame());
      },
    });
  }

  start(): Promise<Address> {
    if (this.#format !== "sma") {
      this.#timer = setInterval(() => {
        if (this.#trouble !== "silent") this.#server.broadcast(this.#frame());
      }, EVERY_MS);
    }
    return this.#server.start();
  }

  stop(): Promise<void> {
    clearInterval(this.#timer);
    return this.#server.stop();
  }

  get clients(): number {
    return this.#server.clients;
  }

  /** An item of `kg` comes to lie on the scale; 0 takes it off. */
  put(kg: number): void {
    this.#weighing.put(kg, performance.now());
  }

  trouble(what: ScaleTrouble): void {
    this.#trouble = what;
  }

  /** The cable is pulled. */
  cut(): void {
    this.#server.cut();
  }

  #frame(): Uint8Array {
    const { kg, stable } = this.#weighing.at(performance.now());
    if (this.#trouble === "garbage") return latin1(`#?!~${kg}\r\n\r`);
    return latin1(
      FORMAT[this.#format]({ kg, stable, over: kg > CAPACITY_KG, fault: this.#trouble === "fault" }),
    );
  }
}

interface Shown {
  readonly kg: number;
  readonly stable: boolean;
  readonly over: boolean;
  readonly fault: boolean;
}

const FORMAT: Readonly<Record<ScaleFormat, (shown: Shown) => string>> = {
  "and-standard": ({ kg, stable, over, fault }) => {
    const header = fault ? "QT" : over ? "OL" : stable ? "ST" : "US";
    const digits = over ? "99999.99" : Math.abs(kg).toFixed(3).padStart(8, "0");
    return `${header},${kg < 0 ? "-" : "+"}${digits} kg\r\n`;
  },
  sma: ({ kg, stable, over, fault }) => {
    const status = fault ? "E" : over ? "O" : " ";
    return `\n${status}1G${stable ? " " : "M"} ${kg.toFixed(3).padStart(10)}kg \r`;
  },
  "toledo-continuous": ({ kg, stable, over, fault }) => {
    const second = 0x30 | (stable ? 0 : 0x08) | (over ? 0x04 : 0) | (kg < 0 ? 0x02 : 0) | (fault ? 0x40 : 0);
    const digits = Math.round(Math.abs(kg) * 1000)
      .toString()
      .padStart(6, "0")
      .slice(-6);
    return `\x02${String.fromCharCode(0x2d, second, 0x20)}${digits}000000\r`;
  },
};

function latin1(text: string): Uint8Array {
  return Uint8Array.from(text, (character) => character.charCodeAt(0) & 0xff);
}
