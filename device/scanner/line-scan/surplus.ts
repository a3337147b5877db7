import { encodeMessage, FRAME_TYPES } from "../../../protocols/line-scan/index.ts";
import type { Link } from "../../transport/port.ts";
import { LinkReader } from "./link-reader.ts";
import type { LineScanTimings } from "./options.ts";

/** A second scanner on a lane that has one: its HELLO is answered with LANE_BUSY, and the link closed. */
export async function turnAwaySurplus(link: Link, timings: LineScanTimings): Promise<void> {
  const reader = new LinkReader(link.source, timings);
  try {
    const out = await reader.next();
    const hello = out?.some((each) => each.kind === "frame" && each.type === FRAME_TYPES.HELLO) ?? false;
    if (hello) {
      const message = "Another scanner is connected to this lane";
      const writer = link.sink.getWriter();
      await writer.write(encodeMessage("NAK", { code: "LANE_BUSY", message }, 0));
    }
  } catch {
    // It said nothing, or went: there is nothing to refuse.
  } finally {
    reader.release();
    await link.close();
  }
}
