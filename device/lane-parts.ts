import type { Alerts } from "./alerts.ts";
import { trackingOf } from "./belt-parts.ts";
import type { Config, LaneConfig } from "./config/schema.ts";
import { driverOf, machineWatchOf, massCalibrationOf, peripheralsOf } from "./gateway-parts.ts";
import { inferenceForLane } from "./inference/for-lane.ts";
import type { Inference } from "./inference/port.ts";
import { Lane } from "./lane/lane.ts";
import { followLaneState } from "./lane/lane-state.ts";
import type { PausedLanes } from "./lane/paused-lanes.ts";
import type { Scorer } from "./lane/scorer.ts";
import type { Log } from "./log.ts";
import type { Monitoring } from "./monitoring.ts";
import type { ScannerState } from "./scanner/port.ts";
import type { Work } from "./self-description.ts";
import type { Spool } from "./spool/port.ts";
import type { Uplink } from "./uplink/uplink.ts";

/** What a lane is put together with. */
export interface LaneSurroundings {
  readonly config: Pick<Config, "spool">;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly spool: Spool;
  readonly alerts: Alerts;
  readonly inference: Inference;
  readonly uplink: Pick<Uplink, "publishState">;
  readonly paused: PausedLanes;
  readonly scorer: Scorer;
  readonly monitoring: Pick<Monitoring, "board" | "metrics">;
  readonly work: Work;
  /** ms since the epoch. */
  readonly clock: () => number;
  readonly log: Log;
}

/** A lane with its scanner, its devices and its belt; its state is published and shown. */
export async function laneOf(lane: LaneConfig, parts: LaneSurroundings): Promise<Lane> {
  const { config, env, spool, alerts, inference, uplink, paused, scorer, monitoring, work, clock, log } =
    parts;
  const site = { spoolPath: config.spool.path, env };
  const driver = await driverOf(lane, paused.admitting(spool), clock, log, site);
  const peripherals = await peripheralsOf(lane, clock, log, env);
  const tracking = trackingOf(lane, alerts, clock, log);
  const plant = tracking.belt === undefined ? [] : [tracking.belt.conveyor];
  const conveyors = plant.map((one) => ({
    id: one.id,
    kind: "conveyor",
    get link() {
      return one.link;
    },
  }));
  monitoring.board.add({
    id: lane.id,
    driver: lane.scanner.driver,
    scanner: driver,
    devices: [...peripherals, ...conveyors],
  });
  const publish = (state: ScannerState) => {
    monitoring.board.entered(lane.id, state);
    uplink.publishState(
      "laneState",
      { lane: lane.id },
      { state: state.state, code: state.code, since: new Date(state.since).toISOString() },
    );
  };
  followLaneState({
    driver,
    peripherals: [...peripherals, ...plant],
    paused: paused.follow(lane.id),
    publish,
  });
  return new Lane({
    id: lane.id,
    deadlineMs: lane.belt.deadlineMs,
    driver,
    peripherals,
    ...tracking,
    spool,
    inference: inferenceForLane(inference, await massCalibrationOf(lane, log), lane.id),
    watch: await machineWatchOf(lane, config.spool.path, log),
    scorer,
    alerts,
    took: (stage, seconds) => monitoring.metrics.stage(lane.id, stage, seconds),
    clock,
    log,
    work,
  });
}
