import { z } from "zod";
import { LynceusError } from "../errors.ts";
import { issuePointer } from "../schema-issue.ts";
import { DECISIONS, type Decision, RECOMMENDATIONS, type Recommendation } from "../vocabulary.ts";
import { type Alert, alertSchema } from "./alert.ts";
import { type Hit, hitSchema } from "./hit.ts";
import { EVENT_SCHEMAS, type EventData, type EventName } from "./payloads.ts";
import { openSchema, type Received } from "./received.ts";

/** A hit as a consumer reads it: enum words of a later minor version may stand in it, but not in these two. */
export type ReceivedHit = Omit<Received<Hit>, "recommendation" | "decision"> & {
  readonly recommendation: Recommendation;
  readonly decision: Decision;
};
export type ReceivedAlert = Received<Alert>;

const openHit = z.object({
  ...(openSchema(hitSchema) as z.ZodObject).shape,
  recommendation: z.string().transform((word) => known(RECOMMENDATIONS, word, "NO_DECISION")),
  decision: z.string().transform((word) => known(DECISIONS, word, "UNKNOWN")),
});
const openAlert = openSchema(alertSchema);

function known<Word extends string>(words: readonly Word[], word: string, otherwise: Word): Word {
  return words.find((candidate) => candidate === word) ?? otherwise;
}

function read(schema: z.ZodType, name: EventName, data: unknown): unknown {
  const result = schema.safeParse(data);
  if (result.success) return result.data;
  const { pointer, message } = issuePointer(result.error);
  throw new LynceusError("LYN_PAYLOAD_INVALID", `${name}${pointer} ${message}`, {
    remedy: `Check that the sender speaks version 1 of the MQTT contract for ${name}`,
    details: { event: name, pointer },
  });
}

/**
 * Reads `data` of a hit, any `lynceus-hit/1.*`: unknown members are dropped, an unknown recommendation is read as
 * `NO_DECISION`, an unknown decision as `UNKNOWN`, other unknown words are kept. To verify the chain use the data as it
 * came, not what this returns.
 * @throws LynceusError `LYN_PAYLOAD_INVALID`
 */
export function parseHit(data: unknown): ReceivedHit {
  return read(openHit, "hit", data) as ReceivedHit;
}

/**
 * Reads `data` of an alert; unknown members are dropped.
 * @throws LynceusError `LYN_PAYLOAD_INVALID`
 */
export function parseAlert(data: unknown): ReceivedAlert {
  return read(openAlert, "alert", data) as ReceivedAlert;
}

/** `data` of any event but the declaration, which `parseDeclaration` reads, and hit and alert above. */
export type PlainEventName = Exclude<EventName, "hit" | "alert" | "declaration">;

const OPEN_SCHEMAS = new Map(
  (Object.keys(EVENT_SCHEMAS) as EventName[]).map((name) => [name, openSchema(EVENT_SCHEMAS[name])]),
);

/**
 * Reads `data` of an event: unknown members are dropped, unknown enum words kept.
 * @throws LynceusError `LYN_PAYLOAD_INVALID`
 */
export function readEventData<Name extends PlainEventName>(
  name: Name,
  data: unknown,
): Received<EventData<Name>> {
  return read(OPEN_SCHEMAS.get(name) ?? EVENT_SCHEMAS[name], name, data) as Received<EventData<Name>>;
}
