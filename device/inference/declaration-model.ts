import { listPackages } from "../../models/package.ts";
import { type TabularRow, valueIn } from "../../models/tabular.ts";
import { loadTabularPackage, type TabularManifest } from "../../models/tabular-package.ts";
import type { TabularRunner } from "../../models/tabular-runner.ts";
import { LynceusError } from "../../protocols/errors.ts";
import type { DeclaredLine, RiskOfDeclaration } from "./declared-lines.ts";
import type { ModelFault, ModelSelection } from "./messages.ts";
import { compareVersions, openTabular } from "./models.ts";

/** The package that scores declarations, whatever its version. */
export const DECLARATION_MODEL = "declaration-risk";

/**
 * The model that scores declarations, in the analysis process: loaded when the first one comes, verified and known-answer
 * tested. Sites without declarations never pay for it.
 */
export class DeclarationModel {
  readonly #folders: readonly string[];
  readonly #only: Pick<ModelSelection, "pinned" | "trust">;
  #runner: Promise<TabularRunner> | null = null;

  constructor(folders: readonly string[], only: Pick<ModelSelection, "pinned" | "trust"> = {}) {
    this.#folders = folders;
    this.#only = only;
  }

  /** The chance that the declaration is irregular, or why it cannot be told. A package that failed stays failed. */
  async assess(lines: readonly DeclaredLine[]): Promise<RiskOfDeclaration | ModelFault> {
    this.#runner ??= open(this.#folders, this.#only);
    try {
      const runner = await this.#runner;
      const { manifest } = runner.modelPackage;
      const { prevalence } = manifest.classes[0]!.calibration;
      const scores = await runner.score(lines.map((line) => rowOf(line, manifest.inputs)));
      return { p: joinLines(scores, prevalence), prevalence, model: `${manifest.name}@${manifest.version}` };
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      if (error instanceof LynceusError)
        return { model: DECLARATION_MODEL, code: error.code, message, remedy: error.remedy };
      const remedy = "Install the package again.";
      return { model: DECLARATION_MODEL, code: "LYN_MODEL_LOAD_FAILED", message, remedy };
    }
  }
}

/**
 * Several lines of one declaration: where it is irregular one line is, nobody knows which, so that its odds against the
 * prevalence are the mean of those of the lines. One line alone keeps its own chance.
 */
export function joinLines(chances: readonly number[], prevalence: number): number {
  if (chances.length === 0) return prevalence;
  const prior = prevalence / (1 - prevalence);
  const odds = (p: number) => Math.min(p, 1 - 1e-9) / (1 - Math.min(p, 1 - 1e-9));
  const ratio = chances.reduce((sum, p) => sum + odds(p) / prior, 0) / chances.length;
  return (prior * ratio) / (1 + prior * ratio);
}

function rowOf({ value, ...line }: DeclaredLine, inputs: TabularManifest["inputs"]): TabularRow {
  return { ...line, value: value && valueIn(inputs, value.amount, value.currency) };
}

/** The pinned package; else the first folder that holds the package wins, its highest version there. */
async function open(
  folders: readonly string[],
  { pinned, trust }: Pick<ModelSelection, "pinned" | "trust">,
): Promise<TabularRunner> {
  const place = pinned?.[DECLARATION_MODEL];
  if (place !== undefined) return openTabular(place, trust);
  for (const folder of folders) {
    const packages = [];
    for (const path of await listPackages(folder, "tabular")) packages.push(await loadTabularPackage(path));
    const [best] = packages
      .filter(({ manifest }) => manifest.name === DECLARATION_MODEL)
      .sort((a, b) => compareVersions(b.manifest.version, a.manifest.version));
    if (best === undefined) continue;
    return openTabular(best.directory, trust);
  }
  throw new LynceusError(
    "LYN_MODEL_MISSING",
    `No package of the model ${DECLARATION_MODEL} in ${folders.join(", ")}`,
    {
      remedy: "Install the package; declarations are not scored without it.",
    },
  );
}
