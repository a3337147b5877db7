import type { Address } from "./address.ts";
import { LineServer } from "./line-server.ts";
import { ScaleSession } from "./scale-session.ts";
import { Weighing } from "./weighing.ts";

/** A conveyor scale that speaks MT-SICS behind a serial server, like an industrial weighing terminal. */
export class Scale {
  readonly #weighing: Weighing;
  readonly #server: LineServer;

  constructor(options: {
    readonly address: Address;
    readonly seed: number;
    readonly serial: string;
    /** How many times faster than in life everything goes. */
    readonly pace?: number;
  }) {
    const { pace = 1 } = options;
    const weighing = new Weighing({ seed: options.seed, pace });
    this.#weighing = weighing;
    this.#server = new LineServer({
      address: options.address,
      onClient: (client) => {
        const session = new ScaleSession({ weighing, pace, serial: options.serial, send: client.send });
        client.onClose(() => session.stop());
        return (line) => session.command(line);
      },
    });
  }

  start(): Promise<Address> {
    return this.#server.start();
  }

  stop(): Promise<void> {
    return this.#server.stop();
  }

  /** Resolves true once somebody is connected to the scale, false after `timeoutMs`. */
  untilClient(timeoutMs: number, signal: AbortSignal): Promise<boolean> {
    return this.#server.untilClient(timeoutMs, signal);
  }

  /** An item of `kg` comes to lie on the scale; 0 takes it off. The display settles within {@link SETTLE_MS}. */
  put(kg: number): void {
    this.#weighing.put(kg, performance.now());
  }
}
