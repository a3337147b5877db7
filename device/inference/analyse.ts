import type { ScanPlanes } from "../../models/planes.ts";
import { ViewTensors } from "../../models/tensor.ts";
import { imageFigures } from "../image/figures.ts";
import { isEightBit } from "../image/kind.ts";
import type { MassCalibration } from "../image/mass-calibration.ts";
import { judgeQuality, type QualityVerdict } from "../image/quality.ts";
import type { Analysis, ImageFigures, LoadFinding, LookedFor, ScanEmbedding } from "../scan.ts";
import { describeImages } from "./evidence.ts";
import type { ImageModel, ModelFindings } from "./image-model.ts";
import { joinViews } from "./join-views.ts";
import { type NormalisedView, normaliseView } from "./normalise.ts";
import type { AnalysableScan } from "./planes.ts";
import { embeddingOf } from "./vectors.ts";
import { weighScan } from "./weigh.ts";

/** Models that should have run and do not: named, so that their silence is not taken for a clear image. */
export interface ModelSet {
  readonly models: readonly ImageModel[];
  readonly faults: readonly { readonly model: string; readonly message: string }[];
}

/** Detections kept of one scan: five times what a hit can carry. */
const MAX_DETECTIONS = 500;
/** Length of a problem's text (`mqtt.md`, Envelope). */
const MAX_TEXT = 200;

type Problem = Analysis["problems"][number];

/** What the analysis of a lane knows beside the models. */
export interface AnalysisOptions {
  /** From the machine's own step wedge; null or absent: the usual one, whose mass is never called reliable. */
  readonly massCalibration?: MassCalibration | null | undefined;
}

/**
 * Planes to findings: air normalisation, a look at the image itself, then every model that accepts its kind. A model that
 * fails costs its own findings (MODEL_FAULT), an image in which nothing can be seen is not shown to any (IMAGE_QUALITY), and
 * a kind that no model accepts is said to be so (NO_MODEL): the absence of detections alone never means a clear image.
 */
export async function analyseScan(
  scan: AnalysableScan,
  set: ModelSet,
  options: AnalysisOptions = {},
): Promise<Analysis> {
  const views = scan.views.map((view) => {
    const normalised = normaliseView(scan.kind, view, scan.airLevel);
    return { ...normalised, verdict: verdictOf(normalised, scan) };
  });
  const usable = views.filter(({ verdict }) => verdict.usable);
  const runs = await runModels(usable, set);
  const problems = [...runs.problems, ...onlyLoad(runs)];
  if (views.length === 0) problems.push(nothingToSee(scan));
  if (runs.looked) problems.push(...views.flatMap(({ verdict }) => verdict.problems));
  else if (usable.length < views.length) {
    problems.push(
      ...views.filter((view) => !usable.includes(view)).flatMap(({ verdict }) => verdict.problems),
    );
  }
  const calibration = options.massCalibration ?? null;
  // Containers and pallets are looked at with other tubes: the usual calibration, a parcel machine's, says nothing of them.
  const weighed = usable.filter(({ verdict }) => calibration !== null || verdict.subject !== "cargo");
  const xrayMass = weighScan(weighed, calibration);
  return {
    detections: runs.detections.slice(0, MAX_DETECTIONS),
    ...(runs.lookedFor.length === 0 ? {} : { lookedFor: runs.lookedFor }),
    contents: meanContents(runs.contents),
    ...(runs.load === null ? {} : { load: runs.load }),
    ...(xrayMass === null ? {} : { xrayMass }),
    ...(runs.embedding === null ? {} : { embedding: runs.embedding }),
    quality: views.length === 0 ? 0 : Math.min(...views.map(({ verdict }) => verdict.quality)),
    airEstimated: views.some(({ air }) => air.estimated),
    ...(views[0] === undefined ? {} : { figures: figuresOf(views[0], scan) }),
    images: describeImages(scan),
    models: runs.models,
    analysed: runs.looked,
    problems: distinct(problems),
  };
}

/** A load was judged and nothing was searched for: its state is no word on what is hidden in it. */
function onlyLoad({ load, lookedFor, detections }: Runs): readonly Problem[] {
  if (load === null || lookedFor.length > 0 || detections.length > 0) return [];
  return [
    {
      code: "NO_MODEL",
      text: "No loaded model searches this kind of scan for threats: its load alone was judged",
    },
  ];
}

/** A volume is kept as it came and has no plane: what lacks is a model, not an image. */
function nothingToSee({ kind }: AnalysableScan): Problem {
  if (kind !== "ct" && kind !== "ait")
    return { code: "IMAGE_QUALITY", text: "The scan holds no image that can be read" };
  return { code: "NO_MODEL", text: `No loaded model serves ${kind} scans: nobody looked at the image` };
}

function verdictOf({ planes, air }: NormalisedView, scan: AnalysableScan): QualityVerdict {
  return judgeQuality({ ...planes, air, bits: bitsOf(planes), marked: scan.marked });
}

