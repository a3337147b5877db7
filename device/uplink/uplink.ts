import { randomUUID } from "node:crypto";
import { dataSchemaUrn, EVENT_CONTENT_TYPE, gatewaySource, wrap } from "../../protocols/mqtt/envelope.ts";
import { IMAGE_SCHEMA } from "../../protocols/mqtt/image-part.ts";
import type { EventData } from "../../protocols/mqtt/payloads.ts";
import type { GatewayState } from "../../protocols/mqtt/status.ts";
import { matchTopic, TOPICS, topicFilter, topicFor } from "../../protocols/mqtt/topics.ts";
import type { Log } from "../log.ts";
import type { Outbox, OutboxRow } from "../spool/port.ts";
import { Bulk } from "./bulk.ts";
import type { Connection, ConnectionOptions, MessageProperties, Outgoing } from "./connection.ts";
import { Downlink, type Handlers } from "./downlink.ts";
import { Pump } from "./pump.ts";
import { type LinkState, Session } from "./session.ts";
import { States } from "./states.ts";

/** Time for a PUBACK before the connection is given up, ms. */
const DEADLINE_MS = 20_000;
/** Time that `stop()` has for its last words, ms. */
const STOP_MS = 2000;

/** A role has a connection of its own: declarations and images never stand in the way of hits. */
export type Role = "hit" | "in" | "bulk";

/** Topics that the gateway publishes retained, by name, with what their data is. */
export type StateTopic = "info" | "health" | "laneState";
/** Topics that the gateway publishes without keeping the message. */
export type OnceTopic = "statistics" | "declarationRequest";
type DataOf<Name extends StateTopic | OnceTopic> = EventData<(typeof TOPICS)[Name]["event"]>;

/** What an alert of the uplink says; the gateway commits it to the journal. */
export interface UplinkAlert {
  readonly code: "BROKER_REFUSES";
  readonly severity: "warning" | "critical";
  readonly message: string;
  readonly remedy: string;
  readonly details: Readonly<Record<string, unknown>>;
}

export interface UplinkOptions {
  readonly broker: {
    readonly url: string;
    /** 5 unless 4 is opted in to. */
    readonly protocol: 5 | 4;
    readonly topicRoot: string;
    readonly username?: string | undefined;
    /** Read for each connection. */
    readonly credentials: (role: Role) => Promise<ConnectionOptions["credentials"]>;
  };
  readonly site: string;
  readonly gateway: string;
  readonly bootId: string;
  /** Software by name, for `status`. */
  readonly versions: Readonly<Record<string, string>>;
  readonly outbox: Outbox;
  readonly handlers: Handlers;
  /** Takes a command, by the last part of its topic; absent: none are subscribed to. */
  readonly onCommand?: (name: string, payload: Uint8Array, properties: MessageProperties) => Promise<void>;
  readonly alert: (alert: UplinkAlert) => void;
  /** The broker has no session of ours: declarations and outcomes published while we were away are lost. */
  readonly onSessionLost?: () => void;
  /** ms since the epoch. */
  readonly clock: () => number;
  /** 0 ≤ x < 1 */
  readonly random: () => number;
  readonly log: Log;
  readonly deadlineMs?: number;
  readonly backoff?: { readonly baseMs: number; readonly maxMs: number };
}

/** State of the connections. */
export type UplinkState = Readonly<Record<Role, LinkState>>;

/**
 * The gateway's side of the broker (`mqtt.md`): rows of the journal and retained states up, declarations, outcomes and
 * receipts down. A broker that is absent, refuses, is slow or goes away is a state; it is tried for ever.
 */
export class Uplink {
  readonly #options: UplinkOptions;
  readonly #sessions: Readonly<Record<Role, Session>>;
  readonly #pump: Pump;
  readonly #bulk: Bulk;
  readonly #states: States;
  readonly #downlink: Downlink;
  readonly #listeners = new Set<(state: UplinkState) => void>();
  #unlisten: (() => void) | null = null;
  #status: { state: GatewayState; since: number };

