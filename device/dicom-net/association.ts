import type { Socket } from "node:net";
import {
  COMMAND,
  type CommandSet,
  encodeCommand,
  parseCommand,
  RESPONSE,
  STATUS,
} from "../../protocols/dicom/net/command.ts";
import { NET_LIMITS } from "../../protocols/dicom/net/limits.ts";
import {
  type AnsweredContext,
  type AssociateRequest,
  CONTEXT_RESULT,
  dataHeader,
  encodeAbort,
  encodeAssociateAccept,
  encodeAssociateReject,
  encodeRelease,
  PDU,
  parseAssociateRequest,
} from "../../protocols/dicom/net/pdu.ts";
import { PduDecoder, type PduEvent } from "../../protocols/dicom/net/pdu-decoder.ts";
import { LynceusError } from "../../protocols/errors.ts";
import { IMPLEMENTATION } from "./implementation.ts";

/** Who is at the other end. */
export interface Peer {
  readonly address: string;
  readonly aeTitle: string;
}

/** Takes one object as it comes. Its status ends the operation. */
export interface StoreSink {
  /** Null: go on. A status: refused now, nothing is kept, what still comes is thrown away. */
  write(bytes: Uint8Array): Promise<Answered | null>;
  /** All is there; resolves when it is durable, or why it is not. */
  end(): Promise<Answered>;
  /** The peer went away. Nothing may be left behind. */
  abort(): Promise<void>;
}

export interface Answered {
  readonly status: number;
  readonly comment?: string;
}

/** What an association does with what is asked of it. */
export interface AssociationHandler {
  /** Whether the association is taken; else why not. */
  admit(request: AssociateRequest, peer: Peer): { result: 1 | 2; source: 1 | 2 | 3; reason: number } | null;
  /** The transfer syntax chosen for a SOP class, or the result that says why none is. */
  choose(abstractSyntax: string, transferSyntaxes: readonly string[]): string | number;
  store(command: CommandSet, transferSyntax: string, peer: Peer): Promise<StoreSink | Answered>;
  /** An N-EVENT-REPORT; absent: not supported. */
  event?(command: CommandSet, dataset: Uint8Array, peer: Peer): Promise<Answered>;
}

const MAX_EVENT_BYTES = 4 * 1024 * 1024;
/** Reason of a provider's abort (PS3.8, 9.3.8). */
const ABORT = { unspecified: 0, unrecognisedPdu: 1, unexpectedPdu: 2, invalidParameter: 6 } as const;

type State = "waiting" | "open" | "over";

/** The data set that is coming in. */
type Incoming =
  | {
      readonly kind: "store";
      readonly command: CommandSet;
      readonly contextId: number;
      sink: StoreSink | null;
    }
  | {
      readonly kind: "event";
      readonly command: CommandSet;
      readonly contextId: number;
      parts: Uint8Array[];
      size: number;
    };

/**
 * One association as the accepting side (SCP): C-ECHO, C-STORE and, where the handler takes them, N-EVENT-REPORT. Bytes are
 * taken when they have been dealt with, so that a peer is as fast as the disk; nothing is collected but a command set.
 */
export class Association {
  readonly #socket: Socket;
  readonly #handler: AssociationHandler;
  readonly #address: string;
  readonly #decoder = new PduDecoder();
  #state: State = "waiting";
  #peer: Peer;
  #contexts = new Map<number, AnsweredContext & { readonly abstractSyntax: string }>();
  #maxPdu: number = NET_LIMITS.announcedPdu;
  #command: Uint8Array[] = [];
  #commandSize = 0;
  #incoming: Incoming | null = null;

  constructor(options: { socket: Socket; handler: AssociationHandler; address: string }) {
    this.#socket = options.socket;
    this.#handler = options.handler;
    this.#address = options.address;
    this.#peer = { address: options.address, aeTitle: "" };
  }

  /** Whether the association was accepted and is not over. */
  get open(): boolean {
    return this.#state === "open";
  }

