import type { Occupancy, Slice } from "../radiation/occupancy.ts";

/** Names a document by the 2012 schema. */
const NAMESPACE = "http://physics.nist.gov/N42/2011/N42";
/** Detectors of a VM-250-type portal in its order (`nii-standards.md` §4.1, detector names): panel, then row. */
const DETECTOR_NAMES = ["Aa1", "Ab1", "Bb1", "Ba1"] as const;

/** What a document of an occupancy is written from. */
export interface N42Writing {
  /** uuid of the document. */
  readonly uuid: string;
  /** ms since the epoch. */
  readonly writtenAt: number;
  readonly instrument: { readonly manufacturer: string; readonly model: string; readonly identifier: string };
  /** Name and version of the program that writes. */
  readonly creator: { readonly name: string; readonly version: string };
  /** Time that one slice covers, ms. */
  readonly sliceMs: number;
  readonly occupancy: Occupancy;
}

/**
 * Writes an occupancy as an N42.42-2012 document in the pattern of portal monitors: background, then the slices, in one
 * measurement group; alarms as analysis results; faults of the instrument. Times are UTC.
 */
export function writeN42(writing: N42Writing): string {
  const { uuid, writtenAt, instrument, creator, occupancy } = writing;
  const detectors = detectorsOf(occupancy);
  const lines = [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<RadInstrumentData xmlns="${NAMESPACE}" n42DocUUID="${escaped(uuid)}" n42DocDateTime="${dateTime(writtenAt)}">`,
    element("RadInstrumentDataCreatorName", `${creator.name} ${creator.version}`),
    '<RadInstrumentInformation id="portal">',
    element("RadInstrumentManufacturerName", instrument.manufacturer),
    element("RadInstrumentIdentifier", instrument.identifier),
    element("RadInstrumentModelName", instrument.model),
    element("RadInstrumentClassCode", "Portal Monitor"),
    "<RadInstrumentVersion>",
    element("RadInstrumentComponentName", "Software"),
    element("RadInstrumentComponentVersion", creator.version),
    "</RadInstrumentVersion>",
    "</RadInstrumentInformation>",
    ...detectors.flatMap(({ id, channel }) => [
      `<RadDetectorInformation id="${id}">`,
      element("RadDetectorName", id),
      element("RadDetectorCategoryCode", channel === "gamma" ? "Gamma" : "Neutron"),
      element("RadDetectorKindCode", "Other"),
      "</RadDetectorInformation>",
    ]),
    '<RadItemInformation id="item"/>',
    '<RadMeasurementGroup id="passage"/>',
    ...backgroundOf(writing, detectors),
    ...slicesOf(writing),
    ...analysisOf(occupancy, detectors),
    "</RadInstrumentData>",
  ];
  return `${lines.join("\n")}\n`;
}

interface Detector {
  readonly id: string;
  readonly channel: "gamma" | "neutron";
}

function detectorsOf({ slices, gamma, neutron }: Occupancy): readonly Detector[] {
  const widest = (channel: "gamma" | "neutron") =>
    slices
      .filter((slice) => slice.channel === channel)
      .reduce((most, { counts }) => Math.max(most, counts.length), 0);
  const named = (channel: "gamma" | "neutron", known: boolean): readonly Detector[] =>
    Array.from({ length: Math.max(widest(channel), known ? 1 : 0) }, (_, at) => ({
      id: idOf(channel, at),
      channel,
    }));
  return [...named("gamma", gamma !== null || neutron === null), ...named("neutron", neutron !== null)];
}

function idOf(channel: "gamma" | "neutron", at: number): string {
  const name = DETECTOR_NAMES[at] ?? `D${at + 1}`;
  return channel === "gamma" ? name : `${name}N`;
}

/** The rate is known for all detectors together: it is written as one second, shared evenly. */
function backgroundOf({ occupancy }: N42Writing, detectors: readonly Detector[]): readonly string[] {
  const counts = (["gamma", "neutron"] as const).flatMap((channel) => {
    const rate = occupancy.background[channel];
    const own = detectors.filter((each) => each.channel === channel);
    return rate === null ? [] : own.map(({ id }) => ({ id, count: rate / own.length }));
  });
  if (counts.length === 0) return [];
  return measurement({
    id: "background",
    code: "Background",
    at: occupancy.beganAt - 1000,
    ms: 1000,
    counts,
    occupied: false,
    faults: [],
  });
}

function slicesOf({ occupancy, sliceMs }: N42Writing): readonly string[] {
  return occupancy.slices.flatMap((slice, at) =>
    measurement({
      id: `slice-${at + 1}`,
      code: "Foreground",
      at: slice.at,
      ms: sliceMs,
      counts: countsOf(slice),
      occupied: true,
      faults: at === 0 ? occupancy.faults : [],
    }),
  );
}

function countsOf({ channel, counts }: Slice): readonly { id: string; count: number }[] {
  return counts.map((count, at) => ({ id: idOf(channel, at), count }));
}

function measurement(options: {
  id: string;
  code: "Foreground" | "Background";
  at: number;
  ms: number;
  counts: readonly { id: string; count: number }[];
  occupied: boolean;
  faults: readonly string[];
}): readonly string[] {
  const { id, code, at, ms, counts, occupied, faults } = options;
  const duration = `PT${ms / 1000}S`;
  return [
    `<RadMeasurement id="${id}" radMeasurementGroupReferences="passage" radItemInformationReferences="item">`,
    element("MeasurementClassCode", code),
    element("StartDateTime", dateTime(at)),
    element("RealTimeDuration", duration),
    ...counts.flatMap((each, index) => [
      `<GrossCounts id="${id}-${index + 1}" radDetectorInformationReference="${each.id}">`,
      element("LiveTimeDuration", duration),
      element("CountData", String(each.count)),
      "</GrossCounts>",
    ]),
    ...faultsOf(faults),
    element("OccupancyIndicator", occupied ? "1" : "0"),
    "</RadMeasurement>",
  ];
}

function faultsOf(faults: readonly string[]): readonly string[] {
  if (faults.length === 0) return [];
  return [
    '<RadInstrumentState radInstrumentInformationReference="portal">',
    ...faults.flatMap((fault, at) => [
      "<Fault>",
      element("FaultCodeValue", String(at + 1)),
      element("FaultDescription", fault),
      element("FaultSeverityCode", "Error"),
      "</Fault>",
    ]),
    "</RadInstrumentState>",
  ];
}

function analysisOf(occupancy: Occupancy, detectors: readonly Detector[]): readonly string[] {
  const alarms = (["gamma", "neutron"] as const).filter((channel) => occupancy[channel] === "alarm");
  const sigma = (channel: "gamma" | "neutron") =>
    channel === "gamma" ? occupancy.gammaSigma : occupancy.neutronSigma;
  return [
    '<AnalysisResults radMeasurementGroupReferences="passage">',
    element("AnalysisResultDescription", describe(occupancy)),
    ...alarms.flatMap((channel) => [
      `<RadAlarm radDetectorInformationReferences="${detectors
        .filter((each) => each.channel === channel)
        .map(({ id }) => id)
        .join(" ")}">`,
      element("RadAlarmCategoryCode", channel === "gamma" ? "Gamma" : "Neutron"),
      element(
        "RadAlarmDescription",
        `${channel} alarm of the portal${sigma(channel) === null ? "" : `, ${sigma(channel)?.toFixed(1)} sigma`}`,
      ),
      "</RadAlarm>",
    ]),
    "</AnalysisResults>",
  ];
}

function describe({ gamma, neutron }: Occupancy): string {
  return `gamma ${gamma ?? "not measured"}, neutron ${neutron ?? "not measured"}`;
}

function element(name: string, text: string): string {
  return `<${name}>${escaped(text)}</${name}>`;
}

function dateTime(at: number): string {
  return new Date(at).toISOString();
}

const ENTITIES: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" };

/** Text as XML 1.0 may hold it: what it may not is left out. */
function escaped(text: string): string {
  return text
    .replaceAll(/[^\t\n\r\u0020-\ud7ff\ue000-\ufffd]/g, "")
    .replaceAll(/[&<>"]/g, (character) => ENTITIES[character] ?? "");
}
