import { createHash, type Hash } from "node:crypto";
import { type FileHandle, open, rm } from "node:fs/promises";
import { STATUS } from "../../../protocols/dicom/net/command.ts";
import { encodePreface } from "../../../protocols/dicom/part10.ts";
import { isLynceusError } from "../../../protocols/errors.ts";
import type { Answered, StoreSink } from "../../dicom-net/association.ts";
import { IMPLEMENTATION } from "../../dicom-net/implementation.ts";
import type { Log } from "../../log.ts";
import type { Inbox, InstanceMark, Kept } from "./inbox.ts";
import type { Inspected } from "./inspect.ts";
import { DICOM_DRIVER_LIMITS } from "./options.ts";

/** What one C-STORE is about. */
export interface Announced {
  readonly sopClass: string;
  readonly sopInstance: string;
  readonly transferSyntax: string;
  readonly aeTitle: string;
}

export interface ReceiverOptions {
  readonly announced: Announced;
  readonly inbox: Inbox;
  readonly maxBytes: number;
  /** Bytes that the association may still send in objects that are not taken; more are refused as an object that is too large is. */
  readonly budget: { left: number };
  readonly log: Log;
  /** Whether there is room now. */
  readonly admitted: () => boolean;
  /** Reads the head of a file. @throws LYN_DICOM_… */
  readonly inspect: (path: string) => Promise<Inspected>;
  /** The object is durable. Throws when the lane cannot take it. */
  readonly onObject: (info: Inspected["info"], kept: Kept) => Promise<void>;
  readonly onTooLarge: (bytes: number) => void;
}

const TOO_LARGE: Answered = { status: STATUS.outOfResources, comment: "the object is too large" };
const FULL: Answered = { status: STATUS.outOfResources, comment: "the gateway has no room" };

/**
 * Takes one object to the disk as it comes: preamble and file meta information of the gateway, then the data set exactly as
 * received. Success is answered once content and entry are durable; whatever ends otherwise leaves no file.
 */
export class ObjectReceiver implements StoreSink {
  readonly #options: ReceiverOptions;
  readonly #path: string;
  readonly #hash: Hash = createHash("sha256");
  /** Of the data set alone: what stands before it names the sender. */
  readonly #content: Hash = createHash("sha256");
  #handle: FileHandle | null;
  #buffer = new Uint8Array(0);
  #filled = 0;
  #bytes = 0;
  #written = 0;

  private constructor(options: ReceiverOptions, path: string, handle: FileHandle) {
    this.#options = options;
    this.#path = path;
    this.#handle = handle;
  }

  /** Opens the file and writes what stands before the data set. */
  static async open(options: ReceiverOptions): Promise<ObjectReceiver> {
    const path = options.inbox.newPath();
    const receiver = new ObjectReceiver(options, path, await open(path, "wx", 0o640));
    const { sopClass, sopInstance, transferSyntax, aeTitle } = options.announced;
    const meta = { sopClass, sopInstance, transferSyntax, ...IMPLEMENTATION };
    await receiver.#append(encodePreface(aeTitle === "" ? meta : { ...meta, sourceAeTitle: aeTitle }));
    return receiver;
  }

