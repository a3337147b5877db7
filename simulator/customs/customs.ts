import { type KeyObject, randomUUID } from "node:crypto";
import { isLynceusError } from "../../protocols/errors.ts";
import {
  CENTRAL_SOURCE,
  type EventData,
  type EventName,
  encodeEvent,
  matchTopic,
  readEventData,
  type SignedMessage,
  topicFilter,
  topicFor,
  unwrap,
} from "../../protocols/mqtt/index.ts";
import { sleep } from "../backoff.ts";
import { Random } from "../random.ts";
import type { TruthLine } from "../scanner/truth.ts";
import { DeclarationDesk } from "./declarations.ts";
import { entryLine, type ReceivedEvent, receivedEvent } from "./entry.ts";
import { FileFollower } from "./file-follower.ts";
import { Ledger } from "./ledger.ts";
import { MessageSigner } from "./message-signer.ts";
import { outcomeOf } from "./outcomes.ts";
import type { SignedProfile } from "./profile.ts";
import { receiptsFor } from "./receipts.ts";
import { type CustomsCounts, type CustomsReport, hitReport } from "./report.ts";
import { BrokerSession, type Outgoing } from "./session.ts";
import type { TlsFiles } from "./tls-files.ts";
import { MAX_LINE_CHARACTERS, parseTruthLine, TruthBook } from "./truth-book.ts";
import type { Witness } from "./witness.ts";
import { witnessOf } from "./witness-of-options.ts";

/** From a hit to the result of its examination, ms; an hour in the field, a moment here. */
const EXAMINATION_MS = 1500;
/** Parcels whose hit is remembered until their announcement is read, at most. */
const MAX_SEEN = 10_000;
/** Outcomes on their way at once, at most; further hits go unexamined. */
const MAX_EXAMINATIONS = 1000;

export interface CustomsOptions {
  readonly broker: string;
  readonly site: string;
  readonly root: string;
  readonly truth: string | null;
  readonly receipts: boolean;
  readonly out: string | null;
  /** Published, retained, at each connection; null: none. */
  readonly profile: SignedProfile | null;
  /** For a broker behind TLS. */
  readonly tls?: TlsFiles;
  /** Signs declarations, outcomes and receipts; absent: they are plain. */
  readonly messageKey?: KeyObject | null;
  /** Co-signs checkpoints; null: nobody does. */
  readonly witnessKey: KeyObject | null;
  readonly report: (report: CustomsReport) => void;
}

