import { eventId } from "../../protocols/ids.ts";
import { type EventInput, encodeEvent, gatewaySource } from "../../protocols/mqtt/encode-event.ts";
import type { Health } from "../../protocols/mqtt/health.ts";
import type { GatewayState } from "../../protocols/mqtt/status.ts";
import { topicFor } from "../../protocols/mqtt/topics.ts";
import { sleep } from "../backoff.ts";
import { BrokerSession, type Outgoing } from "../customs/session.ts";
import type { TlsFiles } from "../customs/tls-files.ts";
import type { Random } from "../random.ts";
import type { FleetFigures } from "./figures.ts";
import { fleetHit } from "./hit.ts";
import { FleetJournal, uuidOf } from "./journal.ts";

/** Health is told this often, ms (`mqtt.md`). */
const HEALTH_MS = 30_000;
/** Hits of one gateway under way; what is due beyond waits. */
export const MAX_UNDER_WAY = 64;
/** Before a hit that was not acknowledged goes again, ms. */
const AGAIN_MS = 500;
const LANE = "lane-1";

export interface FleetGatewayOptions {
  readonly url: string;
  readonly root: string;
  readonly site: string;
  /** `sim-0001` … */
  readonly id: string;
  /** Hits a second. */
  readonly rate: number;
  readonly random: Random;
  /** For mqtts:// and wss://. */
  readonly tls?: TlsFiles | undefined;
  readonly figures: FleetFigures;
}

/** One gateway's traffic: its states, health and hits, with a chain and a signature of its own; nothing behind it. */
export class FleetGateway {
  readonly #options: FleetGatewayOptions;
  readonly #session: BrokerSession;
  readonly #journal: FleetJournal;
  readonly #bootId: string;
  readonly #startedAt = Date.now();
  readonly #underWay = new Set<Promise<void>>();
  #committed = 0;

