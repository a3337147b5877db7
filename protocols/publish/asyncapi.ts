import type { z } from "zod";
import { cloudEventSchema, dataSchemaUrn, EVENT_CONTENT_TYPE, eventType } from "../mqtt/envelope.ts";
import { GATEWAY_PATTERN, LANE_PATTERN, SITE_PATTERN } from "../mqtt/names.ts";
import { EVENT_NAMES, EVENT_SCHEMAS, type EventName } from "../mqtt/payloads.ts";
import { DEFAULT_TOPIC_ROOT, TOPICS, type TopicDefinition, type TopicName } from "../mqtt/topics.ts";
import { brokerServer, MQTT_BINDING_VERSION, messageBinding, userProperties } from "./properties.ts";
import { type JsonSchema, jsonSchemaOf } from "./schemas.ts";

/** AsyncAPI 3.0 description of the MQTT contract, seen from the gateway: it sends what goes up and receives what comes down. */

const PARAMETERS = {
  root: { description: "broker.topicRoot", default: DEFAULT_TOPIC_ROOT },
  site: { description: `UN/LOCODE and a part of it: ${SITE_PATTERN.source}`, examples: ["NLRTM-EX"] },
  gateway: { description: `Gateway: ${GATEWAY_PATTERN.source}`, examples: ["gw-01"] },
  lane: { description: `Lane: ${LANE_PATTERN.source}`, examples: ["lane-1"] },
  name: { description: "Name of the command", examples: ["image", "resend"] },
} as const;

function draft07(schema: z.ZodType): JsonSchema {
  const { $schema: _, ...rest } = jsonSchemaOf(schema, "draft-07");
  return rest;
}

/** A schema's own definitions move beside it, since a `$ref` counts from the root of the document. */
function component(name: string, schema: z.ZodType): JsonSchema {
  const text = JSON.stringify(draft07(schema));
  return JSON.parse(
    text.replaceAll('"#/definitions/', `"#/components/schemas/${name}/definitions/`),
  ) as JsonSchema;
}

function eventPayload(name: EventName): JsonSchema {
  const envelope = draft07(cloudEventSchema);
  const { data: _, ...attributes } = envelope["properties"] as Record<string, unknown>;
  return {
    ...envelope,
    properties: {
      ...attributes,
      type: { const: eventType(name) },
      dataschema: { const: dataSchemaUrn(name) },
      data: { $ref: `#/components/schemas/${name}` },
    },
  };
}

function messageKey(name: TopicName): string {
  return TOPICS[name].event ?? name;
}

function message(name: TopicName): JsonSchema {
  const topic: TopicDefinition = TOPICS[name];
  const beside = { headers: userProperties(name), bindings: messageBinding(name) };
  if (topic.event !== null) {
    return {
      name: eventType(topic.event),
      contentType: EVENT_CONTENT_TYPE,
      ...beside,
      payload: { $ref: `#/components/schemas/${topic.event}-event` },
    };
  }
  const binary = name === "image";
  return {
    name,
    contentType: topic.contentType,
    ...(binary
      ? { summary: "u32 little-endian header length, header JSON as below, bytes of the file" }
      : {}),
    ...beside,
    payload: { $ref: `#/components/schemas/${name}` },
  };
}

function channel(name: TopicName): JsonSchema {
  const address = `{root}/v1/${TOPICS[name].template}`;
  const used = [...address.matchAll(/\{(\w+)\}/g)].map((match) => match[1] as keyof typeof PARAMETERS);
  return {
    address,
    messages: { [messageKey(name)]: { $ref: `#/components/messages/${messageKey(name)}` } },
    parameters: Object.fromEntries(used.map((key) => [key, PARAMETERS[key]])),
  };
}

function operation(name: TopicName): JsonSchema {
  const { direction, qos, retain, will } = TOPICS[name];
  return {
    action: direction === "up" ? "send" : "receive",
    channel: { $ref: `#/channels/${name}` },
    ...(will ? { summary: "Also the sender's last will" } : {}),
    messages: [{ $ref: `#/channels/${name}/messages/${messageKey(name)}` }],
    ...(name === "command" ? { reply: COMMAND_REPLY } : {}),
    bindings: { mqtt: { qos, retain, bindingVersion: MQTT_BINDING_VERSION } },
  };
}

/** Unless the command names a response topic. */
const COMMAND_REPLY = { channel: { $ref: "#/channels/commandResponse" } } as const;

const TOPIC_NAMES = Object.keys(TOPICS) as readonly TopicName[];

function eachTopic(make: (name: TopicName) => JsonSchema): Record<string, JsonSchema> {
  return Object.fromEntries(TOPIC_NAMES.map((name) => [name, make(name)]));
}

/** The AsyncAPI 3.0 document. */
export function asyncApiDocument(): JsonSchema {
  const plain = TOPIC_NAMES.filter((name) => TOPICS[name].event === null);
  return {
    asyncapi: "3.0.0",
    info: {
      title: "Lynceus MQTT contract",
      version: "1.0.0",
      description:
        "What a scanner gateway and a central customs system say to each other. Seen from the gateway.",
      license: { name: "Apache-2.0", url: "https://www.apache.org/licenses/LICENSE-2.0" },
    },
    defaultContentType: EVENT_CONTENT_TYPE,
    servers: { broker: brokerServer() },
    channels: eachTopic(channel),
    operations: eachTopic(operation),
    components: {
      messages: Object.fromEntries(TOPIC_NAMES.map((name) => [messageKey(name), message(name)])),
      schemas: Object.fromEntries([
        ...EVENT_NAMES.map((name) => [name, component(name, EVENT_SCHEMAS[name])]),
        ...EVENT_NAMES.map((name) => [`${name}-event`, eventPayload(name)]),
        ...plain.map((name) => [name, component(name, TOPICS[name].payload)]),
      ]),
    },
  };
}
