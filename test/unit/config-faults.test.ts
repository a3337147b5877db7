import { describe, expect, it } from "vitest";
import { FIRST_CONFIGURATION } from "../../device/cli/run.ts";
import { nearestOf } from "../../device/config/issues.ts";
import { parseConfig, warningsOf } from "../../device/config/load.ts";
import { isLynceusError } from "../../protocols/errors.ts";
import { projectText } from "../fixtures/project.ts";

const GOOD = `
schema: lynceus-config/1
gateway: { site: NLRTM-EX, id: gw-01 }
broker: { url: "mqtt://127.0.0.1:1883", passwordFile: secrets/broker }
spool: { path: spool, minFreeBytes: 5GB, keepPublished: 7d }
lanes:
  - id: lane-1
    scanner: { driver: line-scan, transport: "tcp://127.0.0.1:7001" }
    peripherals:
      - { id: label, kind: barcode, protocol: line, transport: "tcp://127.0.0.1:7002" }
`;

function faultsOf(text: string): readonly { path: string; message: string }[] {
  try {
    parseConfig(text, "/etc/lynceus/lynceus.yaml");
  } catch (error) {
    if (isLynceusError(error, "LYN_CONFIG_INVALID"))
      return error.details["faults"] as readonly { path: string; message: string }[];
    throw error;
  }
  throw new Error("the configuration was accepted");
}