  constructor(options: UplinkOptions) {
    const { outbox, clock, random, log, broker, handlers } = options;
    this.#options = options;
    this.#status = { state: "online", since: clock() };
    this.#states = new States({ log });
    this.#downlink = new Downlink({
      topicRoot: broker.topicRoot,
      outbox,
      handlers,
      onCentral: () => this.#pump.resendAll(),
      log,
    });
    this.#pump = new Pump({
      outbox,
      message: (row, resent) => this.#rowMessage(row, resent),
      resends: () => this.#downlink.resends,
      onRefused: (code, message) => this.#sayRefused(code, message),
      clock,
      random,
      log,
    });
    this.#sessions = { hit: this.#session("hit"), in: this.#session("in"), bulk: this.#session("bulk") };
    this.#bulk = new Bulk({ connection: () => this.#sessions.bulk.connection });
  }

  get state(): UplinkState {
    const { hit, in: inward, bulk } = this.#sessions;
    return { hit: hit.state, in: inward.state, bulk: bulk.state };
  }

  onState(listener: (state: UplinkState) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Returns at once: connections come when the broker does. */
  async start(): Promise<void> {
    const { broker, outbox, log } = this.#options;
    if (broker.protocol === 4) {
      log.warn(
        { url: broker.url },
        "MQTT 3.1.1: the broker cannot say that it refused a publish; use MQTT 5",
      );
    }
    await this.#downlink.start();
    this.#unlisten = outbox.onCommitted((row) => this.#pump.committed(row));
    this.#enter("online");
    this.#sessions.hit.start();
    this.#sessions.in.start();
    if (this.#options.onCommand !== undefined) this.#sessions.bulk.start();
  }

  /** Says `stopping`: what is under way may still take seconds, and its hits are still sent. */
  stopping(): void {
    if (this.#status.state !== "stopping") this.#enter("stopping");
  }

  /** Says `stopping` unless it has, lets what is in flight arrive, says `stopped` and disconnects: two seconds at most. */
  async stop(): Promise<void> {
    this.#unlisten?.();
    this.#unlisten = null;
    const deadline = new Promise<void>((resolve) => setTimeout(resolve, STOP_MS).unref());
    const connection = this.#sessions.hit.connection;
    if (connection !== null) {
      this.stopping();
      await Promise.race([this.#pump.settle(STOP_MS / 2), deadline]);
      this.#enter("stopped");
      await Promise.race([this.#states.settled(), deadline]);
    }
    await Promise.all(Object.values(this.#sessions).map((session) => session.stop()));
  }

  /** Publishes a retained state, now if a connection is up and again on each new one. Throws when data is not the contract's. */
  publishState<Name extends StateTopic>(
    name: Name,
    parameters: Name extends "laneState" ? { readonly lane: string } : Record<never, never>,
    data: DataOf<Name>,
  ): void {
    this.#states.put(this.#message(name, parameters, data));
  }

  /** Publishes now, at QoS 1, and keeps nothing: false when no connection took it. */
  async publishOnce<Name extends OnceTopic>(name: Name, data: DataOf<Name>): Promise<boolean> {
    const message = this.#message(name, {}, data);
    const connection = this.#sessions.hit.connection;
    if (connection === null || connection.room === 0) return false;
    return (await connection.publish(message)).kind === "acknowledged";
  }

  /** Answers a command, on the topic that was asked for or the command's own. False: it could not be delivered. */
  async respond(
    to: { readonly name: string } & MessageProperties,
    response: EventData<"response">,
    signal: AbortSignal,
  ): Promise<boolean> {
    const { site, gateway, clock, broker } = this.#options;
    const { event, qos, retain } = TOPICS.commandResponse;
    const { name, responseTopic, correlationData } = to;
    const own = topicFor("commandResponse", { root: broker.topicRoot, site, gateway, name });
    const payload = wrap({
      name: event,
      id: randomUUID(),
      source: gatewaySource(site, gateway),
      time: new Date(clock()).toISOString(),
      data: response,
    });
    const message = { qos, retain, payload, contentType: EVENT_CONTENT_TYPE, schema: dataSchemaUrn(event) };
    return this.#bulk.deliver(
      {
        ...message,
        topic: responseTopic ?? own,
        ...(correlationData === undefined ? {} : { correlationData }),
      },
      signal,
    );
  }

  /** Bytes that a part of an image, with its header, may have on a lane's topic. */
  imageRoom(lane: string): number {
    return this.#bulk.room(this.#imageMessage(lane));
  }

  /** Publishes a part of an image; false: it could not be delivered. */
  publishImagePart(lane: string, part: Uint8Array, signal: AbortSignal): Promise<boolean> {
    return this.#bulk.deliver({ ...this.#imageMessage(lane), payload: part }, signal);
  }

  #imageMessage(lane: string): Omit<Outgoing, "payload"> {
    const { site, gateway, broker } = this.#options;
    const { qos, retain, contentType } = TOPICS.image;
    const topic = topicFor("image", { root: broker.topicRoot, site, gateway, lane });
    return { topic, qos, retain, contentType, schema: IMAGE_SCHEMA };
  }

  #session(role: Role): Session {
    const { clock, random, log, backoff } = this.#options;
    return new Session({
      role,
      clock,
      random,
      log,
      ...(backoff === undefined ? {} : { backoff }),
      prepare: () => this.#prepare(role),
      onOnline: (connection) => {
        if (role === "hit") this.#online(connection);
        else if (role === "in" && !connection.sessionPresent) this.#options.onSessionLost?.();
      },
      onState: () => {
        for (const listener of this.#listeners) listener(this.state);
      },
      onRefused: (filters) => this.#sayNotSubscribed(filters),
    });
  }

  async #prepare(role: Role): Promise<ConnectionOptions> {
    const { broker, site, gateway, log, deadlineMs = DEADLINE_MS } = this.#options;
    return {
      url: broker.url,
      protocol: broker.protocol,
      clientId: `lynceus-${site}-${gateway}-${role}`,
      username: broker.username,
      credentials: await broker.credentials(role),
      ...(role === "hit" ? { will: this.#statusMessage("offline", this.#options.clock()) } : {}),
      subscriptions: this.#subscriptions(role),
      onMessage: (topic, payload, properties) => this.#receive(topic, payload, properties),
      deadlineMs,
      log,
    };
  }

  #subscriptions(role: Role): readonly string[] {
    const { broker, site, gateway, handlers } = this.#options;
    const root = broker.topicRoot;
    switch (role) {
      case "hit":
        return [topicFor("central", { root }), topicFor("receipt", { root, site, gateway })];
      case "in":
        return [
          topicFor("declaration", { root, site }),
          topicFor("outcome", { root, site }),
          ...(handlers.profile === undefined ? [] : [topicFor("profile", { root, site })]),
        ];
      case "bulk":
        return [topicFilter("command", { root, site, gateway })];
    }
  }

  #receive(topic: string, payload: Uint8Array, properties: MessageProperties): Promise<void> {
    const { broker, onCommand } = this.#options;
    const match = matchTopic(topic, broker.topicRoot);
    const name = match?.name === "command" ? match.parameters.name : undefined;
    if (name === undefined || onCommand === undefined) return this.#downlink.receive(topic, payload);
    return onCommand(name, payload, properties);
  }

  #online(connection: Connection): void {
    this.#states.attach(connection, this.#topic("status", {}));
    this.#pump.attach(connection);
  }

  #enter(state: GatewayState): void {
    this.#status = { state, since: this.#options.clock() };
    this.#states.put(this.#statusMessage(state, this.#status.since));
  }

  /** The will's time is the connection's. */
  #statusMessage(state: GatewayState, since: number): Outgoing {
    const { bootId, versions } = this.#options;
    return this.#message(
      "status",
      {},
      {
        state,
        bootId,
        since: new Date(since).toISOString(),
        versions: { ...versions },
      },
    );
  }

  #message<Name extends StateTopic | OnceTopic | "status">(
    name: Name,
    parameters: { readonly lane?: string },
    data: EventData<(typeof TOPICS)[Name]["event"]>,
  ): Outgoing {
    const { site, gateway, clock } = this.#options;
    const { event, qos, retain } = TOPICS[name];
    const payload = wrap({
      name: event,
      id: randomUUID(),
      source: gatewaySource(site, gateway, parameters.lane),
      time: new Date(clock()).toISOString(),
      data,
    });
    const schema = dataSchemaUrn(event);
    return {
      topic: this.#topic(name, parameters),
      payload,
      qos,
      retain,
      contentType: EVENT_CONTENT_TYPE,
      schema,
    };
  }

  #topic(
    name: StateTopic | OnceTopic | "status" | "hit" | "alert",
    parameters: { readonly lane?: string },
  ): string {
    const { site, gateway, broker } = this.#options;
    return topicFor(name, { root: broker.topicRoot, site, gateway, lane: parameters.lane ?? "" });
  }

  /** Every transmission carries the row's bytes; `resent` alone is added. */
  #rowMessage(row: OutboxRow, resent: boolean): Outgoing {
    const { event, qos, retain } = TOPICS[row.kind];
    const text = resent ? `{"resent":true,${row.event.slice(1)}` : row.event;
    return {
      topic: this.#topic(row.kind, row.kind === "hit" && row.lane !== null ? { lane: row.lane } : {}),
      payload: new TextEncoder().encode(text),
      qos,
      retain,
      contentType: EVENT_CONTENT_TYPE,
      schema: dataSchemaUrn(event),
    };
  }

  #sayRefused(code: number, message: string): void {
    const hex = `0x${code.toString(16)}`;
    this.#options.alert({
      code: "BROKER_REFUSES",
      severity: "critical",
      message: `The broker refuses results (${hex}); they are kept and tried again`,
      remedy:
        code === 0x87
          ? "Allow this gateway's user to publish its hit and alert topics."
          : "See the broker's limits and quotas for this gateway.",
      details: { reasonCode: hex, reason: message },
    });
  }

  #sayNotSubscribed(filters: readonly string[]): void {
    this.#options.log.warn({ filters }, "the broker refuses subscriptions; they are tried again each minute");
    this.#options.alert({
      code: "BROKER_REFUSES",
      severity: "warning",
      message: "The broker refuses subscriptions of this gateway",
      remedy:
        "Allow this gateway's user to read declaration, outcome, profile, receipt, command and central.",
      details: { filters: filters.join(" ") },
    });
  }
}
