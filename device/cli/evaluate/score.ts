import { fuse } from "../../fusion/fuse.ts";
import { fusionSettings } from "../../fusion/settings.ts";
import type { DecodedScan } from "../../image/decode.ts";
import type { Analysis, ItemIdentifier, Scan } from "../../scan.ts";
import { viewOf } from "../../scanner/folder/capture.ts";
import type { StoredDeclaration } from "../../spool/port.ts";
import type { LabelledImage } from "./dataset.ts";

const LOCAL = "local";
const NIL_UUID = "00000000-0000-0000-0000-000000000000";
/** The papers of a data set were there before its scans. */
const AT = Date.UTC(2100, 0, 1);

/** The fused probability of a labelled scan, as a gateway with this prior would give it. */
export function fusedScore(
  {
    labelled,
    image,
    analysis,
  }: { readonly labelled: LabelledImage; readonly image: DecodedScan; readonly analysis: Analysis },
  matches: readonly StoredDeclaration[],
  prior: number,
): number {
  const scan = scanOf(labelled, image);
  // The declarations of a data set do not age with it.
  const fresh = matches.map((match) => ({ ...match, storedAt: scan.capturedAt - 1 }));
  const { score } = fuse({
    site: LOCAL,
    gateway: LOCAL,
    scan,
    analysis,
    matches: fresh,
    settings: fusionSettings({ prior }),
    decideOnSynthetic: true,
    clock: { synchronised: null, offsetMs: null, source: "gateway" },
    decidedAt: scan.capturedAt,
    revision: 1,
    supersedes: null,
    cause: "initial",
  });
  return score.probability;
}

function scanOf({ identifiers, scanId }: LabelledImage, image: DecodedScan): Scan {
  const at = AT;
  return {
    key: { serial: LOCAL, scanRef: image.name, startedAt: new Date(at).toISOString() },
    scanId: scanId ?? NIL_UUID,
    directory: "",
    beganAt: at,
    capturedAt: at,
    receivedAt: at,
    kind: image.kind,
    views: [viewOf(image)],
    planes: [],
    acquisition: [],
    purpose: "OPERATIONAL",
    origin: image.sidecar.origin ?? "MACHINE",
    airLevel: image.sidecar.airLevel ?? null,
    lane: LOCAL,
    identifiers: identifiers.map(
      ({ scheme, value }): ItemIdentifier => ({
        scheme,
        value,
        checkOk: true,
        source: "operator",
        confidence: 1,
      }),
    ),
    measured: { massKg: null, massStable: null, xrayMassKg: null, xrayMassReliable: null, radiation: null },
    trackingAmbiguous: false,
    replaces: false,
  };
}
