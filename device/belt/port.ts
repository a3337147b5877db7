import type { LinkState } from "../transport/port.ts";

/** What the gateway may do to a belt. */
export type BeltOutput = "stop" | "divert";

/** A conveyor: its encoder and photo-eyes out, `stop` and `divert` in; supervised, absent is a state. */
export interface Conveyor {
  readonly id: string;
  readonly link: LinkState;
  onBelt(listener: (sample: BeltSample) => void): () => void;
  onEye(listener: (edge: EyeEdge) => void): () => void;
  /** The emergency stop was pressed or released, or the belt stands or runs. */
  onState(listener: (state: BeltState) => void): () => void;
  onLink(listener: (state: LinkState) => void): () => void;
  /** Whether the plant has this output. */
  has(output: BeltOutput): boolean;
  /** Resolves when the plant has taken it; rejects with a `LynceusError` when it cannot. */
  set(output: BeltOutput, on: boolean): Promise<void>;
  start(): void;
  stop(): Promise<void>;
}

/** What the plant says of itself; null where the map has no such signal. */
export interface BeltState {
  readonly running: boolean | null;
  readonly emergencyStop: boolean | null;
  /** People have pressed the plant's reset. */
  readonly reset: boolean | null;
}

/** The encoder as one poll found it. */
export interface BeltSample {
  /** Gateway clock, ms. */
  readonly at: number;
  /** How far off `at` may be: half the time that the plant took to answer, ms. */
  readonly withinMs: number;
  /** The belt's way since the gateway began to count, mm. */
  readonly mm: number;
  /** First of a connection: items may have come and gone unseen before it. */
  readonly fresh: boolean;
}

/** A photo-eye turned dark or light between two polls, gateway clock, ms. */
export interface EyeEdge {
  readonly name: string;
  readonly after: number;
  readonly at: number;
  readonly dark: boolean;
}
