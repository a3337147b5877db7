import type { Address } from "./address.ts";
import { LineServer } from "./line-server.ts";

/**
 * A fixed-mount barcode reader on a serial server: it pushes what it reads, AIM symbology identifier first, CR LF at the
 * end, and takes no commands.
 */
export class BarcodeReader {
  readonly #server: LineServer;

  constructor(options: { readonly address: Address }) {
    this.#server = new LineServer({ address: options.address, onClient: () => () => {} });
  }

  start(): Promise<Address> {
    return this.#server.start();
  }

  stop(): Promise<void> {
    return this.#server.stop();
  }

  /** Resolves true once somebody listens to the reader, false after `timeoutMs`. */
  untilClient(timeoutMs: number, signal: AbortSignal): Promise<boolean> {
    return this.#server.untilClient(timeoutMs, signal);
  }

  /** The cable is pulled. */
  cut(): void {
    this.#server.cut();
  }

  /** A label passes the reader. `label`: AIM identifier and data, e.g. `]C0RR473124829GB`. */
  read(label: string): void {
    this.#server.broadcast(label);
  }
}
