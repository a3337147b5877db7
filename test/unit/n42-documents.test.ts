import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { isLynceusError } from "../../protocols/errors.ts";
import { MAX_CHANNELS } from "../../protocols/n42/document.ts";
import {
  channelsOf,
  countedZeroes,
  N42Framing,
  occupancyOfN42,
  readN42,
  writeN42,
} from "../../protocols/n42/index.ts";
import { N42_LIMITS } from "../../protocols/n42/xml.ts";
import type { Occupancy } from "../../protocols/radiation/occupancy.ts";
import { Dice, fuzzPatienceMs, fuzzRounds, mutate } from "../fixtures/mutate.ts";
import { ROOT } from "../fixtures/project.ts";

const SHARED = join(ROOT, "../shared/data/n42");

const OCCUPANCY: Occupancy = {
  beganAt: Date.UTC(2026, 2, 1, 8, 0, 0),
  endedAt: Date.UTC(2026, 2, 1, 8, 0, 1),
  gamma: "alarm",
  neutron: "fault",
  gammaSigma: 9.25,
  neutronSigma: null,
  faults: ["neutron background is too high", 'a <strange> & "quoted" one\u0001'],
  background: { gamma: 880, neutron: 8 },
  slices: Array.from({ length: 10 }, (_, at) => ({
    at: Date.UTC(2026, 2, 1, 8, 0, 0, at * 100),
    channel: at % 2 === 0 ? ("gamma" as const) : ("neutron" as const),
    counts: at % 2 === 0 ? [60 + at * 10, 44, 44, 44] : [0, 1, 0, 0],
  })),
};

const writing = (occupancy: Occupancy) => ({
  uuid: "0a91ca36-f473-4319-bef3-134898d15b69",
  writtenAt: occupancy.endedAt,
  instrument: { manufacturer: "Example & Sons", model: "P-1", identifier: "rpm" },
  creator: { name: "lynceus", version: "0.0.0" },
  sliceMs: 200,
  occupancy,
});

const EDITION_2006 = `<?xml version="1.0"?>
<N42InstrumentData xmlns="http://physics.nist.gov/Divisions/Div846/Gp4/ANSIN4242/2005/ANSIN4242">
 <Measurement UUID="u-1">
  <InstrumentInformation><InstrumentType>PortalMonitor</InstrumentType><Manufacturer>M</Manufacturer><InstrumentModel>X</InstrumentModel><InstrumentID>7</InstrumentID></InstrumentInformation>
  ${[0, 1]
    .map(
      (
        occupied,
      ) => `<DetectorData><StartTime>2026-03-01T08:00:0${occupied}Z</StartTime><SampleRealTime>PT1S</SampleRealTime><Occupied>${occupied}</Occupied>
   <DetectorMeasurement Detector="Aa1"><DetectorType>PVT</DetectorType><SpectrumMeasurement><SpectrumAvailable>1</SpectrumAvailable><Spectrum><RealTime>PT1S</RealTime><LiveTime>PT0.9S</LiveTime><ChannelData Compression="CountedZeroes">0 3 ${100 + 60 * occupied} 0 1</ChannelData></Spectrum></SpectrumMeasurement></DetectorMeasurement>
   <DetectorMeasurement Detector="Aa1N"><DetectorType>Neutron</DetectorType><GrossCountMeasurement><GrossCounts><Counts>2</Counts></GrossCounts></GrossCountMeasurement></DetectorMeasurement></DetectorData>`,
    )
    .join("\n")}
  <AnalysisResults><GammaAlarm>false</GammaAlarm><NeutronAlarm>true</NeutronAlarm></AnalysisResults>
 </Measurement>
</N42InstrumentData>`;

