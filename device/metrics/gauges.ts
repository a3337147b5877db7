import { Counter, Gauge, type Registry } from "prom-client";
import type { Snapshot } from "../overview/overview.ts";
import { LEVELS } from "../spool/ladder.ts";
import { versions } from "../versions.ts";

const LANE_STATES = ["idle", "scanning", "paused", "fault", "absent"] as const;

/** What is looked up when somebody asks, and not counted as it happens. */
export interface Gauges {
  set(snapshot: Snapshot): void;
}

/** A figure of the snapshot, by name. */
type Figures = Readonly<Record<string, readonly [help: string, of: (snapshot: Snapshot) => number | null]>>;

/** Figures of now; null ones are left out. */
const GAUGES: Figures = {
  lynceus_uptime_seconds: ["Time since the gateway started", ({ health }) => health.uptimeSeconds],
  lynceus_outbox_depth_rows: ["Hits and alerts not yet published", ({ figures }) => figures.unpublished],
  lynceus_outbox_oldest_age_seconds: [
    "Age of the oldest hit or alert not yet published; 0: there is none",
    ({ health }) => health.queue.oldestSeconds ?? 0,
  ],
  lynceus_outbox_unreceipted_rows: [
    "Hits and alerts that central has not receipted",
    ({ figures }) => figures.unreceipted,
  ],
  lynceus_dead_letters: [
    "Messages that cannot be read and rows that cannot be delivered, kept for an operator",
    ({ figures }) => figures.deadLetters,
  ],
  lynceus_spool_used_bytes: ["Image planes in the spool", ({ health }) => health.disk.usedBytes],
  lynceus_spool_max_bytes: [
    "What image planes may take (spool.maxBytes)",
    ({ health }) => health.disk.maxBytes,
  ],
  lynceus_spool_free_bytes: ["Free on the spool's volume", ({ health }) => health.disk.freeBytes],
  lynceus_spool_min_free_bytes: [
    "Free space below which no scan is admitted (spool.minFreeBytes)",
    ({ health }) => health.disk.minFreeBytes,
  ],
  lynceus_spool_fill_ratio: [
    "How full the spool is, 0 to 1",
    ({ health: { disk } }) => (disk.maxBytes > 0 ? Math.min(1, disk.usedBytes / disk.maxBytes) : null),
  ],
  lynceus_spool_level: [
    "What an almost full spool refuses: 0 nothing, 1 packages and copies, 2 the same with the ballast given up, 3 scans",
    ({ figures: { care } }) => (care === undefined ? null : LEVELS.indexOf(care.level)),
  ],
  lynceus_damaged_scans: [
    "Scans kept apart, whose image planes the disk lost or changed",
    ({ figures: { care } }) => care?.damagedScans ?? null,
  ],
  lynceus_clock_synchronised: [
    "1: a time service says that the clock follows a reference",
    ({ health }) => Number(health.clock.synchronised),
  ],
  lynceus_clock_offset_seconds: [
    "Gateway's clock minus the reference; absent: not known",
    ({ health: { clock } }) => (clock.offsetMs === null ? null : clock.offsetMs / 1000),
  ],
  lynceus_certificate_expiry_timestamp_seconds: [
    "When the first client certificate for the broker ends, Unix time; absent: there is none",
    ({ health }) => (health.certificateExpiry === null ? null : Date.parse(health.certificateExpiry) / 1000),
  ],
  lynceus_models_loaded: ["Model packages that run", ({ inference }) => inference.models.length],
  lynceus_inference_ready: [
    "1: the process of the models answers",
    ({ inference }) => Number(inference.state === "ready"),
  ],
};

