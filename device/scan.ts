import type { AcquisitionStatus } from "../protocols/vocabulary.ts";

/** 0 low, 1 high, 2 single (`line-scan.md`, LINES). */
export type Energy = 0 | 1 | 2;

/** What kind of image a scan is (`mqtt.md`, Hit `scan.kind`). */
export type ScanKind = "dual-energy" | "single-energy" | "pseudo-colour" | "ct" | "ait" | "other";

/** One view of a scan: geometry in pixels of the stored plane; pitch in mm, null when unknown. */
export interface ScanView {
  readonly view: number;
  readonly name: string;
  /** Columns: line numbers, 0 acquired first. */
  readonly width: number;
  /** Rows: detector pixels, 0 at the top. */
  readonly height: number;
  readonly pixelPitchMm: { readonly x: number; readonly y: number } | null;
  readonly energies: readonly Energy[];
}

/**
 * One stored plane: a file in the scan's folder. `u16` is little-endian; `rgb8` is 3 bytes a pixel. `columns` stores the
 * lines of the stream one after another (a plane is the transpose of the stream), `rows` is row-major.
 */
export interface PlaneRecord {
  readonly view: number;
  readonly energy: Energy;
  readonly width: number;
  readonly height: number;
  readonly file: string;
  readonly layout: "columns" | "rows";
  readonly format: "u16" | "rgb8";
  readonly bytes: number;
  /** Absent: the file is as it came. */
  readonly cipher?: PlaneCipher;
}

/**
 * How a plane's file is encrypted (`spool/plane-cipher.ts`): its key, base64, while the scan is in memory; that key sealed by the
 * site key of this name where the scan is stored.
 */
export type PlaneCipher = { readonly key: string } | { readonly by: string; readonly sealed: string };

/** A file as the scanner sent it, kept beside the planes: what is hashed as evidence (`mqtt.md`, Hit `images`). */
export interface EvidenceFile {
  readonly view: number;
  readonly energy: Energy;
  readonly sha256: string;
  readonly mediaType: string;
  readonly bytes: number;
  /** Name in the scan's folder. */
  readonly file: string;
}

/** How a scan that came over DICOM is called there: what reports on it refer to. */
export interface DicomOrigin {
  /** Scan Instance UID; the Study Instance UID of plain DICOM. */
  readonly scanUid: string;
  readonly scanId: string | null;
  readonly frameOfReference: string | null;
  readonly machine: {
    readonly manufacturer: string | null;
    readonly model: string | null;
    readonly serial: string | null;
    readonly id: string | null;
    readonly location: string | null;
  };
  /** The object of inspection as a DICOS scanner names it; null for plain DICOM, where it is a person. */
  readonly ooi: {
    readonly id: string;
    readonly authority: string;
    readonly idType: "TEXT" | "RFID" | "BARCODE" | "MRP";
    readonly type: "CARGO" | "BAGGAGE" | "OTHER";
  } | null;
  readonly instances: readonly {
    readonly view: number;
    readonly energy: Energy;
    readonly sopClass: string;
    readonly sopInstance: string;
  }[];
}

/** An identifier tied to an item, canonical form, never raw label text (`mqtt.md`, Hit `identifiers`). */
export interface ItemIdentifier {
  readonly scheme: string;
  readonly value: string;
  readonly checkOk: boolean | null;
  readonly source: "barcode" | "ocr" | "dicos" | "scanner" | "operator";
  /** 0..1 */
  readonly confidence: number;
}

/** A device's own words, kept with the scan as evidence of a measurement; never published. */
export interface RawReading {
  readonly device: string;
  /** Gateway clock, ms since the epoch. */
  readonly at: number;
  /** ISO 8859-1, at most 128 characters. */
  readonly line: string;
}

