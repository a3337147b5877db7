import { describe, expect, it } from "vitest";
import { parseConfig, warningsOf } from "../../device/config/load.ts";

describe("the belt of a configuration", () => {
  it("warns of a belt that acts before a scan of several objects is complete", () => {
    const lane = (timeout: string, onAlarm: string) =>
      warningsOf(
        parseConfig(
          `schema: lynceus-config/1
gateway: { site: NLRTM-EX, id: gw-01 }
broker: { url: "mqtt://127.0.0.1:1883" }
spool: { path: spool }
lanes:
  - id: lane-1
    scanner: { driver: dicom, listen: "127.0.0.1:11112"${timeout} }
    peripherals: [{ id: plc, kind: conveyor, protocol: modbus, transport: "tcp://10.0.0.1:502", map: { stop: { coil: 1 }, heartbeat: { coil: 3 } } }]
    belt: { onAlarm: ${onAlarm}, deadlineMs: 4000 }
`,
          "/etc/lynceus/lynceus.yaml",
        ),
      ).filter(({ path }) => path.startsWith("lanes[0]"));
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
