import type { Analysis } from "../scan.ts";
import { describeImages } from "./evidence.ts";
import { readPlanes } from "./planes.ts";
import type { AnalysisRequest } from "./port.ts";

/** The answer for a scan that could not be analysed: MODEL_FAULT with the reason, its planes still described as evidence. */
export function faultAnalysis(request: AnalysisRequest, reason: string): Analysis {
  return {
    detections: [],
    contents: [],
    quality: 0,
    airEstimated: request.airLevel === null,
    images: evidenceOf(request),
    models: [],
    analysed: false,
    problems: [{ code: "MODEL_FAULT", text: `The image could not be analysed: ${reason}`.slice(0, 200) }],
  };
}

/** What can still be said of the planes; nothing where they cannot be read. */
function evidenceOf(request: AnalysisRequest): Analysis["images"] {
  try {
    return describeImages(readPlanes(request));
  } catch {
    return [];
  }
}
