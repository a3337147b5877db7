import type { z } from "zod";
import { declarationSchema } from "../declaration/schema.ts";
import { alertSchema } from "./alert.ts";
import { centralSchema } from "./central.ts";
import { commandSchema, responseSchema } from "./command.ts";
import { declarationRequestSchema } from "./declaration-request.ts";
import { healthSchema } from "./health.ts";
import { hitSchema } from "./hit.ts";
import { infoSchema } from "./info.ts";
import { laneStateSchema } from "./lane-state.ts";
import { outcomeSchema } from "./outcome.ts";
import { signedProfileSchema } from "./profile.ts";
import { receiptSchema } from "./receipt.ts";
import { statisticsSchema } from "./statistics.ts";
import { statusSchema } from "./status.ts";

/** Schema of the `data` of every event, by its name; `type` is `org.lynceus.NAME.v1`. Strict: for what we send. */
export const EVENT_SCHEMAS = {
  hit: hitSchema,
  status: statusSchema,
  info: infoSchema,
  health: healthSchema,
  state: laneStateSchema,
  alert: alertSchema,
  statistics: statisticsSchema,
  declaration: declarationSchema,
  "declaration-request": declarationRequestSchema,
  profile: signedProfileSchema,
  outcome: outcomeSchema,
  central: centralSchema,
  receipt: receiptSchema,
  command: commandSchema,
  response: responseSchema,
} as const;
export type EventName = keyof typeof EVENT_SCHEMAS;
/** `data` of an event by its name. */
export type EventData<Name extends EventName> = z.output<(typeof EVENT_SCHEMAS)[Name]>;

export const EVENT_NAMES = Object.keys(EVENT_SCHEMAS) as readonly EventName[];