/** What only grows, counted by others: since the start of the gateway, or of its journal where the help says so. */
const COUNTERS: Figures = {
  lynceus_outbox_committed_rows_total: [
    "Hits and alerts committed since the journal began",
    ({ figures }) => figures.sequence,
  ],
  lynceus_outbox_freed_rows_total: [
    "Hits and alerts that central has receipted, or that were given up, since the journal began",
    ({ figures }) => Math.max(0, figures.sequence - figures.unreceipted),
  ],
  lynceus_scrubbed_bytes_total: [
    "Stored image planes read again and compared with their digests",
    ({ figures: { care } }) => care?.scrubbedBytes ?? null,
  ],
  lynceus_inference_restarts_total: [
    "Times that the process of the models was replaced",
    ({ inference }) => inference.restarts,
  ],
};

/** Registers the figures on a registry. */
export function gaugesOn(registry: Registry): Gauges {
  const registers = [registry];
  const gauges = Object.entries(GAUGES).map(
    ([name, [help, of]]) => [new Gauge({ registers, name, help }), of] as const,
  );
  const counters = Object.entries(COUNTERS).map(
    ([name, [help, of]]) => [new Counter({ registers, name, help }), of] as const,
  );
  const labelled = labelledOn(registry);
  new Gauge({
    registers,
    name: "lynceus_build_info",
    help: "1, with the software's versions",
    labelNames: ["version", "node"],
  }).set({ version: versions()["lynceus"] ?? "", node: versions()["node"] ?? "" }, 1);
  return {
    set: (snapshot) => {
      for (const [gauge, of] of gauges) {
        const value = of(snapshot);
        if (value === null) gauge.remove();
        else gauge.set(value);
      }
      for (const [counter, of] of counters) {
        counter.reset();
        counter.inc(of(snapshot) ?? 0);
      }
      labelled(snapshot);
    },
  };
}

/** Figures by stage, lane, device, role and process. */
function labelledOn(registry: Registry): (snapshot: Snapshot) => void {
  const registers = [registry];
  const gauge = <Label extends string>(name: string, help: string, labelNames: Label[]) =>
    new Gauge({ registers, name, help, labelNames });
  const counter = <Label extends string>(name: string, help: string, labelNames: Label[]) =>
    new Counter({ registers, name, help, labelNames });
  const depth = gauge("lynceus_stage_depth_scans", "Scans, or rows of the uplink, in a stage", ["stage"]);
  const done = counter("lynceus_stage_done_total", "Scans that passed a stage", ["stage"]);
  const failed = counter("lynceus_stage_failed_total", "Scans that failed in a stage", ["stage"]);
  const laneState = gauge("lynceus_lane_state", "1 for the state that the lane is in", ["lane", "state"]);
  const lost = counter(
    "lynceus_items_without_scan_total",
    "Items that went through the machine without a capture: refused, dropped, or lost with the link",
    ["lane"],
  );
  const deviceUp = gauge("lynceus_device_up", "1: the device answers", ["lane", "device", "kind"]);
  const broker = gauge("lynceus_broker_connected", "1: the connection is up", ["role"]);
  const memory = gauge("lynceus_resident_memory_bytes", "Memory of a process", ["process"]);
  return ({ health, lanes, links, inference }) => {
    done.reset();
    failed.reset();
    for (const [stage, of] of Object.entries(health.stages)) {
      depth.set({ stage }, of.depth);
      done.inc({ stage }, of.done);
      failed.inc({ stage }, of.failed);
    }
    lost.reset();
    for (const lane of lanes) {
      for (const state of LANE_STATES)
        laneState.set({ lane: lane.id, state }, Number(lane.state.state === state));
      lost.inc({ lane: lane.id }, lane.lost);
      for (const { id, kind, state } of lane.devices)
        deviceUp.set({ lane: lane.id, device: id, kind }, Number(state === "connected"));
    }
    for (const [role, link] of Object.entries(links)) broker.set({ role }, Number(link.state === "online"));
    memory.set({ process: "gateway" }, health.memory.rssBytes);
    if (inference.residentBytes !== null) memory.set({ process: "inference" }, inference.residentBytes);
  };
}
