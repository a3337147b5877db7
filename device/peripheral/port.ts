import type { ItemIdentifier } from "../scan.ts";
import type { LinkState } from "../transport/port.ts";

/** One timestamped reading of a peripheral. `at`: gateway clock, ms since the epoch. */
export type Reading =
  | {
      readonly kind: "identifier";
      readonly device: string;
      readonly at: number;
      readonly identifiers: readonly ItemIdentifier[];
    }
  | {
      readonly kind: "mass";
      readonly device: string;
      readonly at: number;
      readonly massKg: number;
      readonly stable: boolean;
    };

/** A reader, scale, … : bytes in, readings out; supervised, absent is a state. One file a kind of device. */
export interface Peripheral {
  readonly id: string;
  readonly kind: "barcode" | "scale";
  readonly link: LinkState;
  onReading(listener: (reading: Reading) => void): () => void;
  onLink(listener: (state: LinkState) => void): () => void;
  start(): void;
  stop(): Promise<void>;
}
