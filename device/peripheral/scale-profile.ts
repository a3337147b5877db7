import { parseScaleFrame, ScaleFrameSplitter } from "../../protocols/scale/frame.ts";
import {
  builtInScaleProfile,
  type ScaleProfile,
  type ScaleProfileName,
} from "../../protocols/scale/profile.ts";
import type { Peripheral } from "./port.ts";
import { type ScaleDialect, type ScaleOptions, scaleOf } from "./scale-dialogue.ts";

/** A scale whose frames a profile describes: one that comes with the project, by name, or one of the configuration. */
export function profileScale(
  options: ScaleOptions & { readonly profile: ScaleProfile | ScaleProfileName },
): Peripheral {
  const { profile } = options;
  const name = typeof profile === "string" ? profile : "the profile of the configuration";
  const shape = typeof profile === "string" ? builtInScaleProfile(profile) : profile;
  return scaleOf(options, () => dialect(name, shape));
}

function dialect(name: string, profile: ScaleProfile): ScaleDialect {
  const splitter = new ScaleFrameSplitter(profile);
  const { poll } = profile;
  const polled = profile.mode === "polled" && poll !== undefined;
  return {
    name,
    ask: polled ? latin1(poll.command) : null,
    everyMs: polled ? poll.everyMs : null,
    split: (chunk) => splitter.push(chunk).map((frame) => (frame.kind === "frame" ? frame.bytes : null)),
    parse: (line) => parseScaleFrame(typeof line === "string" ? latin1(line) : line, profile),
    restarted: () => false,
  };
}

function latin1(text: string): Uint8Array {
  return Uint8Array.from(text, (character) => character.charCodeAt(0) & 0xff);
}
