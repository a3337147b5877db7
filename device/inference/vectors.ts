import type { ScanEmbedding } from "../scan.ts";
import type { ImageModel } from "./image-model.ts";

/** Where a package says nothing: close to identical, and far above what unlike scans reach. */
const USUAL = { same: 0.95, alike: 0.8 } as const;

/** The vector of a scan from those of its views: their mean, of length 1 again; null without any. */
export function embeddingOf(model: ImageModel, views: readonly Float32Array[]): ScanEmbedding | null {
  const [first] = views;
  if (first === undefined) return null;
  const sum = new Float32Array(first.length);
  for (const view of views) {
    for (let i = 0; i < sum.length; i++) sum[i]! += view[i]!;
  }
  const length = Math.hypot(...sum);
  if (!(length > 0)) return null;
  const bytes = new Uint8Array(4 * sum.length);
  const out = new DataView(bytes.buffer);
  for (const [i, value] of sum.entries()) out.setFloat32(4 * i, value / length, true);
  const { same, alike } = model.similarity ?? USUAL;
  return { sha256: model.sha256, vector: Buffer.from(bytes).toString("base64"), same, alike };
}

/** The numbers of {@link embeddingOf}. */
export function vectorOf(embedding: Pick<ScanEmbedding, "vector">): Float32Array {
  const bytes = Buffer.from(embedding.vector, "base64");
  return Float32Array.from({ length: Math.floor(bytes.length / 4) }, (_, i) => bytes.readFloatLE(4 * i));
}
