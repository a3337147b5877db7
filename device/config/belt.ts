import { z } from "zod";
import { EYE_NAME } from "../belt/map.ts";
import { JOIN_MS } from "./dicom.ts";
import type { ConfigFault } from "./issues.ts";
import { deviceName, peripheralParts, urlOf } from "./parts.ts";

const address = z.int().min(0).max(65_535);

const signal = z.strictObject({
  coil: address.optional(),
  input: address.optional(),
  holding: address.optional(),
  register: address.optional(),
  inverted: z.boolean().optional(),
  bits: z.union([z.literal(16), z.literal(32)]).optional(),
  wordOrder: z.enum(["high-first", "low-first"]).optional(),
  mmPerCount: z.number().min(-1000).max(1000).optional(),
});

/** The belt's controller: where its signals are differs from plant to plant. */
export const conveyorSchema = z.discriminatedUnion("protocol", [
  z.strictObject({
    ...peripheralParts,
    kind: z.literal("conveyor"),
    protocol: z.literal("modbus"),
    transport: urlOf("tcp", "serial", "replay"),
    map: z.record(
      z.union([
        z.enum(["stop", "divert", "heartbeat", "running", "estop", "reset", "encoder"]),
        z.string().regex(EYE_NAME),
      ]),
      signal,
    ),
    pollMs: z.int().min(2).max(1000).default(10),
    heartbeatMs: z.int().min(50).max(5000).default(250),
  }),
]);

const place = z.number().min(0).max(100_000);

/** `lanes[].tracking`: items are followed by the belt's encoder. Places are mm from the photo-eye `eye`. */
export const trackingSchema = z.strictObject({
  stations: z
    .record(deviceName, z.strictObject({ atMm: place, windowMm: z.number().min(0).max(5000).default(60) }))
    .describe("readers and scales by their id"),
  eyes: z.record(z.string().regex(EYE_NAME), place).default({}).describe("further photo-eyes of the map"),
  xrayMm: place,
  diverterMm: place.optional(),
  slipMm: z
    .number()
    .min(0)
    .max(2000)
    .default(30)
    .describe("an item slides no further between two photo-eyes"),
  lagMs: z.number().min(0).max(5000).default(150).describe("a reading comes no later"),
  maxSpeedMmS: z.number().min(1).max(10_000).default(2000),
});
export type TrackingConfig = z.output<typeof trackingSchema>;

interface LaneShape {
  readonly peripherals: readonly {
    readonly id: string;
    readonly kind: string;
    readonly map?: Record<string, unknown>;
  }[];
  readonly belt: { readonly onAlarm: string; readonly onFault: string; readonly deadlineMs: number };
  readonly scanner: { readonly driver: string; readonly joinTimeout?: number };
  readonly tracking?: TrackingConfig | undefined;
}

/** What is allowed and leaves a belt unsafe, or late. */
export function beltWarnings(lane: LaneShape, at: number): readonly ConfigFault[] {
  const { onAlarm, onFault, deadlineMs } = lane.belt;
  const conveyor = lane.peripherals.find(({ kind }) => kind === "conveyor");
  if ((onAlarm === "none" && onFault === "none") || conveyor === undefined) return [];
  const warnings: ConfigFault[] = [];
  const warn = (path: string, message: string) => warnings.push({ path: `lanes[${at}].${path}`, message });
  if (!("heartbeat" in (conveyor.map ?? {})))
    warn(
      "peripherals",
      `the map of ${conveyor.id} has no heartbeat: nothing stops the belt when the gateway dies`,
    );
  const { joinTimeout } = lane.scanner;
  if (joinTimeout !== undefined && joinTimeout > deadlineMs)
    warn(
      "scanner.joinTimeout",
      `a scan whose objects do not all come is complete after ${joinTimeout} ms, later than belt.deadlineMs, ${deadlineMs} ms: its item may be past the diverter before its first hit; shorten joinTimeout, or let the belt wait longer`,
    );
  if (lane.scanner.driver === "folder" && deadlineMs < JOIN_MS)
    warn(
      "belt.deadlineMs",
      `a scan of several DICOM files that does not say how many is complete after ${JOIN_MS} ms, later than ${deadlineMs} ms: its item may be past the diverter before its first hit; let the belt wait longer, or use the dicom driver with a short joinTimeout`,
    );
  return warnings;
}

/** What a lane's belt needs of its plant and does not find there. */
export function beltFaults(lane: LaneShape, at: number): readonly ConfigFault[] {
  const conveyors = lane.peripherals.filter(({ kind }) => kind === "conveyor");
  const signals = new Set(conveyors.flatMap(({ map = {} }) => Object.keys(map)));
  const faults: ConfigFault[] = [];
  const fault = (path: string, message: string) => faults.push({ path: `lanes[${at}].${path}`, message });
  if (conveyors.length > 1) fault("peripherals", "found: several conveyors; allowed: one a lane");
  for (const key of ["onAlarm", "onFault"] as const) {
    const output = lane.belt[key];
    if (output !== "none" && !signals.has(output))
      fault(`belt.${key}`, `found: ${output}; allowed: a conveyor whose map has ${output}, or none`);
  }
  if (lane.tracking === undefined) return faults;
  for (const name of ["eye", "encoder", ...Object.keys(lane.tracking.eyes)])
    if (!signals.has(name))
      fault("tracking", `found: no signal ${name}; allowed: a conveyor whose map has ${name}`);
  const known = new Set(lane.peripherals.map(({ id }) => id));
  for (const id of Object.keys(lane.tracking.stations))
    if (!known.has(id))
      fault(
        `tracking.stations.${id}`,
        "found: no peripheral of this id; allowed: ids of the lane's peripherals",
      );
  return faults;
}
