import { CANONICAL_PATTERN, canonicalIdentifier } from "../../protocols/identifiers/canonical.ts";
import { cutHit } from "../../protocols/mqtt/cut-hit.ts";
import { HIT_SCHEMA, type Hit } from "../../protocols/mqtt/hit.ts";
import {
  ENERGIES,
  GOODS_GROUPS,
  type GoodsGroup,
  IDENTIFIER_SCHEMES,
  type IdentifierScheme,
} from "../../protocols/vocabulary.ts";
import type { Analysis, Scan, ScanView, XrayMass } from "../scan.ts";
import type { Case } from "./case.ts";
import { suggestChapters } from "./chapters.ts";
import { alarmThreshold } from "./detections.ts";
import { type FusionResult, fuse } from "./fuse.ts";
import type { FusionInput } from "./input.ts";
import { countPieces } from "./pieces.ts";

/** A hit as fusion makes it: the journal adds its place in the chain. */
export type HitData = Omit<Hit, "journal" | "sequence" | "bootId" | "integrity">;

/**
 * The Hit `data` of `mqtt.md` without `journal`, `sequence`, `bootId` and `integrity`, cut to the contract's lengths with
 * the cut lists named. Whatever an analysis or a peripheral hands in, the result can be sealed: what the contract cannot
 * hold is left out.
 */
export function hitData(input: FusionInput, result: FusionResult = fuse(input)): HitData {
  const { scan, analysis } = input;
  const { subject } = result;
  return cut({
    schema: HIT_SCHEMA,
    scanId: scan.scanId,
    revision: input.revision,
    supersedes: input.supersedes,
    cause: input.cause,
    site: input.site,
    gateway: input.gateway,
    lane: scan.lane,
    capturedAt: isoTime(scan.capturedAt),
    receivedAt: isoTime(scan.receivedAt),
    decidedAt: isoTime(input.decidedAt),
    clock: { ...input.clock, synchronised: input.clock.synchronised === true },
    scan: {
      kind: scan.kind,
      views: scan.views.map(viewBlock),
      acquisition: [...new Set(scan.acquisition)],
      purpose: scan.purpose,
      origin: scan.origin,
      // Nobody looked: nothing can be said for the image.
      quality: share(analysis?.quality) ?? 0,
    },
    identifiers: identifierBlock(scan),
    measured: measuredBlock(scan.measured, analysis?.xrayMass ?? null),
    detections: detectionBlock(subject),
    contents: contentsBlock(subject),
    load: loadBlock(subject),
    hsChapters: [...suggestChapters(subject)],
    declarations: declarationBlock(subject),
    score: result.score,
    decision: result.decision,
    recommendation: result.recommendation,
    reasons: result.reasons.map((reason) => ({ ...reason })),
    selection: result.selection,
    images: imageBlock(input),
    tdr: null,
    similar: similarBlock(input),
    models: (analysis?.models ?? []).map((model) => ({ ...model })),
    truncated: [],
  });
}

const NIL = "00000000-0000-0000-0000-000000000000";

/** Cuts as the contract says; the members that the journal adds have a fixed size and stand in for themselves. */
function cut(data: HitData): HitData {
  const place = { journal: NIL, sequence: Number.MAX_SAFE_INTEGER, bootId: NIL };
  const { journal: _journal, sequence: _sequence, bootId: _bootId, ...rest } = cutHit({ ...data, ...place });
  return rest;
}

function isoTime(ms: number): string {
  return new Date(ms).toISOString();
}

/** `value` where it is a share 0..1, else null. */
function share(value: number | null | undefined): number | null {
  return value !== null && value !== undefined && value >= 0 && value <= 1 ? value : null;
}

function viewBlock(view: ScanView): HitData["scan"]["views"][number] {
  const { x, y } = view.pixelPitchMm ?? { x: 0, y: 0 };
  return {
    view: view.view,
    name: view.name,
    width: view.width,
    height: view.height,
    pixelPitchMm: x > 0 && y > 0 ? { x, y } : null,
    energies: view.energies.map((energy) => ENERGIES[energy]),
  };
}

const SCHEMES: ReadonlySet<string> = new Set(IDENTIFIER_SCHEMES);

function identifierBlock({ identifiers }: Scan): HitData["identifiers"] {
  return identifiers.flatMap((identifier) => {
    if (!SCHEMES.has(identifier.scheme)) return [];
    const scheme = identifier.scheme as IdentifierScheme;
    const value = canonicalIdentifier(scheme, identifier.value);
    if (!CANONICAL_PATTERN.test(value)) return [];
    const { checkOk, source, confidence } = identifier;
    return [{ scheme, value, checkOk, source, confidence: share(confidence) ?? 0 }];
  });
}