  /** Serves the link until it ends. Never throws for what a peer does; the error is returned for the log. */
  async serve(onOpen: () => void): Promise<Error | null> {
    try {
      for await (const chunk of this.#socket.iterator({ destroyOnReturn: false })) {
        for (const event of this.#decoder.push(chunk as Uint8Array)) {
          const wasOpen = this.open;
          await this.#on(event);
          if (this.open && !wasOpen) onOpen();
          if (this.#state === "over") return null;
        }
      }
      return this.#state === "open" ? new Error("the peer closed the link without releasing") : null;
    } catch (error) {
      const protocol = error instanceof LynceusError && error.code === "LYN_DICOM_PDU";
      await this.#write(encodeAbort(2, protocol ? ABORT.invalidParameter : ABORT.unspecified)).catch(
        () => undefined,
      );
      return error as Error;
    } finally {
      this.#state = "over";
      await this.#drop();
      this.#socket.end();
    }
  }

  async #on(event: PduEvent): Promise<void> {
    if (event.type === "data") {
      if (this.#state !== "open") return this.#abort(ABORT.unexpectedPdu);
      return this.#data(event);
    }
    switch (event.pdu) {
      case PDU.associateRequest:
        return this.#state === "waiting" ? this.#associate(event.body) : this.#abort(ABORT.unexpectedPdu);
      case PDU.releaseRequest:
        this.#state = "over";
        return this.#write(encodeRelease(PDU.releaseReply));
      case PDU.abort:
        // The acceptor closes (PS3.8, AA-3): a peer that aborted waits for it.
        this.#state = "over";
        return;
      default:
        return this.#abort(ABORT.unexpectedPdu);
    }
  }

  async #associate(body: Uint8Array): Promise<void> {
    const request = parseAssociateRequest(body);
    this.#peer = { address: this.#address, aeTitle: request.calling };
    const refusal = this.#handler.admit(request, this.#peer);
    if (refusal !== null) {
      this.#state = "over";
      return this.#write(encodeAssociateReject(refusal));
    }
    for (const { id, abstractSyntax, transferSyntaxes } of request.contexts) {
      const chosen = this.#handler.choose(abstractSyntax, transferSyntaxes);
      const accepted = typeof chosen === "string";
      const result = accepted ? CONTEXT_RESULT.accepted : chosen;
      const transferSyntax = accepted ? chosen : (transferSyntaxes[0] ?? "");
      this.#contexts.set(id, { id, result, transferSyntax, abstractSyntax });
    }
    this.#maxPdu = request.maxPdu === 0 ? NET_LIMITS.announcedPdu : Math.max(128, request.maxPdu);
    this.#state = "open";
    const { called, calling, applicationContext } = request;
    const contexts = [...this.#contexts.values()];
    const answer = { called, calling, applicationContext, contexts, maxPdu: NET_LIMITS.announcedPdu };
    await this.#write(encodeAssociateAccept({ ...answer, ...IMPLEMENTATION }));
  }