function figuresOf({ planes, air }: NormalisedView, { airLevel }: AnalysableScan): ImageFigures {
  return imageFigures(planes, { stated: airLevel, doubtful: air.doubtful });
}

interface JudgedView extends NormalisedView {
  readonly verdict: QualityVerdict;
}

interface Runs {
  readonly detections: Analysis["detections"][number][];
  readonly contents: Analysis["contents"][];
  readonly lookedFor: readonly LookedFor[];
  readonly load: LoadFinding | null;
  readonly embedding: ScanEmbedding | null;
  readonly models: Analysis["models"];
  readonly problems: readonly Problem[];
  readonly looked: boolean;
}

async function runModels(views: readonly JudgedView[], set: ModelSet): Promise<Runs> {
  const done: { readonly model: ImageModel; readonly findings: readonly ModelFindings[] }[] = [];
  const problems: Problem[] = set.faults.map(({ model, message }) =>
    fault(`${model} does not run: ${message}`),
  );
  const seen = views.map(({ planes, verdict }) => {
    return { planes, subject: verdict.subject, tensors: new ViewTensors(planes) };
  });
  for (const model of set.models) {
    const accepted = seen.filter(({ planes, subject }) => {
      return model.accepts(planes) && (model.subjects?.includes(subject) ?? true);
    });
    if (accepted.length === 0) continue;
    try {
      const findings: ModelFindings[] = [];
      for (const { planes, tensors } of accepted) findings.push(await model.run(planes, tensors));
      done.push({ model, findings });
    } catch (error) {
      problems.push(fault(`${model.name} failed: ${error instanceof Error ? error.message : String(error)}`));
    }
  }
  const looked = done.some(({ model }) => model.task !== "embedding");
  if (!looked && views.length > 0 && problems.length === 0) {
    const { planes, verdict } = views[0]!;
    const of = verdict.subject === "cargo" ? " of containers or pallets" : "";
    problems.push({
      code: "NO_MODEL",
      text: `No loaded model serves ${planes.kind} scans${of}: nobody looked at the image`,
    });
  }
  return { ...joined(done), problems, looked };
}

/** What the models that ran say together. */
function joined(
  done: readonly { readonly model: ImageModel; readonly findings: readonly ModelFindings[] }[],
): Omit<Runs, "problems" | "looked"> {
  const all = done.flatMap(({ findings }) => findings);
  const vectors = done.map(({ model, findings }) =>
    embeddingOf(
      model,
      findings.flatMap((one) => one.embedding ?? []),
    ),
  );
  return {
    detections: joinViews(all.flatMap((one) => one.detections)).sort(byScore),
    contents: all.map((one) => one.contents).filter((one) => one.length > 0),
    lookedFor: done.flatMap(({ model }) => model.lookedFor),
    load: all.find((one) => one.load != null)?.load ?? null,
    embedding: vectors.find((one) => one !== null) ?? null,
    models: done.map(({ model, findings }) => {
      const { name, version, sha256, provider } = model;
      const milliseconds = findings.reduce((sum, one) => sum + one.milliseconds, 0);
      return { name, version, sha256, provider, milliseconds };
    }),
  };
}

function fault(text: string): Problem {
  return { code: "MODEL_FAULT", text: text.slice(0, MAX_TEXT) };
}

/** Best first; equal scores by class and place, so that the order never depends on how models are listed. */
function byScore(a: Analysis["detections"][number], b: Analysis["detections"][number]): number {
  const place = (one: Analysis["detections"][number]) => one.boxes[0]?.x ?? 0;
  return b.score - a.score || (a.class < b.class ? -1 : a.class > b.class ? 1 : place(a) - place(b));
}

/** Mean over the views (or models) that said something; a group that one of them does not name counts 0 there. */
function meanContents(all: readonly Analysis["contents"][]): Analysis["contents"] {
  const groups = new Map<string, { score: number; share: number; shares: number }>();
  for (const { group, score, share } of all.flat()) {
    const sum = groups.get(group) ?? { score: 0, share: 0, shares: 0 };
    sum.score += score;
    if (share !== null) {
      sum.share += share;
      sum.shares++;
    }
    groups.set(group, sum);
  }
  return [...groups.entries()]
    .map(([group, sum]) => ({
      group,
      score: sum.score / all.length,
      share: sum.shares === 0 ? null : sum.share / sum.shares,
    }))
    .sort((a, b) => b.score - a.score || (a.group < b.group ? -1 : 1));
}

function bitsOf({ high, single }: ScanPlanes): 8 | 16 | null {
  const plane = high ?? single;
  if (!plane) return null;
  return isEightBit(plane) ? 8 : 16;
}

function distinct(problems: readonly Problem[]): readonly Problem[] {
  return problems.filter(
    (problem, at) =>
      problems.findIndex((other) => other.code === problem.code && other.text === problem.text) === at,
  );
}
