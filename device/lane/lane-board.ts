import { Listeners } from "../listeners.ts";
import type { ScannerDriver, ScannerMachine, ScannerState } from "../scanner/port.ts";
import type { DeviceNames, LinkState } from "../transport/port.ts";

/** A device of a lane as it is now. */
export interface DeviceView {
  readonly id: string;
  readonly kind: string;
  readonly state: LinkState["state"];
  readonly code: string | null;
  /** ms since the epoch. */
  readonly since: number;
  /** What it cannot be trusted with, plain English; null: nothing. */
  readonly fault: string | null;
  /** Who it is, as far as it says so itself. */
  readonly names: DeviceNames | null;
}

/** A lane as it is now, as it was last published. */
export interface LaneView {
  readonly id: string;
  /** How its scanner is connected: the driver's name. */
  readonly driver: string;
  readonly state: ScannerState;
  /** Null: not known yet. */
  readonly machine: ScannerMachine | null;
  readonly devices: readonly DeviceView[];
  /** Items that went through the machine without a capture since the start: refused, dropped, or lost with the link. */
  readonly lost: number;
}

/** What the board asks of a device. */
interface Device {
  readonly id: string;
  readonly kind: string;
  readonly link: LinkState;
  readonly fault?: string | null;
  readonly names?: DeviceNames | null;
  onNames?(listener: () => void): () => void;
}

interface Entry {
  readonly id: string;
  readonly driver: string;
  readonly scanner: Pick<ScannerDriver, "machine">;
  readonly devices: readonly Device[];
  state: ScannerState;
  lost: number;
}

/** The lanes and their devices at a glance, for the console and the metrics. */
export class LaneBoard {
  readonly #entries = new Map<string, Entry>();
  readonly #changes = new Listeners<string>();

  add(lane: {
    readonly id: string;
    readonly driver: string;
    readonly scanner: Pick<ScannerDriver, "state" | "machine" | "onState" | "onScanLost">;
    readonly devices: readonly Device[];
  }): void {
    const { id, driver, scanner, devices } = lane;
    const entry: Entry = { id, driver, scanner, devices, state: scanner.state, lost: 0 };
    this.#entries.set(id, entry);
    let machine = scanner.machine ?? null;
    scanner.onState(() => {
      const now = scanner.machine ?? null;
      if (now === machine) return;
      machine = now;
      this.#changes.tell(id);
    });
    for (const device of devices) device.onNames?.(() => this.#changes.tell(id));
    scanner.onScanLost?.(() => {
      entry.lost += 1;
    });
  }

  /** The lane's state, as it is published. */
  entered(lane: string, state: ScannerState): void {
    const entry = this.#entries.get(lane);
    if (entry === undefined) return;
    entry.state = state;
    this.#changes.tell(lane);
  }

  get lanes(): readonly LaneView[] {
    return [...this.#entries.values()].map(({ id, driver, scanner, state, devices, lost }) => ({
      id,
      driver,
      state,
      machine: scanner.machine ?? null,
      lost,
      devices: devices.map(({ id: name, kind, link, fault, names }) => ({
        id: name,
        kind,
        state: link.state,
        code: link.code,
        since: link.since,
        fault: fault ?? null,
        names: names ?? null,
      })),
    }));
  }

  /** Called with the lane whose state changed. */
  onChange(listener: (lane: string) => void): () => void {
    return this.#changes.add(listener);
  }
}
