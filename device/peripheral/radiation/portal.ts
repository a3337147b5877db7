import { type Occupancy, sigmaOf } from "../../../protocols/radiation/occupancy.ts";
import { Listeners } from "../../listeners.ts";
import type { ScannerEvent } from "../../scanner/port.ts";
import type { Link } from "../../transport/port.ts";
import type { ServeContext } from "../../transport/supervisor.ts";
import type { Peripheral, Reading } from "../port.ts";
import { type PeripheralOptions, type Report, supervisedPeripheral } from "../supervised.ts";

/** What a portal's conversation tells. */
export interface PortalReport extends Pick<Report, "names"> {
  occupancy(occupancy: Occupancy): void;
  /** Faults that stand now, plain English; empty: sound. */
  faults(faults: readonly string[]): void;
}

export interface PortalOptions extends PeripheralOptions {
  /** Keeps each occupancy as a document; never rejects. */
  readonly keep?: (occupancy: Occupancy) => void;
}

/**
 * A radiation portal over one conversation: an occupancy becomes a reading when it is over, alarms and faults become alerts
 * at once, whether or not the item they belong to is known.
 */
export function portalOf(
  options: PortalOptions,
  converse: (link: Link, context: ServeContext, report: PortalReport) => Promise<void>,
): Peripheral {
  const events = new Listeners<ScannerEvent>();
  let fault: string | null = null;
  const faults = (list: readonly string[]) => {
    const now = list.length === 0 ? null : list.join("; ");
    if (now === fault) return;
    fault = now;
    if (now !== null) events.tell(faultEvent(options.id, now));
  };
  const peripheral = supervisedPeripheral("radiation", options, async (link, context, emit, report) => {
    try {
      await converse(link, context, {
        faults,
        names: report.names,
        occupancy: (occupancy) => {
          emit(readingOf(options, occupancy));
          if (occupancy.gamma === "alarm" || occupancy.neutron === "alarm")
            events.tell(alarmEvent(options.id, occupancy));
          options.keep?.(occupancy);
        },
      });
    } finally {
      fault = null;
    }
  });
  Object.defineProperty(peripheral, "fault", { get: () => fault, enumerable: true });
  return Object.assign(peripheral, {
    onEvent: (listener: (event: ScannerEvent) => void) => events.add(listener),
  });
}

function readingOf({ id, clock }: PortalOptions, occupancy: Occupancy): Reading {
  const { beganAt, gamma, neutron, faults } = occupancy;
  const faulty = gamma === "fault" || neutron === "fault";
  return {
    kind: "radiation",
    device: id,
    at: clock(),
    beganAt,
    gamma,
    neutron,
    sigma: sigmaOf(occupancy),
    why: faulty ? faults.join("; ") : null,
  };
}

function alarmEvent(device: string, { gamma, neutron, gammaSigma, neutronSigma }: Occupancy): ScannerEvent {
  return {
    code: "RADIATION_ALARM",
    severity: "critical",
    message: `The radiation portal ${device} alarms: gamma ${gamma ?? "not measured"}, neutron ${neutron ?? "not measured"}`,
    remedy: "Keep the item and people apart and follow the site's procedure for radiation alarms.",
    details: { device, gamma, neutron, gammaSigma, neutronSigma },
  };
}

function faultEvent(device: string, why: string): ScannerEvent {
  return {
    code: "RADIATION_FAULT",
    severity: "warning",
    message: `The radiation portal ${device} is faulty: ${why}`,
    remedy: "Have the portal looked at; until then its readings say fault, never normal.",
    details: { device },
  };
}
