import type { KeyObject } from "node:crypto";
import mqtt, { type MqttClient } from "mqtt";
import { LynceusError } from "../../protocols/errors.ts";
import { signJws } from "../../protocols/jws.ts";
import {
  EVENT_CONTENT_TYPE,
  encodeEvent,
  type NamedEvent,
  type Response,
  responseSchema,
  topicFilter,
  topicFor,
  unwrap,
} from "../../protocols/mqtt/index.ts";
import { sleep } from "../backoff.ts";
import { type GatewayResult, groupsOf, isTooMany } from "./plan.ts";

export interface RolloutOptions {
  readonly broker: string;
  readonly root: string;
  readonly site: string;
  /** Of central: gateways have its public part in `trust.central`. */
  readonly key: KeyObject;
  readonly name: string;
  readonly version: string;
  /** Gateways to update; null: all whose `info` the broker keeps. */
  readonly gateways: readonly string[] | null;
  /** As {@link groupsOf} takes them. */
  readonly groups: string;
  /** Share of a group that may fail, 0..1. */
  readonly threshold: number;
  /** How long a group is watched after its activation, ms. */
  readonly watchMs: number;
  /** How long a gateway has to answer a command, ms. */
  readonly answerMs: number;
  readonly onGroup?: (at: number, results: readonly GatewayResult[]) => void;
}

/** What became of a rollout. */
export interface RolloutReport {
  readonly target: string;
  /** Stopped: more of a group failed than the threshold allows; those after it were left alone. */
  readonly state: "done" | "stopped";
  readonly groups: readonly (readonly GatewayResult[])[];
  readonly leftAlone: readonly string[];
}

/** How long retained messages are waited for after the subscription, ms. */
const GATHER_MS = 2_000;
const POLL_MS = 50;
/** A command is good for so long, ms. */
const LIFETIME_MS = 600_000;
/** Alerts that say that a package did not do. */
const AGAINST: ReadonlySet<unknown> = new Set(["MODEL_ROLLED_BACK", "MODEL_TRIAL_FAILED", "MODEL_REFUSED"]);
const NEVER = new AbortController().signal;

/**
 * Updates a model package on a fleet, group by group, as central would: installs and activates by signed commands, listens to
 * answers, alerts, statistics and `info`, and stops where more of a group failed than the threshold allows.
 */
export class Director {
  readonly #options: RolloutOptions;
  readonly #answers = new Map<string, (answer: Response) => void>();
  readonly #known = new Set<string>();
  /** Gateway → version of the package that it runs, by its `info`. */
  readonly #running = new Map<string, string>();
  /** Gateway → what was heard against the package. */
  readonly #against = new Map<string, string>();
  #client: MqttClient | null = null;

  constructor(options: RolloutOptions) {
    this.#options = options;
  }

  /** @throws LynceusError LYN_ROLLOUT where the broker cannot be reached, LYN_USAGE for groups that are none */
  async run(signal: AbortSignal = NEVER): Promise<RolloutReport> {
    const { broker, gateways, groups, threshold, name, version } = this.#options;
    this.#client = await connect(broker);
    try {
      await this.#listen();
      if (gateways === null) await sleep(GATHER_MS, signal);
      const plan = groupsOf(gateways ?? [...this.#known], groups);
      const done: (readonly GatewayResult[])[] = [];
      for (const [at, group] of plan.entries()) {
        const results = await this.#update(group, signal);
        done.push(results);
        this.#options.onGroup?.(at, results);
        if (signal.aborted || isTooMany(results, threshold)) break;
      }
      const leftAlone = plan.slice(done.length).flat();
      const stopped = signal.aborted || isTooMany(done.at(-1) ?? [], threshold);
      const target = `${name}-${version}.tar.gz`;
      return { target, state: stopped ? "stopped" : "done", groups: done, leftAlone };
    } finally {
      await this.#client.endAsync(true);
    }
  }

  async #listen(): Promise<void> {
    const { root, site } = this.#options;
    const filters = (["info", "alert", "statistics"] as const).map((topic) =>
      topicFilter(topic, { root, site }),
    );
    this.#client?.on("message", (topic, payload) => this.#hear(topic, payload));
    await this.#client?.subscribeAsync([...filters, `${root}/v1/${site}/+/command/+/response`], { qos: 1 });
  }

  #hear(topic: string, payload: Uint8Array): void {
    const gateway = topic.slice(this.#options.root.length).split("/")[3] ?? "";
    let event: NamedEvent | null;
    try {
      event = unwrap(payload);
    } catch {
      return; // what is no event says nothing
    }
    if (event === null) return;
    const data = event.data as Readonly<Record<string, unknown>>;
    const answer = responseSchema.safeParse(data);
    if (topic.endsWith("/response") && answer.success) this.#answers.get(answer.data.id)?.(answer.data);
    else if (event.name === "info") this.#heardInfo(gateway, data);
    else if (event.name === "alert") this.#heardAlert(gateway, data);
    else if (event.name === "statistics") this.#heardStatistics(gateway, data);
  }

  #heardInfo(gateway: string, { models }: Readonly<Record<string, unknown>>): void {
    this.#known.add(gateway);
    const own = list(models).find(({ name }) => name === this.#options.name);
    this.#running.set(gateway, String(own?.["version"] ?? ""));
  }

  #heardAlert(gateway: string, { code, message, details }: Readonly<Record<string, unknown>>): void {
    const { name, version, target } = (details ?? {}) as Readonly<Record<string, unknown>>;
    const own = this.#options;
    const isOurs =
      target === `${own.name}-${own.version}.tar.gz` || (name === own.name && version === own.version);
    if (AGAINST.has(code) && isOurs) this.#against.set(gateway, String(message));
  }

