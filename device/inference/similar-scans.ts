import type { Analysis, ScanEmbedding, SimilarScan } from "../scan.ts";
import { SimilarIndex } from "../similar/index.ts";
import { vectorOf } from "./vectors.ts";

/** Similar scans in a hit (`mqtt.md`: `similar` 10); an officer looks at a few. */
const MAX_FOUND = 10;
/** Between the last scan remembered and the file's way to the disk, ms. */
const SYNC_AFTER_MS = 5000;

/**
 * The index of similar scans as the analysis process keeps it: made again where it cannot be
 * used, done without where that fails too. A hit never depends on it.
 */
export class SimilarScans {
  readonly #directory: string;
  #index: SimilarIndex | null = null;
  #model = "";
  #broken = false;
  #timer: NodeJS.Timeout | null = null;

  constructor(directory: string) {
    this.#directory = directory;
  }

  /** Opens the index of a model ahead of the first scan: a full one takes a second to read. */
  prepare(model: string): void {
    this.#try(model, () => undefined);
  }

  /** The analysis with the earlier scans that look alike, where it has a vector. */
  found(analysis: Analysis, scanId: string): Analysis {
    const { embedding } = analysis;
    if (embedding == null) return analysis;
    const near =
      this.#try(embedding.sha256, (index) => index.search(vectorOf(embedding), MAX_FOUND, scanId)) ?? [];
    const similar = near.flatMap(({ scanId: other, similarity }): SimilarScan[] => {
      if (similarity < embedding.alike) return [];
      return [{ scanId: other, similarity, relation: similarity >= embedding.same ? "same-item" : "alike" }];
    });
    return { ...analysis, similar };
  }

  remember(scanId: string, embedding: ScanEmbedding): void {
    this.#try(embedding.sha256, (index) => index.add(scanId, vectorOf(embedding)));
    this.#timer ??= setTimeout(() => {
      this.#timer = null;
      this.#try(embedding.sha256, (index) => index.sync());
    }, SYNC_AFTER_MS);
    this.#timer.unref();
  }

  #try<T>(model: string, use: (index: SimilarIndex) => T): T | null {
    if (this.#broken) return null;
    try {
      if (this.#index === null || this.#model !== model) {
        this.#index?.close();
        this.#index = SimilarIndex.open({ directory: this.#directory, model });
        this.#model = model;
      }
      return use(this.#index);
    } catch (error) {
      // A full or failing disk: the gateway says so by itself, this process does without the index.
      this.#broken = true;
      process.stderr.write(`the index of similar scans is given up: ${String(error)}\n`);
      return null;
    }
  }
}
