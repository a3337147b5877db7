import { LineSplitter } from "../../protocols/line-splitter.ts";
import {
  encodeMtSics,
  MT_SICS_MAX_LINE,
  type MtSicsReply,
  parseMtSicsLine,
} from "../../protocols/mt-sics.ts";
import type { Peripheral } from "./port.ts";
import { type ScaleDialect, type ScaleOptions, scaleOf } from "./scale-dialogue.ts";

/**
 * A scale that speaks MT-SICS. It is told `SIR`, a level-0 command that every such scale has: it repeats its weight some ten
 * times a second, which shows motion between two items of the same mass and makes silence mean something. Only stable
 * weights (`S S`) become readings. A new link is told `SIR` anew, and so is a scale that tells its serial number unasked:
 * that is what it says after it was switched on or reset, and its repetition is over then.
 */
export function mtSicsScale(options: ScaleOptions): Peripheral {
  return scaleOf(options, mtSics);
}

function mtSics(): ScaleDialect {
  const splitter = new LineSplitter({ maxLength: MT_SICS_MAX_LINE });
  return {
    name: "MT-SICS",
    ask: encodeMtSics("SIR"),
    everyMs: null,
    split: (chunk) => splitter.push(chunk).map((line) => (line.kind === "line" ? line.text : null)),
    parse: (line) => parseMtSicsLine(String(line)),
    restarted: isSerial,
    serialOf: (reply) => (isSerial(reply) ? reply.values[0] || null : null),
  };
}

function isSerial(reply: MtSicsReply): reply is Extract<MtSicsReply, { kind: "text" }> {
  return reply.kind === "text" && reply.command === "I4";
}
