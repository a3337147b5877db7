import { isLynceusError, LynceusError } from "../../../protocols/errors.ts";
import {
  type DecodedFrame,
  FRAME_TYPES,
  type FrameFault,
  type Hello,
  LINE_SCAN_PROTOCOL,
  type LineScanEvent,
  type MessageInput,
  type NakCode,
  type NamedMessage,
  nanosecondsOf,
  parseMessage,
  readMessage,
  SEQUENCE_MODULUS,
} from "../../../protocols/line-scan/index.ts";
import type { Link } from "../../transport/port.ts";
import { linkErrors } from "./events.ts";
import { LinkReader } from "./link-reader.ts";
import type { LossRate } from "./loss-rate.ts";
import { CREDIT_STEP, LINES_CREDIT, type LineScanTimings } from "./options.ts";
import { Scans, type ScansContext } from "./scans.ts";
import { FrameSender } from "./sender.ts";

/** How long the last answer may take to leave before the link is closed, ms. */
const LINGER_MS = 500;

/** What a session needs around it: what its scans need, and the lane's driver. */
export interface SessionContext extends Omit<ScansContext, "hello" | "nak" | "acknowledge"> {
  readonly serials: readonly string[] | undefined;
  readonly timings: LineScanTimings;
  readonly losses: LossRate;
  /** A HELLO was accepted. */
  connected(hello: Hello): void;
  /** A HELLO was refused. */
  refused(code: NakCode, message: string): void;
  machineEvent(event: LineScanEvent): void;
}

/** One conversation with a scanner, from the link's opening to its end (`line-scan.md`). */
export class Session {
  readonly #context: SessionContext;
  readonly #link: Link;
  readonly #reader: LinkReader;
  readonly #sender: FrameSender;
  #scans: Scans | null = null;
  #hello: Hello | null = null;
  #lastSequence: number | null = null;
  #owed = 0;
  #helloAskedFor = false;

  constructor(link: Link, context: SessionContext) {
    this.#context = context;
    this.#link = link;
    this.#reader = new LinkReader(link.source, context.timings);
    this.#sender = new FrameSender({ sink: link.sink, onStuck: () => void link.close() });
  }

  /** The scanner's serial number once HELLO was accepted. */
  get serial(): string | null {
    return this.#hello?.serial ?? null;
  }

  /**
   * Converses until the link ends.
   * @throws LynceusError `LYN_LINK_SILENT`, `LYN_LINK_ENDED`, `LYN_SCANNER_REFUSED`.
   */
  async run(): Promise<void> {
    const beat = setInterval(() => this.#beat(), this.#context.timings.heartbeatMs);
    try {
      for (let out = await this.#reader.next(); out !== null; out = await this.#reader.next()) {
        for (const each of out) {
          if (each.kind === "fault") this.#lost(each);
          else await this.#take(each);
        }
        this.#reader.resumed();
      }
    } finally {
      clearInterval(beat);
      this.#hello = null;
      await this.#sender.drain(LINGER_MS);
      this.#reader.release();
      await this.#scans?.discard();
    }
  }

  /** Tells the scanner something, best effort. */
  send(
    name: "ACK" | "NAK" | "RESULT",
    message: MessageInput<"ACK"> | MessageInput<"NAK"> | MessageInput<"RESULT">,
  ): void {
    if (this.#hello !== null) this.#sender.send(name, message as never);
  }

  async #take(frame: DecodedFrame): Promise<void> {
    this.#repay(frame);
    if (frame.type === FRAME_TYPES.HELLO) return this.#greet(frame);
    if (this.#scans === null) return this.#askForHello(frame);
    if (frame.type === FRAME_TYPES.LINES) {
      await this.#scans.lines(frame.payload);
      this.#giveCredit(1);
      return;
    }
    const message = this.#read(frame);
    if (message !== null) await this.#dispatch(message, this.#scans);
  }

  async #dispatch(read: NamedMessage, scans: Scans): Promise<void> {
    if (read.name === "SCAN_START") await scans.start(read.message);
    else if (read.name === "SCAN_END") await scans.end(read.message);
    else if (read.name === "HEARTBEAT") this.#stamp(read.message.at);
    else if (read.name === "EVENT") {
      this.#stamp(read.message.at);
      this.#context.machineEvent(read.message);
    }
  }

  #stamp(at: string): void {
    this.#context.offset.sample(at, this.#context.clock(), "fresh");
  }

