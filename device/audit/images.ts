import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describeImages } from "../inference/evidence.ts";
import { readPlanes } from "../inference/planes.ts";
import type { OutboxRow, StoredScan } from "../spool/port.ts";
import type { SpoolReader } from "../spool/reader.ts";
import type { Broken } from "./log-check.ts";

/** An image as a hit names it. */
interface ImageClaim {
  readonly view: number;
  readonly form: string;
  readonly sha256: string;
}

/** What was found of the image planes of a spool. */
export interface ImagesReport {
  readonly scans: number;
  readonly images: number;
  readonly broken: Broken | null;
}

/** Compares the planes on the disk with the digests in the hits that stand for their scans. Reads every plane. */
export function checkImages(reader: SpoolReader): ImagesReport {
  const journal = reader.journal();
  const counts = { scans: 0, images: 0 };
  for (const scanId of reader.keptScanIds()) {
    const stored = reader.scan(scanId);
    const hit = reader.lastHit(scanId);
    if (stored === null || hit === null || hit.event === "") continue;
    const claims = imagesOf(hit);
    if (claims.length === 0) continue;
    const message = imageFault(stored, claims);
    if (message !== null) {
      // Evicted while this was read.
      if (!existsSync(stored.scan.directory) && !reader.keptScanIds().includes(scanId)) continue;
      return {
        ...counts,
        broken: { what: "image", journal, sequence: hit.sequence, reason: "image", message },
      };
    }
    counts.scans += 1;
    counts.images += claims.length;
  }
  return { ...counts, broken: null };
}

/** The images as stored that a hit's event names. */
export function imagesOf({ event }: Pick<OutboxRow, "event">): readonly ImageClaim[] {
  const { data } = JSON.parse(event) as { data?: { images?: readonly ImageClaim[] } };
  return (data?.images ?? []).filter(({ form }) => form === "raw16");
}

/** Renderings are made of the planes when asked for; what is kept is the planes, or the files as the scanner sent them. */
function imageFault({ scan }: StoredScan, claims: readonly ImageClaim[]): string | null {
  try {
    const received = (scan.evidence ?? []).map(({ file }) => digestOf(join(scan.directory, file)));
    const planes = received.length > 0 ? [] : describeImages(readPlanes(scan)).map(({ sha256 }) => sha256);
    const found = new Set([...received, ...planes]);
    const wrong = claims.find(({ sha256 }) => !found.has(sha256));
    return wrong === undefined
      ? null
      : `The image of view ${wrong.view} of scan ${scan.scanId} is not the one that its hit names`;
  } catch (error) {
    return `The images of scan ${scan.scanId} cannot be read: ${(error as Error).message}`;
  }
}

function digestOf(file: string): string {
  return createHash("sha256").update(readFileSync(file)).digest("hex");
}
