import type { N42Detector, N42Document, N42Measurement } from "./document.ts";
import { channelsOf, dateTimeOf, numbersOf, secondsOf } from "./values.ts";
import { childOf, childrenOf, descendants, textOf, type XmlElement } from "./xml.ts";

/** Slices of a document, at most. */
const MAX_SLICES = 20_000;

/**
 * The 2006 edition, as portals write it: one Measurement with instrument and item, a DetectorData for each slice of time, in
 * it a DetectorMeasurement for each detector with its spectrum or gross counts.
 */
export function read2006(root: XmlElement): N42Document {
  const measurement = childOf(root, "Measurement") ?? root;
  const instrument = descendants(measurement, "InstrumentInformation")[0];
  const slices = descendants(root, "DetectorData").slice(0, MAX_SLICES);
  const measurements = slices.map((slice, at) => sliceOf(slice, at));
  return {
    edition: "2006",
    uuid: measurement.attributes["UUID"] ?? null,
    instrument: {
      manufacturer: textOf(instrument, "Manufacturer") ?? "",
      model: textOf(instrument, "InstrumentModel") ?? "",
      identifier: textOf(instrument, "InstrumentID"),
      class: textOf(instrument, "InstrumentType") ?? "Other",
      versions: [],
    },
    detectors: detectorsOf(slices),
    measurements,
    alarms: descendants(measurement, "AnalysisResults").flatMap((results) => [
      ...alarm(results, "GammaAlarm", "Gamma"),
      ...alarm(results, "NeutronAlarm", "Neutron"),
    ]),
    nuclides: descendants(measurement, "Nuclide").flatMap((nuclide) => {
      const name = textOf(nuclide, "NuclideName");
      const confidence = Number(textOf(nuclide, "NuclideIDConfidenceIndication") ?? Number.NaN);
      return name === null
        ? []
        : [{ name: name.slice(0, 32), confidence: Number.isFinite(confidence) ? confidence : null }];
    }),
    faults: descendants(measurement, "Fault").map((fault) => ({
      code: textOf(fault, "FaultCode") ?? "",
      description: textOf(fault, "FaultDescription") ?? (fault.text === "" ? null : fault.text),
      severity: textOf(fault, "FaultSeverity") === "Warning" ? "Warning" : "Error",
    })),
  };
}

function alarm(results: XmlElement, name: string, category: string): N42Document["alarms"] {
  return descendants(results, name)
    .filter(({ text }) => text === "true" || text === "1" || text === "Alarm")
    .map(() => ({ category, description: null, detectors: [] }));
}

function sliceOf(slice: XmlElement, at: number): N42Measurement {
  const occupied = textOf(slice, "Occupied");
  const inside = occupied === null ? null : occupied !== "0" && occupied !== "false";
  const byDetector = childrenOf(slice, "DetectorMeasurement");
  return {
    id: `S-${at + 1}`,
    class: inside === false ? "Background" : inside ? "Foreground" : "NotSpecified",
    start: dateTimeOf(textOf(slice, "StartTime")),
    realTimeS: secondsOf(textOf(slice, "SampleRealTime")),
    occupied: inside,
    counts: byDetector.flatMap((each) => countsOf(each)),
    spectra: byDetector.flatMap((each) => spectraOf(each)),
  };
}

function nameOf(element: XmlElement): string {
  return (
    element.attributes["Detector"] ??
    element.attributes["DetectorName"] ??
    textOf(element, "DetectorType") ??
    ""
  );
}

function countsOf(element: XmlElement): N42Measurement["counts"] {
  return descendants(element, "GrossCounts").map((gross) => ({
    detector: nameOf(element),
    liveTimeS: secondsOf(textOf(gross, "LiveTime")),
    total: numbersOf(textOf(gross, "Counts") ?? textOf(gross, "CountData") ?? gross.text).reduce(
      (sum, count) => sum + count,
      0,
    ),
  }));
}

function spectraOf(element: XmlElement): N42Measurement["spectra"] {
  return descendants(element, "Spectrum").map((spectrum) => {
    const data = childOf(spectrum, "ChannelData");
    return {
      detector: spectrum.attributes["Detector"] ?? nameOf(element),
      liveTimeS: secondsOf(textOf(spectrum, "LiveTime")),
      channels: channelsOf(data?.text ?? "", data?.attributes["Compression"]),
    };
  });
}

/** Detectors are only named where they are used; the type tells gamma from neutron. */
function detectorsOf(slices: readonly XmlElement[]): readonly N42Detector[] {
  const found = new Map<string, N42Detector>();
  for (const slice of slices) {
    for (const each of childrenOf(slice, "DetectorMeasurement")) {
      const id = nameOf(each);
      if (found.has(id)) continue;
      const type = textOf(each, "DetectorType");
      const neutron = type === "Neutron" || /^(He-?3|LiI|.*[nN])$/.test(type ?? "") || /N$/.test(id);
      found.set(id, { id, category: neutron ? "Neutron" : "Gamma", kind: type });
    }
  }
  return [...found.values()];
}
