import type { Health } from "../../protocols/mqtt/health.ts";
import type { InferenceState } from "../inference/port.ts";
import type { LaneBoard, LaneView } from "../lane/lane-board.ts";
import type { Spool, SpoolFigures } from "../spool/port.ts";
import type { UplinkState } from "../uplink/uplink.ts";

/** What the gateway knows of itself at one moment: what metrics and the console show. */
export interface Snapshot {
  readonly health: Health;
  readonly figures: SpoolFigures;
  readonly lanes: readonly LaneView[];
  readonly links: UplinkState;
  readonly inference: InferenceState;
}

export interface OverviewOptions {
  readonly health: () => Promise<Health>;
  readonly spool: Pick<Spool, "figures">;
  readonly board: Pick<LaneBoard, "lanes">;
  readonly links: () => UplinkState;
  readonly inference: () => InferenceState;
}

/** Looks at every room once. */
export class Overview {
  readonly #options: OverviewOptions;

  constructor(options: OverviewOptions) {
    this.#options = options;
  }

  /** Rejects where the spool cannot say its figures. */
  async now(): Promise<Snapshot> {
    const { health, spool, board, links, inference } = this.#options;
    const [told, figures] = await Promise.all([health(), spool.figures()]);
    return { health: told, figures, lanes: board.lanes, links: links(), inference: inference() };
  }
}
