import { LynceusError } from "../../protocols/errors.ts";

/** Addresses that one poll may span in one table: a Modbus request carries 2000 bits or 125 registers at most. */
export const MAX_BIT_SPAN = 512;
export const MAX_REGISTER_SPAN = 64;

/** One signal of a plant: a coil or discrete input, 0-based. */
export interface BitSignal {
  readonly table: "coil" | "input";
  readonly address: number;
  readonly inverted: boolean;
}

/** The belt's encoder: a counter in one or two registers. */
export interface EncoderSignal {
  readonly table: "holding" | "register";
  readonly address: number;
  readonly bits: 16 | 32;
  readonly wordOrder: "high-first" | "low-first";
  readonly mmPerCount: number;
}

/** Where the signals of a plant are (`cli.md`, `peripherals[].map`); there is no standard map. */
export interface BeltMap {
  readonly stop: BitSignal | null;
  readonly divert: BitSignal | null;
  readonly heartbeat: BitSignal | null;
  readonly running: BitSignal | null;
  readonly estop: BitSignal | null;
  /** On while people press the plant's reset: a stop that the gateway asked for is then over. */
  readonly reset: BitSignal | null;
  readonly encoder: EncoderSignal | null;
  /** Photo-eyes by name. */
  readonly eyes: ReadonlyMap<string, BitSignal>;
}

/** A signal as the configuration writes it. */
export interface SignalConfig {
  readonly coil?: number | undefined;
  readonly input?: number | undefined;
  readonly holding?: number | undefined;
  readonly register?: number | undefined;
  readonly inverted?: boolean | undefined;
  readonly bits?: 16 | 32 | undefined;
  readonly wordOrder?: "high-first" | "low-first" | undefined;
  readonly mmPerCount?: number | undefined;
}

const OUTPUTS = ["stop", "divert", "heartbeat"] as const;
const INPUTS = ["running", "estop", "reset"] as const;
/** Names of photo-eyes: `eye` is the one at the entry. */
export const EYE_NAME = /^eye[-a-z0-9]{0,29}$/;

/**
 * Reads a map.
 * @throws LynceusError `LYN_BELT_MAP` for a signal that is unknown, in the wrong table or too far from the others.
 */
export function beltMap(config: Readonly<Record<string, SignalConfig>>): BeltMap {
  const eyes = new Map<string, BitSignal>();
  for (const [name, signal] of Object.entries(config)) {
    if (EYE_NAME.test(name)) eyes.set(name, bit(name, signal, ["input", "coil"]));
    else if (![...OUTPUTS, ...INPUTS, "encoder"].includes(name))
      throw bad(name, "is not a signal that the gateway knows");
  }
  const output = (name: (typeof OUTPUTS)[number]) =>
    config[name] ? bit(name, config[name], ["coil"]) : null;
  const input = (name: (typeof INPUTS)[number]) =>
    config[name] ? bit(name, config[name], ["input", "coil"]) : null;
  const map: BeltMap = {
    stop: output("stop"),
    divert: output("divert"),
    heartbeat: output("heartbeat"),
    running: input("running"),
    estop: input("estop"),
    reset: input("reset"),
    encoder: config["encoder"] ? encoderOf(config["encoder"]) : null,
    eyes,
  };
  for (const table of ["input", "coil"] as const) spanOf(map, table);
  return map;
}

/** Addresses to read of a table, from the first signal to the last; null where there is none. */
export function spanOf(
  map: BeltMap,
  table: "input" | "coil",
): { readonly from: number; readonly count: number } | null {
  const addresses = [map.running, map.estop, map.reset, ...map.eyes.values()].flatMap((signal) =>
    signal?.table === table ? [signal.address] : [],
  );
  if (addresses.length === 0) return null;
  const from = Math.min(...addresses);
  const count = Math.max(...addresses) - from + 1;
  if (count > MAX_BIT_SPAN)
    throw bad(table, `signals lie ${count} addresses apart; ${MAX_BIT_SPAN} can be read at once`);
  return { from, count };
}

/** Joins the registers of a counter. */
export function countOf(encoder: EncoderSignal, registers: readonly number[]): number {
  const [first = 0, second = 0] = registers;
  if (encoder.bits === 16) return first;
  return encoder.wordOrder === "high-first" ? first * 65_536 + second : second * 65_536 + first;
}

/** The way from one count to the next, the shorter way round where the counter wraps. */
export function countsBetween(encoder: EncoderSignal, before: number, after: number): number {
  const turn = 2 ** encoder.bits;
  const ahead = (((after - before) % turn) + turn) % turn;
  return ahead >= turn / 2 ? ahead - turn : ahead;
}

function bit(name: string, signal: SignalConfig, tables: readonly ("coil" | "input")[]): BitSignal {
  const table = tables.find((each) => signal[each] !== undefined);
  const address = table && signal[table];
  if (table === undefined || address === undefined) throw bad(name, `is not one of ${tables.join(", ")}`);
  return { table, address, inverted: signal.inverted ?? false };
}

function encoderOf(signal: SignalConfig): EncoderSignal {
  const table = signal.register === undefined ? "holding" : "register";
  const address = signal[table];
  if (address === undefined) throw bad("encoder", "is not one of register, holding");
  if (signal.mmPerCount === undefined) throw bad("encoder", "has no mmPerCount");
  const { bits = 32, wordOrder = "high-first", mmPerCount } = signal;
  return { table, address, bits, wordOrder, mmPerCount };
}

function bad(name: string, why: string): LynceusError {
  return new LynceusError("LYN_BELT_MAP", `map.${name} ${why}`, {
    remedy: "Give each signal its table and 0-based address, for example eye: {input: 1}, stop: {coil: 1}",
    details: { signal: name },
  });
}
