import { expect, it } from "vitest";
import { parseConfig } from "../../device/config/load.ts";
import { type InferenceState, STARTING } from "../../device/inference/port.ts";
import { InfoPublisher } from "../../device/info-publisher.ts";
import { LaneBoard } from "../../device/lane/lane-board.ts";
import type { ScannerMachine, ScannerState } from "../../device/scanner/port.ts";
import { wrap } from "../../protocols/mqtt/envelope.ts";
import type { Info } from "../../protocols/mqtt/info.ts";

const CONFIG = parseConfig(
  `schema: lynceus-config/1
gateway: { site: NLRTM-EX, id: gw-01 }
broker: { url: "mqtt://127.0.0.1:1883" }
spool: { path: spool }
lanes:
  - id: lane-1
    scanner: { driver: line-scan, transport: "tcp://127.0.0.1:7001" }
    peripherals:
      - { id: label, kind: barcode, protocol: line, transport: "tcp://127.0.0.1:7002", machine: { model: Fixed, serial: B-1 } }
      - { id: scale, kind: scale, protocol: mt-sics, transport: "tcp://127.0.0.1:7003", machine: { vendor: MT, serial: old } }
`,
  "/x/lynceus.yaml",
);

it("info names the machine once it is known, again when it is another, and the models once they are there", () => {
  const state: ScannerState = { state: "idle", code: null, since: 0 };
  let machine: ScannerMachine | null = null;
  let connected: () => void = () => undefined;
  let names: ScannerMachine | null = null;
  let renamed: () => void = () => undefined;
  let inference: InferenceState = STARTING;
  let loaded: () => void = () => undefined;
  const board = new LaneBoard();
  board.add({
    id: "lane-1",
    driver: "line-scan",
    scanner: {
      state,
      get machine() {
        return machine;
      },
      onState: (listener) => {
        connected = () => listener(state);
        return () => undefined;
      },
    },
    devices: [
      {
        ...{ id: "scale", kind: "scale", link: { state: "connected", code: null, since: 0 } as const },
        get names() {
          return names;
        },
        onNames: (listener) => {
          renamed = listener;
          return () => undefined;
        },
      },
    ],
  });
  const said: Info[] = [];
  new InfoPublisher({
    config: CONFIG,
    signingKeys: [],
    inference: {
      get state() {
        return inference;
      },
      onState: (listener) => {
        loaded = () => listener(inference);
        return () => undefined;
      },
    },
    board,
    publish: (info) => void said.push(info),
  }).start();
  const scanner = () => said.at(-1)?.lanes[0]?.devices[0];
  expect(said).toHaveLength(1);
  expect(scanner()).toMatchObject({ vendor: null, model: null, serial: null });
  machine = { vendor: "V".repeat(500), model: "Tunnel 6040", serial: "SN-1" };
  connected();
  expect(scanner()).toMatchObject({ vendor: "V".repeat(128), model: "Tunnel 6040", serial: "SN-1" });
  connected();
  board.entered("lane-1", state);
  expect(said).toHaveLength(2);
  machine = { ...machine, serial: "SN-2" };
  connected();
  expect(scanner()?.serial).toBe("SN-2");
  const device = (id: string) => said.at(-1)?.lanes[0]?.devices.find((each) => each.id === id);
  expect(device("label")).toMatchObject({ vendor: null, model: "Fixed", serial: "B-1" });
  expect(device("scale")).toMatchObject({ vendor: "MT", model: null, serial: "old" });
  names = { vendor: null, model: null, serial: "B021002593" };
  renamed();
  expect(device("scale")).toMatchObject({ vendor: "MT", model: null, serial: "B021002593" });
  const model = {
    name: "threat-detector",
    version: "1.0.0",
    sha256: "0".repeat(64),
    task: "detection",
  } as const;
  inference = { ...inference, state: "ready", models: [model] };
  loaded();
  expect(said.at(-1)?.models.map(({ name }) => name)).toEqual(["threat-detector"]);
  // As it goes out: strictly what the contract's schema says.
  for (const data of said)
    wrap({ name: "info", id: "1", source: "/NLRTM-EX/gw-01", time: "2026-01-01T00:00:00.000Z", data });
});
