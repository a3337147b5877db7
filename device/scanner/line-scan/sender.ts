import {
  encodeMessage,
  type MessageInput,
  type MessageName,
  SEQUENCE_MODULUS,
} from "../../../protocols/line-scan/index.ts";

/** Frames that may wait for a scanner that does not read; beyond it the link counts as stuck. */
export const MAX_WAITING_FRAMES = 256;
/** A RESULT is for the machine's screen: it is dropped when so many frames wait before it. */
export const MAX_WAITING_BEFORE_RESULT = 32;

/** The gateway's direction of one connection: numbers the frames and bounds what waits. */
export class FrameSender {
  readonly #writer: WritableStreamDefaultWriter<Uint8Array>;
  readonly #onStuck: () => void;
  #sequence = 0;
  #waiting = 0;
  #open = true;
  #last: Promise<void> = Promise.resolve();

  constructor(options: { sink: WritableStream<Uint8Array>; onStuck: () => void }) {
    this.#writer = options.sink.getWriter();
    this.#writer.closed.catch(() => {
      this.#open = false;
    });
    this.#onStuck = options.onStuck;
  }

  /** Sends one message; what cannot leave is dropped, for then the link is lost and the scanner says HELLO again. */
  send<Name extends MessageName>(name: Name, message: MessageInput<Name>): void {
    if (!this.#open || (name === "RESULT" && this.#waiting > MAX_WAITING_BEFORE_RESULT)) return;
    if (this.#waiting >= MAX_WAITING_FRAMES) {
      this.#open = false;
      this.#onStuck();
      return;
    }
    const frame = encodeMessage(name, message, this.#sequence);
    this.#sequence = (this.#sequence + 1) % SEQUENCE_MODULUS;
    this.#waiting += 1;
    this.#last = this.#writer.write(frame).then(
      () => {
        this.#waiting -= 1;
      },
      () => {
        this.#open = false;
      },
    );
  }

  /** A new HELLO on the same line begins a new conversation. */
  restart(): void {
    this.#sequence = 0;
  }

  /** Sends no more; resolves when all that was sent has left, the link is lost, or `ms` have passed. */
  async drain(ms: number): Promise<void> {
    this.#open = false;
    let timer: NodeJS.Timeout | undefined;
    const limit = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, ms);
    });
    await Promise.race([this.#last, limit]);
    clearTimeout(timer);
  }
}
