import type { BackoffLimits } from "../backoff.ts";
import { Listeners } from "../listeners.ts";
import type { Log } from "../log.ts";
import type { ScannerEvent } from "../scanner/port.ts";
import type { DeviceNames, Link, LinkState, Transport } from "../transport/port.ts";
import { LinkSupervisor, type ServeContext } from "../transport/supervisor.ts";
import type { Peripheral, Reading } from "./port.ts";

/** What every peripheral is built from. */
export interface PeripheralOptions {
  readonly id: string;
  readonly transport: Transport;
  /** ms since the epoch. */
  readonly clock: () => number;
  readonly log: Log;
  readonly backoff?: BackoffLimits;
  /** 0 ≤ x < 1, for the jitter of reconnecting. */
  readonly random?: () => number;
}

/** What a device reports beside readings. */
export interface Report {
  /** What it cannot be trusted with now, plain English; null: nothing. Over with the link. */
  fault(why: string | null): void;
  event(event: ScannerEvent): void;
  /** Who the device says that it is. It stays known when the link is lost. */
  names(names: DeviceNames): void;
}

/** One conversation with a device over one link: resolves when the link ends, rejects when the device is the wrong one. */
export type Conversation = (
  link: Link,
  context: ServeContext,
  emit: (reading: Reading) => void,
  report: Report,
) => Promise<void>;

/** A peripheral that is kept connected: readings out, its link's state beside them. */
export function supervisedPeripheral(
  kind: Peripheral["kind"],
  options: PeripheralOptions,
  converse: Conversation,
): Peripheral {
  const { id, transport, clock, log, backoff, random } = options;
  const readings = new Listeners<Reading>();
  const events = new Listeners<ScannerEvent>();
  const renamed = new Listeners<void>();
  let fault: string | null = null;
  let names: DeviceNames | null = null;
  const report: Report = {
    fault: (why) => {
      fault = why;
    },
    event: (event) => events.tell(event),
    names: (said) => {
      if (JSON.stringify(said) === JSON.stringify(names)) return;
      names = said;
      renamed.tell();
    },
  };
  const supervisor = new LinkSupervisor({
    transport,
    serve: (link, context) => {
      fault = null;
      if (link.device !== undefined) report.names(link.device);
      return converse(link, context, (reading) => readings.tell(reading), report);
    },
    now: clock,
    log,
    ...(backoff === undefined ? {} : { backoff }),
    ...(random === undefined ? {} : { random }),
  });
  return {
    id,
    kind,
    get link(): LinkState {
      return supervisor.state;
    },
    get fault() {
      return fault;
    },
    get names() {
      return names;
    },
    onNames: (listener) => renamed.add(listener),
    onEvent: (listener) => events.add(listener),
    onReading: (listener) => readings.add(listener),
    onLink: (listener) => supervisor.onState(listener),
    start: () => supervisor.start(),
    stop: () => supervisor.stop(),
  };
}