  constructor(options: FleetGatewayOptions) {
    this.#options = options;
    const { url, site, id, root, random, tls, figures } = options;
    this.#journal = new FleetJournal(random);
    this.#bootId = uuidOf(random);
    this.#session = new BrokerSession({
      url,
      tls,
      clientId: `lynceus-${site}-${id}-hit`,
      filters: [topicFor("receipt", { root, site, gateway: id })],
      random,
      will: () => this.#status("offline"),
      onMessage: async () => void figures.receipts++,
      onConnected: () => this.#introduce(),
      onLost: () => void figures.lost++,
    });
  }

  /** Sends until `until` aborts, then waits a moment for what is under way. */
  async run(until: AbortSignal): Promise<void> {
    const { random } = this.#options;
    const closing = new AbortController();
    const session = this.#session.run(closing.signal, () => this.#status("stopped"));
    // Gateways of a fleet do not beat in step.
    await sleep(random.range(0, 1000), until);
    await Promise.all([this.#send(until), this.#tellHealth(until)]);
    await Promise.race([Promise.all(this.#underWay), sleep(10_000, AbortSignal.timeout(10_000))]);
    closing.abort();
    await session;
  }

  async #send(until: AbortSignal): Promise<void> {
    const { rate, random, figures } = this.#options;
    for (let next = performance.now(); !until.aborted; ) {
      // Items come as they come: exponential gaps.
      next += (-Math.log(1 - random.float()) / rate) * 1000;
      const wait = next - performance.now();
      if (wait > 0) await sleep(wait, until);
      if (until.aborted) return;
      if (this.#underWay.size >= MAX_UNDER_WAY) {
        figures.heldBack += 1;
        await Promise.race(this.#underWay);
      }
      const going: Promise<void> = this.#hit(until).finally(() => this.#underWay.delete(going));
      this.#underWay.add(going);
    }
  }

  async #hit(until: AbortSignal): Promise<void> {
    const { root, site, id, random, figures } = this.#options;
    const now = Date.now();
    const unsealed = fleetHit(random, { site, gateway: id, lane: LANE, bootId: this.#bootId, now });
    const data = this.#journal.seal(unsealed);
    this.#committed += 1;
    figures.hits += 1;
    const event: EventInput = {
      name: "hit",
      id: eventId(data.scanId, data.revision),
      source: gatewaySource(site, id, LANE),
      subject: data.scanId,
      time: new Date(now).toISOString(),
      data,
    };
    const topic = topicFor("hit", { root, site, gateway: id, lane: LANE });
    const began = performance.now();
    for (let tries = 0; ; tries++) {
      const payload = encodeEvent(tries === 0 ? event : { ...event, resent: true });
      if (tries > 0) figures.resent += 1;
      if (await this.#publish({ topic, payload })) break;
      await sleep(AGAIN_MS, AbortSignal.timeout(AGAIN_MS));
      // A fleet that ends gives up what the broker does not take.
      if (until.aborted && !this.#session.connected) return;
    }
    figures.acknowledged += 1;
    figures.took(performance.now() - began);
  }

  async #tellHealth(until: AbortSignal): Promise<void> {
    while (!until.aborted) {
      await sleep(HEALTH_MS, until);
      if (!until.aborted) await this.#say("health", this.#health());
    }
  }

  async #introduce(): Promise<void> {
    const { figures } = this.#options;
    figures.connections += 1;
    const since = new Date().toISOString();
    await this.#publish(this.#status("online"));
    await this.#say("info", {
      contract: "1.0",
      configurationSchema: "lynceus-config/1",
      lanes: [{ id: LANE, driver: "line-scan", devices: [], models: [], decideOnSynthetic: true }],
      models: [],
      signingKeys: [{ keyId: this.#journal.keyId, publicKey: this.#journal.publicKey }],
    });
    await this.#say("laneState", { state: "idle", code: null, since });
    await this.#say("health", this.#health());
  }

  async #say(name: "info" | "health" | "laneState", data: object): Promise<void> {
    const { root, site, id, figures } = this.#options;
    const lane = name === "laneState" ? LANE : undefined;
    const topic = topicFor(name, { root, site, gateway: id, lane: LANE });
    const payload = this.#event(name === "laneState" ? "state" : name, data, lane);
    if (await this.#publish({ topic, payload, retain: true })) figures.states += 1;
  }

  #publish(message: Outgoing): Promise<boolean> {
    this.#options.figures.bytes += message.payload.length;
    return this.#session.publish(message);
  }

  #status(state: GatewayState): Outgoing {
    const { root, site, id } = this.#options;
    const versions = { lynceus: "simulated", contract: "1.0" };
    const since = new Date().toISOString();
    const payload = this.#event("status", { state, bootId: this.#bootId, since, versions });
    return { topic: topicFor("status", { root, site, gateway: id }), payload, retain: true };
  }

  #event(name: EventInput["name"], data: unknown, lane?: string): Uint8Array {
    const { site, id } = this.#options;
    const time = new Date().toISOString();
    return encodeEvent({ name, id: crypto.randomUUID(), source: gatewaySource(site, id, lane), time, data });
  }

  #health(): Health {
    const depth = this.#underWay.size;
    const done = this.#committed;
    const stage = { depth: 0, oldestSeconds: null, done, failed: 0 };
    return {
      at: new Date().toISOString(),
      uptimeSeconds: (Date.now() - this.#startedAt) / 1000,
      stages: { capture: stage, inference: stage, fusion: stage, uplink: { ...stage, depth } },
      queue: { depth, oldestSeconds: null, unreceipted: depth, deadLetters: 0 },
      disk: { usedBytes: 0, maxBytes: 1e9, freeBytes: 1e9, minFreeBytes: 0 },
      inference: { p50Ms: null, p95Ms: null, restarts: 0 },
      clock: { synchronised: true, offsetMs: null },
      memory: { rssBytes: 0, inferenceRssBytes: null },
      certificateExpiry: null,
    };
  }
}
