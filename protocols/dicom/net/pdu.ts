import { dicomError } from "../errors.ts";
import { NET_LIMITS } from "./limits.ts";

/** PDU types (PS3.8, 9.3). */
export const PDU = {
  associateRequest: 1,
  associateAccept: 2,
  associateReject: 3,
  data: 4,
  releaseRequest: 5,
  releaseReply: 6,
  abort: 7,
} as const;

/** Results of a presentation context in an A-ASSOCIATE-AC. */
export const CONTEXT_RESULT = {
  accepted: 0,
  userRejected: 1,
  noReason: 2,
  noAbstract: 3,
  noTransfer: 4,
} as const;

export interface ProposedContext {
  /** Odd, 1..255. */
  readonly id: number;
  readonly abstractSyntax: string;
  readonly transferSyntaxes: readonly string[];
}

export interface AnsweredContext {
  readonly id: number;
  readonly result: number;
  readonly transferSyntax: string;
}

interface AssociationBase {
  readonly called: string;
  readonly calling: string;
  readonly applicationContext: string;
  /** Longest P-DATA-TF that the sender of this takes; 0: any. */
  readonly maxPdu: number;
  readonly implementationClass: string;
  readonly implementationVersion: string;
}

export interface AssociateRequest extends AssociationBase {
  readonly contexts: readonly ProposedContext[];
}

export interface AssociateAccept extends AssociationBase {
  readonly contexts: readonly AnsweredContext[];
}

/** Why an association was rejected: result, source and reason of PS3.8, 9.3.4. */
export interface AssociateReject {
  readonly result: number;
  readonly source: number;
  readonly reason: number;
}

const AE_BYTES = 16;
const FIXED_BYTES = 68;
const LATIN1 = new TextDecoder("latin1");

/** Encodes an A-ASSOCIATE-RQ. */
export function encodeAssociateRequest(request: AssociateRequest): Uint8Array {
  const contexts = request.contexts.map(({ id, abstractSyntax, transferSyntaxes }) =>
    item(
      0x20,
      [id, 0, 0, 0],
      item(0x30, text(abstractSyntax)),
      ...transferSyntaxes.map((uid) => item(0x40, text(uid))),
    ),
  );
  return encodeAssociation(PDU.associateRequest, request, contexts);
}

/** Encodes an A-ASSOCIATE-AC. */
export function encodeAssociateAccept(accept: AssociateAccept): Uint8Array {
  const contexts = accept.contexts.map(({ id, result, transferSyntax }) =>
    item(0x21, [id, 0, result, 0], item(0x40, text(transferSyntax))),
  );
  return encodeAssociation(PDU.associateAccept, accept, contexts);
}

function encodeAssociation(type: number, base: AssociationBase, contexts: readonly Uint8Array[]): Uint8Array {
  const fixed = new Uint8Array(FIXED_BYTES);
  fixed[1] = 1;
  fixed.set(text(base.called.slice(0, AE_BYTES).padEnd(AE_BYTES)), 4);
  fixed.set(text(base.calling.slice(0, AE_BYTES).padEnd(AE_BYTES)), 20);
  const user = item(
    0x50,
    item(0x51, u32(base.maxPdu)),
    item(0x52, text(base.implementationClass)),
    item(0x55, text(base.implementationVersion.slice(0, AE_BYTES))),
  );
  return pdu(type, fixed, item(0x10, text(base.applicationContext)), ...contexts, user);
}

/** Encodes an A-ASSOCIATE-RJ. */
export function encodeAssociateReject({ result, source, reason }: AssociateReject): Uint8Array {
  return pdu(PDU.associateReject, [0, result, source, reason]);
}

/** Encodes an A-RELEASE-RQ or -RP. */
export function encodeRelease(type: 5 | 6): Uint8Array {
  return pdu(type, [0, 0, 0, 0]);
}

/** Encodes an A-ABORT: source 0 user, 2 provider, with the provider's reason. */
export function encodeAbort(source: 0 | 2, reason = 0): Uint8Array {
  return pdu(PDU.abort, [0, 0, source, reason]);
}

/** Header of a P-DATA-TF with one presentation data value of `length` bytes, which follow it. */
export function dataHeader(
  contextId: number,
  kind: { command: boolean; last: boolean },
  length: number,
): Uint8Array {
  const header = new Uint8Array(12);
  const view = new DataView(header.buffer);
  header[0] = PDU.data;
  view.setUint32(2, length + 6);
  view.setUint32(6, length + 2);
  header[10] = contextId;
  header[11] = (kind.command ? 1 : 0) | (kind.last ? 2 : 0);
  return header;
}

