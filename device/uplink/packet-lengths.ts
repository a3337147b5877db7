import mqttPacket from "mqtt-packet";

/** mqtt-packet keeps a buffer of each length below this that it has ever written (`writeVarByteInt`). */
const KEPT_BELOW = 16_384;
/** A packet of this client that carries nothing: topic length, one character. */
const BARE = 3;

/**
 * Has mqtt-packet make the buffers that it keeps of packet lengths now, one after the other. Each is a few bytes of one of Node's
 * shared blocks (`Buffer.poolSize`, 64 KiB) and holds the whole block for as long as the process runs: made one at a time while hits
 * of many lengths go out they hold a block each, up to 1 GB (mqttjs/mqtt-packet issue 163; 23 KB a scan were seen). Together they
 * take three blocks. Calling it again changes nothing.
 */
export function keepPacketLengthsTogether(): void {
  const payload = Buffer.alloc(KEPT_BELOW);
  for (let length = BARE; length < KEPT_BELOW; length += 1) {
    const message = {
      topic: "-",
      payload: payload.subarray(0, length - BARE),
      qos: 0,
      dup: false,
      retain: false,
    } as const;
    mqttPacket.writeToStream({ cmd: "publish", ...message }, NOWHERE);
  }
}

const NOWHERE = { write: () => true } as unknown as NodeJS.WritableStream;
