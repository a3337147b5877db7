import { dicomError } from "../errors.ts";
import type { DataSet, DicomElement } from "../model.ts";
import { readDataSet } from "../reader.ts";
import { find, numbers, texts } from "../values.ts";
import { encodeDataSet } from "../writer.ts";

/** Command fields (PS3.7 annex E); a response has 0x8000 added. */
export const COMMAND = {
  store: 0x0001,
  echo: 0x0030,
  eventReport: 0x0100,
  action: 0x0130,
  cancel: 0x0fff,
} as const;
export const RESPONSE = 0x8000;

/** Status codes of PS3.7 annex C and PS3.4 annex B that are sent or told apart. */
export const STATUS = {
  success: 0x0000,
  processingFailure: 0x0110,
  duplicateInstance: 0x0111,
  missingAttribute: 0x0120,
  sopClassUnsupported: 0x0122,
  notAuthorised: 0x0124,
  unrecognisedOperation: 0x0211,
  outOfResources: 0xa700,
  mismatch: 0xa900,
  cannotUnderstand: 0xc000,
} as const;

/** `Command Data Set Type` of a message without a data set. */
const NO_DATA_SET = 0x0101;
const WITH_DATA_SET = 0x0001;

const FIELDS = {
  affectedSopClass: [0x0002, "UI"],
  requestedSopClass: [0x0003, "UI"],
  command: [0x0100, "US"],
  messageId: [0x0110, "US"],
  respondedTo: [0x0120, "US"],
  priority: [0x0700, "US"],
  dataSetType: [0x0800, "US"],
  status: [0x0900, "US"],
  errorComment: [0x0902, "LO"],
  affectedSopInstance: [0x1000, "UI"],
  requestedSopInstance: [0x1001, "UI"],
  eventType: [0x1002, "US"],
  actionType: [0x1008, "US"],
} as const;

/** A command set (PS3.7, 6.3); members that the message does not have are absent. */
export interface CommandSet {
  readonly command: number;
  readonly messageId?: number;
  readonly respondedTo?: number;
  readonly affectedSopClass?: string;
  readonly requestedSopClass?: string;
  readonly affectedSopInstance?: string;
  readonly requestedSopInstance?: string;
  readonly status?: number;
  readonly errorComment?: string;
  readonly eventType?: number;
  readonly actionType?: number;
  readonly priority?: number;
  /** Whether a data set follows. */
  readonly hasDataSet: boolean;
}

/** Encodes a command set: implicit little endian, group length first. */
export function encodeCommand({ hasDataSet, ...fields }: CommandSet): Uint8Array {
  const values: Readonly<Record<string, string | number | undefined>> = {
    ...fields,
    dataSetType: hasDataSet ? WITH_DATA_SET : NO_DATA_SET,
  };
  const elements = Object.entries(FIELDS).flatMap(([name, [tag, vr]]): DicomElement[] => {
    const value = values[name];
    return value === undefined ? [] : [{ tag, vr, value: { kind: "bytes", bytes: valueBytes(value, vr) } }];
  });
  const length = encodeDataSet({ elements }, { explicit: false }).length;
  const size = new Uint8Array(4);
  new DataView(size.buffer).setUint32(0, length, true);
  const first: DicomElement = { tag: 0, vr: "UL", value: { kind: "bytes", bytes: size } };
  return encodeDataSet({ elements: [first, ...elements] }, { explicit: false });
}

/** Reads a command set. @throws LYN_DICOM_PDU where it is none. */
export function parseCommand(bytes: Uint8Array): CommandSet {
  let set: DataSet;
  try {
    set = readDataSet(bytes, { explicit: false });
  } catch (cause) {
    throw broken(cause instanceof Error ? cause.message : "unreadable");
  }
  const number = (name: keyof typeof FIELDS) => numbers(typed(set, name))[0];
  const text = (name: keyof typeof FIELDS) => texts(typed(set, name))[0];
  const command = number("command");
  const dataSetType = number("dataSetType");
  if (command === undefined || dataSetType === undefined) throw broken("no command field or data set type");
  const all = {
    messageId: number("messageId"),
    respondedTo: number("respondedTo"),
    affectedSopClass: text("affectedSopClass"),
    requestedSopClass: text("requestedSopClass"),
    affectedSopInstance: text("affectedSopInstance"),
    requestedSopInstance: text("requestedSopInstance"),
    status: number("status"),
    errorComment: text("errorComment"),
    eventType: number("eventType"),
    actionType: number("actionType"),
    priority: number("priority"),
  };
  const present = Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined));
  return { ...present, command, hasDataSet: dataSetType !== NO_DATA_SET };
}

function typed(set: DataSet, name: keyof typeof FIELDS): DicomElement | undefined {
  const [tag, vr] = FIELDS[name];
  const element = find(set, tag);
  return element === undefined ? undefined : { ...element, vr };
}

function valueBytes(value: string | number, vr: string): Uint8Array {
  if (typeof value === "number") return Uint8Array.of(value & 0xff, value >>> 8);
  const length = value.length + (value.length % 2);
  const bytes = new Uint8Array(length).fill(vr === "UI" ? 0 : 0x20);
  for (let at = 0; at < value.length; at++) bytes[at] = value.charCodeAt(at) & 0x7f;
  return bytes;
}

function broken(message: string) {
  return dicomError("LYN_DICOM_PDU", `the peer sent no command set: ${message}`);
}
