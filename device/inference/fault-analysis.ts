import type { Analysis } from "../scan.ts";
import { describeImages } from "./evidence.ts";
import { readPlanes } from "./planes.ts";
import type { AnalysisRequest } from "./port.ts";

/** The answer for a scan that could not be analysed: MODEL_FAULT with the reason, its planes still described as evidence. */
export async function faultAnalysis(request: AnalysisRequest, reason: string): Promise<Analysis> {
  return {
    detections: [],
    contents: [],
    quality: 0,
    airEstimated: request.airLevel === null,
    images: await readPlanes(request).then(describeImages, () => []),
    models: [],
    analysed: false,
    problems: [{ code: "MODEL_FAULT", text: `The image could not be analysed: ${reason}`.slice(0, 200) }],
  };
}
