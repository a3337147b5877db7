import { randomUUID } from "node:crypto";
import { dataSchemaUrn, EVENT_CONTENT_TYPE, gatewaySource, wrap } from "../../protocols/mqtt/envelope.ts";
import { IMAGE_SCHEMA } from "../../protocols/mqtt/image-part.ts";
import type { EventData } from "../../protocols/mqtt/payloads.ts";
import type { GatewayState } from "../../protocols/mqtt/status.ts";
import { TOPICS, topicFor } from "../../protocols/mqtt/topics.ts";
import { continuedTrace, traceparentOf } from "../../protocols/mqtt/traceparent.ts";
import type { OutboxRow } from "../spool/port.ts";
import { Bulk } from "./bulk.ts";
import { clientIdOf } from "./client-options.ts";
import type { Connection } from "./connection.ts";
import type { ConnectionOptions, MessageProperties, Outgoing } from "./connection-options.ts";
import { CredentialWatch } from "./credential-watch.ts";
import { Downlink } from "./downlink.ts";
import { type InwardOptions, receiveInward } from "./inward.ts";
import { publishNote } from "./note.ts";
import { publishRefused, receiptsTakenBack, subscriptionRefused, tlsRefused } from "./notices.ts";
import { keepPacketLengthsTogether } from "./packet-lengths.ts";
import { Pump } from "./pump.ts";
import { Retired } from "./retired.ts";
import { type LinkState, Session } from "./session.ts";
import { States } from "./states.ts";
import { subscriptionsOf } from "./subscriptions.ts";
import { tlsFaultOf } from "./tls-faults.ts";
import type { Role, UplinkOptions } from "./uplink-options.ts";

/** Stands for a scan where only the length of a message matters. */
const ANY_SCAN = "00000000-0000-0000-0000-000000000000";
/** Time for a PUBACK before the connection is given up, ms. */
const DEADLINE_MS = 20_000;
/** Time that `stop()` has for its last words, ms. */
const STOP_MS = 2000;

export type { Role, UplinkOptions } from "./uplink-options.ts";

