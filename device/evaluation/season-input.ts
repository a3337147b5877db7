import type { FusionInput, FusionSettings } from "../fusion/input.ts";
import type { Analysis, Scan } from "../scan.ts";
import type { SeasonFile, SeasonLine } from "./season-file.ts";

/** Days in which consignments to one party are counted (metric K3). */
const SPLIT_DAYS = 7;
const DAY_MS = 86_400_000;

/** A consignment of a season as fusion is given it. */
export interface SeasonCase {
  readonly line: SeasonLine;
  readonly irregular: boolean;
  input(settings: FusionSettings): FusionInput;
}

/** The consignments of a season, in their order, each knowing what came before it. */
export function seasonCases({ lines }: SeasonFile): readonly SeasonCase[] {
  const received = new Map<string, number[]>();
  return lines.map((line) => {
    const token = line.declaration?.parties?.consignee?.token;
    const before = token === undefined ? [] : (received.get(token) ?? []);
    if (token !== undefined) received.set(token, [...before, line.capturedAt]);
    const recent = before.filter((at) => line.capturedAt - at <= SPLIT_DAYS * DAY_MS).length + 1;
    return {
      line,
      irregular: line.kind !== null,
      input: (settings) => inputOf(line, recent, settings),
    };
  });
}

function inputOf(line: SeasonLine, recent: number, settings: FusionSettings): FusionInput {
  const { declaration, risk, similar } = line;
  return {
    site: "XXXXX",
    gateway: "season",
    scan: scanOf(line),
    analysis: analysisOf(line),
    matches:
      declaration === null
        ? []
        : [
            {
              declaration,
              findings: [],
              storedAt: Math.min(line.capturedAt, Date.parse(declaration.receivedAt)),
            },
          ],
    settings,
    decideOnSynthetic: true,
    clock: { synchronised: null, offsetMs: null, source: "gateway" },
    decidedAt: line.capturedAt,
    revision: 1,
    supersedes: null,
    cause: "initial",
    similarFound: similar,
    ...(declaration === null
      ? {}
      : { splitting: { [declaration.aedId]: { consignments: recent, days: SPLIT_DAYS } } }),
    ...(risk === null ? {} : { declarationRisk: { ...risk, model: "season" } }),
  };
}

function scanOf({ scanId, capturedAt, identifiers, measured }: SeasonLine): Scan {
  return {
    key: { serial: "season", scanRef: scanId, startedAt: new Date(capturedAt).toISOString() },
    scanId,
    directory: "",
    beganAt: capturedAt,
    capturedAt,
    receivedAt: capturedAt,
    kind: "dual-energy",
    views: [],
    planes: [],
    acquisition: ["SUCCESSFUL"],
    purpose: "OPERATIONAL",
    origin: "SYNTHETIC",
    airLevel: null,
    lane: "season",
    identifiers: identifiers.map((one) => ({ ...one, source: "barcode" as const, confidence: 1 })),
    measured: { ...measured, xrayMassKg: null, xrayMassReliable: null },
    trackingAmbiguous: false,
    replaces: false,
  };
}

function analysisOf({ analysis }: SeasonLine): Analysis {
  const { analysed, quality, detections, lookedFor, contents, xrayMassKg, opaque } = analysis;
  return {
    detections: detections.map((one) => ({ ...one, certified: false, boxes: [] })),
    lookedFor,
    contents,
    xrayMass:
      xrayMassKg === null
        ? null
        : { kg: xrayMassKg, reliable: !opaque, opaqueShare: opaque ? 0.5 : 0, view: 0 },
    quality,
    airEstimated: false,
    images: [],
    models: [],
    analysed,
    problems: analysed ? [] : [{ code: "IMAGE_QUALITY", text: "the image could not be used" }],
  };
}
