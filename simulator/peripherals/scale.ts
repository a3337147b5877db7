import type { Address } from "./address.ts";
import { LineServer } from "./line-server.ts";
import { ScaleSession } from "./scale-session.ts";
import { Weighing } from "./weighing.ts";

/** What is wrong with the scale, in the words of its protocol: `+`, `-`, `D` and `I` in place of a weight, errors, or none of it. */
export const SCALE_TROUBLES = [
  "none",
  "over",
  "under",
  "moving",
  "busy",
  "error",
  "silent",
  "garbage",
] as const;
export type MtSicsTrouble = (typeof SCALE_TROUBLES)[number];

/** A conveyor scale that speaks MT-SICS behind a serial server, like an industrial weighing terminal. */
export class Scale {
  readonly #weighing: Weighing;
  readonly #server: LineServer;
  readonly #serial: string;
  readonly #sessions = new Set<ScaleSession>();
  #trouble: MtSicsTrouble = "none";

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
    this.#serial = options.serial;
    this.#server = new LineServer({
      address: options.address,
      onClient: (client) => {
        const send = (line: string) => {
          const said = spoilt(line, this.#trouble);
          if (said !== null) client.send(said);
        };
        const session = new ScaleSession({ weighing, pace, serial: options.serial, send });
        this.#sessions.add(session);
        client.onClose(() => {
          session.stop();
          this.#sessions.delete(session);
        });
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

  trouble(what: MtSicsTrouble): void {
    this.#trouble = what;
  }

  /** It is switched off and on: it forgets what it was asked for, and says who it is. */
  reset(): void {
    for (const session of this.#sessions) session.stop();
    this.#server.broadcast(`I4 A "${this.#serial}"`);
  }

  /** The cable is pulled. */
  cut(): void {
    this.#server.cut();
  }

  /** An item of `kg` comes to lie on the scale; 0 takes it off. The display settles within {@link SETTLE_MS}. */
  put(kg: number): void {
    this.#weighing.put(kg, performance.now());
  }
}

/** The line as a scale in trouble says it; null: it says nothing. */
function spoilt(line: string, trouble: MtSicsTrouble): string | null {
  if (trouble === "none") return line;
  if (trouble === "silent") return null;
  if (trouble === "garbage") return `~~ ${line.length} ~~`;
  const weight = /^S [SD]( .*)$/.exec(line)?.[1];
  if (weight === undefined) return line;
  return { over: "S +", under: "S -", moving: `S D${weight}`, busy: "S I", error: "ET" }[trouble];
}
