import type { N42Alarm, N42Detector, N42Document, N42Fault, N42Measurement } from "./document.ts";
import { read2006 } from "./read-2006.ts";
import { channelsOf, dateTimeOf, numbersOf, secondsOf } from "./values.ts";
import { childOf, childrenOf, descendants, readXml, textOf, unreadable, type XmlElement } from "./xml.ts";

/** Lists of a document, at most. */
const MAX_MEASUREMENTS = 20_000;

/**
 * Reads an N42.42 document, 2012 or 2006 by its root's local name. Multimedia and its addresses are left unread.
 * @throws LynceusError `LYN_N42`.
 */
export function readN42(text: string): N42Document {
  const root = readXml(text);
  if (root.name === "RadInstrumentData") return read2012(root);
  if (root.name === "N42InstrumentData") return read2006(root);
  throw unreadable("its root is neither RadInstrumentData nor N42InstrumentData");
}

function read2012(root: XmlElement): N42Document {
  const instrument = childOf(root, "RadInstrumentInformation");
  if (instrument === undefined) throw unreadable("it names no instrument");
  const windows = windowsOf(root);
  const measurements = childrenOf(root, "RadMeasurement");
  if (measurements.length > MAX_MEASUREMENTS)
    throw unreadable(`it has more than ${MAX_MEASUREMENTS} measurements`);
  const analyses = childrenOf(root, "AnalysisResults");
  return {
    edition: "2012",
    uuid: root.attributes["n42DocUUID"] ?? null,
    instrument: {
      manufacturer: textOf(instrument, "RadInstrumentManufacturerName") ?? "",
      model: textOf(instrument, "RadInstrumentModelName") ?? "",
      identifier: textOf(instrument, "RadInstrumentIdentifier"),
      class: textOf(instrument, "RadInstrumentClassCode") ?? "Other",
      versions: childrenOf(instrument, "RadInstrumentVersion").map((version) => ({
        component: textOf(version, "RadInstrumentComponentName") ?? "",
        version: textOf(version, "RadInstrumentComponentVersion") ?? "",
      })),
    },
    detectors: childrenOf(root, "RadDetectorInformation").map(detectorOf),
    measurements: measurements.map((each, at) => measurementOf(each, at, windows)),
    alarms: analyses.flatMap((each) => childrenOf(each, "RadAlarm")).map(alarmOf),
    nuclides: analyses.flatMap((each) => descendants(each, "Nuclide")).flatMap(nuclideOf),
    faults: descendants(root, "Fault").map(faultOf),
  };
}

function detectorOf(element: XmlElement): N42Detector {
  return {
    id: element.attributes["id"] ?? "",
    category: textOf(element, "RadDetectorCategoryCode"),
    kind: textOf(element, "RadDetectorKindCode"),
  };
}

const CLASSES = ["Foreground", "Background", "Calibration", "IntrinsicActivity", "NotSpecified"] as const;

function measurementOf(
  element: XmlElement,
  at: number,
  windows: ReadonlyMap<string, number>,
): N42Measurement {
  const code = textOf(element, "MeasurementClassCode");
  const occupied = textOf(element, "OccupancyIndicator");
  return {
    id: element.attributes["id"] ?? `M-${at + 1}`,
    class: CLASSES.find((known) => known === code) ?? "NotSpecified",
    start: dateTimeOf(textOf(element, "StartDateTime")),
    realTimeS: secondsOf(textOf(element, "RealTimeDuration")),
    occupied: occupied === null ? null : occupied === "1" || occupied === "true",
    counts: childrenOf(element, "GrossCounts").map((each) => countsOf(each, windows)),
    spectra: childrenOf(element, "Spectrum").map((each) => {
      const data = childOf(each, "ChannelData");
      return {
        detector: each.attributes["radDetectorInformationReference"] ?? null,
        liveTimeS: secondsOf(textOf(each, "LiveTimeDuration")),
        channels: channelsOf(data?.text ?? "", data?.attributes["compressionCode"]),
      };
    }),
  };
}

/** Which of its windows is the widest, by the id of an EnergyWindows element: windows may overlap, so they do not add up. */
function windowsOf(root: XmlElement): ReadonlyMap<string, number> {
  const widest = childrenOf(root, "EnergyWindows").map((element): [string, number] => {
    const starts = numbersOf(textOf(element, "WindowStartEnergyValues") ?? "");
    const ends = numbersOf(textOf(element, "WindowEndEnergyValues") ?? "");
    const widths = starts.map((start, at) => (ends[at] ?? start) - start);
    return [element.attributes["id"] ?? "", widths.indexOf(Math.max(...widths))];
  });
  return new Map(widest);
}

function countsOf(
  element: XmlElement,
  windows: ReadonlyMap<string, number>,
): N42Measurement["counts"][number] {
  const counts = numbersOf(textOf(element, "CountData") ?? "");
  const total = textOf(element, "TotalCountData");
  const widest = windows.get(element.attributes["energyWindowsReference"] ?? "");
  const chosen = widest === undefined ? undefined : counts[widest];
  return {
    detector: element.attributes["radDetectorInformationReference"] ?? "",
    liveTimeS: secondsOf(textOf(element, "LiveTimeDuration")),
    total:
      total === null ? (chosen ?? counts.reduce((sum, count) => sum + count, 0)) : (numbersOf(total)[0] ?? 0),
  };
}

function alarmOf(element: XmlElement): N42Alarm {
  return {
    category: textOf(element, "RadAlarmCategoryCode") ?? "Other",
    description: textOf(element, "RadAlarmDescription"),
    detectors: (element.attributes["radDetectorInformationReferences"] ?? "").split(/\s+/).filter(Boolean),
  };
}

function nuclideOf(element: XmlElement): N42Document["nuclides"] {
  const name = textOf(element, "NuclideName");
  const found = textOf(element, "NuclideIdentifiedIndicator");
  if (name === null || found === "false" || found === "0") return [];
  const confidence = Number(textOf(element, "NuclideIDConfidenceValue") ?? Number.NaN);
  return [{ name: name.slice(0, 32), confidence: Number.isFinite(confidence) ? confidence : null }];
}

function faultOf(element: XmlElement): N42Fault {
  const severity = textOf(element, "FaultSeverityCode");
  return {
    code: textOf(element, "FaultCodeValue") ?? "",
    description: textOf(element, "FaultDescription"),
    // A fault that does not say how bad it is may be as bad as any.
    severity: severity === "Warning" ? "Warning" : severity === "Fatal" ? "Fatal" : "Error",
  };
}
