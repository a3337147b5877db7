import type { Declaration } from "../../protocols/declaration.ts";
import { type DeclarationReader, openDeclarationReader } from "../declarations/read-only.ts";
import type { HitData } from "../fusion/hit.ts";
import type { FusionInput, FusionSettings } from "../fusion/input.ts";
import { builtInModels } from "../inference/built-in.ts";
import { DeclarationModel } from "../inference/declaration-model.ts";
import { declaredLines } from "../inference/declared-lines.ts";
import type { PlaneVault } from "../keys/plane-vault.ts";
import { Surroundings } from "../lane/surroundings.ts";
import { SILENT_LOG } from "../log.ts";
import type { Analysis } from "../scan.ts";
import type { StoredDeclaration, StoredScan } from "../spool/port.ts";
import { openSpoolReader, type SpoolReader } from "../spool/reader.ts";

export interface StoredCasesOptions {
  /** The spool's folder. */
  readonly path: string;
  readonly site: string;
  readonly gateway: string;
  /** Unseals the keys of encrypted planes; absent: such planes cannot be read. */
  readonly vault?: PlaneVault | undefined;
  /** Folders of model packages, for the risk of declarations. */
  readonly models?: readonly string[];
}

/** How a stored scan is scored again. */
export interface StoredCase {
  readonly stored: StoredScan;
  /** The hit that stands for it; null: its data was erased, or it has none. */
  readonly hit: HitData | null;
  readonly analysis: Analysis | null;
  readonly settings: FusionSettings;
  readonly decideOnSynthetic: boolean;
}

/**
 * Stored scans as fusion takes them, read beside a running gateway; nothing is written. What is known around an item is asked as of
 * the time of its hit; declarations are those that are there now, since an expired one is gone for good.
 */
export class StoredCases {
  readonly reader: SpoolReader;
  readonly #options: StoredCasesOptions;
  readonly #declarations: DeclarationReader | null;
  readonly #risk: DeclarationModel;

  /** Throws LYN_SPOOL_MISSING, LYN_JOURNAL_VERSION. */
  constructor(options: StoredCasesOptions) {
    this.#options = options;
    this.reader = openSpoolReader(options.path, options.vault);
    this.#declarations = openDeclarationReader(options.path);
    this.#risk = new DeclarationModel(options.models ?? [builtInModels()]);
  }

  close(): void {
    this.#declarations?.close();
    this.reader.close();
  }

  /** The hit of a scan as it was published; null where it is erased. */
  hit(scanId: string): HitData | null {
    const row = this.reader.lastHit(scanId);
    return row === null ? null : (JSON.parse(row.event) as { data: HitData }).data;
  }

  /** What a score of this scan is made of. */
  async input({ stored, hit, analysis, settings, decideOnSynthetic }: StoredCase): Promise<FusionInput> {
    const { site, gateway } = this.#options;
    const { scan } = stored;
    const decidedAt = hit === null ? scan.receivedAt : Date.parse(hit.decidedAt);
    const matches = this.#matches(stored, decidedAt);
    const around = await this.#around(decidedAt).of({ scan, analysis, matches, settings, first: false });
    const { proposedLastHour: _unknown, ...known } = around;
    return {
      site,
      gateway,
      scan,
      analysis,
      matches,
      ...(hit === null ? {} : { piecesSeen: piecesOf(hit) }),
      ...known,
      settings,
      decideOnSynthetic,
      clock: { ...(hit?.clock ?? { synchronised: false, offsetMs: null, source: "gateway" }) },
      decidedAt,
      revision: Math.max(1, stored.revision),
      supersedes: hit?.supersedes ?? null,
      cause: hit?.cause ?? "initial",
    };
  }

  #matches({ scan }: StoredScan, decidedAt: number): readonly StoredDeclaration[] {
    if (this.#declarations === null || scan.identifiers.length === 0) return [];
    return this.#declarations.find(scan.identifiers, decidedAt);
  }

  #around(at: number): Surroundings {
    const declarations = this.#declarations;
    return new Surroundings({
      spool: {
        countByConsignee: async (token, from, to) => declarations?.countByConsignee(token, from, to) ?? 0,
        confirmedAmong: async (scanIds) => this.reader.confirmedAmong(scanIds),
      },
      // Not what is stored: replay asks other models.
      risk: { of: ({ declaration }) => this.#assess(declaration) },
      clock: () => at,
      log: SILENT_LOG,
    });
  }

  async #assess(declaration: Declaration): Promise<(FusionInput["declarationRisk"] & object) | null> {
    const lines = declaration.direction === "export" ? [] : declaredLines(declaration);
    if (!lines.some(({ hs6 }) => hs6 !== undefined)) return null;
    const result = await this.#risk.assess(lines);
    return "p" in result ? result : null;
  }
}

function piecesOf(hit: HitData): Readonly<Record<string, number>> {
  return Object.fromEntries(
    hit.declarations.flatMap(({ aedId, pieces }) => (pieces.seen === null ? [] : [[aedId, pieces.seen]])),
  );
}
