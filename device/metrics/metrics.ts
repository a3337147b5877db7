import { Counter, Histogram, Registry } from "prom-client";
import type { HitData } from "../fusion/hit.ts";
import type { Snapshot } from "../overview/overview.ts";
import type { RaisedAlert } from "../spool/port.ts";
import { type Gauges, gaugesOn } from "./gauges.ts";

/** Upper bounds of the durations of a stage, s: from a commit to a large scan on a slow machine. */
const STAGE_SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];
/** Of the way from the last byte to the hit, s: the contract's deadline is 5 s. */
const HIT_SECONDS = [0.05, 0.1, 0.25, 0.5, 0.75, 1, 1.5, 2, 3, 5, 7.5, 10, 30];
/** Different values of one label that are counted; what comes beyond is `other`, so that no sender can fill the memory. */
export const MAX_LABELS = 200;

/** Steps of a scan whose time is measured. */
export type Stage = "store" | "inference" | "fusion";

/** What the gateway does, counted for Prometheus; names end in their unit. Holds a registry of its own. */
export class Metrics {
  readonly #registry = new Registry();
  readonly #gauges: Gauges;
  readonly #seen = new Map<string, Set<string>>();
  readonly #alerts: Counter<"code" | "severity">;
  readonly #hits: Counter<"lane" | "decision" | "band">;
  readonly #declarations: Counter;
  readonly #connections: Counter<"role">;
  readonly #stages: Histogram<"lane" | "stage">;
  readonly #hitSeconds: Histogram<"lane">;
  readonly #models: Histogram<"model" | "version">;

  constructor() {
    const registers = [this.#registry];
    this.#gauges = gaugesOn(this.#registry);
    this.#alerts = new Counter({
      registers,
      name: "lynceus_alerts_total",
      help: "Alerts told to central, by code",
      labelNames: ["code", "severity"],
    });
    this.#hits = new Counter({
      registers,
      name: "lynceus_hits_total",
      help: "Hits committed, revisions included",
      labelNames: ["lane", "decision", "band"],
    });
    this.#declarations = new Counter({
      registers,
      name: "lynceus_declarations_stored_total",
      help: "Declarations stored, revisions included",
    });
    this.#connections = new Counter({
      registers,
      name: "lynceus_broker_connections_total",
      help: "Connections to the broker that came up; more than one a role are reconnections",
      labelNames: ["role"],
    });
    this.#stages = new Histogram({
      registers,
      name: "lynceus_stage_duration_seconds",
      help: "Time of one scan in a step: made durable, analysed, fused and committed",
      labelNames: ["lane", "stage"],
      buckets: STAGE_SECONDS,
    });
    this.#hitSeconds = new Histogram({
      registers,
      name: "lynceus_scan_to_hit_seconds",
      help: "From a scan's last byte to its first score",
      labelNames: ["lane"],
      buckets: HIT_SECONDS,
    });
    this.#models = new Histogram({
      registers,
      name: "lynceus_model_inference_seconds",
      help: "Time of one model on one scan",
      labelNames: ["model", "version"],
      buckets: STAGE_SECONDS,
    });
  }

  /** A step of a scan took `seconds`. */
  stage(lane: string, stage: Stage, seconds: number): void {
    this.#stages.observe({ lane: this.#label("lane", lane), stage }, seconds);
  }

  /** A hit was committed. */
  scored(data: HitData): void {
    const lane = this.#label("lane", data.lane);
    this.#hits.inc({ lane, decision: data.decision, band: data.score.band });
    if (data.revision === 1) {
      const ms = Date.parse(data.decidedAt) - Date.parse(data.receivedAt);
      // A clock that was set between the two says nothing of the time that passed.
      if (ms >= 0) this.#hitSeconds.observe({ lane }, ms / 1000);
    }
    if (data.cause !== "initial" && data.cause !== "late-analysis") return;
    for (const { name, version, milliseconds } of data.models) {
      const model = this.#label("model", `${name} ${version}`) === OTHER ? OTHER : name;
      this.#models.observe({ model, version: model === OTHER ? OTHER : version }, milliseconds / 1000);
    }
  }

  /** An alert was committed, whoever raised it. */
  alert({ code, severity }: RaisedAlert): void {
    this.#alerts.inc({ code: this.#label("code", code), severity });
  }

  declared(): void {
    this.#declarations.inc();
  }

  connected(role: string): void {
    this.#connections.inc({ role });
  }

  /** In the text format of Prometheus, with the figures of this moment; null: they are not to be had, only counts are told. */
  async text(snapshot: Snapshot | null): Promise<{ readonly type: string; readonly text: string }> {
    if (snapshot !== null) this.#gauges.set(snapshot);
    return { type: this.#registry.contentType, text: await this.#registry.metrics() };
  }

  #label(name: string, value: string): string {
    const seen = this.#seen.get(name) ?? new Set<string>();
    this.#seen.set(name, seen);
    if (!seen.has(value) && seen.size >= MAX_LABELS) return OTHER;
    seen.add(value);
    return value;
  }
}

const OTHER = "other";
