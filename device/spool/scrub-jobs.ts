import { join } from "node:path";
import type { readPlanes } from "../inference/planes.ts";
import type { StoredScan } from "./port.ts";

/** A file of a stored scan and the digest that it must have: of a plane that of its image, of a file as received its own. */
export type ScrubJob = { readonly file: string; readonly bytes: number; readonly sha256: string } & (
  | { readonly kind: "plane"; readonly plane: Parameters<typeof readPlanes>[0] }
  | { readonly kind: "received"; readonly path: string }
);

/**
 * What can be verified of an analysed scan: planes whose digest the analysis knows and whose key is here, and the files as the scanner
 * sent them.
 */
export function jobsOf({ scan, analysis }: StoredScan): readonly ScrubJob[] {
  const { directory, kind, airLevel, evidence = [] } = scan;
  const planes = scan.planes.flatMap((record): ScrubJob[] => {
    const view = scan.views.find((one) => one.view === record.view);
    const image = analysis?.images.find(
      (one) => one.form === "raw16" && one.view === record.view && one.energy === record.energy,
    );
    const isSealed = record.cipher !== undefined && !("key" in record.cipher);
    if (view === undefined || image === undefined || isSealed) return [];
    const plane = { directory, kind, airLevel, views: [view], planes: [record] };
    return [{ kind: "plane", file: record.file, bytes: record.bytes, sha256: image.sha256, plane }];
  });
  const received = evidence.map(({ file, bytes, sha256 }): ScrubJob => {
    return { kind: "received", file, bytes, sha256, path: join(directory, file) };
  });
  return [...planes, ...received];
}
