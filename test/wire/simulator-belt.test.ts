import { connect, type Socket } from "node:net";
import { monitorEventLoopDelay } from "node:perf_hooks";
import { describe, expect, it } from "vitest";
import { simulateScan } from "../../simulator/scan.ts";
import { type Fault, FaultScript } from "../../simulator/scanner/faults.ts";
import type { ScannerReport } from "../../simulator/scanner/report.ts";
import { runScanner } from "../../simulator/scanner/run.ts";
import { until } from "../fixtures/processes.ts";
import { ScriptedGateway } from "../fixtures/scripted-gateway.ts";

const SEED = 5;
const ANY_PORT = { host: "127.0.0.1", port: 0 };
const FIRST = simulateScan({ seed: SEED, index: 0 }).truth;

interface Seen {
  readonly what: "weight" | "label" | "scan";
  readonly text: string;
  readonly at: number;
  /** The longest that this process was kept from listening since the item was weighed, ms. */
  readonly stalledMs: number;
}

/** Runs a lane with both peripherals and notes everything in the order in which a gateway hears it. */
async function listen(...faults: Fault[]): Promise<readonly Seen[]> {
  const seen: Seen[] = [];
  const delay = monitorEventLoopDelay({ resolution: 1 });
  delay.enable();
  const note = (what: Seen["what"], text: string) => {
    if (text === stableWeight && !seen.some((each) => each.text === stableWeight)) delay.reset();
    seen.push({ what, text, at: performance.now(), stalledMs: delay.max / 1e6 });
  };
  const gateway = new ScriptedGateway({
    onStart: (start) => {
      note("scan", start.scanRef);
      return null;
    },
  });
  await gateway.start();
  const reports: ScannerReport[] = [];
  const running = runScanner(
    {
      listen: null,
      connect: { host: "127.0.0.1", port: gateway.port },
      barcode: ANY_PORT,
      scale: ANY_PORT,
      scans: 1,
      rate: 5,
      seed: SEED,
      truth: null,
      faults: new FaultScript(faults),
      report: (report) => reports.push(report),
      leadMs: 0,
    },
    new AbortController().signal,
  );
  const listening = await until("the lane", 20_000, () =>
    reports.find((report) => report.event === "listening"),
  );
  const sockets: Socket[] = [];
  if (listening.event === "listening") {
    sockets.push(follow(listening.barcode, (line) => note("label", line)));
    sockets.push(follow(listening.scale, (line) => note("weight", line), "SIR"));
  }
  await running;
  delay.disable();
  for (const socket of sockets) socket.destroy();
  await gateway.stop();
  return seen;
}

function follow(address: string | null, onLine: (line: string) => void, command?: string): Socket {
  const socket = connect(Number(address?.split(":")[1]), "127.0.0.1");
  let rest = "";
  socket.on("error", () => {});
  socket.on("data", (chunk) => {
    const parts = (rest + chunk.toString()).split("\r\n");
    rest = parts.pop() ?? "";
    for (const line of parts) onLine(line);
  });
  if (command !== undefined) socket.write(`${command}\r\n`);
  return socket;
}

const stableWeight = `S S ${FIRST.massKg.toFixed(3).padStart(10)} kg`;
const labels = (seen: readonly Seen[]) => seen.filter(({ what }) => what === "label");
const at = (seen: readonly Seen[], what: Seen["what"], text?: string) =>
  seen.findIndex((entry) => entry.what === what && (text === undefined || entry.text === text));

describe("an item on its way to the tunnel", () => {
  it("is weighed, swinging then stable, then read, and scanned no sooner than 50 ms later", async () => {
    const seen = await listen();
    expect(seen.some(({ what, text }) => what === "weight" && text.startsWith("S D"))).toBe(true);
    expect(at(seen, "weight", stableWeight)).toBeGreaterThan(0);
    expect(at(seen, "label")).toBeGreaterThan(at(seen, "weight", stableWeight));
    expect(at(seen, "scan")).toBeGreaterThan(at(seen, "label"));
    const label = labels(seen)[0];
    expect(label?.text).toBe(FIRST.label);
    const scan = seen[at(seen, "scan")];
    // The clocks of two sockets: a little less than the 50 ms between the sending, and less again where the machine was busy.
    expect((scan?.at ?? 0) - (label?.at ?? 0)).toBeGreaterThan(45 - (scan?.stalledMs ?? 0));
  });

  it("is read twice, not at all, or at the wrong moment, as the script says", async () => {
    const twice = await listen({ kind: "duplicate-reading", scan: 0, device: "barcode" });
    expect(labels(twice).map(({ text }) => text)).toEqual([FIRST.label, FIRST.label]);
    const never = await listen({ kind: "missing-reading", scan: 0, device: "barcode" });
    expect(labels(never)).toEqual([]);
    const early = await listen({ kind: "reorder-readings", scan: 0, order: "label-first" });
    expect(at(early, "label")).toBeLessThan(at(early, "weight", stableWeight));
    const late = await listen({ kind: "reorder-readings", scan: 0, order: "after-scan-start" });
    expect(at(late, "label")).toBeGreaterThanOrEqual(0);
    expect(at(late, "label")).toBeGreaterThan(at(late, "weight", stableWeight));
  });

  it("is not weighed, or weighed twice, as the script says", async () => {
    const never = await listen({ kind: "missing-reading", scan: 0, device: "scale" });
    expect(never.some(({ text }) => text === stableWeight)).toBe(false);
    const twice = await listen({ kind: "duplicate-reading", scan: 0, device: "scale" });
    expect(at(twice, "weight", stableWeight)).toBeGreaterThan(0);
    expect(at(twice, "scan")).toBeGreaterThan(at(twice, "weight", stableWeight));
  });
});
