import { expect, test } from "vitest";
import { parseConfig } from "../../device/config/load.ts";

const config = (scanner: string, peripherals = "") => `
schema: lynceus-config/1
gateway: { site: NLRTM-EX, id: gw-01 }
broker: { url: "mqtt://127.0.0.1:1883" }
spool: { path: spool }
lanes:
  - id: lane-1
    scanner: { driver: line-scan, ${scanner} }
    peripherals: [${peripherals}]
`;
const parse = (text: string) => parseConfig(text, "/etc/lynceus/lynceus.yaml").lanes[0];

test("tls links name their files, relative to the configuration", () => {
  const lane = parse(
    config(
      'transport: "listen+tls://0.0.0.0:7001", tls: { ca: ca.pem, cert: lane.pem, key: "env:LANE_KEY" }',
      '{ id: label, kind: barcode, protocol: line, transport: "tls://10.0.0.2:7002", tls: { ca: /x/ca.pem } }',
    ),
  );
  expect(lane?.scanner).toMatchObject({
    tls: { ca: "/etc/lynceus/ca.pem", cert: "/etc/lynceus/lane.pem", key: "env:LANE_KEY" },
  });
  expect(lane?.peripherals[0]).toMatchObject({ tls: { ca: "/x/ca.pem" } });
});

test("a listening port without a certificate, half a pair, and files for a plain link are faults", () => {
  const faulty = [
    'transport: "listen+tls://0.0.0.0:7001"',
    'transport: "tls://10.0.0.1:7001", tls: { cert: a.pem }',
    'transport: "tcp://10.0.0.1:7001", tls: { ca: a.pem }',
  ];
  for (const scanner of faulty) expect(() => parse(config(scanner))).toThrow(/lanes\[0\]\.scanner\.tls/);
});

test("what was recorded of HID and keyboard readers is played back by configuration", () => {
  const lane = parse(
    config(
      'transport: "replay://a.ndjson"',
      '{ id: a, kind: barcode, protocol: hid-pos, transport: "replay://a.ndjson?device=a" }, ' +
        '{ id: b, kind: barcode, protocol: wedge, transport: "replay://a.ndjson?device=b" }',
    ),
  );
  expect(lane?.peripherals[0]?.transport).toBe("replay:///etc/lynceus/a.ndjson?device=a");
});