  async write(bytes: Uint8Array): Promise<Answered | null> {
    const { maxBytes, budget, admitted, onTooLarge, log } = this.#options;
    this.#bytes += bytes.length;
    this.#content.update(bytes);
    budget.left -= bytes.length;
    if (this.#bytes > maxBytes || budget.left < 0) {
      onTooLarge(this.#bytes);
      return TOO_LARGE;
    }
    try {
      const before = this.#written;
      await this.#append(bytes);
      return this.#written > before && !admitted() ? FULL : null;
    } catch (error) {
      log.error({ err: error }, "an object could not be written");
      return FULL;
    }
  }

  async end(): Promise<Answered> {
    const { inbox, announced, budget, log, onObject } = this.#options;
    try {
      await this.#flush();
      await this.#handle?.datasync();
      await this.#close();
    } catch (error) {
      log.error({ err: error }, "an object could not be made durable");
      await this.abort();
      return FULL;
    }
    const object = await this.#check();
    if ("status" in object) {
      await this.abort();
      return object;
    }
    const sha256 = this.#hash.digest("hex");
    const mark = { content: this.#content.digest("hex"), transferSyntax: announced.transferSyntax };
    const known = await inbox.known(announced.sopInstance);
    if (known !== null) {
      await this.abort();
      return answerToKnown(known, mark);
    }
    let kept: Kept | null = null;
    try {
      kept = await inbox.keep(
        this.#path,
        sha256,
        this.#written,
        object.info.kind === "tdr" ? "reports" : "objects",
      );
      await onObject(object.info, kept);
      // What was taken does not count: a scanner may keep its association open for days.
      budget.left += this.#bytes;
      // It is taken: without the mark it is only not known again by its instance.
      await inbox
        .remember(announced.sopInstance, mark)
        .catch((err: unknown) => log.warn({ err }, "an instance could not be remembered"));
      return { status: STATUS.success };
    } catch (error) {
      log.error({ err: error }, "an object could not be kept");
      await this.abort();
      if (kept !== null) await rm(kept.path, { force: true });
      return FULL;
    }
  }

  async abort(): Promise<void> {
    await this.#close().catch(() => undefined);
    await rm(this.#path, { force: true });
  }

  /** The object is what the command said, and readable as far as its pixels. */
  async #check(): Promise<Inspected | Answered> {
    const { inspect, announced } = this.#options;
    const { sopClass, sopInstance } = announced;
    let object: Inspected;
    try {
      object = await inspect(this.#path);
    } catch (error) {
      if (!isLynceusError(error)) throw error;
      return { status: STATUS.cannotUnderstand, comment: error.message };
    }
    const { info, pixels } = object;
    if (info.sopClass !== sopClass || info.sopInstance !== sopInstance) {
      return { status: STATUS.mismatch, comment: "the data set is of another class or instance" };
    }
    if (info.scanUid === "") return { status: STATUS.mismatch, comment: "no Scan Instance UID" };
    if (pixels?.length != null && pixels.offset + pixels.length > this.#written) {
      return { status: STATUS.cannotUnderstand, comment: "the pixel data is cut short" };
    }
    return object;
  }

  async #append(bytes: Uint8Array): Promise<void> {
    this.#hash.update(bytes);
    if (this.#buffer.length === 0) this.#buffer = new Uint8Array(DICOM_DRIVER_LIMITS.bufferBytes);
    for (let at = 0; at < bytes.length; ) {
      const piece = bytes.subarray(at, at + this.#buffer.length - this.#filled);
      this.#buffer.set(piece, this.#filled);
      this.#filled += piece.length;
      at += piece.length;
      if (this.#filled === this.#buffer.length) await this.#flush();
    }
  }

  async #flush(): Promise<void> {
    for (let at = 0; at < this.#filled && this.#handle !== null; ) {
      const { bytesWritten } = await this.#handle.write(
        this.#buffer,
        at,
        this.#filled - at,
        this.#written + at,
      );
      at += bytesWritten;
    }
    this.#written += this.#filled;
    this.#filled = 0;
  }

  async #close(): Promise<void> {
    const handle = this.#handle;
    this.#handle = null;
    this.#buffer = new Uint8Array(0);
    this.#filled = 0;
    await handle?.close();
  }
}

/**
 * The same data set is taken already, whoever sends it. An instance keeps its UID in another transfer syntax only where the
 * pixels are the same (PS3.5, 8.2): it is taken already too. Other content in the same syntax is a mistake of the sender.
 */
function answerToKnown(known: InstanceMark, came: InstanceMark): Answered {
  if (known.content === came.content || known.transferSyntax !== came.transferSyntax) {
    return { status: STATUS.success };
  }
  return { status: STATUS.duplicateInstance, comment: "other content under this instance" };
}
