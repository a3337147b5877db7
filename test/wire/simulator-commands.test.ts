import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connectAsync } from "mqtt";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type Running, readNdjson, startLynceus, until } from "../fixtures/processes.ts";
import { ScriptedGateway } from "../fixtures/scripted-gateway.ts";

describe("lynceus simulate", () => {
  let folder = "";
  const running: Running[] = [];
  const gateways: ScriptedGateway[] = [];

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "lynceus-simulate-"));
  });
  afterEach(async () => {
    for (const run of running.splice(0)) run.child.kill("SIGKILL");
    for (const gateway of gateways.splice(0)) await gateway.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  function simulate(...args: string[]): Running {
    const run = startLynceus(["simulate", ...args]);
    running.push(run);
    return run;
  }

  async function scriptedGateway(
    options: ConstructorParameters<typeof ScriptedGateway>[0] = {},
  ): Promise<string> {
    const gateway = new ScriptedGateway(options);
    await gateway.start();
    gateways.push(gateway);
    return `127.0.0.1:${gateway.port}`;
  }

  const eventsOf = (run: Running) => run.lines.map((line) => JSON.parse(line) as Record<string, unknown>);

  it.each([[], ["scanner"], ["customs"], ["dataset"], ["broker"]])(
    "explains itself: %s --help",
    async (...command) => {
      const run = simulate(...command, "--help");
      expect(await run.exited).toBe(0);
      expect(run.lines.join("\n")).toContain("Usage: lynceus simulate");
    },
  );

  it.each([
    [["scanner"], "Give --listen HOST:PORT or --connect HOST:PORT"],
    [["scanner", "--listen", "7001"], "is not HOST:PORT"],
    [["scanner", "--listen", "127.0.0.1:0", "--connect", "127.0.0.1:1"], "cannot be used with"],
    [["scanner", "--listen", "127.0.0.1:0", "--rate", "0"], "items per second"],
    [["scanner", "--listen", "127.0.0.1:0", "--protocol", "pigeon"], "Allowed choices are line-scan, dicom"],
    [["customs", "--broker", "mqtt://127.0.0.1:1"], "--site"],
    [["customs", "--broker", "127.0.0.1", "--site", "NLRTM"], "mqtt://HOST:PORT"],
    [["customs", "--broker", "mqtt://127.0.0.1:1", "--site", "Rotterdam"], "UN/LOCODE"],
    [["weather"], "unknown command"],
  ])("refuses %j", async (args, why) => {
    const run = simulate(...args);
    expect(await run.exited).toBe(2);
    expect(run.stderr()).toContain(why);
    expect(run.stderr()).not.toMatch(/^\s+at /m);
  });

  it.each([
    ["{", "JSON"],
    [`{"schema": "lynceus-faults/1", "faults": [{"kind": "earthquake", "scan": 0}]}`, "kind"],
    [`{"schema": "lynceus-faults/1", "faults": [{"kind": "wrong-crc", "scan": -1, "frame": 0}]}`, "scan"],
  ])("refuses the fault script %s", async (text, why) => {
    const file = join(folder, "faults.json");
    writeFileSync(file, text);
    const run = simulate("scanner", "--listen", "127.0.0.1:0", "--faults", file);
    expect(await run.exited).toBe(2);
    expect(run.stderr()).toContain(why);
  });

  it("scans through the command line, faults and all, and exits 0 when everything is acknowledged", async () => {
    const faults = join(folder, "faults.json");
    const script = { schema: "lynceus-faults/1", faults: [{ kind: "wrong-crc", scan: 0, frame: 3 }] };
    writeFileSync(faults, JSON.stringify(script));
    const truth = join(folder, "truth.ndjson");
    const address = await scriptedGateway();
    const files = ["--faults", faults, "--truth", truth];
    const run = simulate(
      "scanner",
      "--connect",
      address,
      "--scans",
      "2",
      "--rate",
      "20",
      "--seed",
      "4",
      ...files,
      "--json",
    );
    expect(await run.exited).toBe(0);
    const events = eventsOf(run);
    expect(events.map(({ event }) => event)).toEqual(
      expect.arrayContaining(["refused", "acknowledged", "summary"]),
    );
    expect(events.at(-1)).toMatchObject({ event: "summary", acknowledged: 2, outstanding: 0 });
    const lines = readNdjson<{ scanRef: string }>(truth);
    const acknowledged = events.filter(({ event }) => event === "acknowledged");
    // A scan that was sent again may be acknowledged after the one behind it.
    const inOrder = acknowledged.map(({ scanRef }) => String(scanRef)).toSorted();
    expect(lines.map(({ scanRef }) => scanRef)).toEqual(inOrder);
  });

  it("exits 1 when a scan was not acknowledged, and says so", async () => {
    const address = await scriptedGateway({ onEnd: () => ({ code: "SCAN_TOO_LARGE", message: "no" }) });
    const run = simulate("scanner", "--connect", address, "--scans", "1", "--rate", "20");
    expect(await run.exited).toBe(1);
    expect(run.lines.join("\n")).toContain("1 scans, 0 acknowledged, 1 not");
  });

  it.each([
    ["SIGTERM", 0],
    ["SIGINT", 130],
  ] as const)(
    "ends an endless run at %s, what it kept acknowledged, with exit code %i",
    async (signal, code) => {
      const address = await scriptedGateway();
      const run = simulate("scanner", "--connect", address, "--rate", "20", "--json");
      await until(
        "some scans",
        30_000,
        () => run.lines.filter((line) => line.includes("acknowledged")).length >= 3,
      );
      run.child.kill(signal);
      expect(await run.exited).toBe(code);
      expect(eventsOf(run).at(-1)).toMatchObject({ event: "summary", outstanding: 0 });
    },
  );

  it("runs a broker that speaks MQTT 5 until it is stopped", async () => {
    const run = simulate("broker");
    const line = await until("the broker", 20_000, () => run.lines[0]);
    const { url } = JSON.parse(line) as { url: string };
    const client = await connectAsync(url, { protocolVersion: 5, clientId: "a" });
    const heard: string[] = [];
    client.on("message", (_, payload) => heard.push(payload.toString()));
    await client.subscribeAsync("nii/#", { qos: 1 });
    await client.publishAsync("nii/v1/central", "on", { qos: 1, retain: true });
    await until("the message", 5000, () => heard.length > 0);
    await client.endAsync(true);
    run.child.kill("SIGTERM");
    expect(await run.exited).toBe(0);
  });
});
