import type { Health } from "../protocols/mqtt/health.ts";
import type { Info } from "../protocols/mqtt/info.ts";
import type { MachinePlate } from "./config/parts.ts";
import type { Config, LaneConfig } from "./config/schema.ts";
import type { DestinationState } from "./dicom-out/destination.ts";
import type { InferenceState } from "./inference/port.ts";
import type { SpoolFigures } from "./spool/port.ts";
import type { DeviceNames } from "./transport/port.ts";

/** What is known of a lane's machines: they say so themselves. */
interface Present {
  readonly id: string;
  readonly machine: DeviceNames | null;
  readonly devices: readonly { readonly id: string; readonly names: DeviceNames | null }[];
}

/** What the gateway consists of (`…/info`); no secrets. `present`: who is at the other end of each lane, where that is known. */
export function infoOf(
  config: Config,
  models: InferenceState["models"],
  signingKeys: Info["signingKeys"],
  present: readonly Present[],
): Info {
  return {
    contract: "1.0",
    configurationSchema: config.schema,
    lanes: config.lanes.map((lane) =>
      laneInfo(
        lane,
        present.find(({ id }) => id === lane.id),
      ),
    ),
    models: models.map(({ name, version, sha256 }) => ({ name, version, sha256 })),
    signingKeys: [...signingKeys],
  };
}

function laneInfo(lane: LaneConfig, present: Present | undefined): Info["lanes"][number] {
  const { scanner: machine } = lane;
  const scanner = {
    id: "scanner",
    kind: "scanner",
    protocol: machine.driver,
    ...namesOf(machine.machine, present?.machine),
  };
  const peripherals = lane.peripherals.map(({ id, kind, protocol, machine: plate }) => {
    const said = present?.devices.find((device) => device.id === id)?.names;
    return { id, kind, protocol, ...namesOf(plate, said) };
  });
  return {
    id: lane.id,
    driver: lane.scanner.driver,
    devices: [scanner, ...peripherals],
    models: [...lane.models],
    decideOnSynthetic: lane.decideOnSynthetic,
  };
}

/**
 * What a machine says of itself stands before what the configuration says of it: the plate is written once, machines are
 * exchanged. A foreign machine may call itself anything: an `info` has room for so much of it.
 */
function namesOf(plate: MachinePlate | undefined, said: DeviceNames | null | undefined): DeviceNames {
  return {
    vendor: (said?.vendor ?? plate?.vendor)?.slice(0, 128) ?? null,
    model: (said?.model ?? plate?.model)?.slice(0, 128) ?? null,
    serial: (said?.serial ?? plate?.serial)?.slice(0, 64) ?? null,
  };
}

/** Counts of what the gateway did since its start. */
export interface Work {
  captured: number;
  captureFailed: number;
  analysed: number;
  analysisFailed: number;
  scored: number;
  scoreFailed: number;
}

/** The gateway's figures (`…/health`). `now` and `startedAt` in ms since the epoch. */
export function healthOf(options: {
  readonly config: Config;
  readonly figures: SpoolFigures;
  readonly inference: InferenceState;
  readonly work: Work;
  readonly now: number;
  /** How far the gateway's clock can be trusted. */
  readonly clock: Health["clock"];
  readonly startedAt: number;
  /** RFC 3339; null without a client certificate. */
  readonly certificateExpiry: string | null;
  /** Of each role, RFC 3339. */
  readonly certificates: readonly { readonly role: string; readonly notAfter: string }[];
  /** Where reports go; null where none are written. */
  readonly destinations: readonly DestinationState[] | null;
}): Health {
  const { config, figures, inference, work, now, startedAt } = options;
  const age = (at: number | null) => (at === null ? null : Math.max(0, (now - at) / 1000));
  const { undecided, unanalysed } = figures.oldestScanAt;
  const oldestSeconds = age(figures.oldestUnpublishedAt);
  return {
    at: new Date(now).toISOString(),
    uptimeSeconds: Math.max(0, (now - startedAt) / 1000),
    stages: {
      // What is captured is in the spool at once: nothing waits there.
      capture: { depth: 0, oldestSeconds: null, done: work.captured, failed: work.captureFailed },
      inference: {
        depth: figures.scans.received + figures.scans.decided,
        oldestSeconds: age(unanalysed),
        done: work.analysed,
        failed: work.analysisFailed,
      },
      fusion: {
        depth: figures.scans.received,
        oldestSeconds: age(undecided),
        done: work.scored,
        failed: work.scoreFailed,
      },
      uplink: {
        depth: figures.unpublished,
        oldestSeconds,
        done: Math.max(0, figures.sequence - figures.unpublished),
        failed: figures.deadLetters,
      },
    },
    queue: {
      depth: figures.unpublished,
      oldestSeconds,
      unreceipted: figures.unreceipted,
      deadLetters: figures.deadLetters,
    },
    disk: {
      usedBytes: figures.usedBytes,
      maxBytes: config.spool.maxBytes,
      freeBytes: figures.freeBytes,
      minFreeBytes: config.spool.minFreeBytes,
      ...figures.care,
    },
    inference: { p50Ms: inference.p50, p95Ms: inference.p95, restarts: inference.restarts },
    clock: options.clock,
    memory: { rssBytes: process.memoryUsage.rss(), inferenceRssBytes: inference.residentBytes },
    ...(options.destinations === null
      ? {}
      : { destinations: options.destinations.map((one) => destinationHealth(one, now)) }),
    certificateExpiry: options.certificateExpiry,
    certificates: options.certificates.map(({ role, notAfter }) => ({
      role,
      notAfter,
      daysLeft: Math.floor((Date.parse(notAfter) - now) / 86_400_000),
    })),
  };
}

function destinationHealth(
  { since, oldestAt, ...state }: DestinationState,
  now: number,
): NonNullable<Health["destinations"]>[number] {
  const oldestSeconds = oldestAt === null ? null : Math.max(0, (now - oldestAt) / 1000);
  return { ...state, since: new Date(since).toISOString(), oldestSeconds };
}
