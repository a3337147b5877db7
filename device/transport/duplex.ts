import type { Duplex } from "node:stream";
import { LynceusError } from "../../protocols/errors.ts";
import type { Link } from "./port.ts";

/** Read ahead of the consumer, bytes; beyond it the peer is held back (TCP window, serial flow control). */
export const READ_AHEAD_BYTES = 128 * 1024;
/** How long a closing link lets written bytes leave, ms. */
const LINGER_MS = 500;

/** The link broke or ended: what a pending read or write of it fails with. */
export function linkEnded(peer: string, cause?: unknown): LynceusError {
  return new LynceusError("LYN_LINK_ENDED", `The link to ${peer} ended`, {
    remedy: "Check the cable, the network and the device at the other end; it is opened again by itself",
    details: { peer },
    ...(cause === undefined ? {} : { cause }),
  });
}

/**
 * A Node duplex stream as a {@link Link} with real back-pressure both ways: reading pauses while the consumer is
 * {@link READ_AHEAD_BYTES} behind, and a write resolves only when the system took it.
 * @param shut ends the stream gracefully, when `end()` is not the way (serial ports).
 */
export function duplexLink(
  duplex: Duplex,
  options: { peer: string; shut?: (duplex: Duplex) => Promise<void> },
): Link {
  const { peer } = options;
  let closed = false;
  const flow = { dropping: false };
  const ended = new Promise<void>((resolve) => duplex.once("close", () => resolve()));
  duplex.on("error", () => duplex.destroy());
  return {
    peer,
    source: readable(duplex, peer, flow),
    sink: writable(duplex, peer),
    async close() {
      if (closed) return ended;
      closed = true;
      // What the peer still sends is read and dropped: closing with unread bytes would reset the connection, and the
      // peer would lose the last answer.
      flow.dropping = true;
      duplex.resume();
      if (options.shut === undefined) await endGently(duplex, ended);
      else await options.shut(duplex);
    },
  };
}

async function endGently(duplex: Duplex, ended: Promise<void>): Promise<void> {
  if (duplex.destroyed) return ended;
  const timer = setTimeout(() => duplex.destroy(), LINGER_MS);
  duplex.end();
  await ended;
  clearTimeout(timer);
}

function readable(
  duplex: Duplex,
  peer: string,
  flow: { readonly dropping: boolean },
): ReadableStream<Uint8Array> {
  let done = false;
  return new ReadableStream<Uint8Array>(
    {
      start(controller) {
        const finish = (cause?: unknown) => {
          if (done) return;
          done = true;
          if (cause === undefined) controller.close();
          else controller.error(linkEnded(peer, cause));
        };
        duplex.on("data", (chunk: Uint8Array) => {
          if (done || flow.dropping) return;
          controller.enqueue(chunk);
          if ((controller.desiredSize ?? 0) <= 0) duplex.pause();
        });
        duplex.on("end", () => finish());
        duplex.on("error", (error) => finish(error));
        duplex.on("close", (error?: unknown) => finish(error instanceof Error ? error : undefined));
        duplex.pause();
      },
      pull() {
        if (!done) duplex.resume();
      },
      cancel() {
        done = true;
      },
    },
    new ByteLengthQueuingStrategy({ highWaterMark: READ_AHEAD_BYTES }),
  );
}

function writable(duplex: Duplex, peer: string): WritableStream<Uint8Array> {
  return new WritableStream<Uint8Array>({
    start(controller) {
      duplex.once("close", () => controller.error(linkEnded(peer)));
    },
    write(chunk) {
      return new Promise<void>((resolve, reject) => {
        if (duplex.destroyed) {
          reject(linkEnded(peer));
          return;
        }
        duplex.write(chunk, (error) => (error ? reject(linkEnded(peer, error)) : resolve()));
      });
    },
  });
}
