import { stat } from "node:fs/promises";
import { isLynceusError } from "../../../protocols/errors.ts";
import type { FusionSettings } from "../../fusion/input.ts";
import { fusionSettings } from "../../fusion/settings.ts";
import { decodeScan } from "../../image/decode.ts";
import { analyseScan } from "../../inference/analyse.ts";
import type { LoadedModels } from "../../inference/models.ts";
import type { AnalysableScan } from "../../inference/planes.ts";
import type { Analysis } from "../../scan.ts";
import { joinDicom, readDicomScan, type ScanInput } from "../scan/dicom.ts";
import { expandInputs } from "../scan/inputs.ts";
import { type PayloadContext, payloadOf, payloadOfFacts } from "../scan/payload.ts";
import { analysable } from "../scan/run.ts";
import type { Comparable } from "./difference.ts";
import { notReplayed, type Replayed, replayed } from "./result.ts";

export interface FolderReplay {
  readonly folder: string;
  readonly limit: number;
  /** What `lynceus scan` uses. */
  readonly usual: LoadedModels;
  /** What is tried; null: the same, by other settings. */
  readonly models: LoadedModels | null;
  readonly settings: FusionSettings;
}

/** Images of a folder by the usual models and settings, as `lynceus scan` prints them, and by others. */
export async function* replayFolder(options: FolderReplay): AsyncGenerator<Replayed> {
  const inputs = await joinDicom(await expandInputs([options.folder]));
  for (const input of inputs.slice(0, options.limit)) {
    try {
      yield await replayOne(input, options);
    } catch (error) {
      if (!isLynceusError(error)) throw error;
      yield notReplayed(input.name, error.message);
    }
  }
}

async function replayOne(input: ScanInput, { usual, models, settings }: FolderReplay): Promise<Replayed> {
  const { scan, payload } = await read(input);
  const [first] = input.files;
  const modifiedAt = typeof first === "string" ? Math.floor((await stat(first)).mtimeMs) : 0;
  const context = { declaration: null, modifiedAt, now: Date.now() };
  const before = await analyseScan(scan, usual);
  const after = models === null ? before : await analyseScan(scan, models);
  return replayed(
    input.name,
    payload(before, { ...context, settings: fusionSettings() }),
    payload(after, { ...context, settings }),
    null,
  );
}

interface ReadImage {
  readonly scan: AnalysableScan;
  readonly payload: (analysis: Analysis, context: PayloadContext) => Comparable;
}

async function read(input: ScanInput): Promise<ReadImage> {
  if (input.objects === undefined) {
    const image = await decodeScan(input);
    return {
      scan: analysable(image),
      payload: (analysis, context) => payloadOf(image, analysis, context),
    };
  }
  const { Codecs } = await import("../../image/dicom/codecs.ts");
  const { scan, facts } = await readDicomScan(input.objects, new Codecs());
  return { scan, payload: (analysis, context) => payloadOfFacts(facts, analysis, context) };
}
