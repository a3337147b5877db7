import { z } from "zod";
import { name, timestamp, uuid } from "./common.ts";

/** States of a gateway; `offline` is the will. */
export const GATEWAY_STATES = ["online", "stopping", "stopped", "offline"] as const;
export type GatewayState = (typeof GATEWAY_STATES)[number];

/** `data` of `…/status`. */
export const statusSchema = z
  .strictObject({
    state: z.enum(GATEWAY_STATES),
    bootId: uuid.describe("minted at each start of the gateway process"),
    since: timestamp.describe("when the state began"),
    versions: z.record(name, z.string().max(64)).describe("software by name, e.g. lynceus, node, contract"),
  })
  .describe("State of a gateway, retained; its will says offline");
export type Status = z.output<typeof statusSchema>;