/** A central customs system of one site: declarations down, hits and alerts up, receipts once they are on disk, outcomes. */
export class Customs {
  readonly #options: CustomsOptions;
  readonly #session: BrokerSession;
  readonly #ledger: Ledger;
  readonly #desk: DeclarationDesk;
  readonly #book = new TruthBook();
  readonly #since = new Date().toISOString();
  /** Identifiers of hits whose parcel was not announced when they came. */
  readonly #seen = new Set<string>();
  readonly #stop = new AbortController();
  readonly #witness: Witness | null;
  readonly #signer: MessageSigner;
  #examinations = 0;
  #counts = {
    hits: 0,
    alerts: 0,
    duplicates: 0,
    malformed: 0,
    unmatched: 0,
    declarations: 0,
    outcomes: 0,
    receipts: 0,
  };

  constructor(options: CustomsOptions) {
    this.#options = options;
    const { root, site } = options;
    this.#signer = new MessageSigner({ key: options.messageKey ?? null });
    this.#session = new BrokerSession({
      url: options.broker,
      tls: options.tls,
      clientId: `central-${site.toLowerCase()}`,
      filters: [
        topicFilter("hit", { root, site }),
        topicFilter("alert", { root, site }),
        topicFilter("declarationRequest", { root, site }),
        ...(options.witnessKey === null
          ? []
          : [topicFilter("checkpoint", { root, site }), topicFilter("info", { root, site })]),
      ],
      random: new Random(process.pid, "customs"),
      will: () => this.#presence(false),
      onMessage: (topic, payload) => this.#take(topic, payload),
      onConnected: () => this.#connected(),
      onLost: (reason) => options.report({ event: "disconnected", reason }),
    });
    this.#witness = witnessOf(options, (topic, payload) => this.#session.publish({ topic, payload }));
    this.#ledger = new Ledger({ path: options.out, onDurable: (events) => this.#kept(events) });
    this.#desk = new DeclarationDesk({
      publish: (declaration) => this.#publishDeclaration(declaration),
      onPublished: (line, declaration) => this.#declared(line, declaration),
    });
  }

  /** Runs until `signal` aborts; an absent broker is waited for. */
  async run(signal: AbortSignal): Promise<CustomsCounts> {
    await this.#ledger.start((event) => {
      this.#witness?.add(event);
      this.#remember(event);
    });
    const { truth } = this.#options;
    const follower =
      truth === null
        ? null
        : new FileFollower({
            path: truth,
            maxLine: MAX_LINE_CHARACTERS,
            onLine: (line) => this.#announce(line, signal),
          });
    try {
      await Promise.all([
        this.#session.run(signal, () => this.#presence(false)),
        this.#desk.run(signal),
        follower?.run(signal),
      ]);
    } finally {
      this.#stop.abort();
      await this.#ledger.stop();
    }
    return this.#counts;
  }

  #presence(online: boolean): Outgoing {
    const { root, receipts } = this.#options;
    const data = { online, since: this.#since, receipts };
    return { topic: topicFor("central", { root }), payload: this.#event("central", data), retain: true };
  }

  #event<Name extends EventName>(name: Name, data: EventData<Name>, id: string = randomUUID()): Uint8Array {
    return encodeEvent({ name, id, source: CENTRAL_SOURCE, time: new Date().toISOString(), data });
  }

  #message<Name extends SignedMessage>(name: Name, data: EventData<Name>, gateway?: string): Uint8Array {
    const { site } = this.#options;
    const aud = gateway === undefined ? site : `${site}/${gateway}`;
    return this.#event(name, this.#signer.dataOf(name, data, aud) as EventData<Name>);
  }

  async #connected(): Promise<void> {
    await this.#session.publish(this.#presence(true));
    this.#options.report({ event: "connected", broker: this.#options.broker });
    await this.#publishProfile();
  }

  async #publishProfile(): Promise<void> {
    const { profile, root, site, report } = this.#options;
    if (profile === null) return;
    const payload = this.#event("profile", profile.jws);
    const topic = topicFor("profile", { root, site });
    if (await this.#session.publish({ topic, payload, retain: true }))
      report({ event: "profile", version: profile.version });
  }

  async #announce(text: string, signal: AbortSignal): Promise<void> {
    const line = parseTruthLine(text);
    if (line === null) return;
    this.#book.add(line);
    const seen = line.identifiers.some((identifier) => this.#seen.delete(keyOf(identifier)));
    await this.#desk.announce(line, seen, signal);
  }

  async #publishDeclaration(declaration: Record<string, unknown>): Promise<boolean> {
    const { root, site } = this.#options;
    const topic = topicFor("declaration", { root, site });
    const data = declaration as unknown as EventData<"declaration">;
    return this.#session.publish({ topic, payload: this.#message("declaration", data) });
  }

  #declared(line: TruthLine, declaration: Record<string, unknown>): void {
    this.#counts.declarations += 1;
    this.#options.report({
      event: "declared",
      at: new Date().toISOString(),
      scanRef: line.scanRef,
      aedId: String(declaration["aedId"]),
      revision: Number(declaration["revision"]),
      delivery: line.delivery,
    });
  }

  /** Takes a message; resolves when the next may come. Never rejects: what cannot be read is counted. */
  async #take(topic: string, payload: Uint8Array): Promise<void> {
    try {
      const match = matchTopic(topic, this.#options.root);
      const gateway = match?.parameters.gateway ?? "";
      if (match?.name === "checkpoint") return this.#witness?.checkpoint(gateway, payload);
      const event = unwrap(payload);
      if (event === null) return;
      if (event.name === "info") {
        this.#witness?.keys(gateway, readEventData("info", event.data).signingKeys);
        return;
      }
      if (event.name === "declaration-request") {
        this.#requested(readEventData("declaration-request", event.data));
        return;
      }
      const received = receivedEvent(event);
      // A gateway speaks for itself only: its source must stand in the topic too.
      if (received === null || gateway !== received.gateway) return;
      this.#offer(received, entryLine(payload, new Date().toISOString()));
      await this.#ledger.room();
    } catch (error) {
      if (!isLynceusError(error)) throw error;
      this.#counts.malformed += 1;
      this.#options.report({ event: "malformed", topic, message: error.message });
    }
  }

  #offer(event: ReceivedEvent, line: string): void {
    const offered = this.#ledger.offer(event, line);
    const { id, source, resent } = event;
    if (offered === "full") {
      const message = this.#ledger.failure?.message ?? "the ledger is full";
      this.#options.report({ event: "not-stored", id, message });
    } else if (offered === "duplicate") {
      this.#counts.duplicates += 1;
      this.#options.report({ event: "duplicate", id, source, resent });
      // The receipt was lost: it is given again, but only for what is on disk, which the ledger's own order ensures.
      this.#ledger.afterWrites(() => this.#receipt([event]));
    }
  }

  /** Events have reached the disk. */
  #kept(events: readonly ReceivedEvent[]): void {
    this.#receipt(events);
    for (const event of events) {
      this.#witness?.add(event);
      if (event.hit !== null) this.#hit(event);
      else this.#alert(event);
    }
  }

  #receipt(events: readonly ReceivedEvent[]): void {
    if (!this.#options.receipts) return;
    const { root, site, report } = this.#options;
    for (const { gateway, receipt, ids } of receiptsFor(events, (journal) =>
      this.#ledger.contiguous(journal),
    )) {
      const topic = topicFor("receipt", { root, site, gateway });
      void this.#session
        .publish({ topic, payload: this.#message("receipt", receipt, gateway) })
        .then((published) => {
          // A receipt that got lost is asked for by the gateway's next try.
          if (!published) return;
          this.#counts.receipts += 1;
          const upToSequence = receipt.upToSequence ?? null;
          report({ event: "receipt", gateway, journal: receipt.journal, ids, upToSequence });
        });
    }
  }

  #hit(event: ReceivedEvent): void {
    const { hit, id, source, resent } = event;
    if (hit === null) return;
    this.#counts.hits += 1;
    const truth = this.#remember(event);
    if (truth === null && hit.revision === 1) this.#counts.unmatched += 1;
    const about = { at: new Date().toISOString(), id, source, resent, matched: truth !== null };
    this.#options.report({ event: "hit", ...hitReport(hit, about) });
    if (truth !== null && hit.revision === 1) void this.#examine(event, truth);
  }

  /** The parcel of a hit; what was to be declared after it may now be. */
  #remember(event: ReceivedEvent): TruthLine | null {
    if (event.hit === null) return null;
    const identifiers = event.hit.identifiers.filter(({ checkOk }) => checkOk !== false);
    const truth = this.#book.find(identifiers);
    if (truth !== null) this.#desk.seen(truth);
    else if (this.#seen.size < MAX_SEEN)
      for (const identifier of identifiers) this.#seen.add(keyOf(identifier));
    return truth;
  }

  #alert(event: ReceivedEvent): void {
    if (event.alert === null) return;
    this.#counts.alerts += 1;
    const { code, severity, message } = event.alert;
    const at = new Date().toISOString();
    this.#options.report({
      event: "alert",
      at,
      id: event.id,
      gateway: event.gateway,
      code,
      severity,
      message,
    });
  }

  async #examine(event: ReceivedEvent, truth: TruthLine): Promise<void> {
    if (event.hit === null || this.#examinations >= MAX_EXAMINATIONS) return;
    this.#examinations += 1;
    await sleep(EXAMINATION_MS, this.#stop.signal);
    this.#examinations -= 1;
    const outcome = outcomeOf(event.hit, truth, new Date().toISOString());
    if (outcome === null || this.#stop.signal.aborted) return;
    const { root, site } = this.#options;
    const payload = this.#message("outcome", outcome);
    if (!(await this.#session.publish({ topic: topicFor("outcome", { root, site }), payload }))) return;
    this.#counts.outcomes += 1;
    const { scanId, result, examination } = outcome;
    this.#options.report({ event: "outcome", scanId, result, examination });
  }

  #requested(request: {
    since?: string | undefined;
    identifiers?: { scheme: string; value: string }[] | undefined;
  }): void {
    if (request.since !== undefined) this.#desk.repeat(this.#book.since(request.since));
    const line = this.#book.find(request.identifiers ?? []);
    if (line !== null) this.#desk.repeat([line]);
  }
}

function keyOf(identifier: { scheme: string; value: string }): string {
  return `${identifier.scheme}:${identifier.value}`;
}
