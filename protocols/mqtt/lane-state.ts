import { z } from "zod";
import { timestamp } from "./common.ts";

/** States of a lane; unknown while the gateway's status is offline. */
export const LANE_STATES = ["idle", "scanning", "paused", "fault", "absent"] as const;
export type LaneStateName = (typeof LANE_STATES)[number];

/** `data` of `…/{lane}/state`. */
export const laneStateSchema = z
  .strictObject({
    state: z.enum(LANE_STATES),
    code: z
      .string()
      .max(64)
      .nullable()
      .describe("why: a stable error or alert code, null where nothing is wrong"),
    since: timestamp,
  })
  .describe("State of a lane, retained");
export type LaneState = z.output<typeof laneStateSchema>;
