/** A radiation document in the terms of ANSI/IEEE N42.42-2012; the 2006 edition is read into the same. */
export interface N42Document {
  readonly edition: "2006" | "2012";
  readonly uuid: string | null;
  readonly instrument: {
    readonly manufacturer: string;
    readonly model: string;
    readonly identifier: string | null;
    /** RadInstrumentClassCode or InstrumentType, as written. */
    readonly class: string;
    readonly versions: readonly { readonly component: string; readonly version: string }[];
  };
  readonly detectors: readonly N42Detector[];
  readonly measurements: readonly N42Measurement[];
  readonly alarms: readonly N42Alarm[];
  readonly nuclides: readonly { readonly name: string; readonly confidence: number | null }[];
  /** Faults of instrument, detectors and analyses. */
  readonly faults: readonly N42Fault[];
}

export interface N42Detector {
  readonly id: string;
  /** Gamma, Neutron, … as written; null where the document does not say. */
  readonly category: string | null;
  readonly kind: string | null;
}

export interface N42Measurement {
  readonly id: string;
  readonly class: "Foreground" | "Background" | "Calibration" | "IntrinsicActivity" | "NotSpecified";
  /** xsd:dateTime as written; null where there is none that can be read. */
  readonly start: string | null;
  /** s */
  readonly realTimeS: number | null;
  readonly occupied: boolean | null;
  readonly counts: readonly {
    readonly detector: string;
    /** s */
    readonly liveTimeS: number | null;
    /** All windows, or the widest where they overlap. */
    readonly total: number;
  }[];
  readonly spectra: readonly {
    readonly detector: string | null;
    readonly liveTimeS: number | null;
    /** Counts by channel, zeroes expanded. */
    readonly channels: readonly number[];
  }[];
}

export interface N42Alarm {
  readonly category: string;
  readonly description: string | null;
  readonly detectors: readonly string[];
}

export interface N42Fault {
  readonly code: string;
  readonly description: string | null;
  readonly severity: "Fatal" | "Error" | "Warning";
}

/** Channels of a spectrum, at most. */
export const MAX_CHANNELS = 65_536;