describe("N42 documents", () => {
  it("reads the portal example of the 2012 edition: alarms, the widest window, a warning that is no fault", () => {
    const file = join(SHARED, "AnnexD_alarmed.n42");
    if (!existsSync(file)) return console.info("../shared is absent: the standard's examples are not read");
    const document = readN42(readFileSync(file, "utf8"));
    expect(document).toMatchObject({ edition: "2012", uuid: "0a91ca36-f473-4319-bef3-134898d15b69" });
    expect(document.instrument).toMatchObject({ model: "RPM 3000", class: "Portal Monitor" });
    expect(document.detectors.map(({ id, category }) => `${id} ${category}`)).toContain("Ba1N Neutron");
    expect(document.measurements.map(({ occupied }) => occupied)).toEqual([
      false,
      false,
      true,
      true,
      true,
      false,
      false,
    ]);
    expect(document.measurements[0]?.counts[0]).toEqual({ detector: "Aa1", liveTimeS: 0.1, total: 22 });
    expect(document.alarms.map(({ category }) => category)).toEqual(["Gamma", "Neutron"]);
    expect(document.nuclides).toEqual([{ name: "Unknown", confidence: null }]);
    expect(document.faults[0]).toEqual({ code: "5", description: "Overspeed", severity: "Warning" });
    expect(occupancyOfN42(document, 10_000)).toMatchObject({
      gamma: "alarm",
      neutron: "alarm",
      faults: [],
      beganAt: 9_700,
    });
  });

  it("reads the spectroscopic example of the 2012 edition", () => {
    const file = join(SHARED, "AnnexE.n42");
    if (!existsSync(file)) return console.info("../shared is absent: the standard's examples are not read");
    const document = readN42(readFileSync(file, "utf8"));
    const lengths = document.measurements.flatMap(({ spectra }) =>
      spectra.map(({ channels }) => channels.length),
    );
    expect(lengths.length).toBeGreaterThan(0);
    expect(Math.max(...lengths)).toBe(8192);
    expect(document.nuclides[0]).toEqual({ name: "Co-57", confidence: 0.91 });
  });

  it("reads the 2006 edition into the same terms", () => {
    const document = readN42(EDITION_2006);
    expect(document).toMatchObject({
      edition: "2006",
      uuid: "u-1",
      instrument: { class: "PortalMonitor", model: "X" },
    });
    expect(document.measurements[1]).toMatchObject({ class: "Foreground", occupied: true, realTimeS: 1 });
    expect(document.measurements[1]?.spectra[0]?.channels).toEqual([0, 0, 0, 160, 0]);
    const over = occupancyOfN42(document, 5_000);
    expect(over).toMatchObject({ gamma: "normal", neutron: "alarm", background: { gamma: 100, neutron: 2 } });
    expect(over.gammaSigma).toBeCloseTo(6, 9);
  });

  it("goes by the root's name, not by a namespace that a tool made up", () => {
    const made = EDITION_2006.replace(/xmlns="[^"]*"/, 'xmlns="http://physics.nist.gov/N42/2006/N42"');
    expect(readN42(made).edition).toBe("2006");
    expect(
      readN42(made.replaceAll("<N42", "<n:N42").replaceAll("</N42", "</n:N42").replace("xmlns=", "xmlns:n="))
        .edition,
    ).toBe("2006");
  });

  it("says fault of a portal whose fault is more than a warning, and null of what was not measured", () => {
    const fault = "<Fault><FaultCode>1</FaultCode><FaultSeverity>Error</FaultSeverity></Fault></Measurement>";
    const faulty = readN42(EDITION_2006.replace("</Measurement>", fault).replace("true<", "false<"));
    expect(occupancyOfN42(faulty, 1)).toMatchObject({ gamma: "fault", neutron: "fault" });
    const empty = readN42(
      EDITION_2006.replaceAll(/<DetectorData>[\s\S]*<\/DetectorData>/g, "").replace("true<", "false<"),
    );
    expect(occupancyOfN42(empty, 1)).toMatchObject({ gamma: null, neutron: null });
  });

  it("writes an occupancy that it reads again", () => {
    const document = readN42(writeN42(writing(OCCUPANCY)));
    expect(document.instrument).toMatchObject({ manufacturer: "Example & Sons", class: "Portal Monitor" });
    expect(document.faults[1]?.description).toBe('a <strange> & "quoted" one');
    expect(document.measurements.filter(({ occupied }) => occupied)).toHaveLength(10);
    const again = occupancyOfN42(document, OCCUPANCY.endedAt);
    expect(again).toMatchObject({ gamma: "alarm", neutron: "fault" });
    expect(again.background.gamma).toBeCloseTo(880, 6);
  });

  it("expands and counts zeroes", () => {
    expect(channelsOf("0 3 5 0 1", "CountedZeroes")).toEqual([0, 0, 0, 5, 0]);
    expect(countedZeroes([0, 0, 0, 5, 0])).toBe("0 3 5 0 1");
    expect(() => channelsOf(`0 ${MAX_CHANNELS + 1}`, "CountedZeroes")).toThrow(/limit/);
    expect(() => channelsOf("1 0", "CountedZeroes")).toThrow(/no length/);
    expect(() => channelsOf("1", "Deflate")).toThrow(/not known/);
  });

  it("refuses document types, depth and size beyond its bounds", () => {
    const bomb = '<!DOCTYPE x [<!ENTITY a "aaaa">]><RadInstrumentData>&a;</RadInstrumentData>';
    expect(() => readN42(bomb)).toThrow(/document type/);
    expect(() => readN42("<a>".repeat(N42_LIMITS.depth + 1))).toThrow(/deeper/);
    expect(() => readN42(" ".repeat(N42_LIMITS.bytes + 1))).toThrow(/larger/);
    expect(() => readN42(`<a>${"<b/>".repeat(N42_LIMITS.elements)}</a>`)).toThrow(/elements/);
    for (const bad of ["", "hello", "<a>", "<a></b>", "<svg/>"]) expect(() => readN42(bad)).toThrow(/N42/);
  });

  it("cuts a stream into documents, within its memory", () => {
    const framing = new N42Framing({ limit: 20 });
    const push = (text: string) => framing.push(new TextEncoder().encode(text));
    expect(push("noise\u0002<a/>\u0003\u0002<b")).toEqual(["<a/>"]);
    expect(push("/>\u0003")).toEqual(["<b/>"]);
    expect(push(`\u0002${"x".repeat(21)}`)).toEqual([null]);
    expect(framing.pendingBytes).toBe(0);
    expect(push("yy\u0003\u0002half\u0002<c/>\u0003")).toEqual(["<c/>"]);
  });

  it("answers mutated documents with a document or a typed error", {
    timeout: fuzzPatienceMs(100_000, 6),
  }, () => {
    Error.stackTraceLimit = 0;
    const dice = new Dice(14);
    const seeds = [
      EDITION_2006,
      writeN42(writing({ ...OCCUPANCY, slices: OCCUPANCY.slices.slice(0, 2) })),
    ].map((text) => new TextEncoder().encode(text));
    const decoder = new TextDecoder();
    for (let round = 0; round < fuzzRounds(100_000, 0.1); round += 1) {
      try {
        occupancyOfN42(readN42(decoder.decode(mutate(dice.pick(seeds), dice))), round);
      } catch (error) {
        if (!isLynceusError(error)) throw error;
      }
    }
  });
});