describe("the configuration file", () => {
  it("fills defaults in and resolves paths against its own folder", () => {
    const config = parseConfig(GOOD, "/etc/lynceus/lynceus.yaml");
    expect(config.spool).toEqual({
      path: "/etc/lynceus/spool",
      maxBytes: 200e9,
      minFreeBytes: 5e9,
      keepPublished: 7 * 86_400_000,
    });
    expect(config.broker.passwordFile).toBe("/etc/lynceus/secrets/broker");
    expect(config.broker.topicRoot).toBe("nii");
    expect(config.lanes[0]?.fusion.bands).toEqual({ medium: 0.05, high: 0.3 });
    expect(config.lanes[0]?.belt.deadlineMs).toBe(5000);
  });

  it("is as little as `run --help` and the first steps show", () => {
    const config = parseConfig(FIRST_CONFIGURATION, "/x/lynceus.yaml");
    expect(warningsOf(config)).toEqual([]);
    const shown = /```yaml\n([\s\S]*?)```/.exec(projectText("device/deploy/FIRST-STEPS.md"))?.[1] ?? "";
    expect(parseConfig(shown, "/x/lynceus.yaml").lanes[0]?.decideOnSynthetic).toBe(true);
    expect(shown.startsWith(FIRST_CONFIGURATION)).toBe(true);
  });

  it("takes thresholds of data quality, purposes of declarations and the period of statistics", () => {
    const config = parseConfig(
      `${GOOD}    fusion: { quality: { leadHours: { air: 4 }, massTolerance: { kg: 0.2 }, splitDays: 14, weights: { A1: 0.6 }, valueLevels: { EUR: 150 } } }
declarations: { keep: 60d, purposes: { risk_assessment: 30d } }
statistics: { period: 15m }
`,
      "/etc/lynceus/lynceus.yaml",
    );
    expect(config.lanes[0]?.fusion.quality).toEqual({
      leadHours: { air: 4 },
      massTolerance: { kg: 0.2 },
      splitDays: 14,
      weights: { A1: 0.6 },
      valueLevels: { EUR: 150 },
    });
    expect(config.declarations).toEqual({
      keep: 60 * 86_400_000,
      maxBytes: 20e9,
      purposes: { risk_assessment: 30 * 86_400_000 },
    });
    expect(config.statistics).toEqual({ period: 900_000 });
    const wrong = GOOD.concat(
      "    fusion: { quality: { leadHour: { air: 4 }, massMargin: 2, valueLevels: { Euro: 1 } } }\n",
    );
    expect(
      faultsOf(wrong)
        .map(({ path }) => path.replace("lanes[0].fusion.quality.", ""))
        .toSorted(),
    ).toEqual(["leadHour", "massMargin", "valueLevels.Euro"]);
  });

  it("tells what is wrong between sound parts beside what is wrong within others", () => {
    const text = GOOD.replace("NLRTM-EX", "Rotterdam")
      .replace('1883", passwordFile', '1883", tls: { ca: ca.pem }, pasword')
      .replace("path: spool", "pth: spool")
      .replace(
        '"tcp://127.0.0.1:7002" }',
        '"tcp://nowhere" }\n      - { id: label, kind: scale, protocol: none }',
      )
      .concat('      - { id: label, kind: barcode, protocol: line, transport: "tcp://127.0.0.1:7003" }\n')
      .concat("    fusion: { bands: { medium: 0.5, high: 0.2 } }\n    belt: { onAlarm: divert }\n")
      .concat('console: { listen: "0.0.0.0:80", tokenfile: x }\n');
    const faults = faultsOf(text);
    // What rests on a part that cannot be read says nothing: whether a belt can divert, whether the console has a token.
    expect(faults.map(({ path }) => path)).toEqual([
      "gateway.site",
      "broker.pasword",
      "spool.path",
      "spool.pth",
      "console.tokenfile",
      "lanes[0].peripherals[1].protocol",
      "lanes[0].fusion.bands",
      "lanes[0].peripherals",
      "lanes[0].peripherals[0].transport",
      "broker.tls",
    ]);
    expect(faults.at(-2)?.message).toContain("tcp://nowhere");
  });

  it("tells of lanes of one name beside other faults, and of the file alone where nothing in it can be used", () => {
    const twice = GOOD.replace("spool: {", "spol: {").concat(
      "  - { id: lane-1, scanner: { driver: none } }\n",
    );
    expect(faultsOf(twice).map(({ path }) => path)).toEqual([
      "spool",
      "lanes[1].scanner.driver",
      "spol",
      "lanes",
    ]);
    expect(faultsOf(GOOD.replace("lanes:", "lanes: 3\nx:")).map(({ path }) => path)).toEqual(["lanes", "x"]);
    expect(faultsOf("- 1\n").map(({ path }) => path)).toEqual(["(top)"]);
  });

  it("names the nearest known key for an unknown one, at any depth", () => {
    const text = GOOD.replace("path: spool", "pth: spool").replace(
      'transport: "tcp://127.0.0.1:7001"',
      'transport: "tcp://127.0.0.1:7001", maxScanByte: 1MB',
    );
    const faults = faultsOf(text);
    expect(faults).toContainEqual({ path: "spool.pth", message: 'unknown key "pth"; did you mean "path"?' });
    expect(faults).toContainEqual({
      path: "lanes[0].scanner.maxScanByte",
      message: 'unknown key "maxScanByte"; did you mean "maxScanBytes"?',
    });
  });

  it("tells every fault at once with its path, what was found and what is allowed", () => {
    const text = GOOD.replace("NLRTM-EX", "rotterdam")
      .replace("5GB", "plenty")
      .replace("driver: line-scan", "driver: telepathy")
      .replace("id: gw-01", "id: status");
    const faults = faultsOf(text);
    const at = (path: string) => faults.find((fault) => fault.path === path)?.message ?? "";
    expect(at("gateway.site")).toContain('found: "rotterdam"');
    expect(at("gateway.id")).toContain("reserved");
    expect(at("spool.minFreeBytes")).toContain("200GB");
    expect(at("lanes[0].scanner.driver")).toContain("line-scan");
    expect(faults.length).toBe(4);
  });

  it("takes a lane with a camera, a belt and the places where things stand", () => {
    const lane = `${GOOD}      - { id: eye, kind: camera, protocol: pictures, transport: "http://10.0.0.7/snapshot.jpg" }
      - { id: plc, kind: conveyor, protocol: modbus, transport: "tcp://10.0.0.8:502?unit=2", map: { stop: { coil: 1 }, eye: { input: 1 }, encoder: { register: 9, mmPerCount: 0.1 } } }
    belt: { onAlarm: stop }
    tracking: { stations: { label: { atMm: 400 } }, xrayMm: 1500 }
`;
    expect(parseConfig(lane, "/etc/lynceus/lynceus.yaml").lanes[0]?.tracking).toMatchObject({
      slipMm: 30,
      lagMs: 150,
    });
    const wrong = lane.replace("onAlarm: stop", "onAlarm: divert").replace("label: {", "scale: {");
    expect(faultsOf(wrong).map(({ path }) => path)).toEqual([
      "lanes[0].belt.onAlarm",
      "lanes[0].tracking.stations.scale",
    ]);
  });

  it("refuses bands that cross and peripherals that share an id", () => {
    const text = `${GOOD}      - { id: label, kind: scale, protocol: mt-sics, transport: "tcp://127.0.0.1:7003" }
    fusion: { bands: { medium: 0.5, high: 0.3 } }
`;
    const paths = faultsOf(text).map((fault) => fault.path);
    expect(paths).toEqual(["lanes[0].fusion.bands", "lanes[0].peripherals"]);
  });

  it("warns of a repository of models that nothing is taken from", () => {
    const models = (trust: string) =>
      warningsOf(
        parseConfig(`${GOOD}models: { sources: [models.example] }\n${trust}`, "/x/lynceus.yaml"),
      ).filter(({ path }) => path === "models.sources");
    expect(models("").map(({ message }) => message)).toEqual([
      expect.stringContaining("trust.modelsRoot"),
      expect.stringContaining("trust.models"),
    ]);
    expect(models("trust: { modelsRoot: root.json, models: [provider.pub] }\n")).toEqual([]);
    const canary = parseConfig(`${GOOD}models: { rollout: { canaryLane: lane-9 } }\n`, "/x/lynceus.yaml");
    expect(warningsOf(canary).map(({ path }) => path)).toContain("models.rollout.canaryLane");
  });

  it("warns of a belt that acts and has no heartbeat", () => {
    const lane = (map: string, onAlarm: string) =>
      parseConfig(
        `schema: lynceus-config/1
gateway: { site: NLRTM-EX, id: gw-01 }
broker: { url: "mqtt://127.0.0.1:1883" }
spool: { path: spool }
lanes:
  - id: lane-1
    scanner: { driver: folder, path: in }
    peripherals: [{ id: plc, kind: conveyor, protocol: modbus, transport: "tcp://10.0.0.1:502", map: ${map} }]
    belt: { onAlarm: ${onAlarm}, deadlineMs: 10000 }
`,
        "/etc/lynceus/lynceus.yaml",
      );
    expect(warningsOf(lane("{ stop: { coil: 1 } }", "stop"))).toEqual([
      { path: "lanes[0].peripherals", message: expect.stringMatching(/plc has no heartbeat/) },
    ]);
    expect(warningsOf(lane("{ stop: { coil: 1 }, heartbeat: { coil: 3 } }", "stop"))).toEqual([]);
    expect(warningsOf(lane("{ stop: { coil: 1 } }", "none"))).toEqual([]);
  });

  it("refuses a password in the broker's URL and does not show it", () => {
    const faults = faultsOf(GOOD.replace("mqtt://127.0.0.1", "mqtt://gw-01:hunter2@127.0.0.1"));
    expect(faults[0]?.path).toBe("broker.url");
    expect(faults[0]?.message).toContain("passwordFile");
    expect(JSON.stringify(faults)).not.toContain("hunter2");
  });

  it("answers text that is not YAML with the line", () => {
    expect(() => parseConfig("a: [1", "/x.yaml")).toThrow(/not YAML.*line 1/s);
    expect(() => parseConfig("a: 1\na: 2", "/x.yaml")).toThrow(/not YAML/);
  });

  it("finds no nearest key where none is near", () => {
    expect(nearestOf("passwordfile", ["passwordFile", "path"])).toBe("passwordFile");
    expect(nearestOf("zzzz", ["path", "id"])).toBeNull();
  });
});

