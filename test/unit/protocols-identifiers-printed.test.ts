import { describe, expect, it } from "vitest";
import { isValidAwb } from "../../protocols/identifiers/awb.ts";
import { isValidImo } from "../../protocols/identifiers/imo.ts";
import { identifiersInText, MAX_LINE } from "../../protocols/identifiers/in-text.ts";
import { isValidContainer } from "../../protocols/identifiers/iso6346.ts";

const valuesIn = (line: string) => identifiersInText(line).map(({ scheme, value }) => `${scheme} ${value}`);

describe("check digits of printed numbers", () => {
  it("air waybills: serial modulo 7", () => {
    expect(isValidAwb("02012345675")).toBe(true);
    for (const bad of ["02012345674", "02012345677", "0201234567", "O2012345675"])
      expect(isValidAwb(bad)).toBe(false);
  });

  it("containers: ISO 6346, remainder 10 stands as 0", () => {
    for (const good of ["CSQU3054383", "TCNU7200794", "TOLU4734787", "GYOU4047990", "ABCU0000070"])
      expect(isValidContainer(good)).toBe(true);
    for (const bad of ["CSQU3054384", "CSQX3054383", "CSQU305438"]) expect(isValidContainer(bad)).toBe(false);
  });

  it("ships: IMO", () => {
    expect(isValidImo("9319466")).toBe(true);
    expect(isValidImo("8814275")).toBe(true);
    expect(isValidImo("8814274")).toBe(false);
  });
});

describe("identifiers in text that was read optically", () => {
  it("finds what is printed among other words", () => {
    expect(valuesIn("CSQU 305438 3 45G1")).toEqual(["ISO6346 CSQU3054383"]);
    expect(valuesIn("AWB 020-1234 5675 PCS 4")).toEqual(["MAWB 02012345675"]);
    expect(valuesIn("RR 473 124 829 GB")).toEqual(["S10 RR473124829GB"]);
    expect(valuesIn("SSCC (00) 1 0614141 234567890 8")).toContain("SSCC 106141412345678908");
  });

  it("takes a character for the one that can stand there", () => {
    expect(valuesIn("CSQU3O54383")).toEqual(["ISO6346 CSQU3054383"]);
    expect(valuesIn("RR4731Z48Z9GB")).toEqual(["S10 RR473124829GB"]);
  });

  it("gives nothing where the check digit is wrong, or eleven digits merely stand in a row", () => {
    expect(valuesIn("CSQU3054384")).toEqual([]);
    expect(valuesIn("RR473124828GB")).toEqual([]);
    expect(valuesIn("02012345675")).toEqual([]);
    expect(valuesIn("")).toEqual([]);
    expect(valuesIn("CSQU3054383 ".repeat(MAX_LINE))).toEqual([]);
  });
});
