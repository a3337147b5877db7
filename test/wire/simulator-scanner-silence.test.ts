import { expect, it } from "vitest";
import { FaultScript } from "../../simulator/scanner/faults.ts";
import type { ScannerReport } from "../../simulator/scanner/report.ts";
import { runScanner } from "../../simulator/scanner/run.ts";
import { until } from "../fixtures/processes.ts";
import { ScriptedGateway } from "../fixtures/scripted-gateway.ts";

it("the simulated scanner says HEARTBEAT every 5 s and takes 15 s of silence for a lost link", async () => {
  let asked = 0;
  // Nothing is ever said after HELLO: no FLOW, no ACK, no heartbeat.
  const gateway = new ScriptedGateway({ flow: false, credit: 1000, onEnd: () => "silence" });
  await gateway.start();
  const reports: ScannerReport[] = [];
  const stop = new AbortController();
  const running = runScanner(
    {
      listen: null,
      connect: { host: "127.0.0.1", port: gateway.port },
      barcode: null,
      scale: null,
      scans: 1,
      rate: 20,
      seed: 1,
      truth: null,
      faults: new FaultScript([]),
      report: (report) => {
        reports.push(report);
        if (report.event === "connected") asked += 1;
      },
      leadMs: 0,
    },
    stop.signal,
  );
  await until("the second connection", 40_000, () => asked === 2);
  expect(gateway.heartbeats).toBeGreaterThanOrEqual(2);
  expect(reports).toContainEqual({ event: "disconnected", reason: "15 s of silence" });
  await until("the scan again", 10_000, () => gateway.starts.length >= 2);
  expect(gateway.starts[1]?.startedAt).toBe(gateway.starts[0]?.startedAt);
  stop.abort();
  expect(await running).toMatchObject({ acknowledged: 0, outstanding: 1 });
  await gateway.stop();
}, 240_000);
