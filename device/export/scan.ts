import { LynceusError } from "../../protocols/errors.ts";
import { auditKeysOf } from "../audit/keys.ts";
import { proofOf } from "../audit/proof.ts";
import { type ImageFile, type ImageRequest, imageFilesOf } from "../commands/image-files.ts";
import type { Config } from "../config/schema.ts";
import { openDeclarationReader } from "../declarations/read-only.ts";
import type { HitData } from "../fusion/hit.ts";
import { vaultOf } from "../keys/of-config.ts";
import type { AuditRow, StoredScan } from "../spool/port.ts";
import { openSpoolReader, type SpoolReader } from "../spool/reader.ts";
import { packageVersion } from "../versions.ts";
import { ExportFolder, jsonText, ndjson } from "./folder.ts";

/** Rows of `chain.ndjson`: from the scan's first hit on, to the newest. */
export const MAX_CHAIN_ROWS = 100_000;

export interface ScanExportOptions {
  readonly config: Pick<Config, "gateway" | "spool" | "signing" | "trust" | "reports">;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly scanId: string;
  /** A folder that is new or empty. */
  readonly out: string;
  /** ms since the epoch */
  readonly now: number;
}

/** What was exported. */
export interface ScanExport {
  readonly scanId: string;
  readonly hits: number;
  /** 0: the planes are no longer kept. */
  readonly images: number;
  readonly declarations: number;
  readonly outcomes: number;
  readonly files: number;
  readonly bytes: number;
}

/**
 * A scan as evidence: every file beside `digests.json`, which lists them with their digests. Reads beside a running gateway and
 * changes nothing.
 * @throws LynceusError LYN_EXPORT without the scan, or where the folder is not empty; LYN_SPOOL_MISSING
 */
export async function exportScan(options: ScanExportOptions): Promise<ScanExport> {
  const { config, scanId } = options;
  const reader = openSpoolReader(config.spool.path, await vaultOf(config, options.env));
  try {
    const stored = reader.scan(scanId);
    if (stored === null)
      throw new LynceusError("LYN_EXPORT", `there is no scan ${scanId} in ${config.spool.path}`, {
        remedy: "Give the scan id of a hit of this gateway, as `lynceus watch` and `lynceus outbox` show it.",
      });
    const folder = new ExportFolder(options.out);
    await folder.open();
    return await writeAll(options, { reader, stored, folder });
  } finally {
    reader.close();
  }
}

interface Sources {
  readonly reader: SpoolReader;
  readonly stored: StoredScan;
  readonly folder: ExportFolder;
}

async function writeAll(options: ScanExportOptions, sources: Sources): Promise<ScanExport> {
  const { config, scanId, now } = options;
  const { reader, stored, folder } = sources;
  const rows = reader.auditRowsOf(scanId);
  const hits = rows.filter(({ kind, event }) => kind === "hit" && event !== null);
  for (const { revision, event } of hits)
    await folder.write(`hits/${String(revision).padStart(4, "0")}.json`, event ?? "");
  const images = await writeImages(options, sources);
  const declarations = declarationsOf(config.spool.path, stored, now);
  await folder.write("declarations.ndjson", ndjson(declarations));
  const outcomes = reader.outcomesOf(scanId);
  await folder.write("outcomes.ndjson", outcomes.map((body) => `${body}\n`).join(""));
  await folder.write(
    "scan.json",
    jsonText({ schema: "lynceus-export-scan/1", ...scanRecord(stored), images }),
  );
  await writeChain(sources, rows);
  await writeProof(options, folder, rows);
  const files = [...folder.files];
  const { site, id: gateway } = config.gateway;
  const head = { schema: "lynceus-export/1", journal: reader.journal(), site, gateway, scanId };
  const made = { software: packageVersion(), exportedAt: new Date(now).toISOString() };
  await folder.write("digests.json", jsonText({ ...head, ...made, files }));
  return {
    scanId,
    hits: hits.length,
    images: images.length,
    declarations: declarations.length,
    outcomes: outcomes.length,
    files: folder.files.length,
    bytes: folder.files.reduce((sum, { bytes }) => sum + bytes, 0),
  };
}

