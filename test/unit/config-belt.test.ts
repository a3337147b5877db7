import { describe, expect, it } from "vitest";
import { parseConfig, warningsOf } from "../../device/config/load.ts";

/** What is warned of a lane with this scanner and a belt. */
function warned(scanner: string, onAlarm: string, deadlineMs: number): ReturnType<typeof warningsOf> {
  const text = `schema: lynceus-config/1
gateway: { site: NLRTM-EX, id: gw-01 }
broker: { url: "mqtt://127.0.0.1:1883" }
spool: { path: spool }
lanes:
  - id: lane-1
    scanner: ${scanner}
    peripherals: [{ id: plc, kind: conveyor, protocol: modbus, transport: "tcp://10.0.0.1:502", map: { stop: { coil: 1 }, heartbeat: { coil: 3 } } }]
    belt: { onAlarm: ${onAlarm}, deadlineMs: ${deadlineMs} }
`;
  return warningsOf(parseConfig(text, "/etc/lynceus/lynceus.yaml"));
}

describe("the belt of a configuration", () => {
  it("warns of a belt that acts before the files of a scan in a folder are complete", () => {
    const lane = (scanner: string, deadlineMs: number) => warned(scanner, "stop", deadlineMs);
    expect(lane("{ driver: folder, path: scans }", 5000)).toEqual([
      { path: "lanes[0].belt.deadlineMs", message: expect.stringMatching(/10000 ms, later than 5000 ms/) },
    ]);
    expect(lane("{ driver: folder, path: scans }", 10_000)).toEqual([]);
    expect(lane('{ driver: line-scan, transport: "tcp://10.0.0.2:7001" }', 5000)).toEqual([]);
  });

  it("warns of a belt that acts before a scan of several objects is complete", () => {
    const lane = (timeout: string, onAlarm: string) =>
      warned(`{ driver: dicom, listen: "127.0.0.1:11112"${timeout} }`, onAlarm, 4000).filter(({ path }) =>
        path.startsWith("lanes[0]"),
      );
    expect(lane("", "stop")).toEqual([
      {
        path: "lanes[0].scanner.joinTimeout",
        message: expect.stringMatching(/10000 ms.*deadlineMs, 4000 ms/),
      },
    ]);
    expect(lane(", joinTimeout: 3s", "stop")).toEqual([]);
    expect(lane("", "none")).toEqual([]);
  });
});
