import { expect, it } from "vitest";
import { dumpPart10 } from "../../protocols/dicom/dump.ts";
import { COMMAND, encodeCommand, parseCommand } from "../../protocols/dicom/net/command.ts";
import {
  dataHeader,
  encodeAssociateAccept,
  encodeAssociateRequest,
  encodeRelease,
  parseAssociateAccept,
  parseAssociateReject,
  parseAssociateRequest,
} from "../../protocols/dicom/net/pdu.ts";
import { PduDecoder } from "../../protocols/dicom/net/pdu-decoder.ts";
import { objectInfo } from "../../protocols/dicom/object.ts";
import { encodePart10, readHead, readPart10 } from "../../protocols/dicom/part10.ts";
import { checkCodestream } from "../../protocols/dicom/pixels/codestream.ts";
import { describePixels, type PixelDescription } from "../../protocols/dicom/pixels/description.ts";
import { planeOf } from "../../protocols/dicom/pixels/plane.ts";
import { decodeRle } from "../../protocols/dicom/pixels/rle.ts";
import { validatePart10 } from "../../protocols/dicom/rules/validate.ts";
import { planScan } from "../../protocols/dicom/scan-plan.ts";
import { SOP_CLASS, SYNTAX } from "../../protocols/dicom/uids.ts";
import { isLynceusError } from "../../protocols/errors.ts";
import { dxOf, fileOf, planeOf as samplesFor } from "../fixtures/dicom.ts";
import { referenceFiles } from "../fixtures/dicos.ts";
import { Dice, fuzzRounds, mutate } from "../fixtures/mutate.ts";

/** More in a campaign: `npm run campaign:dicom`. */
const ROUNDS = fuzzRounds(100_000, 0.1);
const PATIENCE_MS = 240_000 + ROUNDS;
// A stack trace costs more than the parsing that ends in it.
Error.stackTraceLimit = 0;

/** One mutated input is dealt with by then, ms: a hundred times what the slowest takes on a machine that is busy. */
const MAX_INPUT_MS = 20_000;
/** What reading mutated inputs may add to the process, bytes. */
const MAX_GROWTH_BYTES = 256e6;

/** Measures inputs one by one; told and held to at the end. */
class Bounds {
  readonly #before = process.memoryUsage.rss();
  #slowestMs = 0;
  #peak = 0;
  #inputs = 0;