  #heardStatistics(gateway: string, { candidates }: Readonly<Record<string, unknown>>): void {
    const { name, version } = this.#options;
    const own = list(candidates).find((one) => one["name"] === name && one["version"] === version);
    if (Number(own?.["failures"] ?? 0) > 0)
      this.#against.set(gateway, `${String(own?.["failures"])} of its runs gave nothing`);
  }

  async #update(group: readonly string[], signal: AbortSignal): Promise<readonly GatewayResult[]> {
    const { name, version, watchMs } = this.#options;
    const wrong = new Map<string, string>();
    const each = async (gateway: string) => {
      const target = `${name}-${version}.tar.gz`;
      const reason =
        (await this.#command(gateway, "models.install", { target })) ??
        (await this.#command(gateway, "models.activate", { name, version }));
      if (reason !== null) wrong.set(gateway, reason);
    };
    await Promise.all(group.map(each));
    const updated = group.filter((gateway) => !wrong.has(gateway));
    await this.#untilRunning(updated, signal);
    if (updated.length > 0) await sleep(watchMs, signal);
    return group.map((gateway): GatewayResult => {
      const reason = wrong.get(gateway) ?? this.#against.get(gateway) ?? this.#notRunning(gateway);
      return { gateway, state: reason === null ? "ok" : "failed", reason };
    });
  }

  /** Until each says that it runs the package, or something speaks against it; not for ever. */
  async #untilRunning(gateways: readonly string[], signal: AbortSignal): Promise<void> {
    const end = performance.now() + this.#options.answerMs;
    const isOpen = (gateway: string) => !this.#against.has(gateway) && this.#notRunning(gateway) !== null;
    while (gateways.some(isOpen) && performance.now() < end && !signal.aborted) await sleep(POLL_MS, signal);
  }

  #notRunning(gateway: string): string | null {
    const version = this.#running.get(gateway);
    if (version === this.#options.version) return null;
    return version === undefined ? "it says nothing of itself" : `it runs ${version || "no such model"}`;
  }

  /** Why a command was not done; null where it was. */
  async #command(gateway: string, name: string, args: object): Promise<string | null> {
    const { root, site, key, answerMs } = this.#options;
    const id = crypto.randomUUID();
    const now = Date.now();
    const notAfter = new Date(now + LIFETIME_MS).toISOString();
    const data = signJws(JSON.stringify({ aud: `${site}/${gateway}`, id, name, args, notAfter }), key);
    const event = encodeEvent({
      name: "command",
      id,
      source: "/central",
      time: new Date(now).toISOString(),
      data,
    });
    const over = new AbortController();
    const answered = new Promise<Response>((resolve) => this.#answers.set(id, resolve));
    const topic = topicFor("command", { root, site, gateway, name });
    const properties = { contentType: EVENT_CONTENT_TYPE };
    await this.#client?.publishAsync(topic, Buffer.from(event), { qos: 1, properties });
    const answer = await Promise.race([answered, sleep(answerMs, over.signal).then(() => null)]);
    over.abort();
    this.#answers.delete(id);
    if (answer === null) return `no answer to ${name}`;
    return answer.ok ? null : `${name}: ${answer.error?.code ?? "FAILED"} ${answer.error?.message ?? ""}`;
  }
}

function list(value: unknown): readonly Readonly<Record<string, unknown>>[] {
  return Array.isArray(value) ? (value as Readonly<Record<string, unknown>>[]) : [];
}

async function connect(url: string): Promise<MqttClient> {
  try {
    return await mqtt.connectAsync(url, {
      protocolVersion: 5,
      reconnectPeriod: 0,
      connectTimeout: 10_000,
      clean: true,
    });
  } catch (cause) {
    throw new LynceusError(
      "LYN_ROLLOUT",
      `The broker ${url} cannot be reached: ${(cause as Error).message}`,
      {
        remedy: "Check the address; nothing was changed on any gateway.",
        cause,
      },
    );
  }
}
