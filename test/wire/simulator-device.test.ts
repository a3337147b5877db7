import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { expect, it } from "vitest";
import { SILENT_LOG } from "../../device/log.ts";
import { openPeripheral, type PeripheralSpec } from "../../device/peripheral/open.ts";
import type { Reading } from "../../device/peripheral/port.ts";
import { openTransport } from "../../device/transport/open.ts";
import { until } from "../fixtures/line-device.ts";
import { ROOT } from "../fixtures/project.ts";

const WAIT_MS = 30_000;

it.each([
  ["reader", [], { kind: "barcode", protocol: "line" }, "read ]C0RR473124829GB", { kind: "identifier" }],
  ["scale", [], { kind: "scale", protocol: "mt-sics" }, "put 3.2", { kind: "mass", massKg: 3.2 }],
  [
    "scale",
    ["--format", "sma"],
    { kind: "scale", protocol: "profile", profile: "sma" },
    "put 4.5",
    { kind: "mass", massKg: 4.5 },
  ],
  [
    "portal",
    [],
    { kind: "radiation", protocol: "vm250" },
    "pass neutron",
    { kind: "radiation", gamma: "normal", neutron: "alarm" },
  ],
] as const)("a %s runs alone and does what it is told", async (kind, args, spec, told, expected) => {
  const command = [
    join(ROOT, "device/bin/lynceus.js"),
    "simulate",
    "device",
    kind,
    "--listen",
    "127.0.0.1:0",
    ...args,
  ];
  const child = spawn(process.execPath, command, { stdio: ["pipe", "pipe", "inherit"] });
  let output = "";
  child.stdout.on("data", (chunk: Buffer) => {
    output += chunk.toString();
  });
  await until(() => output.includes("\n"), "it listens", WAIT_MS);
  const readings: Reading[] = [];
  const peripheral = openPeripheral({
    ...{ id: "device", clock: Date.now, log: SILENT_LOG, ...spec },
    transport: openTransport(`tcp://${output.trim().split(" ")[1]}`),
  } as PeripheralSpec);
  peripheral.onReading((reading) => readings.push(reading));
  peripheral.start();
  await until(() => peripheral.link.state === "connected", "it is connected", WAIT_MS);
  await new Promise((resolve) => setTimeout(resolve, 500));
  child.stdin.write(`${told}\n`);
  await until(() => readings.length === 1, "a reading", WAIT_MS);
  expect(readings[0]).toMatchObject(expected);
  await peripheral.stop();
  const exited = once(child, "exit");
  child.kill("SIGTERM");
  await exited;
});