/** What the lane's peripherals measured of an item; null where absent (`mqtt.md`, Hit `measured`). */
export interface Measured {
  readonly massKg: number | null;
  readonly massStable: boolean | null;
  readonly xrayMassKg: number | null;
  readonly xrayMassReliable: boolean | null;
  readonly radiation: {
    readonly gamma: "normal" | "alarm" | "fault" | null;
    readonly neutron: "normal" | "alarm" | "fault" | null;
    readonly sigma: number | null;
  } | null;
  /** The lines that the measures were taken from. */
  readonly raw?: readonly RawReading[];
}

/** The scanner's own key of a scan: re-sent scans are recognised by it (`line-scan.md`, SCAN_END). */
export interface ScanKey {
  readonly serial: string;
  readonly scanRef: string;
  /** RFC 3339, as the scanner sent it. */
  readonly startedAt: string;
}

/** A finished acquisition as a driver hands it on: planes are written, not yet durable. */
export interface Capture {
  readonly key: ScanKey;
  /** Minted when the acquisition began; names the scan's folder. */
  readonly scanId: string;
  /** Absolute path of the scan's folder in the spool. */
  readonly directory: string;
  /** First frame of the scan in, gateway clock, ms since the epoch. */
  readonly beganAt: number;
  /** End of capture, gateway clock, ms since the epoch. */
  readonly capturedAt: number;
  /** Last byte in, gateway clock, ms since the epoch. */
  readonly receivedAt: number;
  readonly kind: ScanKind;
  readonly views: readonly ScanView[];
  readonly planes: readonly PlaneRecord[];
  readonly acquisition: readonly AcquisitionStatus[];
  readonly purpose: "OPERATIONAL" | "NON_OPERATIONAL";
  readonly origin: "MACHINE" | "SYNTHETIC" | "AUGMENTED";
  /** Counts in air of the planes; null when unknown (estimated from the image and flagged). */
  readonly airLevel: number | null;
  /** Identifiers that came with the image itself. */
  readonly identifiers: readonly ItemIdentifier[];
  /** What came from the scanner as files, where it came so; their digests stand for those of the planes. */
  readonly evidence?: readonly EvidenceFile[];
  /** Of a scan that came over DICOM. */
  readonly dicom?: DicomOrigin;
  /** Mass of the item as the scanner states it, kg; a scale of the lane knows better. */
  readonly statedMassKg?: number;
}

/** A durable scan: the capture plus what the gateway knows of the item. Stored as JSON in the spool. */
export interface Scan extends Omit<Capture, "identifiers"> {
  readonly lane: string;
  readonly identifiers: readonly ItemIdentifier[];
  readonly measured: Measured;
  /** True when a reading near this scan could not be tied to it alone. */
  readonly trackingAmbiguous: boolean;
  /** The acquisition this scan replaced: stored incomplete, then sent again whole. */
  readonly replaces: boolean;
}

