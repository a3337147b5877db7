import type { Address } from "./address.ts";

/** One device that runs alone, told what to do by lines. */
export interface ToldDevice {
  start(): Promise<Address>;
  stop(): Promise<void>;
  /** Does what the line says; false where it is not understood. */
  told(words: readonly string[]): boolean | Promise<boolean>;
  readonly help: string;
}

/** A device with the lines that it understands. */
export function toldDevice(
  real: { start(): Promise<Address>; stop(): Promise<void> },
  help: string,
  told: (words: readonly string[]) => boolean | Promise<boolean>,
): ToldDevice {
  return { start: () => real.start(), stop: () => real.stop(), told, help };
}
