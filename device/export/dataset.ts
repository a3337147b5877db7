import { LynceusError } from "../../protocols/errors.ts";
import { GOODS_GROUPS, THREAT_CLASSES } from "../../protocols/vocabulary.ts";
import type { Config } from "../config/schema.ts";
import { type DeclarationReader, openDeclarationReader } from "../declarations/read-only.ts";
import { type AnalysableScan, readPlanes } from "../inference/planes.ts";
import type { PlaneVault } from "../keys/plane-vault.ts";
import { type Finding, type JudgedHit, judge } from "../outcomes/judged.ts";
import type { StoredScan } from "../spool/port.ts";
import { openSpoolReader, type SpoolReader } from "../spool/reader.ts";
import { anonymousDeclaration } from "./anonymous.ts";
import { annotationsOf, type CocoAnnotation, type CocoImage, cocoImage } from "./coco.ts";
import { dayOf } from "./day.ts";
import { ExportFolder, jsonText, ndjson } from "./folder.ts";
import { planeFiles } from "./plane-files.ts";
import { Pseudonyms } from "./pseudonyms.ts";

/** Scans of one export, at most; the newest are taken. */
export const MAX_DATASET_SCANS = 20_000;

export interface DatasetExportOptions {
  readonly config: Pick<Config, "spool">;
  /** Unseals the keys of encrypted planes; absent: such planes are counted as no longer kept. */
  readonly vault?: PlaneVault | undefined;
  /** Hits scored from then on; ms since the epoch. */
  readonly since: number;
  readonly now: number;
  /** A folder that is new or empty. */
  readonly out: string;
  readonly pseudonyms?: Pseudonyms;
  /** Told of each scan. */
  readonly onProgress?: (done: number, of: number) => void;
}

/** What was exported. */
export interface DatasetExport {
  readonly scans: number;
  readonly images: number;
  readonly annotations: number;
  readonly declarations: number;
  /** Scans with an outcome whose planes are no longer kept. */
  readonly gone: number;
  /** Scans of the simulator or of tests: what they teach is known already. */
  readonly notReal: number;
}

/**
 * Scans with what examinations found in them, in the layout of `simulate dataset`: `images/` with sidecars, COCO `annotations.json`
 * (written last), `declarations.ndjson`, `outcomes.ndjson`. Nothing in it names a person or a consignment.
 * @throws LynceusError LYN_EXPORT where there is nothing to export, or the folder is not empty; LYN_SPOOL_MISSING
 */
export async function exportDataset(options: DatasetExportOptions): Promise<DatasetExport> {
  const { config, since, now } = options;
  const reader = openSpoolReader(config.spool.path, options.vault);
  const declarations = openDeclarationReader(config.spool.path);
  try {
    const judged = judge(reader.scores({ from: since, to: now + 1, limit: MAX_DATASET_SCANS })).filter(
      ({ finding }) => finding !== null,
    );
    if (judged.length === 0)
      throw new LynceusError("LYN_EXPORT", "there is no scan with an outcome in that time", {
        remedy: "Examinations must be reported as outcomes first; give an earlier --since.",
      });
    const folder = new ExportFolder(options.out);
    await folder.open();
    return await new DatasetWriter(options, { reader, declarations, folder }).write(judged);
  } finally {
    declarations?.close();
    reader.close();
  }
}

interface Sources {
  readonly reader: SpoolReader;
  readonly declarations: DeclarationReader | null;
  readonly folder: ExportFolder;
}

/** The lists that are gathered scan by scan. */
class DatasetWriter {
  readonly #options: DatasetExportOptions;
  readonly #sources: Sources;
  readonly #pseudonyms: Pseudonyms;
  readonly #images: CocoImage[] = [];
  readonly #annotations: CocoAnnotation[] = [];
  readonly #outcomes: unknown[] = [];
  readonly #declared = new Map<string, unknown>();
  #scans = 0;
  #gone = 0;

  constructor(options: DatasetExportOptions, sources: Sources) {
    this.#options = options;
    this.#sources = sources;
    this.#pseudonyms = options.pseudonyms ?? new Pseudonyms();
  }

