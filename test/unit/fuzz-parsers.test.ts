import { generateKeyPairSync } from "node:crypto";
import { expect, it } from "vitest";
import { PacketGuard } from "../../device/uplink/packet-guard.ts";
import { isLynceusError } from "../../protocols/errors.ts";
import { signJws, verifyJws } from "../../protocols/jws.ts";
import { decodeImagePart, encodeImagePart } from "../../protocols/mqtt/image-part.ts";
import { checkpointText, formatNote, parseCheckpoint, parseNote } from "../../protocols/signed-note.ts";
import { Dice, fuzzPatienceMs, fuzzRounds, mutate, mutateText } from "../fixtures/mutate.ts";

const CHEAP = 1_000_000;
const DEAR = 100_000;
const MAX_PACKET = 65_536;
// A stack trace costs more than the parsing that ends in it.
Error.stackTraceLimit = 0;

/** Lets through only typed errors. */
function typedOnly(attempt: () => void): void {
  try {
    attempt();
  } catch (error) {
    if (!isLynceusError(error)) throw error;
  }
}

it(
  "cuts a broker's mutated packets or follows them, never beyond its limit, and a good one after them counts anew",
  () => {
    const dice = new Dice(41);
    const packet = (type: number, ...body: number[]) => Uint8Array.from([type, body.length, ...body]);
    const seeds = [
      packet(0x30, 0, 1, 0x61, 0, 1, 2, 3),
      packet(0x32, 0, 1, 0x61, 0, 9, 0, 1, 2),
      packet(0x40, 0, 1),
      packet(0x20, 0, 0, 0),
      Uint8Array.from([0x32, 0xff, 0xff, 0x03, ...new Uint8Array(40)]),
    ];
    let cut = 0;
    for (let round = 0; round < fuzzRounds(CHEAP); round += 1) {
      let over = false;
      const guard = new PacketGuard({
        maxBytes: MAX_PACKET,
        cut: () => {
          over = true;
        },
      });
      const bytes = mutate(dice.pick(seeds), dice);
      const middle = dice.below(bytes.length + 1);
      guard.see(bytes.subarray(0, middle));
      guard.see(bytes.subarray(middle));
      guard.stop();
      if (over) cut += 1;
    }
    expect(cut).toBeGreaterThan(0);
  },
  fuzzPatienceMs(CHEAP),
);

it(
  "answers mutated notes and checkpoints with what they say or a typed error",
  () => {
    const dice = new Dice(42);
    const text = checkpointText({
      origin: "example.org/NLRTM-EX/gw-01",
      size: 77,
      root: new Uint8Array(32).fill(7),
    });
    const note = formatNote({ text, signatures: [{ name: "gw-01", bytes: new Uint8Array(68).fill(9) }] });
    for (let round = 0; round < fuzzRounds(DEAR, 0.1); round += 1) {
      const broken = mutateText(note, dice);
      typedOnly(() => {
        const { size } = parseCheckpoint(parseNote(broken).text);
        if (!Number.isSafeInteger(size) || size < 0) throw new Error(broken);
      });
    }
    expect(parseCheckpoint(parseNote(note).text).size).toBe(77);
  },
  fuzzPatienceMs(DEAR),
);

it(
  "takes no mutated JWS for a signed one",
  () => {
    const dice = new Dice(43);
    const { privateKey, publicKey } = generateKeyPairSync("ed25519");
    const raw = new Uint8Array(publicKey.export({ format: "der", type: "spki" }).subarray(-32));
    const payload = '{"version":7}';
    const token = signJws(payload, privateKey);
    for (let round = 0; round < fuzzRounds(DEAR, 0.1); round += 1) {
      const broken = mutateText(token, dice);
      typedOnly(() => {
        // Trailing bits of base64url can differ and mean the same bytes; what was signed cannot.
        if (Buffer.from(verifyJws(broken, [raw]).payload).toString() !== payload) throw new Error(broken);
      });
    }
  },
  fuzzPatienceMs(DEAR),
);

it(
  "answers mutated image parts with a part or a typed error",
  () => {
    const dice = new Dice(44);
    const bytes = new Uint8Array(64).fill(5);
    const header = {
      schema: "lynceus-image/1.0" as const,
      request: "01890000-0000-7000-8000-000000000001",
      scanId: "01890000-0000-7000-8000-000000000000",
      view: 0,
      energy: "low" as const,
      form: "raw16" as const,
      mediaType: "image/png",
      width: 8,
      height: 8,
      bytes: 64,
      sha256: "a".repeat(64),
      part: 0,
      parts: 1,
      offset: 0,
    };
    const part = encodeImagePart({ header, bytes });
    for (let round = 0; round < fuzzRounds(DEAR, 0.1); round += 1) {
      const broken = mutate(part, dice);
      typedOnly(() => {
        const read = decodeImagePart(broken);
        if (read.header.offset + read.bytes.length > read.header.bytes) throw new Error("beyond the image");
      });
    }
    expect(decodeImagePart(part).bytes).toEqual(bytes);
  },
  fuzzPatienceMs(DEAR),
);
