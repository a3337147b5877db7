import mqttPacket from "mqtt-packet";
import { expect, it } from "vitest";
import { keepPacketLengthsTogether } from "../../device/uplink/packet-lengths.ts";

/** Blocks of memory that the lengths of written packets hold for good; they may share three with what was made beside them. */
const BLOCKS = 8;

/** The memory that holds the length of a packet of so many bytes, which the library keeps. */
function heldBy(bytes: number): ArrayBufferLike {
  const written: Uint8Array[] = [];
  const stream = { write: (chunk: Uint8Array) => written.push(chunk) > 0 };
  const message = {
    topic: "nii/v1",
    payload: Buffer.alloc(bytes),
    qos: 0,
    dup: false,
    retain: false,
  } as const;
  mqttPacket.writeToStream({ cmd: "publish", ...message }, stream as unknown as NodeJS.WritableStream);
  return (written[1] as Uint8Array).buffer;
}

it("hits of many lengths hold no more memory than a few blocks, whatever is made between them", () => {
  keepPacketLengthsTogether();
  keepPacketLengthsTogether();
  const held = new Set<ArrayBufferLike>();
  for (let hit = 0; hit < 400; hit += 1) {
    held.add(heldBy(2000 + ((hit * 37) % 14_000)));
    for (let other = 0; other < 40; other += 1) Buffer.allocUnsafe(2000);
  }
  expect(held.size).toBeLessThanOrEqual(BLOCKS);
});
