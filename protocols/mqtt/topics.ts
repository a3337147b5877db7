import type { z } from "zod";
import { LynceusError } from "../errors.ts";
import { COMMAND_NAME_PATTERN } from "./command.ts";
import { EVENT_CONTENT_TYPE } from "./envelope.ts";
import { imagePartHeaderSchema } from "./image-part.ts";
import { GATEWAY_PATTERN, LANE_PATTERN, SITE_PATTERN } from "./names.ts";
import { signedNoteSchema } from "./note.ts";
import { EVENT_SCHEMAS, type EventName } from "./payloads.ts";

/** `broker.topicRoot` unless configured. */
export const DEFAULT_TOPIC_ROOT = "nii";
/** Levels of a topic root: no wildcard, no empty level, no `$`. */
export const TOPIC_ROOT_PATTERN = /^[A-Za-z0-9_-]{1,32}(\/[A-Za-z0-9_-]{1,32}){0,3}$/;

/** What stands in a topic's template. */
export type TopicParameter = "site" | "gateway" | "lane" | "name";

export interface TopicDefinition {
  /** After `{root}/v1/`, e.g. `{site}/{gateway}/{lane}/hit`. */
  readonly template: string;
  /** up: gateway → central. */
  readonly direction: "up" | "down";
  readonly qos: 0 | 1;
  readonly retain: boolean;
  /** Whether the sender leaves it as its last will. */
  readonly will: boolean;
  /** Schema of an event's `data`, of an image part's header, or of the text. */
  readonly payload: z.ZodType;
  /** Name of the event, null where the message is no event. */
  readonly event: EventName | null;
  readonly contentType: string;
}

function event<Name extends EventName, Template extends string, Direction extends "up" | "down">(
  name: Name,
  template: Template,
  direction: Direction,
  { qos = 1, retain = false, will = false }: { qos?: 0 | 1; retain?: boolean; will?: boolean } = {},
) {
  const payload = EVENT_SCHEMAS[name];
  return {
    template,
    direction,
    qos,
    retain,
    will,
    payload,
    event: name,
    contentType: EVENT_CONTENT_TYPE,
  } as const;
}

const once = { qos: 1, retain: false, will: false } as const;
const note = {
  ...once,
  payload: signedNoteSchema,
  event: null,
  contentType: "text/plain; charset=utf-8",
} as const;

/** Every topic of the contract (`mqtt.md`), by name. */
export const TOPICS = {
  status: event("status", "{site}/{gateway}/status", "up", { retain: true, will: true }),
  info: event("info", "{site}/{gateway}/info", "up", { retain: true }),
  health: event("health", "{site}/{gateway}/health", "up", { qos: 0, retain: true }),
  laneState: event("state", "{site}/{gateway}/{lane}/state", "up", { retain: true }),
  hit: event("hit", "{site}/{gateway}/{lane}/hit", "up"),
  image: {
    ...once,
    template: "{site}/{gateway}/{lane}/image",
    direction: "up",
    payload: imagePartHeaderSchema,
    event: null,
    contentType: "application/octet-stream",
  },
  alert: event("alert", "{site}/{gateway}/alert", "up"),
  statistics: event("statistics", "{site}/{gateway}/statistics", "up"),
  checkpoint: { ...note, template: "{site}/{gateway}/checkpoint", direction: "up" },
  witness: { ...note, template: "{site}/{gateway}/witness", direction: "down" },
  receipt: event("receipt", "{site}/{gateway}/receipt", "down"),
  command: event("command", "{site}/{gateway}/command/{name}", "down"),
  commandResponse: event("response", "{site}/{gateway}/command/{name}/response", "up"),
  declaration: event("declaration", "{site}/declaration", "down"),
  declarationRequest: event("declaration-request", "{site}/declaration/request", "up"),
  profile: event("profile", "{site}/profile", "down", { retain: true }),
  outcome: event("outcome", "{site}/outcome", "down"),
  central: event("central", "central", "down", { retain: true, will: true }),
} as const satisfies Record<string, TopicDefinition>;
export type TopicName = keyof typeof TOPICS;

type ParametersOf<Template extends string> = Template extends `${string}{${infer Name}}${infer Rest}`
  ? Name | ParametersOf<Rest>
  : never;
