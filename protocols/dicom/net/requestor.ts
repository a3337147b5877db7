import { dicomError } from "../errors.ts";
import { DICOM_APPLICATION_CONTEXT, SOP_CLASS } from "../uids.ts";
import { COMMAND, type CommandSet, encodeCommand, parseCommand, RESPONSE, STATUS } from "./command.ts";
import { NET_LIMITS } from "./limits.ts";
import {
  type AnsweredContext,
  CONTEXT_RESULT,
  dataHeader,
  encodeAbort,
  encodeAssociateRequest,
  encodeRelease,
  PDU,
  type ProposedContext,
  parseAssociateAccept,
  parseAssociateReject,
} from "./pdu.ts";
import { PduDecoder, type PduEvent } from "./pdu-decoder.ts";

/** A byte link to a peer, opened and closed by whoever owns it. */
export interface ByteLink {
  readonly source: AsyncIterable<Uint8Array>;
  /** Resolves when more may be written. */
  write(bytes: Uint8Array): Promise<void>;
}

export interface RequestorOptions {
  readonly link: ByteLink;
  readonly called: string;
  readonly calling: string;
  readonly contexts: readonly Omit<ProposedContext, "id">[];
  readonly applicationContext?: string;
  readonly implementationClass: string;
  readonly implementationVersion: string;
  /** Takes the data set of an N-EVENT-REPORT that the peer sends on this association; false: it is refused. */
  readonly onEvent?: (eventType: number, dataset: Uint8Array) => Promise<boolean>;
}

/** An object to be sent. */
export interface StoreItem {
  readonly sopClass: string;
  readonly sopInstance: string;
  readonly transferSyntax: string;
  /** The data set in its transfer syntax, in pieces of any size. */
  readonly dataset: AsyncIterable<Uint8Array> | Iterable<Uint8Array>;
}

/** What the peer answered. */
export interface Answer {
  readonly status: number;
  readonly comment: string | null;
}

/** Data set of a response or event, bytes; they hold references to instances. */
const MAX_RESPONSE_BYTES = 4 * 1024 * 1024;

/**
 * One association as the requesting side (SCU): C-ECHO, C-STORE, N-ACTION. No socket: bytes go through the link it is given,
 * and time-outs are for the owner of the link, who closes it.
 */
export class Requestor {
  readonly #options: RequestorOptions;
  readonly #decoder = new PduDecoder();
  readonly #events: AsyncGenerator<PduEvent, void, void>;
  #contexts: readonly (AnsweredContext & { readonly abstractSyntax: string })[] = [];
  #maxPdu: number = NET_LIMITS.announcedPdu;
  #messageId = 0;

  constructor(options: RequestorOptions) {
    this.#options = options;
    this.#events = this.#read();
  }

