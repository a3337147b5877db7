import type { ItemIdentifier } from "../scan.ts";
import type { ScannerEvent } from "../scanner/port.ts";
import type { DeviceNames, LinkState } from "../transport/port.ts";

/** What one channel of a radiation portal says of an item; null: the portal has no such channel, or saw no item. */
export type RadiationChannel = "normal" | "alarm" | "fault" | null;

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
      /** The scale's line as it came, for the record. */
      readonly raw?: string;
    }
  | {
      /** One occupancy of a radiation portal, when it is over. */
      readonly kind: "radiation";
      readonly device: string;
      readonly at: number;
      /** When the item came between the pillars, gateway clock, ms since the epoch. */
      readonly beganAt: number;
      readonly gamma: RadiationChannel;
      readonly neutron: RadiationChannel;
      /** Most standard deviations above background; null unknown. */
      readonly sigma: number | null;
      /** Why a channel says `fault`, plain English; null where none does. */
      readonly why: string | null;
    };

/** A reader, scale, … : bytes in, readings out; supervised, absent is a state. One file a kind of device. */
export interface Peripheral {
  readonly id: string;
  readonly kind: "barcode" | "scale" | "radiation" | "camera";
  readonly link: LinkState;
  /** What the device cannot be trusted with now, plain English; null or absent: nothing. A lost link is not said here. */
  readonly fault?: string | null;
  /** Who connected last; null, or absent, while it is not known. */
  readonly names?: DeviceNames | null;
  /** Told when `names` are others than before. */
  onNames?(listener: () => void): () => void;
  onReading(listener: (reading: Reading) => void): () => void;
  onLink(listener: (state: LinkState) => void): () => void;
  /** What the device reports beside readings; the lane turns it into alerts (`mqtt.md`, alert). */
  onEvent?(listener: (event: ScannerEvent) => void): () => void;
  start(): void;
  stop(): Promise<void>;
}

/** What a kind of peripheral tells of an item. */
export const READING_OF: Readonly<Record<Peripheral["kind"], Reading["kind"]>> = {
  barcode: "identifier",
  scale: "mass",
  radiation: "radiation",
  camera: "identifier",
};
