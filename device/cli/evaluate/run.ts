import { LynceusError } from "../../../protocols/errors.ts";
import { loadModels } from "../../inference/models.ts";
import { collect } from "./collect.ts";
import { loadDataset } from "./dataset.ts";
import { type Evaluation, figuresOf } from "./figures.ts";
import { readPapers } from "./papers.ts";
import { textOf } from "./text.ts";

/** Prior of a data set without outcomes. */
const USUAL_PRIOR = 0.01;
/** A prior is held inside of this: a data set of irregular scans alone has none. */
const PRIOR_RANGE = { least: 0.001, most: 0.999 } as const;

export interface EvaluateCommand {
  readonly dataset: string;
  /** Folders searched for model packages. */
  readonly models: readonly string[];
  /** Folder of a report; absent: none. */
  readonly report?: string;
  /** Of the fused score; absent: the share of irregular scans among the examined. */
  readonly prior?: number;
  readonly seed: number;
  readonly json: boolean;
  /** Say how far it is, on one line that is written over. */
  readonly progress: boolean;
  readonly out: (text: string) => void;
  readonly say: (text: string) => void;
}

/**
 * Scores a labelled data set (`cli.md`, `lynceus evaluate`): looks at each scan as a gateway does and prints the figures.
 * @returns whether everything worked: a scan or a model that cannot be used is said, and the rest is done.
 * @throws LYN_PATH_MISSING, LYN_DATASET, LYN_MODEL_MISSING before anything is analysed.
 */
export async function runEvaluate(command: EvaluateCommand): Promise<boolean> {
  const dataset = await loadDataset(command.dataset);
  const papers = await readPapers(command.dataset);
  const models = await loadModels({ names: null, folders: command.models });
  for (const fault of models.faults)
    command.say(`error ${fault.code}: ${fault.message}\n  remedy: ${fault.remedy}\n`);
  if (models.models.length === 0) throw noModels(command.models);
  const prior = held(command.prior ?? papers.irregularShare ?? USUAL_PRIOR);
  const total = dataset.images.length;
  const progress = command.progress ? progressOf(total, command.say) : () => {};
  const collected = await collect({ dataset, papers, models, prior, onProgress: progress });
  const thresholds = new Map(models.models.flatMap((model) => [...(model.thresholds ?? [])]));
  const evaluation = figuresOf({
    collected,
    dataset,
    declarations: papers.declarations,
    thresholds,
    seed: command.seed,
  });
  command.out(command.json ? `${JSON.stringify(evaluation)}\n` : textOf(evaluation));
  if (command.report !== undefined) {
    const { writeReport } = await import("./report/write.ts");
    for (const file of await writeReport(command.report, evaluation, collected)) command.say(`${file}\n`);
  }
  return isSound(evaluation) && models.faults.length === 0;
}

function isSound({ unreadable }: Evaluation): boolean {
  return unreadable === 0;
}

function held(prior: number): number {
  return Math.min(PRIOR_RANGE.most, Math.max(PRIOR_RANGE.least, prior));
}

/** Says how far it is, at most a hundred times. */
function progressOf(total: number, say: (text: string) => void): (done: number) => void {
  const step = Math.max(1, Math.ceil(total / 100));
  const began = performance.now();
  return (done) => {
    if (done % step !== 0 && done !== total) return;
    const left = ((performance.now() - began) / done) * (total - done);
    say(`\r${done} of ${total} scans, about ${Math.ceil(left / 1000)} s to go ${done === total ? "\n" : ""}`);
  };
}

function noModels(folders: readonly string[]): LynceusError {
  return new LynceusError("LYN_MODEL_MISSING", `No model package that runs in ${folders.join(", ")}`, {
    remedy:
      "Give a folder of model packages with --models, or leave it out to use those that come with the project. Packages that read declarations alone are measured by npm run evaluate:declaration-risk.",
  });
}
