import { LynceusError } from "../errors.ts";
import { type ChannelState, MAX_SLICES, type Occupancy, type Slice } from "./occupancy.ts";

/** Registers of the device header, from 0: signature, number of registers, monitor id, base and length of its block. */
export const ASPECT_HEADER_REGISTERS = 8;
/** Registers of a monitor's block, at least. */
export const ASPECT_BLOCK_REGISTERS = 21;
/** A block may be longer than what is read of it. */
const MAX_BLOCK_REGISTERS = 125;

/** Where a monitor's block is. */
export interface AspectHeader {
  readonly signature: number;
  readonly monitorId: number;
  readonly base: number;
  readonly count: number;
}

/** Bits of a channel's status register. */
const STATUS = { alarm: 0x03, lowCount: 0x10, highCount: 0x20, overload: 0x40, ready: 0x80 } as const;
/** Bits of the inputs register. */
const INPUTS = { occupied: 0x0f, powerFail: 0x100, lowBattery: 0x200, open: 0x400, error: 0x800 } as const;

/** One channel of a sample. */
export interface AspectChannel {
  readonly alarm: boolean;
  /** Plain English; empty: sound. */
  readonly faults: readonly string[];
  readonly count: number;
  readonly background: number;
  readonly variance: number;
  /** (count − background) / √variance; null without a variance. */
  readonly sigma: number | null;
}

/** What a monitor's registers say at one moment. */
export interface AspectSample {
  readonly occupied: boolean;
  readonly gamma: AspectChannel;
  readonly neutron: AspectChannel;
  /** Counts items, u16, wraps. */
  readonly objects: number;
  readonly speed: number;
  /** Faults of the whole cabinet. */
  readonly faults: readonly string[];
}

/** Reads the header's registers. @throws LynceusError `LYN_ASPECT`. */
export function readAspectHeader(registers: readonly number[]): AspectHeader {
  const [signature = 0, , monitorId = 0, base = 0, count = 0] = checked(registers, ASPECT_HEADER_REGISTERS);
  if (count < ASPECT_BLOCK_REGISTERS || count > MAX_BLOCK_REGISTERS || base < ASPECT_HEADER_REGISTERS)
    throw unreadable(`the header names a block of ${count} registers at ${base}`);
  return { signature, monitorId, base, count };
}

/** Reads a monitor's registers. 32-bit values have their low word first. @throws LynceusError `LYN_ASPECT`. */
export function readAspectBlock(registers: readonly number[]): AspectSample {
  const block = checked(registers, ASPECT_BLOCK_REGISTERS);
  const inputs = block[2] ?? 0;
  return {
    occupied: (inputs & INPUTS.occupied) !== 0,
    gamma: channelOf(block, 3),
    neutron: channelOf(block, 10),
    objects: block[17] ?? 0,
    speed: block[19] ?? 0,
    faults: named(inputs, [
      [INPUTS.powerFail, "the portal runs without mains power"],
      [INPUTS.lowBattery, "the portal's battery is low"],
      [INPUTS.open, "the portal's cabinet is open"],
      [INPUTS.error, "the portal reports an error"],
    ]),
  };
}

function channelOf(block: readonly number[], at: number): AspectChannel {
  const status = block[at] ?? 0;
  const count = u32(block, at + 1);
  const background = f32(block, at + 3);
  const variance = f32(block, at + 5);
  const faults = named(status, [
    [STATUS.lowCount, "the count rate is too low: a detector may be dead"],
    [STATUS.highCount, "the count rate is too high"],
    [STATUS.overload, "the detector is overloaded"],
  ]);
  const ready = (status & STATUS.ready) !== 0;
  return {
    alarm: (status & STATUS.alarm) !== 0,
    faults: ready ? faults : [...faults, "the channel is not ready"],
    count,
    background,
    variance,
    sigma: Number.isFinite(background) && variance > 0 ? (count - background) / Math.sqrt(variance) : null,
  };
}

function named(bits: number, names: readonly (readonly [number, string])[]): readonly string[] {
  return names.flatMap(([bit, name]) => ((bits & bit) === 0 ? [] : [name]));
}

function u32(block: readonly number[], at: number): number {
  return (block[at] ?? 0) + (block[at + 1] ?? 0) * 0x1_0000;
}

function f32(block: readonly number[], at: number): number {
  const view = new DataView(new ArrayBuffer(4));
  view.setUint32(0, u32(block, at));
  return view.getFloat32(0);
}