  async write(judged: readonly JudgedHit[]): Promise<DatasetExport> {
    const { folder } = this.#sources;
    for (const [at, hit] of judged.entries()) {
      await this.#scan(hit.scanId, hit.finding!);
      this.#options.onProgress?.(at + 1, judged.length);
    }
    if (this.#scans === 0)
      throw new LynceusError("LYN_EXPORT", "the images of every scan with an outcome are no longer kept", {
        remedy: "Export sooner, or raise spool.maxBytes.",
      });
    await folder.write("declarations.ndjson", ndjson(this.#declared.values()));
    await folder.write("outcomes.ndjson", ndjson(this.#outcomes));
    const categories = THREAT_CLASSES.map((name, at) => ({ id: at + 1, name, supercategory: "threat" }));
    const info = { description: "Scans with the outcomes of examinations", version: "1.0" };
    const coco = { info, images: this.#images, annotations: this.#annotations, categories };
    await folder.write("annotations.json", jsonText(coco));
    return {
      scans: this.#scans,
      images: this.#images.length,
      annotations: this.#annotations.length,
      declarations: this.#declared.size,
      gone: this.#gone,
      notReal: judged.filter(({ real }) => !real).length,
    };
  }

  async #scan(scanId: string, finding: Finding): Promise<void> {
    const stored = this.#sources.reader.scan(scanId);
    const planes = stored === null ? null : planesOrNone(stored);
    if (stored === null || planes === null) {
      this.#gone += 1;
      return;
    }
    this.#scans += 1;
    const pseudonym = this.#pseudonyms.uuid("scan", scanId);
    const identifiers = stored.scan.identifiers.map(({ scheme, value }) => ({
      scheme,
      value: this.#pseudonyms.identifier(scheme, value),
    }));
    const stem = String(this.#scans).padStart(6, "0");
    for (const [place, view] of planes.views.entries()) {
      const id = this.#images.length + 1;
      const files = planeFiles(place === 0 ? stem : `${stem}.view${view.view}`, view, stored.scan.airLevel);
      for (const { path, content } of files) await this.#sources.folder.write(`images/${path}`, content);
      this.#images.push(cocoImage({ id, stored, view, files, scanId: pseudonym, identifiers }));
      this.#annotations.push(
        ...annotationsOf({ imageId: id, first: this.#annotations.length + 1, stored, view, finding }),
      );
    }
    this.#declarations(stored);
    this.#outcome(pseudonym, finding, goodsOf(this.#sources.reader.outcomesOf(scanId)));
  }

  #declarations({ scan }: StoredScan): void {
    const { declarations } = this.#sources;
    if (declarations === null || scan.identifiers.length === 0) return;
    for (const { declaration } of declarations.find(scan.identifiers, this.#options.now)) {
      if (!this.#declared.has(declaration.aedId))
        this.#declared.set(declaration.aedId, anonymousDeclaration(declaration, this.#pseudonyms));
    }
  }

  #outcome(
    scanId: string,
    { result, examination, classes, at }: Finding,
    goodsGroups: readonly string[],
  ): void {
    this.#outcomes.push({
      schema: "lynceus-outcome/1.0",
      outcomeId: this.#pseudonyms.uuid("outcome", scanId),
      scanId,
      revision: 1,
      result,
      examination,
      classes: THREAT_CLASSES.filter((name) => classes.includes(name)),
      goodsGroups,
      officerAction: null,
      at: dayOf(at),
    });
  }
}

function planesOrNone({ scan }: StoredScan): AnalysableScan | null {
  try {
    return readPlanes(scan);
  } catch {
    return null; // evicted
  }
}

/** Goods that the last examination named. */
function goodsOf(outcomes: readonly string[]): readonly string[] {
  const { goodsGroups = [] } = JSON.parse(outcomes.at(-1) ?? "{}") as { goodsGroups?: readonly string[] };
  return GOODS_GROUPS.filter((name) => goodsGroups.includes(name));
}
