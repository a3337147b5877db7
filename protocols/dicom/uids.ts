/** UIDs of DICOM PS3.6 and of DICOS that the code names. */

/** All storage SOP classes of DICOS begin so. */
export const DICOS_PREFIX = "1.2.840.10008.5.1.4.1.1.501.";

export const SOP_CLASS = {
  verification: "1.2.840.10008.1.1",
  storageCommitment: "1.2.840.10008.1.20.1",
  cr: "1.2.840.10008.5.1.4.1.1.1",
  dxPresentation: "1.2.840.10008.5.1.4.1.1.1.1",
  dxProcessing: "1.2.840.10008.5.1.4.1.1.1.1.1",
  dicosCt: `${DICOS_PREFIX}1`,
  dicosDxPresentation: `${DICOS_PREFIX}2.1`,
  dicosDxProcessing: `${DICOS_PREFIX}2.2`,
  dicosTdr: `${DICOS_PREFIX}3`,
  dicosAit2d: `${DICOS_PREFIX}4`,
  dicosAit3d: `${DICOS_PREFIX}5`,
  dicosQr: `${DICOS_PREFIX}6`,
} as const;

/** The well-known instance of storage commitment's push model. */
export const STORAGE_COMMITMENT_INSTANCE = "1.2.840.10008.1.20.1.1";
export const DICOM_APPLICATION_CONTEXT = "1.2.840.10008.3.1.1.1";

export const SYNTAX = {
  implicitLittle: "1.2.840.10008.1.2",
  explicitLittle: "1.2.840.10008.1.2.1",
  deflated: "1.2.840.10008.1.2.1.99",
  explicitBig: "1.2.840.10008.1.2.2",
  explicitExtended: "1.2.840.10008.1.2.1.64",
  rle: "1.2.840.10008.1.2.5",
  jpegLossless: "1.2.840.10008.1.2.4.57",
  jpegLosslessFirstOrder: "1.2.840.10008.1.2.4.70",
  jpegLs: "1.2.840.10008.1.2.4.80",
  jpegLsNear: "1.2.840.10008.1.2.4.81",
  jpeg2000Lossless: "1.2.840.10008.1.2.4.90",
  jpeg2000: "1.2.840.10008.1.2.4.91",
} as const;

/** Transfer syntaxes whose pixel data is read. */
export const READ_SYNTAXES: readonly string[] = [
  SYNTAX.explicitLittle,
  SYNTAX.implicitLittle,
  SYNTAX.jpegLosslessFirstOrder,
  SYNTAX.jpegLossless,
  SYNTAX.jpegLs,
  SYNTAX.jpegLsNear,
  SYNTAX.jpeg2000Lossless,
  SYNTAX.jpeg2000,
  SYNTAX.rle,
];

const NAMES: Readonly<Record<string, string>> = {
  [SOP_CLASS.verification]: "Verification",
  [SOP_CLASS.storageCommitment]: "Storage Commitment",
  [SOP_CLASS.cr]: "Computed Radiography Image",
  [SOP_CLASS.dxPresentation]: "Digital X-Ray Image, for presentation",
  [SOP_CLASS.dxProcessing]: "Digital X-Ray Image, for processing",
  [SOP_CLASS.dicosCt]: "DICOS CT Image",
  [SOP_CLASS.dicosDxPresentation]: "DICOS DX Image, for presentation",
  [SOP_CLASS.dicosDxProcessing]: "DICOS DX Image, for processing",
  [SOP_CLASS.dicosTdr]: "DICOS Threat Detection Report",
  [SOP_CLASS.dicosAit2d]: "DICOS 2D AIT Image",
  [SOP_CLASS.dicosAit3d]: "DICOS 3D AIT Image",
  [SOP_CLASS.dicosQr]: "DICOS Quadrupole Resonance",
  [SYNTAX.implicitLittle]: "Implicit VR Little Endian",
  [SYNTAX.explicitLittle]: "Explicit VR Little Endian",
  [SYNTAX.deflated]: "Deflated Explicit VR Little Endian",
  [SYNTAX.explicitBig]: "Explicit VR Big Endian",
  [SYNTAX.explicitExtended]: "Explicit VR Little Endian Extended (DICOS)",
  [SYNTAX.rle]: "RLE Lossless",
  [SYNTAX.jpegLossless]: "JPEG Lossless, process 14",
  [SYNTAX.jpegLosslessFirstOrder]: "JPEG Lossless, process 14, selection value 1",
  [SYNTAX.jpegLs]: "JPEG-LS Lossless",
  [SYNTAX.jpegLsNear]: "JPEG-LS Near-lossless",
  [SYNTAX.jpeg2000Lossless]: "JPEG 2000 Lossless",
  [SYNTAX.jpeg2000]: "JPEG 2000",
};

/** What a UID is called; null for instances and for classes that are not named here. */
export function uidName(uid: string): string | null {
  return NAMES[uid] ?? null;
}

/** Whether a storage SOP class is of DICOS: by prefix, since V03 adds classes whose UIDs are not public. */
export function isDicos(sopClass: string): boolean {
  return sopClass.startsWith(DICOS_PREFIX);
}

/** What an object is, by its SOP class. DICOS variants of wider pixels append `.1` (32), `.2` (64 bit) or `.3` (float). */
export function objectKind(sopClass: string): "dx" | "ct" | "ait" | "tdr" | "qr" | "other" {
  if (sopClass === SOP_CLASS.cr || sopClass.startsWith(SOP_CLASS.dxPresentation)) return "dx";
  if (sopClass === "1.2.840.10008.5.1.4.1.1.2" || sopClass === "1.2.840.10008.5.1.4.1.1.2.1") return "ct";
  if (!isDicos(sopClass)) return "other";
  const [family, second] = sopClass.slice(DICOS_PREFIX.length).split(".");
  if (family === "1") return "ct";
  if (family === "2" && (second === "1" || second === "2")) return "dx";
  if (family === "3") return "tdr";
  if (family === "4" || family === "5") return "ait";
  return family === "6" ? "qr" : "other";
}

/** Whether a text is of a UID's form as peers write it: digits and dots, at most 64; roots are not checked. */
export function isUid(text: string): boolean {
  return /^[0-9.]{1,64}$/.test(text);
}
