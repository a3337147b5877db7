import type { Decision } from "../../protocols/vocabulary.ts";
import type { Alert } from "../alerts.ts";
import { BeltActions, type BeltActionsOptions, type BeltFigures } from "../belt/actions.ts";
import type { Conveyor } from "../belt/port.ts";
import type { BeltTracker } from "./tracking/belt-tracker.ts";

export interface LaneBeltOptions
  extends Pick<BeltActionsOptions, "lane" | "onAlarm" | "onFault" | "alert" | "now" | "log"> {
  readonly conveyor: Conveyor;
  /** Follows the items; null: the plant does so itself, and acts on what leaves the machine. */
  readonly tracker: BeltTracker | null;
  /** Where the diverter stands, mm from the entry eye; null: it is told at once. */
  readonly diverterMm: number | null;
}

/** The belt of a lane: its encoder and eyes to the tracker, the first hits back to it. */
export class LaneBelt {
  readonly conveyor: Conveyor;
  readonly #options: LaneBeltOptions;
  readonly #actions: BeltActions;
  #pressed = false;

  constructor(options: LaneBeltOptions) {
    this.#options = options;
    this.conveyor = options.conveyor;
    const { tracker, diverterMm } = options;
    this.#actions = new BeltActions({
      ...options,
      ...(tracker === null || diverterMm === null
        ? {}
        : { passage: (scanId: string) => tracker.passage(scanId, diverterMm) }),
    });
  }

  get figures(): BeltFigures {
    return this.#actions.figures;
  }

  start(): void {
    const { conveyor, tracker } = this.#options;
    conveyor.onBelt(({ at, mm, fresh }) => {
      tracker?.belt(at, mm, fresh);
      this.#actions.moved(mm);
    });
    conveyor.onEye(({ name, at, after, dark }) => tracker?.eye(name, at, dark, after));
    conveyor.onState(({ emergencyStop }) => this.#emergencyStop(emergencyStop === true));
    conveyor.start();
  }

  async stop(): Promise<void> {
    this.#actions.stop();
    await this.conveyor.stop();
  }

  captured(scanId: string): void {
    this.#actions.captured(scanId);
  }

  decided(scanId: string, decision: Decision): Promise<void> {
    return this.#actions.decided(scanId, decision);
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