/** The planes as the hits' digests name them, and what an analyst would look at. Empty where they are no longer kept. */
async function writeImages(
  { config }: ScanExportOptions,
  { reader, stored, folder }: Sources,
): Promise<readonly Record<string, unknown>[]> {
  const row = reader.lastHit(stored.scan.scanId);
  const request: Omit<ImageRequest, "form"> = {
    view: null,
    energy: null,
    scan: stored.scan,
    hit: row === null ? null : (JSON.parse(row.event) as { data: HitData }).data,
    version: config.reports?.version ?? "V03",
    software: packageVersion(),
    site: config.gateway.site,
    gateway: config.gateway.id,
  };
  const written: Record<string, unknown>[] = [];
  for (const form of ["raw16", "rendered"] as const) {
    for (const file of await imagesOrNone({ ...request, form })) {
      const { content, ...about } = file;
      const path = `${form === "raw16" ? "planes" : "rendered"}/${nameOf(file)}`;
      await ("bytes" in content ? folder.write(path, content.bytes) : folder.copy(path, content.path));
      written.push({ path, form, ...about });
    }
  }
  return written;
}

/** Planes may have been evicted long ago, or just now. */
async function imagesOrNone(request: ImageRequest): Promise<readonly ImageFile[]> {
  try {
    return await imageFilesOf(request);
  } catch {
    return [];
  }
}

function nameOf({ view, energy, mediaType }: ImageFile): string {
  const extension = mediaType === "image/png" ? "png" : mediaType === "application/dicom" ? "dcm" : "bin";
  return [`v${view ?? 0}`, ...(energy === null ? [] : [energy]), extension].join(".");
}

function scanRecord({ scan, state, revision }: StoredScan): Record<string, unknown> {
  const { directory: _where, capturedAt, receivedAt, beganAt, ...rest } = scan;
  const iso = (ms: number) => new Date(ms).toISOString();
  return {
    ...rest,
    // In memory a plane's record holds its key.
    planes: rest.planes.map(({ cipher: _, ...plane }) => plane),
    beganAt: iso(beganAt),
    capturedAt: iso(capturedAt),
    receivedAt: iso(receivedAt),
    state,
    revision,
  };
}

function declarationsOf(path: string, { scan }: StoredScan, now: number): readonly unknown[] {
  const declarations = openDeclarationReader(path);
  try {
    return declarations === null || scan.identifiers.length === 0
      ? []
      : declarations.find(scan.identifiers, now).map(({ declaration }) => declaration);
  } finally {
    declarations?.close();
  }
}

/** The chain from the scan's first row on: whoever has a later hash can see that these rows led to it. */
async function writeChain({ reader, folder }: Sources, rows: readonly AuditRow[]): Promise<void> {
  const first = rows[0]?.sequence;
  let text = "";
  let count = 0;
  if (first !== undefined)
    for (const { sequence, id, kind, previous, hash, signature, keyId } of reader.auditRows(first - 1)) {
      if (count++ >= MAX_CHAIN_ROWS) break;
      text += `${JSON.stringify({ sequence, id, kind, previous, hash, signature, keyId })}\n`;
    }
  await folder.write("chain.ndjson", text);
}

async function writeProof(
  { config, env }: ScanExportOptions,
  folder: ExportFolder,
  rows: readonly AuditRow[],
): Promise<void> {
  const { keys } = await auditKeysOf(config, env);
  const { site, id: gateway } = config.gateway;
  const sequences = rows.map(({ sequence }) => sequence);
  const proof = proofOf({ spoolPath: config.spool.path, site, gateway, sequences, keys });
  await folder.write("proof.json", JSON.stringify(proof));
}