  async #data(event: Extract<PduEvent, { type: "data" }>): Promise<void> {
    if (!event.command) return this.#dataset(event);
    // A peer that was refused early may break its data set off with the next command.
    if (this.#incoming?.kind === "store" && this.#incoming.sink !== null)
      return this.#abort(ABORT.unexpectedPdu);
    this.#commandSize += event.bytes.length;
    if (this.#commandSize > NET_LIMITS.maxCommandBytes) return this.#abort(ABORT.invalidParameter);
    if (event.bytes.length > 0) this.#command.push(event.bytes.slice());
    if (this.#command.length > 64) this.#command = [Buffer.concat(this.#command)];
    if (!event.last) return;
    const command = parseCommand(Buffer.concat(this.#command));
    this.#command = [];
    this.#commandSize = 0;
    await this.#begin(command, event.contextId);
  }

  async #begin(command: CommandSet, contextId: number): Promise<void> {
    const context = this.#contexts.get(contextId);
    if (context?.result !== CONTEXT_RESULT.accepted) return this.#abort(ABORT.invalidParameter);
    if (command.command === COMMAND.echo) return this.#answer(contextId, command, { status: STATUS.success });
    if (command.command === COMMAND.cancel) return;
    if (command.command === COMMAND.eventReport && this.#handler.event !== undefined && command.hasDataSet) {
      this.#incoming = { kind: "event", command, contextId, parts: [], size: 0 };
      return;
    }
    const incoming: Incoming = { kind: "store", command, contextId, sink: null };
    if (command.hasDataSet) this.#incoming = incoming;
    const refusal = await this.#open(command, context, incoming);
    if (refusal !== null) await this.#answer(contextId, command, refusal);
  }

  /** Opens the sink of a C-STORE, or says why it is refused; what comes of it is then thrown away. */
  async #open(
    command: CommandSet,
    context: AnsweredContext & { readonly abstractSyntax: string },
    incoming: Extract<Incoming, { kind: "store" }>,
  ): Promise<Answered | null> {
    if (command.command !== COMMAND.store) return { status: STATUS.unrecognisedOperation };
    if (!command.hasDataSet) return { status: STATUS.cannotUnderstand, comment: "no data set" };
    if (command.affectedSopClass !== context.abstractSyntax) {
      return { status: STATUS.sopClassUnsupported, comment: "not the SOP class of the context" };
    }
    const opened = await this.#handler.store(command, context.transferSyntax, this.#peer);
    if ("status" in opened) return opened;
    incoming.sink = opened;
    return null;
  }

  async #dataset({ bytes, last, contextId }: Extract<PduEvent, { type: "data" }>): Promise<void> {
    const incoming = this.#incoming;
    if (incoming === null || incoming.contextId !== contextId) return this.#abort(ABORT.unexpectedPdu);
    if (incoming.kind === "event") return this.#eventPiece(incoming, bytes, last);
    const { sink, command } = incoming;
    if (sink !== null) {
      const refusal = await sink.write(bytes);
      if (refusal !== null) {
        incoming.sink = null;
        await sink.abort();
        await this.#answer(contextId, command, refusal);
      }
    }
    if (!last) return;
    const open = incoming.sink;
    // The sink is dropped with the link until it has said that the object is durable.
    if (open !== null) {
      const answered = await open.end();
      this.#incoming = null;
      await this.#answer(contextId, command, answered);
    }
    this.#incoming = null;
  }

  async #eventPiece(
    incoming: Extract<Incoming, { kind: "event" }>,
    bytes: Uint8Array,
    last: boolean,
  ): Promise<void> {
    incoming.size += bytes.length;
    if (incoming.size > MAX_EVENT_BYTES) return this.#abort(ABORT.invalidParameter);
    incoming.parts.push(bytes.slice());
    if (!last) return;
    this.#incoming = null;
    const answered = (await this.#handler.event?.(
      incoming.command,
      Buffer.concat(incoming.parts),
      this.#peer,
    )) ?? {
      status: STATUS.unrecognisedOperation,
    };
    await this.#answer(incoming.contextId, incoming.command, answered);
  }

  async #answer(contextId: number, to: CommandSet, { status, comment }: Answered): Promise<void> {
    const { affectedSopClass, affectedSopInstance, eventType } = to;
    const bytes = encodeCommand({
      command: (to.command | RESPONSE) & 0xffff,
      respondedTo: to.messageId ?? 0,
      status,
      hasDataSet: false,
      ...(comment === undefined ? {} : { errorComment: comment.slice(0, 64) }),
      ...(affectedSopClass === undefined ? {} : { affectedSopClass }),
      ...(affectedSopInstance === undefined ? {} : { affectedSopInstance }),
      ...(eventType === undefined ? {} : { eventType }),
    });
    const room = Math.max(64, Math.min(this.#maxPdu, NET_LIMITS.announcedPdu) - 6);
    for (let at = 0; at < bytes.length; at += room) {
      const piece = bytes.subarray(at, at + room);
      const last = at + room >= bytes.length;
      await this.#write(Buffer.concat([dataHeader(contextId, { command: true, last }, piece.length), piece]));
    }
  }

  async #abort(reason: number): Promise<void> {
    this.#state = "over";
    await this.#write(encodeAbort(2, reason));
  }

  async #drop(): Promise<void> {
    const incoming = this.#incoming;
    this.#incoming = null;
    if (incoming?.kind === "store") await incoming.sink?.abort();
  }

  /** Waits for a peer that does not read: it is cut off by the link's time-out, not served out of memory. */
  #write(bytes: Uint8Array): Promise<void> {
    return new Promise((resolve, reject) => {
      if (this.#socket.destroyed) reject(new Error("the link is closed"));
      else this.#socket.write(bytes, (error) => (error ? reject(error) : resolve()));
    });
  }
}