  run(attempt: () => unknown): void {
    const began = performance.now();
    attempt();
    this.#slowestMs = Math.max(this.#slowestMs, performance.now() - began);
    this.#inputs += 1;
    if (this.#inputs % 4096 === 0) this.#peak = Math.max(this.#peak, process.memoryUsage.rss());
  }

  hold(what: string): void {
    const growth = Math.max(0, Math.max(this.#peak, process.memoryUsage.rss()) - this.#before);
    console.log(
      `${this.#inputs} mutated ${what}: slowest ${this.#slowestMs.toFixed(1)} ms, memory +${(growth / 1e6).toFixed(0)} MB`,
    );
    expect(this.#slowestMs).toBeLessThan(MAX_INPUT_MS);
    expect(growth).toBeLessThan(MAX_GROWTH_BYTES);
  }
}

/** Whether `attempt` ended well; lets through only typed errors. */
function typedOnly(attempt: () => unknown): boolean {
  try {
    attempt();
    return true;
  } catch (error) {
    if (!isLynceusError(error)) throw error;
    return false;
  }
}

it(
  `reads ${ROUNDS} mutated files with typed errors only, and writes what it read byte for byte`,
  () => {
    const dice = new Dice(4);
    const tiny = { width: 6, height: 5, samples: samplesFor(6, 5, 50_000, 20_000) };
    const seeds: Uint8Array[] = [
      fileOf(dxOf("fuzz", tiny)),
      fileOf(dxOf("fuzz", { ...tiny, version: "V02" }), SYNTAX.implicitLittle),
      ...referenceFiles()
        .filter(({ bytes }) => bytes.length < 3000)
        .map(({ bytes }) => bytes),
    ];
    let read = 0;
    const bounds = new Bounds();
    for (let round = 0; round < ROUNDS; round++) {
      const bytes = mutate(new Uint8Array(dice.pick(seeds)), dice);
      bounds.run(() => readBoth(bytes, round));
    }
    bounds.hold("files");
    expect(read).toBeGreaterThan(ROUNDS / 20);
    function readBoth(bytes: Uint8Array, round: number): void {
      typedOnly(() => {
        const file = readPart10(bytes);
        read += 1;
        // What was read is all there is, unless a cut stands inside the last header.
        const again = encodePart10(file);
        expect(Buffer.compare(again, bytes.subarray(0, again.length))).toBe(0);
        if (round % 16 === 0) {
          validatePart10(file);
          dumpPart10(file);
        }
      });
      typedOnly(() => {
        const head = readHead(bytes);
        const info = objectInfo(head);
        planScan([{ info }]);
        const description = describePixels(head);
        const { pixels } = head;
        if (pixels?.length == null || description.frameBytes > 100_000) return;
        planeOf(bytes.subarray(pixels.offset), description, head.dataset);
      });
    }
  },
  PATIENCE_MS,
);

it(
  `takes ${ROUNDS} mutated streams of PDUs apart with typed errors only, in pieces of any size`,
  () => {
    const dice = new Dice(5);
    const base = { called: "A", calling: "B", applicationContext: "1.2.840.10008.3.1.1.1", maxPdu: 16_384 };
    const own = { implementationClass: "1.2", implementationVersion: "T" };
    const contexts = [
      { id: 1, abstractSyntax: SOP_CLASS.dicosTdr, transferSyntaxes: [SYNTAX.explicitLittle] },
    ];
    const command = encodeCommand({
      command: COMMAND.echo,
      messageId: 1,
      affectedSopClass: "1.2",
      hasDataSet: false,
    });
    const message = Buffer.concat([dataHeader(1, { command: true, last: true }, command.length), command]);
    const seeds = [
      encodeAssociateRequest({ ...base, ...own, contexts }),
      encodeAssociateAccept({
        ...base,
        ...own,
        contexts: [{ id: 1, result: 0, transferSyntax: SYNTAX.rle }],
      }),
      message,
      Buffer.concat([message, encodeRelease(5)]),
    ];
    let events = 0;
    const bounds = new Bounds();
    for (let round = 0; round < ROUNDS; round++) {
      const bytes = mutate(new Uint8Array(dice.pick(seeds)), dice);
      const cut = 1 + dice.below(bytes.length + 1);
      bounds.run(() => takeApart(bytes, cut));
    }
    bounds.hold("streams of PDUs");
    expect(events).toBeGreaterThan(ROUNDS / 10);
    function takeApart(bytes: Uint8Array, cut: number): void {
      const decoder = new PduDecoder();
      typedOnly(() => {
        for (let at = 0; at < bytes.length; at += cut) {
          for (const event of decoder.push(bytes.subarray(at, at + cut))) {
            events += 1;
            if (event.type === "data") typedOnly(() => parseCommand(event.bytes));
            else if (event.pdu === 1) typedOnly(() => parseAssociateRequest(event.body));
            else if (event.pdu === 2) typedOnly(() => parseAssociateAccept(event.body));
            else if (event.pdu === 3) typedOnly(() => parseAssociateReject(event.body));
          }
        }
      });
    }
  },
  PATIENCE_MS,
);

it(
  `decodes ${ROUNDS} mutated frames of RLE and headers of other codecs with typed errors only`,
  () => {
    const dice = new Dice(6);
    const description: PixelDescription = {
      rows: 4,
      columns: 4,
      frames: 1,
      samplesPerPixel: 1,
      photometric: "MONOCHROME2",
      bitsAllocated: 16,
      bitsStored: 16,
      highBit: 15,
      signed: false,
      float: false,
      planar: false,
      frameBytes: 32,
    };
    const rle = new Uint8Array(64 + 36);
    new DataView(rle.buffer).setUint32(0, 2, true);
    new DataView(rle.buffer).setUint32(4, 64, true);
    new DataView(rle.buffer).setUint32(8, 82, true);
    rle.set([15, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 128], 64);
    rle.set([0x100 - 15, 7], 82);
    expect(decodeRle(rle, description)).toHaveLength(32);
    const jpeg = Uint8Array.of(
      0xff,
      0xd8,
      0xff,
      0xe0,
      0,
      4,
      0,
      0,
      0xff,
      0xc3,
      0,
      11,
      16,
      0,
      4,
      0,
      4,
      1,
      1,
      0x11,
      0,
    );
    checkCodestream(jpeg, description);
    let good = 0;
    for (let round = 0; round < ROUNDS; round++) {
      if (typedOnly(() => decodeRle(mutate(rle, dice), description))) good += 1;
      typedOnly(() => checkCodestream(mutate(jpeg, dice), description));
    }
    expect(good).toBeGreaterThan(0);
  },
  PATIENCE_MS,
);
