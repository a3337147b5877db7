import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import type { Finding } from "../../device/cli/doctor/finding.ts";
import { EmbeddedBroker } from "../../simulator/broker/broker.ts";
import { Portal } from "../../simulator/peripherals/portal.ts";
import { ProfileScale } from "../../simulator/peripherals/profile-scale.ts";
import { LineDevice } from "../fixtures/line-device.ts";
import { freePort } from "../fixtures/processes.ts";
import { ROOT } from "../fixtures/project.ts";
import { runCommand } from "../fixtures/run-command.ts";

const ANY_PORT = { host: "127.0.0.1", port: 0 };
const running: { stop(): unknown }[] = [];
let folder = "";
afterEach(async () => {
  for (const each of running.splice(0).reverse()) await each.stop();
  await rm(folder, { recursive: true, force: true });
});

async function diagnose(
  lines: string,
  brokerPort: number,
): Promise<{ code: number | null; by: Map<string, Finding> }> {
  folder = await mkdtemp(join(tmpdir(), "lynceus-doctor-"));
  const config = join(folder, "lynceus.yaml");
  await writeFile(
    config,
    `schema: lynceus-config/1
gateway: { site: NLRTM-EX, id: gw-01 }
broker: { url: "mqtt://127.0.0.1:${brokerPort}" }
spool: { path: spool, minFreeBytes: 1MB }
lanes:
  - id: lane-1
${lines}`,
  );
  const command = [join(ROOT, "device/bin/lynceus.js"), "doctor", "--config", config, "--json"];
  const run = await runCommand(process.execPath, command, { timeoutMs: 90_000 });
  const findings = run.stdout
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as Finding);
  return { code: run.code, by: new Map(findings.map((finding) => [finding.what, finding])) };
}

describe("lynceus doctor", () => {
  it("finds a sound site sound, models with their known answers included", async () => {
    const broker = new EmbeddedBroker({ address: ANY_PORT });
    const { port: brokerPort } = await broker.start();
    const scanner = new LineDevice();
    await scanner.start();
    const scale = new ProfileScale({ address: ANY_PORT, seed: 1, format: "and-standard" });
    const portal = new Portal({ address: ANY_PORT, seed: 1 });
    running.push(broker, scanner, scale, portal);
    const [scalePort, portalPort] = [(await scale.start()).port, (await portal.start()).port];
    const { code, by } = await diagnose(
      `    scanner: { driver: line-scan, transport: "tcp://127.0.0.1:${scanner.port}" }
    peripherals:
      - { id: scale, kind: scale, protocol: profile, profile: and-standard, transport: "tcp://127.0.0.1:${scalePort}" }
      - { id: rpm, kind: radiation, protocol: vm250, transport: "tcp://127.0.0.1:${portalPort}" }
`,
      brokerPort,
    );
    const sound = ["broker", "lane-1 scanner", "lane-1 scale", "lane-1 rpm", "model threat-detector", "disk"];
    expect(sound.map((what) => by.get(what)?.state)).toEqual(sound.map(() => "ok"));
    expect(code).toBe(0);
  });

  it("names what is wrong and what to do, for each device", async () => {
    const silent = new LineDevice();
    await silent.start();
    const portal = new Portal({ address: ANY_PORT, seed: 1, backgroundMs: 100 });
    const { port: portalPort } = await portal.start();
    portal.trouble("gamma-low");
    running.push(silent, portal);
    const nobody = await freePort();
    const { code, by } = await diagnose(
      `    scanner: { driver: folder, path: /no/such/folder }
    peripherals:
      - { id: scale, kind: scale, protocol: mt-sics, transport: "tcp://127.0.0.1:${silent.port}" }
      - { id: label, kind: barcode, protocol: line, transport: "tcp://127.0.0.1:${nobody}" }
      - { id: rpm, kind: radiation, protocol: vm250, transport: "tcp://127.0.0.1:${portalPort}" }
    models: [no-such-model]
`,
      nobody,
    );
    expect(code).toBe(1);
    expect(by.get("broker")).toMatchObject({ state: "fault" });
    expect(by.get("lane-1 scanner")).toMatchObject({
      state: "fault",
      found: expect.stringMatching(/no\/such\/folder/),
    });
    expect(by.get("lane-1 scale")).toMatchObject({
      state: "warning",
      found: expect.stringMatching(/says nothing/),
    });
    expect(by.get("lane-1 label")).toMatchObject({
      state: "fault",
      found: expect.stringMatching(/ECONNREFUSED/),
    });
    expect(by.get("lane-1 rpm")).toMatchObject({ state: "warning", found: expect.stringMatching(/too low/) });
    expect(by.get("model no-such-model")).toMatchObject({
      state: "fault",
      found: expect.stringMatching(/LYN_MODEL_MISSING/),
    });
    for (const finding of by.values()) expect(finding.state === "ok" || finding.remedy !== null).toBe(true);
  });
});