/** A box in pixels of the stored plane, origin top left, right and bottom exclusive. */
export interface PixelBox {
  readonly view: number;
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** A class that a model searched for in a scan, whether or not it found any. */
export interface LookedFor {
  readonly class: string;
  /** As in a detection: the prevalence at which the class's score was calibrated, 0..1. */
  readonly prevalence: number;
  /** Calibrated score of a scan on which nothing of the class was found, 0..1; below the prevalence for any useful model. */
  readonly absent: number;
}

/** How full a container or pallet is (`mqtt.md`, Hit `load`). */
export interface LoadFinding {
  readonly state: "empty" | "part" | "loaded";
  /** Chance of that state, 0..1. */
  readonly score: number;
  /** Fill along the length, at most 64 values of 0..1. */
  readonly profile: readonly number[];
}

/** Mass from the dual-energy projection. */
export interface XrayMass {
  readonly kg: number;
  /** Calibrated for this machine, nothing opaque, pitch and air known. */
  readonly reliable: boolean;
  /** Share of the mass that the rays do not tell, behind what is opaque or too thick for a ratio, 0..1. */
  readonly opaqueShare: number;
  /** The view it was taken from: the one that leaves the least untold. */
  readonly view: number;
}

/** A vector that stands for how a scan looks. */
export interface ScanEmbedding {
  /** Digest of the package: vectors of different packages cannot be compared. */
  readonly sha256: string;
  /** Unit vector, float32 little-endian, base64. */
  readonly vector: string;
  /** Cosine from which two scans are of the same item, and of items of one kind. */
  readonly same: number;
  readonly alike: number;
}

/** An earlier scan that looks alike (`mqtt.md`, Hit `similar`). */
export interface SimilarScan {
  readonly scanId: string;
  /** Cosine of the vectors, 0..1. */
  readonly similarity: number;
  /** `same-item`: probably this item scanned before; `alike`: goods of the same kind, packed alike. */
  readonly relation: "same-item" | "alike";
}

/** What the image of a scan says of its machine; each null where the image does not show it. */
export interface ImageFigures {
  /** Standard deviation in air, of the air level. */
  readonly noise: number | null;
  /** How far detector pixels differ from their neighbours in air, root mean square, of the air level. */
  readonly stripes: number | null;
  /** Level of air over the stated one, minus 1. */
  readonly airShift: number | null;
  /** Attenuation (−ln) at which the noise behind thick goods is as large as the signal. */
  readonly penetration: number | null;
  /** Median of low over high attenuation. */
  readonly ratio: number | null;
}

/** What image analysis says of a scan. Plain JSON: it crosses the process boundary and is stored. */
export interface Analysis {
  readonly detections: readonly {
    readonly class: string;
    /** 0..1, calibrated. */
    readonly score: number;
    /** Before calibration, 0..1: orders equal scores where models are measured; absent: not known. */
    readonly raw?: number;
    readonly threshold: number;
    /** `name@version` */
    readonly model: string;
    readonly certified: boolean;
    /** The prevalence at which the class's score was calibrated, 0..1. */
    readonly prevalence: number;
    readonly boxes: readonly PixelBox[];
  }[];
  /** Classes that a model searched for, found or not; absent: unknown, and finding nothing is no evidence. */
  readonly lookedFor?: readonly LookedFor[] | undefined;
  readonly contents: readonly {
    readonly group: string;
    readonly score: number;
    readonly share: number | null;
  }[];
  /** Fill of a container or pallet; absent or null: no model judged it. */
  readonly load?: LoadFinding | null | undefined;
  /** Mass from the projection; absent or null: the image gives none (one energy, pitch unknown). */
  readonly xrayMass?: XrayMass | null | undefined;
  /** Vector for the search of similar scans; absent or null: no model gives one. */
  readonly embedding?: ScanEmbedding | null | undefined;
  /** Earlier scans that look alike, most similar first; found when the analysis came. */
  readonly similar?: readonly SimilarScan[] | undefined;
  /** 0..1: how far the image can be trusted (noise, saturation, estimated air). */
  readonly quality: number;
  readonly airEstimated: boolean;
  /** Of the first view; absent: nothing was measured. */
  readonly figures?: ImageFigures | undefined;
  readonly images: readonly {
    readonly view: number;
    readonly energy: Energy;
    readonly form: "raw16" | "rendered";
    readonly sha256: string;
    readonly mediaType: string;
    readonly bytes: number;
  }[];
  readonly models: readonly {
    readonly name: string;
    readonly version: string;
    readonly sha256: string;
    readonly provider: string;
    /** Bare `session.run`, ms. */
    readonly milliseconds: number;
  }[];
  /** Whether at least one model looked at the image. */
  readonly analysed: boolean;
  /** Why the image could not be analysed, or only in part: NO_MODEL, IMAGE_QUALITY, OPAQUE_REGION, MODEL_FAULT. */
  readonly problems: readonly {
    readonly code: "NO_MODEL" | "IMAGE_QUALITY" | "OPAQUE_REGION" | "MODEL_FAULT";
    readonly text: string;
  }[];
}