function checked(registers: readonly number[], least: number): readonly number[] {
  const sound = registers.every((each) => Number.isInteger(each) && each >= 0 && each <= 0xffff);
  if (registers.length < least || registers.length > MAX_BLOCK_REGISTERS || !sound)
    throw unreadable(`${registers.length} registers that are not u16, or too few`);
  return registers;
}

function unreadable(why: string): LynceusError {
  return new LynceusError("LYN_ASPECT", `Not the registers of an Aspect portal: ${why}`, {
    remedy: "Check the portal's address, port and unit number",
  });
}

interface Passing {
  readonly beganAt: number;
  readonly slices: Slice[];
  readonly alarm: { gamma: boolean; neutron: boolean };
  readonly sigma: { gamma: number | null; neutron: number | null };
  readonly faults: { gamma: Set<string>; neutron: Set<string> };
}

/**
 * From samples of the registers to occupancies. Pure: every time is passed in, ms. An item that the portal has counted and
 * that no sample showed passed between two samples: that is said as a fault, never as normal.
 */
export class AspectPortal {
  #passing: Passing | null = null;
  #objects: number | null = null;
  #faults: readonly string[] = [];
  #first = true;

  get faults(): readonly string[] {
    return this.#faults;
  }

  get occupied(): boolean {
    return this.#passing !== null;
  }

  /** Takes a sample; returns the occupancies that are over with it. */
  take(sample: AspectSample, at: number): readonly Occupancy[] {
    const over: Occupancy[] = [];
    this.#faults = [...new Set([...sample.faults, ...sample.gamma.faults, ...sample.neutron.faults])];
    if (sample.occupied) this.#pass(sample, at);
    else if (this.#passing !== null) over.push(this.#end(at));
    else if (this.#objects !== null && sample.objects !== this.#objects) over.push(unseen(at));
    if (!sample.occupied) this.#objects = sample.objects;
    this.#first = false;
    return over;
  }

  /** The link is lost. */
  lost(at: number): Occupancy | null {
    this.#objects = null;
    this.#first = true;
    if (this.#passing === null) return null;
    for (const channel of CHANNELS) this.#passing.faults[channel].add("the end of the passage was not seen");
    return this.#end(at);
  }

  #pass(sample: AspectSample, at: number): void {
    this.#passing ??= begin(at, this.#first);
    const passing = this.#passing;
    for (const channel of CHANNELS) {
      const { alarm, faults, sigma, count } = sample[channel];
      passing.alarm[channel] ||= alarm;
      for (const fault of [...sample.faults, ...faults]) passing.faults[channel].add(fault);
      if (sigma !== null) passing.sigma[channel] = Math.max(passing.sigma[channel] ?? sigma, sigma);
      if (passing.slices.length < MAX_SLICES) passing.slices.push({ at, channel, counts: [count] });
      else
        passing.faults[channel].add("an item stands between the pillars, or the occupancy sensor is stuck");
    }
  }

  #end(at: number): Occupancy {
    const passing = this.#passing ?? begin(at, false);
    this.#passing = null;
    const state = (channel: "gamma" | "neutron"): ChannelState =>
      passing.alarm[channel] ? "alarm" : passing.faults[channel].size > 0 ? "fault" : "normal";
    return {
      beganAt: passing.beganAt,
      endedAt: at,
      gamma: state("gamma"),
      neutron: state("neutron"),
      gammaSigma: passing.sigma.gamma,
      neutronSigma: passing.sigma.neutron,
      faults: [...new Set([...passing.faults.gamma, ...passing.faults.neutron])],
      background: { gamma: null, neutron: null },
      slices: passing.slices,
    };
  }
}

const CHANNELS = ["gamma", "neutron"] as const;

function begin(at: number, joined: boolean): Passing {
  const faults = joined ? ["the item was there before the link was opened"] : [];
  return {
    beganAt: at,
    slices: [],
    alarm: { gamma: false, neutron: false },
    sigma: { gamma: null, neutron: null },
    faults: { gamma: new Set(faults), neutron: new Set(faults) },
  };
}

/** An item that the portal counted and nobody saw. */
function unseen(at: number): Occupancy {
  return {
    beganAt: at,
    endedAt: at,
    gamma: "fault",
    neutron: "fault",
    gammaSigma: null,
    neutronSigma: null,
    faults: ["an item passed between two readings of the portal"],
    background: { gamma: null, neutron: null },
    slices: [],
  };
}