/** A negative mass is a scale that was not zeroed: no mass. A scanner's own mass by X-ray goes before that of the image. */
function measuredBlock(
  { massKg, massStable, radiation, ...scanner }: Scan["measured"],
  byImage: XrayMass | null,
): HitData["measured"] {
  const xrayMassKg = scanner.xrayMassKg ?? byImage?.kg ?? null;
  const xrayMassReliable =
    scanner.xrayMassKg === null ? (byImage?.reliable ?? null) : scanner.xrayMassReliable;
  const positive = (kg: number | null) => (kg !== null && kg >= 0 && Number.isFinite(kg) ? kg : null);
  const sigma = radiation?.sigma ?? null;
  return {
    massKg: positive(massKg),
    massStable: positive(massKg) === null ? null : massStable,
    xrayMassKg: positive(xrayMassKg),
    xrayMassReliable: positive(xrayMassKg) === null ? null : xrayMassReliable,
    radiation: radiation === null ? null : { ...radiation, sigma: Number.isFinite(sigma) ? sigma : null },
  };
}

function detectionBlock({ detections, input }: Case): HitData["detections"] {
  return detections.map((detection, at) => {
    const threshold = alarmThreshold(detection, input.settings);
    return {
      id: `d${at + 1}`,
      class: detection.class,
      score: detection.score,
      threshold,
      alarm: detection.score >= threshold,
      model: detection.model,
      boxes: detection.boxes.map(({ view, x, y, width, height }) => ({ view, x, y, width, height })),
    };
  });
}

const GROUPS: ReadonlySet<string> = new Set(GOODS_GROUPS);

/** One entry a group, its best; most likely first. */
function contentsBlock({ input, analysed }: Case): HitData["contents"] {
  const best = new Map<GoodsGroup, HitData["contents"][number]>();
  for (const entry of analysed ? (input.analysis?.contents ?? []) : []) {
    const score = share(entry.score);
    if (score === null || !GROUPS.has(entry.group)) continue;
    const group = entry.group as GoodsGroup;
    if (score >= (best.get(group)?.score ?? 0)) best.set(group, { group, score, share: share(entry.share) });
  }
  return [...best.values()].sort(
    (one, other) => other.score - one.score || (one.group < other.group ? -1 : 1),
  );
}

/** Values of a load's profile that a hit can hold. */
const MAX_PROFILE = 64;

/** How full it is, where a model judged that and its numbers are sound. */
function loadBlock({ input, analysed }: Case): HitData["load"] {
  const load = analysed ? input.analysis?.load : null;
  const score = share(load?.score);
  if (load == null || score === null) return null;
  const profile = load.profile.slice(0, MAX_PROFILE).map((fill) => share(fill) ?? 0);
  return { state: load.state, score, profile };
}

const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** Earlier scans that look alike, most similar first; never the scan itself. */
function similarBlock({ analysis, scan }: FusionInput): HitData["similar"] {
  return (analysis?.similar ?? []).flatMap(({ scanId, similarity, relation }) => {
    const value = share(similarity);
    if (value === null || scanId === scan.scanId || !UUID.test(scanId)) return [];
    return [{ scanId, similarity: value, relation }];
  });
}

function declarationBlock(subject: Case): HitData["declarations"] {
  return subject.matches.map(({ stored, matchedBy, quality }) => ({
    aedId: stored.declaration.aedId,
    revision: stored.declaration.revision,
    direction: stored.declaration.direction ?? null,
    flow: stored.declaration.flow ?? null,
    matchedBy: { ...matchedBy },
    pieces: countPieces(stored.declaration, subject.input.piecesSeen),
    ageSeconds: (subject.input.scan.capturedAt - stored.storedAt) / 1000,
    quality: { score: quality.score, findings: quality.findings.map((finding) => ({ ...finding })) },
  }));
}

function imageBlock({ analysis, scan, imagesKeptUntil }: FusionInput): HitData["images"] {
  const keptUntil = imagesKeptUntil == null ? null : isoTime(imagesKeptUntil);
  return withEvidence(scan, analysis?.images ?? []).map(({ energy, ...image }) => {
    const energies = scan.views.find((view) => view.view === image.view)?.energies.length ?? 1;
    const joined = image.form === "rendered" && energies > 1;
    return { ...image, energy: joined ? null : ENERGIES[energy], keptUntil };
  });
}

/** Where the scanner sent files, these are the evidence, as received: they stand in place of the planes made of them. */
function withEvidence({ evidence }: Scan, images: Analysis["images"]): Analysis["images"] {
  if (evidence === undefined || evidence.length === 0) return images;
  const received = evidence.map(({ file: _file, ...one }) => ({ ...one, form: "raw16" as const }));
  return [...received, ...images.filter(({ form }) => form !== "raw16")];
}
