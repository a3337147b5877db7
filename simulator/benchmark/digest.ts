import { createHash } from "node:crypto";
import type { SimulatedScan } from "../scan.ts";

/** What pins a scan: SHA-256, base64url, of its pixels and of what is true of it. */
export interface ScanDigests {
  /** Width, height and samples (u16 LE) of each plane in order. */
  readonly planes: string;
  /** Targets with boxes, masks, masses, contrast and tier, goods groups, gross mass: JSON with sorted keys. */
  readonly truth: string;
}

export function digestsOf(scan: SimulatedScan): ScanDigests {
  const pixels = createHash("sha256");
  for (const plane of scan.planes) {
    pixels.update(`${scan.width} ${scan.height} ${plane.view} ${plane.energy};`);
    pixels.update(littleEndian(plane.samples));
  }
  const { targets, groups, massKg } = scan.truth;
  const truth = createHash("sha256").update(JSON.stringify(sorted({ targets, groups, massKg })));
  return { planes: pixels.digest("base64url"), truth: truth.digest("base64url") };
}

function littleEndian(samples: Uint16Array): Uint8Array {
  const out = new Uint8Array(2 * samples.length);
  for (let i = 0; i < samples.length; i++) {
    const sample = samples[i] as number;
    out[2 * i] = sample;
    out[2 * i + 1] = sample >> 8;
  }
  return out;
}

/** The value with the keys of all its objects in order, so that the order they were written in does not count. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (value === null || typeof value !== "object") return value;
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(entries.map(([key, one]) => [key, sorted(one)]));
}
