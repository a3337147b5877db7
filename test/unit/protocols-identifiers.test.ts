import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  canonicalIdentifier,
  checkIdentifier,
  gs1CheckDigit,
  identify,
  isValidGtin,
  isValidS10,
  isValidSscc,
  parseElementString,
  s10CheckDigit,
  splitAim,
} from "../../protocols/identifiers.ts";

const GS = "\u001d";

describe("S10", () => {
  it.each([
    "RR473124829GB",
    "RR473124829PL",
    "RR473124829DE",
    "EF582568151TH",
    "RR123456785BR",
    "CP123456785CN",
    "EE123456785CN",
    "RR 473 124 829 PL",
    "RR100000140GB",
    "RR100000025GB",
    "rr-473124829-gb",
  ])("%s is valid", (raw) => {
    const value = canonicalIdentifier("S10", raw);
    expect(isValidS10(value)).toBe(true);
    expect(identify(raw)).toEqual([{ scheme: "S10", value, checkOk: true }]);
  });

  it.each([
    "EF582568152TH",
    "RR473124828GB",
    "RR473142829GB",
    "RR47312482GB",
    "R1473124829GB",
    "RR4731248290GB",
    "RR473124829G1",
  ])("%s is not", (raw) => {
    expect(isValidS10(canonicalIdentifier("S10", raw))).toBe(false);
    for (const { scheme, checkOk } of identify(raw)) expect([scheme, checkOk]).not.toEqual(["S10", true]);
  });

  it("takes 10 for 0 and 11 for 5, as the standard's example shows", () => {
    expect(s10CheckDigit("47312482")).toBe(9);
    expect(s10CheckDigit("10000014")).toBe(0);
    expect(s10CheckDigit("10000002")).toBe(5);
  });

  it("keeps a number with a wrong check digit and says so", () => {
    expect(identify("]C0RR473124828GB")).toEqual([{ scheme: "S10", value: "RR473124828GB", checkOk: false }]);
  });
});

describe("SSCC and GTIN", () => {
  it("know right from wrong check digits", () => {
    for (const sscc of [
      "759007731512000621",
      "106141412345678908",
      "359007734300039997",
      "006141411234567890",
    ]) {
      expect(isValidSscc(sscc), sscc).toBe(true);
    }
    for (const sscc of [
      "759007731512000622",
      "106141412345678909",
      "75900773151200062",
      "7590077315120006211",
    ]) {
      expect(isValidSscc(sscc), sscc).toBe(false);
    }
    expect(isValidGtin("24012345678905")).toBe(true);
    expect(isValidGtin("24012345678909")).toBe(false);
    expect(isValidGtin("4006381333931")).toBe(true);
  });

  it("detect every single wrong digit", () => {
    const body = fc.stringMatching(/^\d{17}$/);
    fc.assert(
      fc.property(body, fc.integer({ min: 0, max: 17 }), fc.integer({ min: 1, max: 9 }), (digits, at, by) => {
        const good = `${digits}${gs1CheckDigit(digits)}`;
        const bad = `${good.slice(0, at)}${(Number(good[at]) + by) % 10}${good.slice(at + 1)}`;
        expect([isValidSscc(good), isValidSscc(bad)]).toEqual([true, false]);
      }),
      { seed: 1 },
    );
  });
});

describe("GS1 element strings", () => {
  it.each([
    ["]C100759007731512000621", "GS1-128", { "00": "759007731512000621" }],
    ["]C1003590077343000399974202010", "GS1-128", { "00": "359007734300039997", 420: "2010" }],
    [`]C142184048060${GS}00759007731512000621`, "GS1-128", { 421: "84048060", "00": "759007731512000621" }],
    [
      `]d2011231231231233310ABC123${GS}99TESTING`,
      "GS1 DataMatrix",
      { "01": "12312312312333", 10: "ABC123", 99: "TESTING" },
    ],
  ])("%s is read element by element", (raw, symbology, wanted) => {
    const scan = splitAim(raw);
    expect([scan.symbology, scan.gs1]).toEqual([symbology, true]);
    const { elements, complete } = parseElementString(scan.data);
    expect(complete).toBe(true);
    expect(Object.fromEntries(elements.map(({ ai, value }) => [ai, value]))).toEqual(wanted);
  });

  it("reads over personal data and never hands it on", () => {
    const label = `4300ACME+CO${GS}4301JANE+DOE${GS}4308%2B31201234567${GS}4307NL00759007731512000621`;
    const parse = parseElementString(`${label.slice(0, -20)}${GS}00759007731512000621`);
    expect(parse.complete).toBe(true);
    expect(parse.elements).toEqual([{ ai: "00", value: "759007731512000621", checkOk: true }]);
    expect(identify(`]d24301Jane Doe${GS}4302 Höhe 1${GS}00759007731512000621`)).toHaveLength(1);
    for (let ai = 4300; ai < 4320; ai += 1) expect(parseElementString(`${ai}SECRET`).elements).toEqual([]);
  });

  it("keeps what stands before something unknown, and guesses nothing behind it", () => {
    const parse = parseElementString(`00759007731512000621${GS}8888JANE${GS}01${"1".repeat(14)}`);
    expect(parse.complete).toBe(false);
    expect(parse.elements.map(({ ai }) => ai)).toEqual(["00"]);
    expect(parseElementString("0075900773151200062").elements).toEqual([]);
    expect(parseElementString("00".repeat(200))).toEqual({ elements: [], complete: false });
  });
});

describe("identify", () => {
  it("routes on the AIM identifier, never on length", () => {
    expect(identify("]C100759007731512000621")).toEqual([
      { scheme: "SSCC", value: "759007731512000621", checkOk: true },
    ]);
    expect(identify("]C100759007731512000622")[0]?.checkOk).toBe(false);
    expect(identify("]C000759007731512000621")).toEqual([
      { scheme: "PARCEL_OTHER", value: "00759007731512000621", checkOk: null },
    ]);
    expect(identify("]E04006381333931")).toEqual([
      { scheme: "GTIN", value: "04006381333931", checkOk: true },
    ]);
    expect(identify("]Q1RR473124829GB")[0]?.scheme).toBe("PARCEL_OTHER");
    expect(identify("1Z999AA10123456784")).toEqual([
      { scheme: "PARCEL_OTHER", value: "1Z999AA10123456784", checkOk: null },
    ]);
  });

  it("returns no label text", () => {
    for (const raw of [
      "Jane Doe, 12 High Street",
      "JANEDOE",
      "]Q1https://example.org/p/12345678",
      "]d24300JANE DOE",
      "]L0MECARD:N:DOE;",
      `12345${GS}67`,
      "x".repeat(300),
      "",
      "]",
    ]) {
      expect(identify(raw), raw).toEqual([]);
    }
  });

  it("brings declarations and readings to one form", () => {
    expect(canonicalIdentifier("MAWB", "020-1234 5675")).toBe("02012345675");
    expect(canonicalIdentifier("ISO6346", "csqu 305438-3")).toBe("CSQU3054383");
    expect(canonicalIdentifier("HAWB", "ab-12 3")).toBe("AB-123");
    expect(canonicalIdentifier("GTIN", "4006381333931")).toBe("04006381333931");
    expect(checkIdentifier("HAWB", "AB-123")).toBeNull();
    expect(checkIdentifier("SSCC", "759007731512000622")).toBe(false);
  });
});
