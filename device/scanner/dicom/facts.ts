import type { ObjectInfo } from "../../../protocols/dicom/object.ts";
import { type PlannedPlane, planScan, type ScanPlan } from "../../../protocols/dicom/scan-plan.ts";
import type { DicomFile } from "../../image/dicom/scan.ts";
import type { DicomOrigin, Energy, EvidenceFile, ItemIdentifier } from "../../scan.ts";

const ENERGY: Readonly<Record<PlannedPlane<unknown>["energy"], Energy>> = { low: 0, high: 1, single: 2 };

/** Identifiers of the item, as the objects of one scan give them, each once. */
export function identifiersOf(infos: readonly ObjectInfo[]): readonly ItemIdentifier[] {
  const found = new Map<string, ItemIdentifier>();
  for (const each of infos.flatMap(({ identifiers }) => identifiers)) {
    const confidence = each.checkOk === false ? 0.5 : 1;
    found.set(`${each.scheme} ${each.value}`, { ...each, source: "dicos", confidence });
  }
  return [...found.values()];
}

/** The received objects as evidence: those that hold a plane under their view and energy, volumes as view 0. */
export function evidenceOf<T extends DicomFile>(
  plan: ScanPlan<T>,
  objects: readonly T[],
  digestOf: (object: T) => { readonly sha256: string; readonly bytes: number } | null,
): readonly EvidenceFile[] {
  const places = placesOf(plan);
  return objects.flatMap((object) => {
    const digest = digestOf(object);
    const { kind, energy } = object.info;
    if (digest === null || kind === "tdr") return [];
    const place = places.get(object) ?? { view: 0, energy: energy === null ? 2 : ENERGY[energy] };
    return [
      { ...place, ...digest, mediaType: "application/dicom", file: `${digest.sha256.slice(0, 32)}.dcs` },
    ];
  });
}

/** How the scan of these objects is called in DICOM. */
export function originOf({
  scanUid,
  members,
}: {
  readonly scanUid: string;
  readonly members: readonly DicomFile[];
}): DicomOrigin {
  const places = placesOf(planScan(members));
  const infos = members.map(({ info }) => info);
  const first = <T>(of: (info: ObjectInfo) => T | null) =>
    infos.map(of).find((value) => value !== null) ?? null;
  return {
    scanUid,
    scanId: first(({ scanId }) => scanId),
    frameOfReference: first(({ frameOfReference }) => frameOfReference),
    machine: infos[0]?.machine ?? { manufacturer: null, model: null, serial: null, id: null, location: null },
    ooi: first(({ ooi }) => ooi),
    instances: members.map((member) => {
      const { sopClass, sopInstance, energy } = member.info;
      const place = places.get(member) ?? { view: 0, energy: energy === null ? 2 : ENERGY[energy] };
      return { ...place, sopClass, sopInstance };
    }),
  };
}

function placesOf(plan: ScanPlan<DicomFile>): ReadonlyMap<DicomFile, { view: number; energy: Energy }> {
  const places = new Map<DicomFile, { view: number; energy: Energy }>();
  for (const { view, planes } of plan.views) {
    for (const { energy, object } of planes) places.set(object, { view, energy: ENERGY[energy] });
  }
  return places;
}