describe("addresses in the configuration", () => {
  it.each([
    ["tcp://127.0.0.1:7001", "tcp://127.0.0.1", "lanes[0].scanner.transport", "SCHEME://HOST:PORT"],
    ["tcp://127.0.0.1:7001", "listen+tcp://0.0.0.0:99999", "lanes[0].scanner.transport", "65535"],
    ["tcp://127.0.0.1:7002", "serial:///dev/x?baud=fast", "lanes[0].peripherals[0].transport", "baud"],
    ["mqtt://127.0.0.1:1883", "mqtt://", "broker.url", "mqtt://HOST:PORT"],
    ["mqtt://127.0.0.1:1883", "mqtt://a:99999", "broker.url", "mqtt://HOST:PORT"],
  ])("%s as %s is a fault of the configuration, not of the start", (good, bad, path, why) => {
    const [fault, ...others] = faultsOf(GOOD.replace(good, bad));
    expect(others).toEqual([]);
    expect(fault?.path).toBe(path);
    expect(fault?.message).toContain(`found: "${bad}"`);
    expect(fault?.message).toContain(why);
  });

  it("a port that there is not is a fault of a DICOM listener as well", () => {
    const scanner = (listen: string) =>
      GOOD.replace(/scanner: .*/, `scanner: { driver: dicom, listen: "${listen}" }`);
    expect(parseConfig(scanner("0.0.0.0:11112"), "/x.yaml").lanes[0]?.scanner.driver).toBe("dicom");
    const [fault] = faultsOf(scanner("0.0.0.0:99999"));
    expect(fault?.path).toBe("lanes[0].scanner.listen");
    expect(fault?.message).toContain("65535");
  });

  it("names the entry of an allow list that is no address", () => {
    const text = GOOD.replace(
      "driver: line-scan,",
      "driver: line-scan, allow: { from: [10.0.0.0/24, 10.0.0.0/99] },",
    );
    const [fault] = faultsOf(text);
    expect(fault?.path).toBe("lanes[0].scanner.allow.from[1]");
    expect(fault?.message).toContain('found: "10.0.0.0/99"');
  });

  it("says all of them at once", () => {
    const text = GOOD.replace("tcp://127.0.0.1:7001", "tcp://a").replace("tcp://127.0.0.1:7002", "tcp://b");
    expect(faultsOf(text)).toHaveLength(2);
  });
});
