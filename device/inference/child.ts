import { isLynceusError } from "../../protocols/errors.ts";
import { keepCompiledCode } from "../compile-cache.ts";
import type { Analysis } from "../scan.ts";
import type { ModelSet } from "./analyse.ts";
import type { DeclarationModel } from "./declaration-model.ts";
import type { RiskOfDeclaration } from "./declared-lines.ts";
import type { FromChild, ModelFault, ModelSelection, ToChild } from "./messages.ts";
import type { AnalysisRequest } from "./port.ts";
import type { SimilarScans } from "./similar-scans.ts";

/**
 * The analysis process: models in, one analysis at a time out. It keeps no state beside the models and the index of similar
 * scans, which can be made again, and ends with the gateway: a closed channel is its only other way out.
 */
keepCompiledCode();
process.on("disconnect", () => process.exit(0));
// A signal to the whole group (Ctrl-C) is the gateway's to act on.
process.on("SIGINT", () => {});
process.on("SIGTERM", () => {});

const pending: ToChild[] = [];
let busy = false;
let set: ModelSet = { models: [], faults: [] };
let similar: SimilarScans | null = null;
let selection: ModelSelection = { names: null, folders: [] };
let declarations: DeclarationModel | null = null;

process.on("message", (received) => {
  const message = received as ToChild;
  // A declaration takes a millisecond and its hit waits for it: before the images.
  if (message.type === "assess") pending.unshift(message);
  else pending.push(message);
  void work();
});

async function work(): Promise<void> {
  if (busy) return;
  busy = true;
  for (let message = pending.shift(); message; message = pending.shift()) {
    if (message.type === "remember") {
      similar?.remember(message.scanId, message.embedding);
      continue;
    }
    send(await answer(message));
    if (message.type === "load") await warmUp();
  }
  busy = false;
}

/** The first scan must not pay for compiling: the same way with an empty scan, until something real comes. */
async function warmUp(): Promise<void> {
  const { analyseScan } = await import("./analyse.ts");
  const { WARM_UP_RUNS, warmUpScan } = await import("./warm-up.ts");
  const scan = warmUpScan();
  for (let run = 0; run < WARM_UP_RUNS.all; run++) {
    await new Promise((resolve) => setImmediate(resolve));
    if (pending.length > 0) return;
    await analyseScan(scan, run < WARM_UP_RUNS.withModels ? set : { models: [], faults: [] }).catch(() => {});
  }
}

async function answer(message: Exclude<ToChild, { type: "remember" }>): Promise<FromChild> {
  const residentBytes = () => process.memoryUsage.rss();
  if (message.type === "assess") {
    return { type: "assessed", id: message.id, result: await assess(message.lines) };
  }
  if (message.type === "analyse") {
    const analysis = await analyse(message.request);
    return { type: "analysed", id: message.id, analysis, residentBytes: residentBytes() };
  }
  const { loadModels, summaryOf } = await import("./models.ts");
  const loaded = await loadModels(message.selection);
  set = loaded;
  selection = message.selection;
  if (message.selection.similar !== undefined) {
    const { SimilarScans } = await import("./similar-scans.ts");
    similar = new SimilarScans(message.selection.similar);
    const model = loaded.models.find(({ task }) => task === "embedding");
    if (model !== undefined) similar.prepare(model.sha256);
  }
  return {
    type: "ready",
    models: loaded.models.map(summaryOf),
    faults: loaded.faults,
    readyMs: Math.round(process.uptime() * 1000),
    residentBytes: residentBytes(),
  };
}

async function assess(
  lines: Extract<ToChild, { type: "assess" }>["lines"],
): Promise<RiskOfDeclaration | ModelFault> {
  const { DeclarationModel } = await import("./declaration-model.ts");
  declarations ??= new DeclarationModel(selection.folders, selection);
  return declarations.assess(lines);
}

/** A bad image is an answer too: only a broken process breaks the conversation. */
async function analyse(request: AnalysisRequest): Promise<Analysis> {
  const [{ analyseScan }, { readPlanes }] = await Promise.all([
    import("./analyse.ts"),
    import("./planes.ts"),
  ]);
  try {
    const analysis = await analyseScan(readPlanes(request), set, {
      massCalibration: request.massCalibration,
    });
    return similar?.found(analysis, request.scanId) ?? analysis;
  } catch (error) {
    const code = isLynceusError(error, "LYN_IMAGE_UNREADABLE") ? "IMAGE_QUALITY" : "MODEL_FAULT";
    const reason = error instanceof Error ? error.message : String(error);
    return {
      detections: [],
      contents: [],
      quality: 0,
      airEstimated: request.airLevel === null,
      images: [],
      models: [],
      analysed: false,
      problems: [{ code, text: reason.slice(0, 200) }],
    };
  }
}

function send(message: FromChild): void {
  process.send?.(message);
}
