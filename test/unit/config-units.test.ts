import { describe, expect, it } from "vitest";
import { parseBytes, parseDuration } from "../../device/config/units.ts";

describe("sizes and durations of the configuration", () => {
  it("reads decimal sizes and refuses what has no known unit", () => {
    expect(parseBytes("200GB")).toBe(200e9);
    expect(parseBytes("1.5MB")).toBe(1.5e6);
    expect(parseBytes(4096)).toBe(4096);
    expect(parseBytes("12 furlongs")).toBeNull();
    expect(parseBytes(-1)).toBeNull();
    expect(parseBytes("99999999999999TB")).toBeNull();
  });

  it("reads durations and refuses a bare number, whose unit nobody knows", () => {
    expect(parseDuration("7d")).toBe(7 * 86_400_000);
    expect(parseDuration("500ms")).toBe(500);
    expect(parseDuration("1.5h")).toBe(5_400_000);
    expect(parseDuration(30)).toBeNull();
    expect(parseDuration("30")).toBeNull();
  });
});