/** What `topicFor` needs for a topic: its parameters, and the root where it is not the default. */
export type TopicParameters<Name extends TopicName> = {
  readonly [Key in ParametersOf<(typeof TOPICS)[Name]["template"]>]: string;
} & { readonly root?: string };

const PARAMETER_PATTERNS: Readonly<Record<TopicParameter, RegExp>> = {
  site: SITE_PATTERN,
  gateway: GATEWAY_PATTERN,
  lane: LANE_PATTERN,
  name: COMMAND_NAME_PATTERN,
};

const TOPIC_NAMES = Object.keys(TOPICS) as readonly TopicName[];

function badPart(part: string, pattern: RegExp): LynceusError {
  return new LynceusError("LYN_TOPIC", `The ${part} of a topic is not of the form ${pattern.source}`, {
    remedy: `Give a ${part} as mqtt.md says; a UN/LOCODE for the site, a-z 0-9 - for gateway and lane`,
    details: { part },
  });
}

function checkRoot(root: string): string {
  if (!TOPIC_ROOT_PATTERN.test(root)) throw badPart("root", TOPIC_ROOT_PATTERN);
  return root;
}

/**
 * The topic of a name, e.g. `topicFor("hit", { site: "NLRTM-EX", gateway: "gw-01", lane: "lane-1" })` →
 * `nii/v1/NLRTM-EX/gw-01/lane-1/hit`.
 * @throws LynceusError `LYN_TOPIC` where a part is outside its pattern or reserved.
 */
export function topicFor<Name extends TopicName>(topic: Name, parameters: TopicParameters<Name>): string {
  const values: Readonly<Record<string, string | undefined>> = parameters;
  const path = TOPICS[topic].template.replaceAll(/\{(\w+)\}/g, (_, part: string) => {
    const pattern = PARAMETER_PATTERNS[part as TopicParameter];
    const value = values[part] ?? "";
    if (!pattern.test(value)) throw badPart(part, pattern);
    return value;
  });
  return `${checkRoot(parameters.root ?? DEFAULT_TOPIC_ROOT)}/v1/${path}`;
}

/**
 * A subscription filter for a topic: parameters that are not given become `+`.
 * @throws LynceusError `LYN_TOPIC` where a given part is outside its pattern.
 */
export function topicFilter<Name extends TopicName>(
  topic: Name,
  parameters: Partial<TopicParameters<Name>> = {},
): string {
  const values: Readonly<Record<string, string | undefined>> = parameters;
  const path = TOPICS[topic].template.replaceAll(/\{(\w+)\}/g, (_, part: string) => {
    const value = values[part];
    if (value === undefined) return "+";
    const pattern = PARAMETER_PATTERNS[part as TopicParameter];
    if (!pattern.test(value)) throw badPart(part, pattern);
    return value;
  });
  return `${checkRoot(values["root"] ?? DEFAULT_TOPIC_ROOT)}/v1/${path}`;
}

export interface TopicMatch {
  readonly name: TopicName;
  readonly root: string;
  readonly parameters: Readonly<Partial<Record<TopicParameter, string>>>;
}

function matchTemplate(template: string, levels: readonly string[]): TopicMatch["parameters"] | null {
  const wanted = template.split("/");
  if (wanted.length !== levels.length) return null;
  const parameters: Partial<Record<TopicParameter, string>> = {};
  for (const [index, part] of wanted.entries()) {
    const level = levels[index] ?? "";
    if (!part.startsWith("{")) {
      if (part !== level) return null;
      continue;
    }
    const key = part.slice(1, -1) as TopicParameter;
    if (!PARAMETER_PATTERNS[key].test(level)) return null;
    parameters[key] = level;
  }
  return parameters;
}

/**
 * Which topic of the contract a topic is, with its parts.
 * @param root `broker.topicRoot`.
 * @returns the match, or null for a topic outside the contract.
 */
export function matchTopic(topic: string, root: string = DEFAULT_TOPIC_ROOT): TopicMatch | null {
  const prefix = `${root}/v1/`;
  if (!topic.startsWith(prefix) || topic.length > 256) return null;
  const levels = topic.slice(prefix.length).split("/");
  for (const name of TOPIC_NAMES) {
    const parameters = matchTemplate(TOPICS[name].template, levels);
    if (parameters !== null) return { name, root, parameters };
  }
  return null;
}
