import { isLynceusError } from "../../../protocols/errors.ts";
import { type BackoffLimits, backoffMs, pause } from "../../backoff.ts";
import { Listeners } from "../../listeners.ts";
import type { Log } from "../../log.ts";
import type { LinkState } from "../../transport/port.ts";
import { LINK_BACKOFF } from "../../transport/supervisor.ts";
import type { Peripheral, Reading } from "../port.ts";
import { Agreement } from "./agreement.ts";
import { picturesOf } from "./pictures.ts";
import { PictureReader } from "./reader.ts";

export interface CameraOptions {
  readonly id: string;
  /** `http://…` (a JPEG snapshot or an MJPEG stream) or `file:///FOLDER`. */
  readonly url: string;
  /** Between two pictures, ms. */
  readonly everyMs: number;
  /** Two pictures of one item are no further apart than this, ms. */
  readonly agreeWithinMs: number;
  /** Whether printed numbers are read beside bar codes. */
  readonly text: boolean;
  readonly clock: () => number;
  readonly log: Log;
  readonly backoff?: BackoffLimits;
  readonly random?: () => number;
}

/**
 * A camera beside the tunnel: identifiers from bar codes and print in its pictures. Of the pictures that come while another is
 * being read only the last is kept, so that a reading is never much older than the reading takes.
 */
export class Camera implements Peripheral {
  readonly id: string;
  readonly kind = "camera";
  readonly #options: CameraOptions;
  readonly #readings = new Listeners<Reading>();
  readonly #links = new Listeners<LinkState>();
  readonly #reader: PictureReader;
  readonly #agreement: Agreement;
  #state: LinkState;
  #abort = new AbortController();
  #running: Promise<void> | null = null;
  #reading: Promise<void> | null = null;
  #next: { readonly at: number; readonly bytes: Uint8Array } | null = null;

  constructor(options: CameraOptions) {
    this.id = options.id;
    this.#options = options;
    this.#reader = new PictureReader({ text: options.text });
    this.#agreement = new Agreement({ withinMs: options.agreeWithinMs });
    this.#state = { state: "absent", code: "LYN_LINK_NOT_OPEN", since: options.clock() };
  }

  get link(): LinkState {
    return this.#state;
  }

  onReading(listener: (reading: Reading) => void): () => void {
    return this.#readings.add(listener);
  }

  onLink(listener: (state: LinkState) => void): () => void {
    return this.#links.add(listener);
  }

  start(): void {
    if (this.#running !== null) return;
    this.#abort = new AbortController();
    this.#running = this.#run(this.#abort.signal);
  }

  async stop(): Promise<void> {
    this.#abort.abort();
    await this.#running;
    this.#running = null;
    await this.#reader.stop();
    await this.#reading;
  }

  async #run(signal: AbortSignal): Promise<void> {
    const { url, log, backoff = LINK_BACKOFF, random = Math.random } = this.#options;
    for (let attempt = 0; !signal.aborted; attempt++) {
      try {
        for await (const bytes of picturesOf(this.#options, signal)) {
          attempt = 0;
          this.#set("connected", null);
          this.#next = { at: this.#options.clock(), bytes };
          this.#reading ??= this.#readAll(signal).finally(() => {
            this.#reading = null;
          });
        }
        this.#set("absent", "LYN_LINK_ENDED");
      } catch (error) {
        if (signal.aborted) break;
        log.debug({ err: error, url }, "camera not reached");
        this.#set("absent", isLynceusError(error) ? error.code : "LYN_LINK_UNREACHABLE");
      }
      await pause(backoffMs(attempt, backoff, random), signal);
    }
    this.#set("absent", "LYN_LINK_NOT_OPEN");
  }

  async #readAll(signal: AbortSignal): Promise<void> {
    while (this.#next !== null && !signal.aborted) {
      const { at, bytes } = this.#next;
      this.#next = null;
      await this.#read(at, bytes);
    }
  }

  async #read(at: number, bytes: Uint8Array): Promise<void> {
    const { log } = this.#options;
    try {
      const believed = this.#agreement.picture(at, await this.#reader.read(bytes));
      if (believed.length > 0)
        this.#readings.tell({ kind: "identifier", device: this.id, at, identifiers: believed });
    } catch (error) {
      if (!this.#abort.signal.aborted)
        log.warn({ err: error, camera: this.id }, "a picture could not be read");
    }
  }

  #set(state: LinkState["state"], code: string | null): void {
    if (this.#state.state === state && this.#state.code === code) return;
    this.#state = { state, code, since: this.#options.clock() };
    this.#links.tell(this.#state);
  }
}
