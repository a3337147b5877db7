/** AIM symbology identifiers (ISO/IEC 15424): `]` and two characters that a reader puts before what it read. */

/** Symbologies by their identifier. */
export const AIM_SYMBOLOGIES = {
  "]C0": "Code 128",
  "]C1": "GS1-128",
  "]A0": "Code 39",
  "]I0": "ITF",
  "]E0": "EAN-13",
  "]E4": "EAN-8",
  "]e0": "GS1 DataBar",
  "]d1": "Data Matrix",
  "]d2": "GS1 DataMatrix",
  "]Q1": "QR",
  "]Q3": "GS1 QR",
  "]L0": "PDF417",
  "]z0": "Aztec",
  "]U0": "MaxiCode",
  "]J1": "GS1 DotCode",
} as const;
export type AimIdentifier = keyof typeof AIM_SYMBOLOGIES;

/** Identifiers whose data is a GS1 element string. */
const GS1_IDENTIFIERS: ReadonlySet<string> = new Set(["]C1", "]e0", "]d2", "]Q3", "]J1"]);
const AIM_PATTERN = /^\][A-Za-z][0-9A-Za-z]/;

export interface AimScan {
  /** The AIM identifier as sent, or null where the reader sends none. */
  readonly identifier: string | null;
  /** Name of the symbology where it is known. */
  readonly symbology: string | null;
  /** Whether the data is a GS1 element string. */
  readonly gs1: boolean;
  readonly data: string;
}

/** Parts what a reader sends into its AIM identifier and the data. */
export function splitAim(raw: string): AimScan {
  if (!AIM_PATTERN.test(raw)) return { identifier: null, symbology: null, gs1: false, data: raw };
  const identifier = raw.slice(0, 3);
  const symbology = Object.hasOwn(AIM_SYMBOLOGIES, identifier)
    ? AIM_SYMBOLOGIES[identifier as AimIdentifier]
    : null;
  return { identifier, symbology, gs1: GS1_IDENTIFIERS.has(identifier), data: raw.slice(3) };
}