  /** Proposes the association. @throws LYN_DICOM_ASSOCIATION when it is rejected, aborted or the link ends. */
  async associate(): Promise<void> {
    const { link, called, calling, implementationClass, implementationVersion } = this.#options;
    const proposed = this.#options.contexts.slice(0, NET_LIMITS.maxContexts).map((context, index) => ({
      ...context,
      id: index * 2 + 1,
    }));
    await link.write(
      encodeAssociateRequest({
        called,
        calling,
        applicationContext: this.#options.applicationContext ?? DICOM_APPLICATION_CONTEXT,
        contexts: proposed,
        maxPdu: NET_LIMITS.announcedPdu,
        implementationClass,
        implementationVersion,
      }),
    );
    const event = await this.#next();
    if (event.type === "control" && event.pdu === PDU.associateReject) {
      const { result, source, reason } = parseAssociateReject(event.body);
      throw refused(
        `the peer rejected the association (result ${result}, source ${source}, reason ${reason})`,
      );
    }
    if (event.type !== "control" || event.pdu !== PDU.associateAccept)
      throw refused("the peer did not accept");
    const accept = parseAssociateAccept(event.body);
    const most = accept.maxPdu === 0 ? NET_LIMITS.announcedPdu : accept.maxPdu;
    this.#maxPdu = Math.max(128, Math.min(most, NET_LIMITS.announcedPdu));
    this.#contexts = accept.contexts.map((context) => ({
      ...context,
      abstractSyntax: proposed.find(({ id }) => id === context.id)?.abstractSyntax ?? "",
    }));
  }

  /** Whether the peer takes a SOP class in a transfer syntax. */
  accepts(sopClass: string, transferSyntax?: string): boolean {
    return this.#contextOf(sopClass, transferSyntax) !== undefined;
  }

  async echo(): Promise<Answer> {
    const command = { command: COMMAND.echo, affectedSopClass: SOP_CLASS.verification, hasDataSet: false };
    return this.#request(this.#context(SOP_CLASS.verification), command, []);
  }

  /** Sends an object. A failure is an answer with its status; @throws LYN_DICOM_ASSOCIATION for a broken association. */
  async store(item: StoreItem): Promise<Answer> {
    const { sopClass, sopInstance, transferSyntax, dataset } = item;
    const command = {
      command: COMMAND.store,
      affectedSopClass: sopClass,
      affectedSopInstance: sopInstance,
      priority: 0,
      hasDataSet: true,
    };
    return this.#request(this.#context(sopClass, transferSyntax), command, dataset);
  }

  /** N-ACTION, for storage commitment (PS3.4 annex J). */
  async action(options: {
    sopClass: string;
    sopInstance: string;
    actionType: number;
    dataset: Uint8Array;
  }): Promise<Answer> {
    const { sopClass, sopInstance, actionType, dataset } = options;
    const command = {
      command: COMMAND.action,
      requestedSopClass: sopClass,
      requestedSopInstance: sopInstance,
      actionType,
      hasDataSet: true,
    };
    return this.#request(this.#context(sopClass), command, [dataset]);
  }

  /** The transfer syntax agreed for a SOP class. */
  syntaxOf(sopClass: string): string | null {
    return this.#contextOf(sopClass)?.transferSyntax ?? null;
  }

  /** Releases the association and waits for the reply; requests of the peer that come meanwhile are answered. */
  async release(): Promise<void> {
    await this.#options.link.write(encodeRelease(PDU.releaseRequest));
    for (;;) {
      const event = await this.#next();
      if (event.type === "control" && event.pdu === PDU.releaseReply) return;
    }
  }

  async abort(): Promise<void> {
    await this.#options.link.write(encodeAbort(0));
  }

  /** Waits for one message of the peer that is no answer, as an N-EVENT-REPORT is. @throws as {@link store} when the link ends. */
  async serveEvent(): Promise<void> {
    await this.#answerTo(null);
  }

  async #request(
    context: AnsweredContext,
    command: Omit<CommandSet, "messageId">,
    dataset: StoreItem["dataset"],
  ): Promise<Answer> {
    this.#messageId = (this.#messageId % 0xffff) + 1;
    const messageId = this.#messageId;
    await this.#send(context.id, true, [encodeCommand({ ...command, messageId })]);
    if (command.hasDataSet) await this.#send(context.id, false, dataset);
    return this.#answerTo(messageId);
  }

  /** Reads messages until the answer to one of ours; with null until one event was served. */
  async #answerTo(messageId: number | null): Promise<Answer> {
    for (;;) {
      const { contextId, command, dataset } = await this.#message();
      if (command.command === COMMAND.eventReport) {
        const taken = (await this.#options.onEvent?.(command.eventType ?? 0, dataset)) ?? false;
        await this.#acknowledgeEvent(contextId, command, taken ? STATUS.success : STATUS.processingFailure);
        if (messageId === null) return { status: STATUS.success, comment: null };
        continue;
      }
      const ours = (command.command & RESPONSE) !== 0 && command.respondedTo === messageId;
      if (!ours) throw refused(`the peer sent command ${command.command} in place of an answer`);
      return { status: command.status ?? STATUS.processingFailure, comment: command.errorComment ?? null };
    }
  }

  async #acknowledgeEvent(contextId: number, event: CommandSet, status: number): Promise<void> {
    const answer = {
      command: COMMAND.eventReport | RESPONSE,
      status,
      hasDataSet: false,
      ...(event.messageId === undefined ? {} : { respondedTo: event.messageId }),
      ...(event.eventType === undefined ? {} : { eventType: event.eventType }),
      ...(event.affectedSopClass === undefined ? {} : { affectedSopClass: event.affectedSopClass }),
      ...(event.affectedSopInstance === undefined ? {} : { affectedSopInstance: event.affectedSopInstance }),
    };
    await this.#send(contextId, true, [encodeCommand(answer)]);
  }

  async #message(): Promise<{ contextId: number; command: CommandSet; dataset: Uint8Array }> {
    const bytes = await this.#whole(true, NET_LIMITS.maxCommandBytes);
    const command = parseCommand(bytes.bytes);
    const dataset = command.hasDataSet
      ? (await this.#whole(false, MAX_RESPONSE_BYTES)).bytes
      : new Uint8Array(0);
    return { contextId: bytes.contextId, command, dataset };
  }

  async #whole(command: boolean, limit: number): Promise<{ contextId: number; bytes: Uint8Array }> {
    const parts: Uint8Array[] = [];
    let size = 0;
    for (;;) {
      const event = await this.#next();
      if (event.type !== "data" || event.command !== command)
        throw refused("the peer sent messages out of order");
      size += event.bytes.length;
      if (size > limit) throw refused(`the peer sent a message of over ${limit} bytes`);
      parts.push(event.bytes.slice());
      if (event.last) return { contextId: event.contextId, bytes: concat(parts, size) };
    }
  }

  async #send(contextId: number, command: boolean, parts: StoreItem["dataset"]): Promise<void> {
    const { link } = this.#options;
    const room = this.#maxPdu - 6;
    // The last piece is held back: only then is it known to be the last.
    let held: Uint8Array = new Uint8Array(0);
    for await (const part of parts) {
      for (let at = 0; at < part.length; at += room) {
        if (held.length > 0) await this.#piece(link, contextId, { command, last: false }, held);
        held = part.subarray(at, at + room);
      }
    }
    await this.#piece(link, contextId, { command, last: true }, held);
  }

  async #piece(
    link: ByteLink,
    contextId: number,
    kind: { command: boolean; last: boolean },
    bytes: Uint8Array,
  ): Promise<void> {
    await link.write(concat([dataHeader(contextId, kind, bytes.length), bytes], bytes.length + 12));
  }

  #contextOf(sopClass: string, transferSyntax?: string): AnsweredContext | undefined {
    return this.#contexts.find(
      (context) =>
        context.result === CONTEXT_RESULT.accepted &&
        context.abstractSyntax === sopClass &&
        (transferSyntax === undefined || context.transferSyntax === transferSyntax),
    );
  }

  #context(sopClass: string, transferSyntax?: string): AnsweredContext {
    const context = this.#contextOf(sopClass, transferSyntax);
    if (context !== undefined) return context;
    throw dicomError(
      "LYN_DICOM_STATUS",
      `the peer does not take ${sopClass} in ${transferSyntax ?? "any syntax"}`,
    );
  }

  async #next(): Promise<PduEvent> {
    const { value, done } = await this.#events.next();
    if (done === true || value === undefined) throw refused("the peer closed the link");
    if (value.type === "control" && value.pdu === PDU.abort)
      throw refused("the peer aborted the association");
    return value;
  }

  async *#read(): AsyncGenerator<PduEvent, void, void> {
    for await (const chunk of this.#options.link.source) yield* this.#decoder.push(chunk);
  }
}

function concat(parts: readonly Uint8Array[], size: number): Uint8Array {
  const [first] = parts;
  if (parts.length === 1 && first !== undefined) return first;
  const bytes = new Uint8Array(size);
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

function refused(message: string) {
  return dicomError("LYN_DICOM_ASSOCIATION", message);
}
