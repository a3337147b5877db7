/** What `lynceus driver template` prints. */
export const DRIVER_TEMPLATE = `// A scanner driver for lynceus. Put it into a package of its own; name it in the configuration:
//   scanner: { driver: module, module: "@vendor/lynceus-driver", options: { url: "tcp://10.0.0.5:4000" } }
// and run the conformance suite: lynceus driver test @vendor/lynceus-driver
import { DRIVER_API, LynceusError, linkDriver } from "lynceus/driver";

/** Uses one link until it ends. Throw a LynceusError when the peer is not your machine: the link is opened anew. */
async function serve(link, session) {
  const writer = link.sink.getWriter();
  for await (const chunk of link.source) {
    // 1. Find the messages of your protocol in the chunks. Bound every length before you keep bytes for it.
    // 2. When your machine has proven to be the right one: session.healthy().
    // 3. When an item begins: const scan = await session.begin();
    // 4. For its lines (u16, little-endian): await scan.lines({ view: 0, energy: 2, height }, firstLine, bytes);
    //    energy: 0 low, 1 high, 2 single. Awaiting holds the machine back while the disk is slow.
    // 5. When it is over:
    //    const delivery = await scan.deliver({
    //      key: { serial, scanRef, startedAt },           // the machine's own key: the same scan sent again is known by it
    //      kind: "single-energy",                         // or "dual-energy"
    //      views: [{ view: 0, name: "top", width, height, pixelPitchMm: { x, y }, energies: [2] }],
    //      airLevel: 60000,                               // counts in air, null where unknown
    //    });
    //    delivery.stored: tell the machine that it may delete its copy; else tell it to keep it and to send it again.
    // 6. A scan that breaks off: await scan.discard();
    await writer.write(chunk.subarray(0, 0));
  }
}

export const apiVersion = DRIVER_API;
export const name = "my-scanner";

export function createDriver(context) {
  const { url } = context.options;
  if (typeof url !== "string") {
    throw new LynceusError("LYN_DRIVER_MODULE", "options.url is missing", { remedy: "Give tcp://HOST:PORT of the scanner" });
  }
  return linkDriver({ context, transport: url, serve });
}

/** A stand-in for your machine on a real socket, for the suite: start, stop, send, acknowledged, cut, garbage. */
// export function createPeer() { ... }
`;