/** Reads the body of an A-ASSOCIATE-RQ. @throws LYN_DICOM_PDU */
export function parseAssociateRequest(body: Uint8Array): AssociateRequest {
  const { base, items } = parseAssociation(body);
  const contexts = items
    .filter(({ type }) => type === 0x20)
    .map(({ bytes }): ProposedContext => {
      const parts = itemsIn(bytes.subarray(4));
      const abstractSyntax = uidOf(parts.find(({ type }) => type === 0x30)?.bytes);
      const transferSyntaxes = parts.filter(({ type }) => type === 0x40).map((part) => uidOf(part.bytes));
      return { id: bytes[0] ?? 0, abstractSyntax, transferSyntaxes };
    });
  const sound = contexts.every(({ id, abstractSyntax }) => id % 2 === 1 && abstractSyntax !== "");
  const distinct = new Set(contexts.map(({ id }) => id)).size === contexts.length;
  if (!sound || !distinct || contexts.length === 0)
    throw malformed("presentation contexts without id or syntax");
  return { ...base, contexts };
}

/** Reads the body of an A-ASSOCIATE-AC. @throws LYN_DICOM_PDU */
export function parseAssociateAccept(body: Uint8Array): AssociateAccept {
  const { base, items } = parseAssociation(body);
  const contexts = items
    .filter(({ type }) => type === 0x21)
    .map(({ bytes }): AnsweredContext => {
      const transfer = itemsIn(bytes.subarray(4)).find(({ type }) => type === 0x40);
      return { id: bytes[0] ?? 0, result: bytes[2] ?? 2, transferSyntax: uidOf(transfer?.bytes) };
    });
  return { ...base, contexts };
}

/** Reads the body of an A-ASSOCIATE-RJ. @throws LYN_DICOM_PDU */
export function parseAssociateReject(body: Uint8Array): AssociateReject {
  const [, result, source, reason] = body;
  if (result === undefined || source === undefined || reason === undefined)
    throw malformed("a rejection cut short");
  return { result, source, reason };
}

function parseAssociation(body: Uint8Array): { base: AssociationBase; items: readonly Item[] } {
  if (body.length < FIXED_BYTES) throw malformed("an association request cut short");
  const items = itemsIn(body.subarray(FIXED_BYTES));
  const user = itemsIn(items.find(({ type }) => type === 0x50)?.bytes ?? new Uint8Array(0));
  const userItem = (wanted: number) => user.find(({ type }) => type === wanted)?.bytes;
  const max = userItem(0x51);
  const base = {
    called: LATIN1.decode(body.subarray(4, 20)).trim(),
    calling: LATIN1.decode(body.subarray(20, 36)).trim(),
    applicationContext: uidOf(items.find(({ type }) => type === 0x10)?.bytes),
    maxPdu: max?.length === 4 ? new DataView(max.buffer, max.byteOffset, 4).getUint32(0) : 0,
    implementationClass: uidOf(userItem(0x52)),
    implementationVersion: LATIN1.decode(userItem(0x55) ?? new Uint8Array(0)).trim(),
  };
  return { base, items };
}

interface Item {
  readonly type: number;
  readonly bytes: Uint8Array;
}

function itemsIn(bytes: Uint8Array): readonly Item[] {
  const items: Item[] = [];
  for (let at = 0; at < bytes.length; ) {
    if (at + 4 > bytes.length) throw malformed("an item cut short");
    const length = bytes[at + 2]! * 256 + bytes[at + 3]!;
    const end = at + 4 + length;
    if (end > bytes.length) throw malformed("an item that is longer than its PDU");
    items.push({ type: bytes[at]!, bytes: bytes.subarray(at + 4, end) });
    if (items.length > 8 * NET_LIMITS.maxContexts) throw malformed("too many items");
    at = end;
  }
  return items;
}

function uidOf(bytes: Uint8Array | undefined): string {
  if (bytes === undefined) return "";
  const uid = LATIN1.decode(bytes).replace(/[\0 ]+$/, "");
  if (!/^[0-9.]{0,64}$/.test(uid)) throw malformed("a UID of other than digits and dots");
  return uid;
}

function item(type: number, ...parts: readonly (Uint8Array | readonly number[])[]): Uint8Array {
  const length = parts.reduce((sum, part) => sum + part.length, 0);
  return joined([[type, 0, length >>> 8, length & 0xff], ...parts]);
}

function pdu(type: number, ...parts: readonly (Uint8Array | readonly number[])[]): Uint8Array {
  const length = parts.reduce((sum, part) => sum + part.length, 0);
  return joined([[type, 0], u32(length), ...parts]);
}

function joined(parts: readonly (Uint8Array | readonly number[])[]): Uint8Array {
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

function u32(value: number): Uint8Array {
  return Uint8Array.of(value >>> 24, value >>> 16, value >>> 8, value);
}

function text(value: string): Uint8Array {
  return Uint8Array.from(value, (letter) => letter.charCodeAt(0) & 0xff);
}

function malformed(message: string) {
  return dicomError("LYN_DICOM_PDU", `the peer sent ${message}`);
}
