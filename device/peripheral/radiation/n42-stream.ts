import { isLynceusError, LynceusError } from "../../../protocols/errors.ts";
import { type N42Document, N42Framing, occupancyOfN42, readN42 } from "../../../protocols/n42/index.ts";
import type { Occupancy } from "../../../protocols/radiation/occupancy.ts";
import type { DeviceNames } from "../../transport/port.ts";
import type { Peripheral } from "../port.ts";
import { type PortalOptions, portalOf } from "./portal.ts";

/** Documents in a row that cannot be read before the device counts as the wrong one. */
const MAX_BAD_DOCUMENTS = 5;
const UNREAD = "a document could not be read";

/** A portal that sends an N42.42 document an item, 2012 or 2006, framed by STX and ETX. It is only listened to. */
export function n42Portal(options: PortalOptions): Peripheral {
  const { id, clock, log } = options;
  return portalOf(options, async (link, context, report) => {
    const framing = new N42Framing();
    let bad = 0;
    for await (const chunk of link.source) {
      for (const text of framing.push(chunk)) {
        try {
          const document = readN42(text ?? "");
          const occupancy = occupancyOfN42(document, clock());
          context.healthy();
          report.names(namesOf(document));
          bad = 0;
          report.faults(occupancy.faults);
          report.occupancy(occupancy);
        } catch (error) {
          if (!isLynceusError(error)) throw error;
          bad += 1;
          log.warn({ device: id, why: error.message }, "a document of the portal was dropped");
          if (bad > MAX_BAD_DOCUMENTS) throw wrongDevice(id, error);
          report.faults([UNREAD]);
          report.occupancy(unread(clock()));
        }
      }
    }
  });
}

function namesOf({ instrument }: N42Document): DeviceNames {
  const { manufacturer, model, identifier } = instrument;
  return { vendor: manufacturer || null, model: model || null, serial: identifier || null };
}

/** An item passed, and what the portal said of it is not known: a fault, never "no item". */
function unread(at: number): Occupancy {
  return {
    beganAt: at,
    endedAt: at,
    gamma: "fault",
    neutron: "fault",
    gammaSigma: null,
    neutronSigma: null,
    faults: [UNREAD],
    background: { gamma: null, neutron: null },
    slices: [],
  };
}

function wrongDevice(device: string, cause: LynceusError): LynceusError {
  return new LynceusError("LYN_PERIPHERAL_PROTOCOL", `${device} does not send N42 documents`, {
    remedy: "Set the portal's output to ANSI N42.42 and check its address",
    details: { device },
    cause,
  });
}
