import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import { join } from "node:path";
import type { DicosVersion } from "../../protocols/dicom/dicos/common.ts";
import type { ENERGIES, IMAGE_FORMS } from "../../protocols/vocabulary.ts";
import { imagesOf } from "../dicom-out/images.ts";
import { machineReport } from "../dicom-out/report.ts";
import type { HitData } from "../fusion/hit.ts";
import { readPlanes, type ViewPlanes } from "../inference/planes.ts";
import { encodePng } from "../inference/png16.ts";
import type { Energy, Scan } from "../scan.ts";

/** What is asked for; view and energy null: all. */
export interface ImageRequest {
  readonly form: (typeof IMAGE_FORMS)[number];
  readonly view: number | null;
  readonly energy: (typeof ENERGIES)[number] | null;
  readonly scan: Scan;
  /** The scan's last hit; null while there is none. */
  readonly hit: HitData | null;
  readonly version: DicosVersion;
  readonly software: string;
  readonly site: string;
  readonly gateway: string;
}

/** A file to be sent: its bytes, or where it lies. */
export interface ImageFile {
  readonly view: number | null;
  readonly energy: (typeof ENERGIES)[number] | null;
  readonly mediaType: string;
  readonly width: number | null;
  readonly height: number | null;
  readonly bytes: number;
  /** hex */
  readonly sha256: string;
  readonly content: { readonly bytes: Uint8Array } | { readonly path: string };
}

type Unmeasured = Omit<ImageFile, "bytes" | "sha256">;

const NAMES = ["low", "high", "single"] as const;

/**
 * The files of a scan in a form (`mqtt.md`, Image parts): `raw16` the DICOM as received, else a PNG of each stored plane;
 * `dicos` DX objects, as received or made of the planes; `tdr` the report on the last hit; `rendered` what an analyst would look
 * at. Empty where the scan has none of the view and energy. @throws what reading the spool throws
 */
export async function imageFilesOf(request: ImageRequest): Promise<readonly ImageFile[]> {
  const { view, energy } = request;
  const all = await filesOf(request);
  const wanted = all.filter(
    (file) =>
      (view === null || file.view === null || file.view === view) &&
      (energy === null || file.energy === null || file.energy === energy),
  );
  const files: ImageFile[] = [];
  for (const file of wanted) files.push({ ...file, ...(await measure(file.content)) });
  return files;
}

function filesOf(request: ImageRequest): Promise<readonly Unmeasured[]> | readonly Unmeasured[] {
  switch (request.form) {
    case "tdr":
      return reportOf(request);
    case "dicos":
      return dicosOf(request);
    case "raw16":
      return request.scan.evidence === undefined ? planesOf(request) : receivedOf(request);
    case "rendered":
      return renderedOf(request);
  }
}

function reportOf({ hit, scan, version, software }: ImageRequest): readonly Unmeasured[] {
  if (hit === null) return [];
  const { bytes } = machineReport({ hit, scan, version, software });
  return [
    {
      view: null,
      energy: null,
      mediaType: "application/dicom",
      width: null,
      height: null,
      content: { bytes },
    },
  ];
}

async function dicosOf({
  scan,
  version,
  software,
  site,
  gateway,
}: ImageRequest): Promise<readonly Unmeasured[]> {
  const images = await imagesOf(scan, { version, software, site, gateway });
  return images.map(({ view, energy, content }) => ({
    ...placeOf(scan, view, energy),
    mediaType: "application/dicom",
    content,
  }));
}

function receivedOf({ scan }: ImageRequest): readonly Unmeasured[] {
  return (scan.evidence ?? []).map(({ view, energy, mediaType, file }) => ({
    ...placeOf(scan, view, energy),
    mediaType,
    content: { path: join(scan.directory, file) },
  }));
}

function planesOf({ scan, view }: ImageRequest): readonly Unmeasured[] {
  const own = view === null ? scan : onlyView(scan, view);
  return readPlanes(own).views.flatMap(({ width, height, low, high, single, rgb, view: number }) => {
    const file = (energy: Energy, plane: { grey16: Uint16Array } | { rgb8: Uint8Array }): Unmeasured => ({
      ...placeOf(scan, number, energy),
      mediaType: "image/png",
      content: { bytes: encodePng({ width, height, ...plane }) },
    });
    return [
      ...(low ? [file(0, { grey16: low })] : []),
      ...(high ? [file(1, { grey16: high })] : []),
      ...(single ? [file(2, { grey16: single })] : []),
      ...(rgb ? [file(2, { rgb8: rgb })] : []),
    ];
  });
}

async function renderedOf({ scan, hit, view }: ImageRequest): Promise<readonly Unmeasured[]> {
  const own = view === null ? scan : onlyView(scan, view);
  const files: Unmeasured[] = [];
  for (const planes of readPlanes(own).views) {
    const energies = scan.views.find((one) => one.view === planes.view)?.energies ?? [];
    const energy = energies.length === 1 ? (energies[0] ?? null) : null;
    files.push({
      ...placeOf(scan, planes.view, energy),
      mediaType: "image/png",
      content: { bytes: await picture(scan, hit, planes) },
    });
  }
  return files;
}

async function picture(scan: Scan, hit: HitData | null, planes: ViewPlanes): Promise<Uint8Array> {
  // The library that draws is loaded where somebody asks for a picture.
  const { renderView } = await import("../image/render.ts");
  const { normaliseView } = await import("../inference/normalise.ts");
  const marks = (hit?.detections ?? []).flatMap(({ class: name, score, threshold, alarm, boxes }) =>
    boxes
      .filter((box) => box.view === planes.view)
      .map((box) => ({ ...box, class: name, score, threshold, alarm })),
  );
  return renderView(normaliseView(scan.kind, planes, scan.airLevel).planes, marks);
}

function onlyView(scan: Scan, view: number): Scan {
  const planes = scan.planes.filter((plane) => plane.view === view);
  return { ...scan, planes, views: scan.views.filter((one) => one.view === view) };
}

function placeOf(scan: Scan, view: number, energy: Energy | null) {
  const size = scan.views.find((one) => one.view === view);
  const { width = null, height = null } = size ?? {};
  return { view, energy: energy === null ? null : NAMES[energy], width, height };
}

async function measure(content: ImageFile["content"]): Promise<Pick<ImageFile, "bytes" | "sha256">> {
  const hash = createHash("sha256");
  if ("bytes" in content)
    return { bytes: content.bytes.length, sha256: hash.update(content.bytes).digest("hex") };
  const { size } = await stat(content.path);
  for await (const chunk of createReadStream(content.path)) hash.update(chunk as Uint8Array);
  return { bytes: size, sha256: hash.digest("hex") };
}
