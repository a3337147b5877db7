import type { Decision } from "../../protocols/vocabulary.ts";
import type { Alert } from "../alerts.ts";
import { type BeltAction, BeltActions } from "../belt/actions.ts";
import { Outputs, type OutputsOptions } from "../belt/outputs.ts";
import type { Conveyor } from "../belt/port.ts";
import type { WatchedDevice } from "./devices.ts";
import type { BeltTracker } from "./tracking/belt-tracker.ts";

export interface LaneBeltOptions extends OutputsOptions {
  readonly onAlarm: BeltAction;
  readonly onFault: BeltAction;
  /** Whether the plant has a reset that people press: `stop` then stays until they do. */
  readonly hasReset: boolean;
  /** Follows the items; null: the plant does so itself, and acts on what leaves the machine. */
  readonly tracker: BeltTracker | null;
  /** Where the diverter stands, mm from the entry eye; null: it is told at once. */
  readonly diverterMm: number | null;
}

/** The belt of a lane: its encoder and eyes to the tracker, the first hits back to it. */
export class LaneBelt {
  readonly conveyor: Conveyor;
  readonly #options: LaneBeltOptions;
  readonly #outputs: Outputs;
  readonly #actions: BeltActions;
  #pressed = false;

  constructor(options: LaneBeltOptions) {
    this.#options = options;
    this.conveyor = options.conveyor;
    this.#outputs = new Outputs(options);
    const { tracker, diverterMm } = options;
    this.#actions = new BeltActions({
      ...options,
      outputs: this.#outputs,
      has: (output) => options.conveyor.has(output),
      latches: options.hasReset,
      ...(tracker === null || diverterMm === null
        ? {}
        : { passage: (scanId: string) => tracker.passage(scanId, diverterMm) }),
    });
  }

  /** For the alerts of a lane's devices. */
  get device(): WatchedDevice {
    const { conveyor } = this.#options;
    return { id: conveyor.id, kind: "conveyor", onLink: (listener) => conveyor.onLink(listener) };
  }

  start(): void {
    const { conveyor, tracker } = this.#options;
    conveyor.onBelt(({ at, withinMs, mm, fresh }) => {
      tracker?.belt(at, mm, fresh, withinMs);
      this.#actions.moved(mm);
    });
    conveyor.onEye(({ name, at, after, dark }) => tracker?.eye(name, at, dark, after));
    conveyor.onState(({ emergencyStop, reset }) => {
      this.#emergencyStop(emergencyStop === true);
      if (reset === true) this.#actions.reset();
    });
    conveyor.onLink(({ state }) => {
      if (state === "connected") this.#outputs.connected();
      else this.#actions.away();
    });
    conveyor.start();
  }

  async stop(): Promise<void> {
    this.#actions.stop();
    // A plant that is away and was told nothing needs no word: its watchdog sees that the heartbeat stands still.
    if (this.conveyor.link.state === "connected" || this.#outputs.isOn("divert"))
      await this.#outputs.want("divert", false);
    await this.conveyor.stop();
  }

  captured(scanId: string): void {
    this.#actions.captured(scanId);
  }

  decided(scanId: string, decision: Decision): Promise<void> {
    return this.#actions.decided(scanId, decision);
  }

  /** An item went by without a capture: nobody has looked into it. */
  async lost(at: number): Promise<void> {
    const { tracker, onFault } = this.#options;
    if (onFault === "none") return;
    const name = tracker === null ? `lost ${at}` : tracker.nameLost(at);
    this.#actions.captured(name);
    await this.#actions.decided(name, "UNKNOWN");
  }

  #emergencyStop(pressed: boolean): void {
    if (pressed && !this.#pressed) this.#options.alert(emergencyStopAlert(this.#options.lane));
    this.#pressed = pressed;
  }
}

function emergencyStopAlert(lane: string): Alert {
  return {
    code: "BELT_ESTOP",
    severity: "critical",
    message: "The emergency stop of the belt is pressed",
    remedy: "See to the people first; release it at the plant.",
    lane,
  };
}
