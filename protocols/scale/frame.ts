import { LynceusError } from "../errors.ts";
import { MASS_UNITS_KG, type MassUnit, type MtSicsReply } from "../mt-sics.ts";
import { MAX_SCALE_FRAME, type ScaleProfile } from "./profile.ts";

/** A frame without its marks, or one that grew beyond {@link MAX_SCALE_FRAME} and was dropped. */
export type ScaleFrame =
  | { readonly kind: "frame"; readonly bytes: Uint8Array }
  | { readonly kind: "overlong"; readonly limit: number };

/** Cuts a byte stream into the frames of a profile. Memory: {@link MAX_SCALE_FRAME} bytes. */
export class ScaleFrameSplitter {
  readonly #profile: ScaleProfile;
  readonly #held = new Uint8Array(MAX_SCALE_FRAME);
  #length = 0;
  /** Between frames: without a start mark every byte is part of one. */
  #inside: boolean;
  #overlong = false;
  #skip = 0;

  constructor(profile: ScaleProfile) {
    this.#profile = profile;
    this.#inside = profile.start === undefined;
  }

  get pendingBytes(): number {
    return this.#length;
  }

  /** Takes the next bytes; returns the frames they complete. */
  push(chunk: Uint8Array): readonly ScaleFrame[] {
    const frames: ScaleFrame[] = [];
    const { start, end } = this.#profile;
    for (const byte of chunk) {
      if (byte === start) this.#begin();
      else if (this.#skip > 0) this.#skip -= 1;
      else if (!this.#inside) continue;
      else if (end.includes(byte)) this.#end(frames);
      else this.#add(byte, frames);
    }
    return frames;
  }

  #begin(): void {
    this.#inside = true;
    this.#length = 0;
    this.#overlong = false;
    this.#skip = 0;
  }

  #add(byte: number, frames: ScaleFrame[]): void {
    if (this.#length < MAX_SCALE_FRAME) {
      this.#held[this.#length] = byte;
      this.#length += 1;
    } else if (!this.#overlong) {
      this.#overlong = true;
      frames.push({ kind: "overlong", limit: MAX_SCALE_FRAME });
    }
  }

  #end(frames: ScaleFrame[]): void {
    if (this.#length > 0 && !this.#overlong) {
      frames.push({ kind: "frame", bytes: this.#held.slice(0, this.#length) });
      this.#skip = this.#profile.ignore;
    }
    this.#length = 0;
    this.#overlong = false;
    this.#inside = this.#profile.start === undefined;
  }
}

/** Which of several meanings that apply at once counts: the one that says least good of the weight. */
const RANK = ["fault", "overload", "underload", "dynamic", "stable"] as const;

/**
 * Reads a frame by its profile: a mass (`command` S), overload, underload, or `error` where the scale says that it is faulty.
 * @throws LynceusError `LYN_SCALE_FRAME` for a frame that does not fit the profile.
 */
export function parseScaleFrame(bytes: Uint8Array, profile: ScaleProfile): MtSicsReply {
  if (bytes.length > MAX_SCALE_FRAME) throw unfit(`it has ${bytes.length} bytes`);
  const text = String.fromCharCode(...bytes);
  const means = meaningsOf(bytes, text, profile);
  const worst = RANK.find((each) => means.has(each));
  if (worst === "fault") return { kind: "error", error: "logical" };
  if (worst === "overload" || worst === "underload") return { kind: worst, command: "S" };
  const unit = unitOf(bytes, text, profile);
  const shown = shownValue(bytes, text, profile);
  const value = means.has("negative") ? -Math.abs(shown) : shown;
  const massKg = Number((value * MASS_UNITS_KG[unit]).toFixed(9));
  return { kind: "mass", command: "S", stable: worst === "stable", value, unit, massKg };
}

function meaningsOf(bytes: Uint8Array, text: string, { states }: ScaleProfile): ReadonlySet<string> {
  const means = new Set<string>();
  for (const state of states) {
    const applies =
      "text" in state
        ? text.startsWith(state.text, state.at)
        : bytes.length > state.at && ((bytes[state.at] ?? 0) & state.mask) === state.bits;
    if (applies) means.add(state.means);
  }
  return means;
}

const PLAIN_NUMBER = /^([+-]?) *(\d{1,9}(?:\.\d{0,9})?|\.\d{1,9})$/;

function shownValue(bytes: Uint8Array, text: string, profile: ScaleProfile): number {
  const { at, length, decimalComma } = profile.value;
  const shown = text.slice(at, at + length).trim();
  const match = PLAIN_NUMBER.exec(decimalComma ? shown.replace(",", ".") : shown);
  if (match === null) throw unfit(`there is no number in columns ${at} to ${at + length - 1}`);
  const value = Number(match[2]) * (match[1] === "-" ? -1 : 1);
  const places = decimalsOf(bytes, profile);
  return places === null ? value : Number((value / 10 ** places).toFixed(9));
}

function decimalsOf(bytes: Uint8Array, { decimals }: ScaleProfile): number | null {
  if (decimals === undefined) return null;
  if (typeof decimals === "number") return decimals;
  const found = bytes[decimals.at];
  if (found === undefined) throw unfit("it ends before the place of the decimal point");
  return (found & decimals.mask) - decimals.less;
}

function unitOf(bytes: Uint8Array, text: string, { unit }: ScaleProfile): MassUnit {
  if (typeof unit === "string") return unit;
  if ("set" in unit) return ((bytes[unit.at] ?? 0) & unit.mask) === unit.mask ? unit.set : unit.clear;
  const name = text.slice(unit.at, unit.at + unit.length).trim();
  const known = Object.hasOwn(unit.names, name) ? unit.names[name] : undefined;
  if (known !== undefined) return known;
  const lower = name.toLowerCase();
  if (!Object.hasOwn(MASS_UNITS_KG, lower)) throw unfit("its unit is no unit of mass that is known");
  return lower as MassUnit;
}

function unfit(why: string): LynceusError {
  return new LynceusError("LYN_SCALE_FRAME", `A frame does not fit the scale's profile: ${why}`, {
    remedy: "Check the profile's columns against the scale's manual, and baud rate, bits and parity",
  });
}
