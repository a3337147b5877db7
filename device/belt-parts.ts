import type { Alerts } from "./alerts.ts";
import { ModbusConveyor } from "./belt/conveyor.ts";
import { beltMap } from "./belt/map.ts";
import type { TrackingConfig } from "./config/belt.ts";
import type { LaneConfig } from "./config/schema.ts";
import type { ItemTracker } from "./lane/item-tracker.ts";
import { LaneBelt } from "./lane/lane-belt.ts";
import { Tracker } from "./lane/tracker.ts";
import { BeltTracker } from "./lane/tracking/belt-tracker.ts";
import type { Log } from "./log.ts";
import { modbusAddress } from "./transport/modbus.ts";

/** An encoder that is silent for longer has lost the belt, ms; never less than some polls. */
const MAX_GAP_MS = 500;
const MIN_GAP_POLLS = 10;

/** How a lane ties readings to scans, and the belt that helps it, if it has one. */
export interface LaneTracking {
  readonly tracker: ItemTracker;
  readonly belt?: LaneBelt;
}

/** By the belt's encoder where the lane's `tracking` says where things stand, else by order and time. */
export function trackingOf(lane: LaneConfig, alerts: Alerts, clock: () => number, log: Log): LaneTracking {
  const conveyor = lane.peripherals.find((each) => each.kind === "conveyor");
  const readers = lane.peripherals.filter((each) => each.kind !== "conveyor");
  const byOrder = () => new Tracker({ expects: readers.map(({ kind }) => kind) });
  if (conveyor === undefined) return { tracker: byOrder() };
  const byBelt =
    lane.tracking === undefined
      ? null
      : beltTracker(
          lane.tracking,
          readers.map(({ id }) => id),
          conveyor.pollMs,
        );
  const belt = new LaneBelt({
    lane: lane.id,
    conveyor: new ModbusConveyor({
      id: conveyor.id,
      url: conveyor.transport,
      ...modbusAddress(conveyor.transport),
      map: beltMap(conveyor.map),
      pollMs: conveyor.pollMs,
      heartbeatMs: conveyor.heartbeatMs,
      clock,
      log,
    }),
    tracker: byBelt,
    diverterMm: lane.tracking?.diverterMm ?? null,
    onAlarm: lane.belt.onAlarm,
    onFault: lane.belt.onFault,
    hasReset: conveyor.map["reset"] !== undefined,
    alert: (alert) => void alerts.raise(alert),
    now: () => performance.now(),
    log,
  });
  return { tracker: byBelt ?? byOrder(), belt };
}

function beltTracker(tracking: TrackingConfig, expects: readonly string[], pollMs: number): BeltTracker {
  const { stations, eyes, xrayMm, slipMm, lagMs, maxSpeedMmS } = tracking;
  return new BeltTracker({
    layout: {
      stations: new Map(Object.entries(stations)),
      eyes: new Map(Object.entries(eyes)),
      xrayMm,
      slipMm,
      lagMs,
    },
    expects,
    odometer: { maxSpeedMmS, maxGapMs: Math.max(MAX_GAP_MS, MIN_GAP_POLLS * pollMs) },
  });
}
