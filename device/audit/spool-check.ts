import type { SpoolReader } from "../spool/reader.ts";
import { readCheckpointsSync } from "./checkpoint-file.ts";
import { checkImages, type ImagesReport } from "./images.ts";
import type { AuditKeys } from "./keys.ts";
import { type Broken, checkLog, type JournalReport } from "./log-check.ts";

/** What was found of a spool or an export. */
export interface AuditReport {
  readonly ok: boolean;
  /** The gateway's journal, then those that rows were saved from. */
  readonly journals: readonly JournalReport[];
  /** Null: images were not looked at. */
  readonly images: Omit<ImagesReport, "broken"> | null;
  /** The first that does not hold. */
  readonly broken: Broken | null;
  /** What could not be shown, in words. */
  readonly warnings: readonly string[];
}

/**
 * Verifies everything that a gateway produced and still has: chain, signatures, checkpoints and co-signatures, then the planes.
 * @param notes co-signed checkpoints kept elsewhere, by central or an auditor.
 * @throws LynceusError where the journal or its checkpoints cannot be read.
 */
export function checkSpool(options: {
  readonly reader: SpoolReader;
  readonly spoolPath: string;
  readonly source: string;
  readonly keys: AuditKeys;
  readonly notes: readonly string[];
  readonly images: boolean;
}): AuditReport {
  const { reader, spoolPath, source, keys, notes } = options;
  const journal = reader.journal();
  const kept = readCheckpointsSync(spoolPath, journal).map(({ note }) => note);
  const own = checkLog({
    ...keys,
    journal,
    source,
    rows: reader.auditRows(),
    checkpoints: [...kept, ...notes],
  });
  const saved = Map.groupBy(reader.salvagedRows(), (each) => each.journal);
  const journals = [
    own,
    ...[...saved].map(([name, rows]) =>
      checkLog({
        ...keys,
        journal: name,
        source,
        rows: rows.map(({ row }) => row),
        checkpoints: [],
        saved: true,
      }),
    ),
  ];
  let broken = journals.find((each) => each.broken !== null)?.broken ?? null;
  const images = options.images && broken === null ? checkImages(reader) : null;
  broken ??= images?.broken ?? null;
  return {
    ok: broken === null,
    journals,
    images: images && { scans: images.scans, images: images.images },
    broken,
    warnings: [
      ...warningsOf(own),
      ...[...saved].map(([name, rows]) => savedWords(spoolPath, name, rows.length)),
    ],
  };
}

/** What is known of rows that were not saved. */
function savedWords(spoolPath: string, journal: string, rows: number): string {
  const size = Math.max(0, ...readCheckpointsSync(spoolPath, journal).map((each) => each.size));
  const had = size > rows ? `; a checkpoint says that it had ${size}, the others are lost` : "";
  return `${rows} rows of journal ${journal} were saved from a damaged file${had}`;
}

/** What the report of a journal cannot show. */
export function warningsOf(report: JournalReport): readonly string[] {
  const { rows, signed, witnessed } = report;
  return [
    ...(signed < rows ? [`${rows - signed} of ${rows} rows are not signed (signing.key)`] : []),
    ...(witnessed === null
      ? ["no checkpoint was co-signed: rows taken off the end would not be missed"]
      : rows > witnessed.size
        ? [`the newest ${rows - witnessed.size} rows are younger than the newest co-signed checkpoint`]
        : []),
  ];
}