/** Topics that the gateway publishes retained, by name, with what their data is. */
export type StateTopic = "info" | "health" | "laneState";
/** Topics that the gateway publishes without keeping the message. */
export type OnceTopic = "statistics" | "declarationRequest";
type DataOf<Name extends StateTopic | OnceTopic> = EventData<(typeof TOPICS)[Name]["event"]>;

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
  readonly #retired: Retired;
  readonly #inward: InwardOptions;
  readonly #watch: CredentialWatch<Role>;
  readonly #tlsSaid = new Map<Role, string>();
  readonly #listeners = new Set<(state: UplinkState) => void>();
  #unlisten: (() => void) | null = null;
  /** When the connection of hits came up, monotonic ms. */
  #onlineAt = 0;
  #status: { state: GatewayState; since: number };

  constructor(options: UplinkOptions) {
    const { outbox, clock, random, log, broker, handlers } = options;
    this.#options = options;
    this.#status = { state: "online", since: clock() };
    this.#states = new States({ log });
    this.#retired = new Retired({ outbox, log });
    this.#downlink = new Downlink({
      topicRoot: broker.topicRoot,
      outbox,
      handlers,
      onCentral: () => this.#pump.resendAll(),
      onTime: (time, live) => options.onTime?.(time, live),
      receiptsRequired: options.receiptsRequired ?? false,
      onTakenBack: () => options.alert(receiptsTakenBack()),
      connectedFor: () => performance.now() - this.#onlineAt,
      log,
    });
    const { site, gateway, onCommand, alert, gate } = options;
    const { topicRoot } = broker;
    this.#inward = { topicRoot, site, gateway, gate, downlink: this.#downlink, onCommand, alert };
    this.#pump = new Pump({
      outbox,
      message: (row, resent) => this.#rowMessage(row, resent),
      resends: () => this.#downlink.resends,
      drains: () => this.#downlink.drains,
      onRefused: (code, message) => options.alert(publishRefused(code, message)),
      clock,
      random,
      log,
    });
    this.#sessions = { hit: this.#session("hit"), in: this.#session("in"), bulk: this.#session("bulk") };
    this.#bulk = new Bulk({ connection: () => this.#sessions.bulk.connection });
    this.#watch = new CredentialWatch<Role>({
      read: broker.credentials,
      renew: (role) => this.#sessions[role].renew(),
      clock,
      log,
      ...(options.credentialsMs === undefined ? {} : { lookMs: options.credentialsMs }),
    });
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
    keepPacketLengthsTogether();
    if (broker.protocol === 4) {
      log.warn(
        { url: broker.url },
        "MQTT 3.1.1: the broker cannot say that it refused a publish, so that rows are freed by central's receipts alone; use MQTT 5",
      );
    }
    await outbox.setOnlyReceipts(broker.protocol === 4);
    const { lanes } = this.#options;
    if (lanes !== undefined)
      await this.#retired.start(lanes.map((lane) => this.#topic("laneState", { lane })));
    await this.#downlink.start();
    this.#unlisten = outbox.onCommitted((row) => this.#pump.committed(row));
    this.#enter("online");
    this.#sessions.hit.start();
    this.#sessions.in.start();
    if (this.#options.onCommand !== undefined) this.#sessions.bulk.start();
    this.#watch.start();
  }

  /** Certificates were replaced: connections change over to them now. */
  lookAtCredentials(): void {
    this.#watch.lookNow();
  }

  /** Says `stopping`: what is under way may still take seconds, and its hits are still sent. */
  stopping(): void {
    if (this.#status.state !== "stopping") this.#enter("stopping");
  }

  /** Says `stopping` unless it has, lets what is in flight arrive, says `stopped` and disconnects: two seconds at most. */
  async stop(): Promise<void> {
    this.#unlisten?.();
    this.#unlisten = null;
    await this.#watch.stop();
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

  /** Publishes a checkpoint of the journal, a signed note; false: no connection took it. */
  publishCheckpoint(note: string): Promise<boolean> {
    return publishNote(this.#sessions.hit.connection, { topic: this.#topic("checkpoint", {}), note });
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
    const id = randomUUID();
    const trace = continuedTrace(to.traceparent, id) ?? traceparentOf(id, id);
    const own = topicFor("commandResponse", { root: broker.topicRoot, site, gateway, name });
    const payload = wrap({
      name: event,
      id,
      source: gatewaySource(site, gateway),
      time: new Date(clock()).toISOString(),
      data: response,
    });
    const message = { qos, retain, payload, contentType: EVENT_CONTENT_TYPE, schema: dataSchemaUrn(event) };
    return this.#bulk.deliver(
      {
        ...message,
        topic: responseTopic ?? own,
        traceparent: trace,
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
  publishImagePart(
    { lane, scanId }: { readonly lane: string; readonly scanId: string },
    part: Uint8Array,
    signal: AbortSignal,
  ): Promise<boolean> {
    return this.#bulk.deliver({ ...this.#imageMessage(lane, scanId), payload: part }, signal);
  }

  #imageMessage(lane: string, scanId = ANY_SCAN): Omit<Outgoing, "payload"> {
    const { site, gateway, broker } = this.#options;
    const { qos, retain, contentType } = TOPICS.image;
    const topic = topicFor("image", { root: broker.topicRoot, site, gateway, lane });
    const traceparent = traceparentOf(scanId, scanId);
    return { topic, qos, retain, contentType, schema: IMAGE_SCHEMA, traceparent };
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
        this.#tlsSaid.delete(role);
        if (role === "hit") this.#online(connection);
        else if (role === "in" && !connection.sessionPresent) this.#options.onSessionLost?.();
      },
      onState: () => {
        for (const listener of this.#listeners) listener(this.state);
      },
      onRefused: (filters) => this.#sayNotSubscribed(filters),
      onFailed: (error) => this.#sayTls(role, error),
    });
  }

  async #prepare(role: Role): Promise<ConnectionOptions> {
    const { broker, site, gateway, log, deadlineMs = DEADLINE_MS } = this.#options;
    const credentials = await broker.credentials(role);
    this.#watch.used(role, credentials);
    return {
      url: broker.url,
      protocol: broker.protocol,
      clientId: clientIdOf(site, gateway, role),
      username: broker.username,
      credentials,
      ...(role === "hit" ? { will: this.#statusMessage("offline", this.#options.clock()) } : {}),
      subscriptions: subscriptionsOf(role, this.#options),
      onMessage: (topic, payload, properties) => receiveInward(this.#inward, topic, payload, properties),
      deadlineMs,
      log,
    };
  }

  #online(connection: Connection): void {
    this.#onlineAt = performance.now();
    this.#states.attach(connection, this.#topic("status", {}));
    this.#pump.attach(connection);
    this.#retired.attach(connection);
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
    const id = randomUUID();
    const payload = wrap({
      name: event,
      id,
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
      traceparent: traceparentOf(id, id),
    };
  }

  #topic(
    name: StateTopic | OnceTopic | "status" | "hit" | "alert" | "checkpoint",
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
      traceparent: traceparentOf(row.scanId ?? row.id, row.id),
    };
  }

  /** Told once for each reason, until a connection is up again: it is tried for ever. */
  #sayTls(role: Role, error: unknown): void {
    const fault = tlsFaultOf(error);
    if (fault === null || this.#tlsSaid.get(role) === fault.reason) return;
    this.#tlsSaid.set(role, fault.reason);
    this.#options.alert(tlsRefused(role, fault));
  }

  #sayNotSubscribed(filters: readonly string[]): void {
    this.#options.log.warn({ filters }, "the broker refuses subscriptions; they are tried again each minute");
    this.#options.alert(subscriptionRefused(filters));
  }
}
