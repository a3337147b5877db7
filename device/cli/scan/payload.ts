import { createHash } from "node:crypto";
import { GENESIS, linkHash } from "../../../protocols/chain.ts";
import { scanIdAt } from "../../../protocols/ids.ts";
import type { Hit } from "../../../protocols/mqtt/hit.ts";
import { fuse } from "../../fusion/fuse.ts";
import { hitData } from "../../fusion/hit.ts";
import type { FusionSettings } from "../../fusion/input.ts";
import { fusionSettings } from "../../fusion/settings.ts";
import type { DecodedScan } from "../../image/decode.ts";
import type { Analysis, Scan } from "../../scan.ts";
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
  /** Absent: the defaults. */
  readonly settings?: FusionSettings;
}

/** What is known of a scan beside its pixels and what a declaration says. */
export type ScanFacts = Pick<
  Scan,
  "kind" | "views" | "acquisition" | "purpose" | "origin" | "airLevel" | "identifiers" | "evidence"
> & {
  readonly name: string;
  /** When it was taken, ms since the epoch, where its files say. */
  readonly capturedAt?: number;
  /** Of the object, where it states one. */
  readonly massKg: number | null;
};

/** The hit payload (`data` of `mqtt.md`) of an analysed image. */
export function payloadOf(image: DecodedScan, analysis: Analysis, context: PayloadContext): Hit {
  return payloadOfFacts(imageFacts(image), analysis, context);
}

/** The hit payload of an analysed scan. */
export function payloadOfFacts(facts: ScanFacts, analysis: Analysis, context: PayloadContext): Hit {
  const images = facts.evidence ?? analysis.images;
  // A report has no image: its name stands for it.
  const digest = images.map(({ sha256 }) => sha256).join("\n") || facts.name;
  return sealed(scanOf(digest, facts, context), analysis, context);
}

/** What an image file says of its scan. */
export function imageFacts(image: DecodedScan): ScanFacts {
  const { name, kind, sidecar } = image;
  const { purpose = "OPERATIONAL", origin = "MACHINE", airLevel = null } = sidecar;
  const views = [viewOf(image)];
  return { name, kind, views, acquisition: [], purpose, origin, airLevel, identifiers: [], massKg: null };
}

const NO_FACTS: ScanFacts = {
  name: "",
  kind: "other",
  views: [],
  acquisition: [],
  purpose: "OPERATIONAL",
  origin: "MACHINE",
  airLevel: null,
  identifiers: [],
  massKg: null,
};

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
  const hit = sealed(scanOf(content, NO_FACTS, context), analysis, context, "NO_DECISION");
  return hit;
}

function scanOf(
  content: string,
  { name, massKg, capturedAt, identifiers, ...facts }: ScanFacts,
  { declaration, modifiedAt, now }: PayloadContext,
): Scan {
  const takenAt = capturedAt ?? modifiedAt;
  return {
    key: { serial: LOCAL, scanRef: name, startedAt: new Date(takenAt).toISOString() },
    // The same image gets the same id: its digest stands where randomness would, and no time.
    scanId: scanIdAt(0, createHash("sha256").update(content).digest()),
    directory: "",
    beganAt: takenAt,
    capturedAt: takenAt,
    receivedAt: now,
    planes: [],
    ...facts,
    lane: LOCAL,
    identifiers: [...identifiers, ...(declaration ? identifiersOf(declaration) : [])],
    measured: {
      massKg,
      // What an object states of its mass was weighed somewhere else: no scale here called it stable.
      massStable: null,
      xrayMassKg: null,
      xrayMassReliable: null,
      radiation: null,
    },
    trackingAmbiguous: false,
    replaces: false,
  };
}

function sealed(
  scan: Scan,
  analysis: Analysis,
  { declaration, now, settings = fusionSettings() }: PayloadContext,
  recommendation?: Hit["recommendation"],
): Hit {
  const input = {
    site: LOCAL,
    gateway: LOCAL,
    scan,
    analysis,
    matches: declaration ? [{ ...declaration, storedAt: scan.capturedAt }] : [],
    settings,
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
