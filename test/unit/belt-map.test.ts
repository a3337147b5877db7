import { describe, expect, it } from "vitest";
import { beltMap, countOf, countsBetween, MAX_BIT_SPAN } from "../../device/belt/map.ts";
import { modbusAddress } from "../../device/transport/modbus.ts";

describe("belt map", () => {
  it("takes the example of the configuration", () => {
    const map = beltMap({ stop: { coil: 1 }, divert: { coil: 2 }, eye: { input: 1 } });
    expect(map.stop).toEqual({ table: "coil", address: 1, inverted: false });
    expect([...map.eyes.keys()]).toEqual(["eye"]);
    expect(map.encoder).toBeNull();
  });

  it.each([
    [{ stop: { input: 1 } }, "map.stop is not one of coil"],
    [{ gate: { coil: 1 } }, "map.gate is not a signal"],
    [{ encoder: { register: 1 } }, "map.encoder has no mmPerCount"],
    [{ eye: { input: 0 }, "eye-2": { input: MAX_BIT_SPAN } }, "addresses apart"],
  ])("refuses %j", (map, message) => {
    expect(() => beltMap(map)).toThrow(message);
  });

  it("counts on where a counter wraps, either way", () => {
    const { encoder } = beltMap({ encoder: { register: 0, bits: 16, mmPerCount: 1 } });
    expect(countsBetween(encoder!, 65_530, 4)).toBe(10);
    expect(countsBetween(encoder!, 4, 65_530)).toBe(-10);
    const wide = beltMap({ encoder: { holding: 0, wordOrder: "low-first", mmPerCount: 1 } }).encoder!;
    expect(countOf(wide, [1, 2])).toBe(131_073);
    expect(countsBetween(wide, 2 ** 32 - 1, 1)).toBe(2);
  });

  it("reads the plant's address", () => {
    expect(modbusAddress("tcp://10.0.0.10:502?unit=7")).toEqual({
      address: { over: "tcp", host: "10.0.0.10", port: 502 },
      unit: 7,
    });
    expect(modbusAddress("serial:///dev/ttyUSB1?baud=115200")).toEqual({
      address: { over: "rtu", path: "/dev/ttyUSB1", baud: 115_200 },
      unit: 1,
    });
    for (const bad of ["tcp://plc", "tcp://plc:0", "tcp://plc:502?unit=999", "hid://1:2"])
      expect(() => modbusAddress(bad)).toThrow(/no Modbus device/);
  });
});
