import { dataSchemaUrn } from "../mqtt/envelope.ts";
import { IMAGE_SCHEMA } from "../mqtt/image-part.ts";
import { NOTE_SCHEMA } from "../mqtt/note.ts";
import { TOPICS, type TopicName } from "../mqtt/topics.ts";
import { TRACEPARENT_PATTERN } from "../mqtt/traceparent.ts";
import type { JsonSchema } from "./schemas.ts";

/** What stands beside a message's payload in MQTT 5 (`mqtt.md`, Versions), in the terms of AsyncAPI 3.0. */

/** Version of AsyncAPI's MQTT bindings. */
export const MQTT_BINDING_VERSION = "0.2.0";

/** Seven days: central's messages wait for a gateway that is away at least so long, s. */
const MIN_SESSION_EXPIRY_S = 7 * 24 * 3600;

/** The user properties of a message. Central may leave them out: everything that is needed is in the payload. */
export function userProperties(name: TopicName): JsonSchema {
  const { event, direction } = TOPICS[name];
  const schema = event === null ? (name === "image" ? IMAGE_SCHEMA : NOTE_SCHEMA) : dataSchemaUrn(event);
  const traced = event !== null || name === "image";
  const trace = {
    type: "string",
    pattern: TRACEPARENT_PATTERN.source,
    description:
      "W3C Trace Context: the trace of a scan is its scan id; an answer continues the trace of its command",
  };
  const sent = traced ? ["schema", "traceparent"] : ["schema"];
  return {
    type: "object",
    description: "MQTT 5 user properties",
    properties: {
      schema: { type: "string", const: schema, description: "schema of the payload's data" },
      ...(traced ? { traceparent: trace } : {}),
    },
    required: direction === "up" ? sent : [],
  };
}

/** The MQTT 5 properties of a message, beside its content type. */
export function messageBinding(name: TopicName): JsonSchema {
  const correlationData = { type: "string", description: "any bytes of the asker's, ≤ 64 KiB" };
  const responseTopic = {
    type: "string",
    description:
      "where the answer is published: it must lie under {root}/v1/{site}/; absent: the command's own topic with /response",
  };
  return {
    mqtt: {
      ...(name === "command" ? { correlationData, responseTopic } : {}),
      ...(name === "commandResponse" ? { correlationData } : {}),
      bindingVersion: MQTT_BINDING_VERSION,
    },
  };
}

/** The broker, as a gateway connects to it. */
export function brokerServer(): JsonSchema {
  return {
    host: "{broker}",
    protocol: "mqtts",
    protocolVersion: "5.0",
    description: "broker.url; also mqtt, ws and wss, and MQTT 3.1.1 where broker.protocol is 4",
    variables: { broker: { description: "host and port", examples: ["broker.example:8883"] } },
    bindings: {
      mqtt: {
        cleanSession: false,
        sessionExpiryInterval: { type: "integer", minimum: MIN_SESSION_EXPIRY_S },
        bindingVersion: MQTT_BINDING_VERSION,
      },
    },
  };
}
