import type { Random } from "../random.ts";

/** How a viewing station shows a cargo scan: 8 bits, its own window and curve. */
export interface DisplayStyle {
  /** Transmission shown black and white. */
  readonly black: number;
  readonly white: number;
  readonly curve: "linear" | "logarithmic";
  readonly gamma: number;
  /** Dense is shown bright. */
  readonly inverted: boolean;
}

/** Styles as stations and operators set them; most show the light end, some are opened for dense loads, few inverted. */
export function drawStyle(random: Random): DisplayStyle {
  const opened = random.chance(0.14);
  return {
    black: opened ? 0 : random.range(0, 0.06),
    white: opened ? random.range(0.05, 0.45) : random.range(0.82, 1.02),
    curve: random.chance(0.3) ? "logarithmic" : "linear",
    gamma: Math.exp(random.range(-0.45, 0.45)),
    inverted: random.chance(0.07),
  };
}

/** 8-bit grey of transmission counts, stored ×257 as the device reads 8-bit images. */
export function toDisplay(samples: Uint16Array, airLevel: number, style: DisplayStyle): Uint16Array {
  const table = new Uint16Array(65_536);
  for (let count = 0; count < table.length; count++) table[count] = 257 * shade(count / airLevel, style);
  return samples.map((count) => table[count]!);
}

function shade(transmission: number, { black, white, curve, gamma, inverted }: DisplayStyle): number {
  const floor = 0.002;
  const at =
    curve === "linear"
      ? (transmission - black) / (white - black)
      : Math.log(Math.max(floor, transmission) / Math.max(floor, black)) /
        Math.log(white / Math.max(floor, black));
  const level = Math.min(1, Math.max(0, at)) ** (curve === "linear" ? gamma : 1.4 * gamma);
  const grey = Math.round(255 * level);
  return inverted ? 255 - grey : grey;
}
