import type { Health } from "../protocols/mqtt/health.ts";
import type { Config } from "./config/schema.ts";
import type { Console } from "./console/of-config.ts";
import type { Inference } from "./inference/port.ts";
import { LaneBoard } from "./lane/lane-board.ts";
import type { Log } from "./log.ts";
import { Metrics } from "./metrics/metrics.ts";
import { Overview } from "./overview/overview.ts";
import type { Spool } from "./spool/port.ts";
import { LinkFile } from "./uplink/link-file.ts";
import type { Uplink, UplinkState } from "./uplink/uplink.ts";

export interface MonitoringOptions {
  readonly config: Pick<Config, "console" | "gateway" | "broker" | "spool">;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly spool: Spool;
  readonly inference: Pick<Inference, "state">;
  /** Called late, as the uplink is made after what it is told of. */
  readonly uplink: () => Pick<Uplink, "state" | "onState">;
  readonly health: () => Promise<Health>;
  readonly log: Log;
}

/** What shows a gateway to whoever runs it: metrics, the board of lanes and devices, the console that serves both, its links. */
export class Monitoring {
  readonly metrics = new Metrics();
  readonly board = new LaneBoard();
  readonly #options: MonitoringOptions;
  #console: Console | null = null;
  #links: LinkFile | null = null;
  readonly #unlisten: (() => void)[] = [];

  constructor(options: MonitoringOptions) {
    this.#options = options;
  }

  /** Port of the console; null: none is configured, or it does not listen yet. */
  get port(): number | null {
    return this.#console?.port ?? null;
  }

  async start(): Promise<void> {
    const { config, health, inference, uplink, spool, log } = this.#options;
    this.#unlisten.push(
      spool.onAlert((alert) => this.metrics.alert(alert)),
      this.#follow(uplink()),
    );
    this.#links = new LinkFile({
      spoolPath: config.spool.path,
      url: config.broker.url,
      uplink: uplink(),
      log,
    });
    this.#links.start();
    if (config.console === undefined) return;
    const overview = new Overview({
      health,
      spool,
      board: this.board,
      links: () => uplink().state,
      inference: () => inference.state,
    });
    // Only a gateway with a console loads what serves it.
    const { consoleOf } = await import("./console/of-config.ts");
    try {
      this.#console = consoleOf({ ...this.#options, overview, metrics: this.metrics });
      this.#console?.start();
    } catch (error) {
      // Nobody's scan waits for a page.
      log.error({ err: error }, "the console cannot be served; the gateway runs without it");
    }
  }

  async stop(): Promise<void> {
    for (const unlisten of this.#unlisten.splice(0)) unlisten();
    await this.#links?.stop();
    await this.#console?.stop();
  }

  /** Counts connections that come up. */
  #follow(uplink: Pick<Uplink, "state" | "onState">): () => void {
    let before: UplinkState | null = null;
    return uplink.onState((now) => {
      for (const [role, { state }] of Object.entries(now)) {
        const was = before?.[role as keyof UplinkState].state;
        if (state === "online" && was !== "online") this.metrics.connected(role);
      }
      before = now;
    });
  }
}