  /** The message of a frame, or null where it is none the gateway takes; a malformed one is told once. */
  #read(frame: DecodedFrame): NamedMessage | null {
    try {
      return readMessage(frame);
    } catch (error) {
      if (!isLynceusError(error)) throw error;
      this.#fault({ code: "BAD_LENGTH", message: error.message, sequence: frame.sequence });
      return null;
    }
  }

  async #greet(frame: DecodedFrame): Promise<void> {
    // A new HELLO on the same line: the scanner has started anew, what was open it will send again.
    await this.#scans?.discard();
    this.#scans = null;
    this.#hello = null;
    this.#sender.restart();
    const hello = this.#acceptable(frame);
    this.#hello = hello;
    this.#reader.helloSaid();
    this.#owed = 0;
    this.#lastSequence = frame.sequence;
    this.#context.connected(hello);
    this.#scans = new Scans({
      ...this.#context,
      hello,
      changed: (open) => {
        if (this.#hello !== null) this.#context.changed(open);
      },
      nak: (nak) => this.#sender.send("NAK", nak),
      acknowledge: (scanRef, scanId) => this.#sender.send("ACK", { scanRef, scanId }),
    });
    const at = new Date(this.#context.clock()).toISOString();
    this.#sender.send("ACK", { protocol: LINE_SCAN_PROTOCOL, credit: LINES_CREDIT, at });
  }

  /** The HELLO of a scanner that may connect; any other is answered with its NAK and the link ends. */
  #acceptable(frame: DecodedFrame): Hello {
    let hello: Hello;
    try {
      hello = parseMessage("HELLO", frame.payload);
    } catch (error) {
      if (!isLynceusError(error)) throw error;
      throw this.#turnAway("UNSUPPORTED_PROTOCOL", error.message);
    }
    const { serials } = this.#context;
    if (hello.protocol !== LINE_SCAN_PROTOCOL) {
      throw this.#turnAway(
        "UNSUPPORTED_PROTOCOL",
        `This gateway speaks version ${LINE_SCAN_PROTOCOL}, not ${hello.protocol}`,
      );
    }
    if (serials !== undefined && !serials.includes(hello.serial)) {
      throw this.#turnAway("UNKNOWN_SERIAL", `Serial number ${hello.serial} is not in scanner.allow.serials`);
    }
    return hello;
  }

  #turnAway(code: NakCode, message: string): LynceusError {
    this.#sender.send("NAK", { code, message: message.slice(0, 500) });
    this.#context.refused(code, message);
    return new LynceusError("LYN_SCANNER_REFUSED", `${this.#link.peer}: ${message}`, {
      remedy: "Correct scanner.allow in the configuration, or the scanner's settings",
      details: { errno: code },
    });
  }

  #askForHello(frame: DecodedFrame): void {
    if (this.#helloAskedFor) return;
    this.#helloAskedFor = true;
    this.#fault({ code: "BAD_SEQUENCE", message: "HELLO comes first", sequence: frame.sequence });
  }

  #lost(fault: FrameFault): void {
    this.#fault(fault);
  }

  /** One loss of sync: counted, told once, and an alert above a rate. */
  #fault(fault: { code: NakCode; message: string; sequence: number }): void {
    const { losses, clock, event } = this.#context;
    const { alert, mayNak } = losses.add(clock());
    const { code, sequence } = fault;
    if (mayNak) this.#sender.send("NAK", { code, sequence, message: fault.message.slice(0, 500) });
    if (alert !== null) event(linkErrors(alert, losses.total, this.#link.peer));
  }

  /** Frames lost on the way may have been LINES: their credit is given back, or the scanner would wait for ever. */
  #repay(frame: DecodedFrame): void {
    if (this.#lastSequence !== null && frame.type !== FRAME_TYPES.HELLO) {
      const gap = (frame.sequence - this.#lastSequence - 1 + 2 * SEQUENCE_MODULUS) % SEQUENCE_MODULUS;
      if (gap > 0 && gap < SEQUENCE_MODULUS / 2) this.#giveCredit(Math.min(gap, LINES_CREDIT));
    }
    this.#lastSequence = frame.sequence;
  }

  #giveCredit(frames: number): void {
    this.#owed += frames;
    if (this.#owed < CREDIT_STEP) return;
    this.#sender.send("FLOW", { credit: this.#owed });
    this.#owed = 0;
  }

  #beat(): void {
    if (this.#hello === null) return;
    const at = new Date(this.#context.clock()).toISOString();
    this.#sender.send("HEARTBEAT", { at, timestampNs: nanosecondsOf(process.hrtime.bigint()) });
  }
}
