import { createHash } from "node:crypto";
import { GENESIS, linkHash } from "../../../protocols/chain.ts";
import { scanIdAt } from "../../../protocols/ids.ts";
import type { Hit } from "../../../protocols/mqtt/hit.ts";
import { fuse } from "../../fusion/fuse.ts";
import { hitData } from "../../fusion/hit.ts";
import { fusionSettings } from "../../fusion/settings.ts";
import type { DecodedScan } from "../../image/decode.ts";
import type { Analysis, Scan, ScanView } from "../../scan.ts";
import { viewOf } from "../../scanner/folder/capture.ts";
import { type GivenDeclaration, identifiersOf } from "./declaration.ts";

/** Site, gateway and lane of a scan analysed without a gateway (`cli.md`). */
const LOCAL = "local";
/** There is no journal and no boot: the nil uuid (RFC 9562, 5.9). */
const NIL_UUID = "00000000-0000-0000-0000-000000000000";

/** Everything a payload is made of beside the image. */
export interface PayloadContext {
  readonly declaration: GivenDeclaration | null;
  /** Modification time of the image, ms since the epoch: the only word on when it was taken. */
  readonly modifiedAt: number;
  /** ms since the epoch. */
  readonly now: number;
}

/** The hit payload (`data` of `mqtt.md`) of an analysed image. */
export function payloadOf(image: DecodedScan, analysis: Analysis, context: PayloadContext): Hit {
  const digest = analysis.images.map((plane) => plane.sha256).join("\n");
  return sealed(scanOf(digest, image, [viewOf(image)], context), analysis, context);
}

/** The payload of an image that cannot be read: NO_DECISION, with the reason. */
export function unreadablePayload(content: string, reason: string, context: PayloadContext): Hit {
  const analysis: Analysis = {
    detections: [],
    contents: [],
    quality: 0,
    airEstimated: true,
    images: [],
    models: [],
    analysed: false,
    problems: [{ code: "IMAGE_QUALITY", text: reason.slice(0, 200) }],
  };
  const hit = sealed(scanOf(content, null, [], context), analysis, context, "NO_DECISION");
  return hit;
}

function scanOf(
  content: string,
  image: DecodedScan | null,
  views: readonly ScanView[],
  { declaration, modifiedAt, now }: PayloadContext,
): Scan {
  return {
    key: { serial: LOCAL, scanRef: image?.name ?? "", startedAt: new Date(modifiedAt).toISOString() },
    // The same image gets the same id: its digest stands where randomness would, and no time.
    scanId: scanIdAt(0, createHash("sha256").update(content).digest()),
    directory: "",
    beganAt: modifiedAt,
    capturedAt: modifiedAt,
    receivedAt: now,
    kind: image?.kind ?? "other",
    views,
    planes: [],
    acquisition: [],
    purpose: image?.sidecar.purpose ?? "OPERATIONAL",
    origin: image?.sidecar.origin ?? "MACHINE",
    airLevel: image?.sidecar.airLevel ?? null,
    lane: LOCAL,
    identifiers: declaration ? identifiersOf(declaration) : [],
    measured: { massKg: null, massStable: null, xrayMassKg: null, xrayMassReliable: null, radiation: null },
    trackingAmbiguous: false,
    replaces: false,
  };
}

function sealed(
  scan: Scan,
  analysis: Analysis,
  { declaration, now }: PayloadContext,
  recommendation?: Hit["recommendation"],
): Hit {
  const input = {
    site: LOCAL,
    gateway: LOCAL,
    scan,
    analysis,
    matches: declaration ? [{ ...declaration, storedAt: scan.capturedAt }] : [],
    settings: fusionSettings(),
    decideOnSynthetic: false,
    clock: { synchronised: null, offsetMs: null, source: "gateway" as const },
    decidedAt: now,
    revision: 1,
    supersedes: null,
    cause: "initial" as const,
  };
  const data = hitData(input, fuse(input));
  const unsealed = {
    ...data,
    ...(recommendation && { recommendation }),
    journal: NIL_UUID,
    sequence: 0,
    bootId: NIL_UUID,
  };
  const hash = linkHash(GENESIS, unsealed);
  return { ...unsealed, integrity: { previous: GENESIS, hash, signature: null, keyId: null } };
}
