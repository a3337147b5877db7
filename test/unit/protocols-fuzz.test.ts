import { expect, it } from "vitest";
import { isLynceusError } from "../../protocols/errors.ts";
import { CANONICAL_PATTERN, identify, parseElementString } from "../../protocols/identifiers.ts";
import {
  decodeLines,
  encodeFrame,
  encodeLines,
  encodeMessage,
  FrameDecoder,
  MAX_FRAME_BYTES,
  readMessage,
} from "../../protocols/line-scan/index.ts";
import { encodeEvent, unwrap } from "../../protocols/mqtt/envelope.ts";
import { LineSplitter, MT_SICS_MAX_LINE, parseMtSicsLine } from "../../protocols/mt-sics.ts";
import { Dice, fuzzPatienceMs, fuzzRounds, mutate, mutateText } from "../fixtures/mutate.ts";

/** Messages of JSON cost ten times as much. */
const ROUNDS = fuzzRounds(1_000_000);
const JSON_ROUNDS = fuzzRounds(100_000, 0.1);
const PATIENCE_MS = fuzzPatienceMs(1_000_000);
// A stack trace costs more than the parsing that ends in it.
Error.stackTraceLimit = 0;
const AT = "2026-03-01T08:12:09.250Z";
const LINES = encodeLines({
  scan: 1,
  view: 0,
  energy: 1,
  lineCount: 2,
  firstLine: 7,
  encoder: 1000,
  timestampNs: 1n,
  detectorPixels: 4,
  samples: new Uint16Array(8).fill(60_000),
});

/** Runs `attempt` and lets through only typed errors. */
function typedOnly(attempt: () => unknown): void {
  try {
    attempt();
  } catch (error) {
    if (!isLynceusError(error)) throw error;
  }
}

it(
  "finds the next good frame after each of 10^6 mutated ones, within its memory",
  () => {
    const dice = new Dice(1);
    const seeds = [
      encodeFrame({ type: 3, sequence: 4, payload: LINES }),
      encodeFrame({ type: 6, sequence: 5, payload: new Uint8Array(0), json: true }),
      encodeMessage("FLOW", { credit: 3 }, 6),
      encodeFrame({ type: 3, sequence: 0, payload: encodeFrame({ type: 3, sequence: 9, payload: LINES }) }),
    ];
    const good = encodeMessage("HEARTBEAT", { at: AT }, 77);
    const decoder = new FrameDecoder();
    let refused = 0;
    for (let round = 0; round < ROUNDS; round += 1) {
      const broken = mutate(dice.pick(seeds), dice);
      let last = decoder.push(broken).at(-1);
      last = decoder.push(good).at(-1) ?? last;
      while (decoder.unfinishedAt !== null) last = decoder.abandonUnfinished().at(-1) ?? last;
      if (last?.kind !== "frame" || last.sequence !== 77) refused += 1;
    }
    expect(refused).toBe(0);
    expect(decoder.capacityBytes).toBeLessThanOrEqual(2 * MAX_FRAME_BYTES);
  },
  PATIENCE_MS,
);

it(
  "answers 10^6 mutated LINES payloads with lines or a typed error",
  () => {
    const dice = new Dice(2);
    for (let round = 0; round < ROUNDS; round += 1) {
      const payload = mutate(LINES, dice);
      typedOnly(() => decodeLines(payload, dice.below(2) === 0 ? 4 : undefined));
    }
    expect(decodeLines(LINES, 4).lineCount).toBe(2);
  },
  PATIENCE_MS,
);

it(
  "answers 10^5 mutated JSON messages with a message or a typed error",
  () => {
    const dice = new Dice(3);
    const hello = new TextEncoder().encode(
      JSON.stringify({
        protocol: 1,
        serial: "SN",
        views: [{ view: 0, detectorPixels: 64, energies: ["low"] }],
      }),
    );
    for (let round = 0; round < JSON_ROUNDS; round += 1) {
      const payload = mutate(hello, dice);
      typedOnly(() => readMessage({ kind: "frame", type: 1, json: true, sequence: 0, payload }));
    }
  },
  PATIENCE_MS,
);

it(
  "answers 10^6 mutated scale lines with a reply or a typed error",
  () => {
    const dice = new Dice(4);
    const seeds = [
      "S S     100.00 g",
      "S D      -1.25 kg",
      "S I",
      "S +",
      'I4 A "B021002593"',
      "ES",
      'I0 B 0 "SI"',
      "Z A",
    ];
    for (let round = 0; round < ROUNDS; round += 1) {
      const line = mutateText(dice.pick(seeds), dice);
      typedOnly(() => {
        const reply = parseMtSicsLine(line);
        if (reply.kind === "mass" && !Number.isFinite(reply.massKg)) throw new Error(line);
      });
    }
  },
  PATIENCE_MS,
);

it(
  "splits 10^6 mutated lines within its memory and reads the next good one",
  () => {
    const dice = new Dice(5);
    const splitter = new LineSplitter({ maxLength: MT_SICS_MAX_LINE });
    const seed = new TextEncoder().encode("S S     100.00 g\r\n");
    const good = new TextEncoder().encode("\r\nS I\r\n");
    for (let round = 0; round < ROUNDS; round += 1) {
      splitter.push(mutate(seed, dice));
      if (splitter.pendingBytes > MT_SICS_MAX_LINE) throw new Error("beyond its limit");
      const last = splitter.push(good).at(-1);
      if (last?.kind !== "line" || last.text !== "S I") throw new Error("the good line was lost");
    }
  },
  PATIENCE_MS,
);

it(
  "finds in 10^6 mutated labels nothing but canonical identifiers",
  () => {
    const dice = new Dice(6);
    const seeds = [
      "]C100759007731512000621",
      "]C142184048060\u001d00759007731512000621",
      "]d2011231231231233310ABC123\u001d99TESTING",
      "]C0RR473124829GB",
      "RR 473 124 829 PL",
      "]E04006381333931",
      "]d24300JANE DOE\u001d4308+31201234567\u001d00759007731512000621",
    ];
    for (let round = 0; round < ROUNDS; round += 1) {
      const raw = mutateText(dice.pick(seeds), dice);
      for (const { value } of identify(raw)) if (!CANONICAL_PATTERN.test(value)) throw new Error(raw);
      if (parseElementString(raw).elements.some(({ ai }) => /^43[01]\d$/.test(ai))) throw new Error(raw);
    }
  },
  PATIENCE_MS,
);

it(
  "answers 10^5 mutated events with an event, nothing or a typed error",
  () => {
    const dice = new Dice(7);
    const event = encodeEvent({
      name: "receipt",
      id: "1",
      source: "/central",
      time: AT,
      data: { upToSequence: 7 },
    });
    for (let round = 0; round < JSON_ROUNDS; round += 1) typedOnly(() => unwrap(mutate(event, dice)));
    expect(unwrap(event)?.data).toEqual({ upToSequence: 7 });
  },
  PATIENCE_MS,
);
