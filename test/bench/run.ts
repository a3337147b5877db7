import { readFileSync } from "node:fs";
import { connectAsync, type MqttClient } from "mqtt";
import { unwrap } from "../../protocols/mqtt/envelope.ts";
import type { Hit } from "../../protocols/mqtt/hit.ts";
import type { SimulatedScan } from "../../simulator/scan.ts";
import { LineSender, type SentScan } from "../fixtures/line-sender.ts";
import { startMosquitto } from "../fixtures/mosquitto.ts";
import { childrenOf, type Running, until } from "../fixtures/processes.ts";
import { createSite, type Site } from "../fixtures/site.ts";
import { dicomFigures } from "./dicom.ts";
import { machineText, report, spreadOf, spreadText } from "./figures.ts";
import { measureFsync } from "./fsync.ts";
import { simulatorFigures } from "./simulator.ts";

/** Fsyncs between a scan's last line and its hit's PUBLISH: two planes, the scan's row, the hit's row. */
const FSYNCS_ON_PATH = 4;
const SCANS = Number(process.env["LYNCEUS_BENCH_SCANS"] ?? 40);
const WARM_UP = 5;

/** A hit as a subscriber sees it, with the time it came, epoch ms. */
interface Seen {
  readonly at: number;
  readonly hit: Hit;
}

const epochMs = () => performance.timeOrigin + performance.now();

async function main(): Promise<void> {
  report("machine", machineText());
  report("program", process.env["LYNCEUS_COMPILED"] === "1" ? "compiled, as installed" : "from source");
  const scans = simulatorFigures(WARM_UP, SCANS);
  await dicomFigures();
  const site = await createSite({ peripherals: false });
  const broker = await startMosquitto({ port: site.brokerPort });
  const sender = new LineSender();
  await sender.listen(site.scannerPort);
  const seen = new Map<string, Seen>();
  const client = await subscribe(site, seen);
  const began = performance.now();
  const gateway = site.gateway();
  try {
    await until("the gateway to be ready", 30_000, () => gateway.stderr().includes('"msg":"ready"'));
    report("start to ready", `${((performance.now() - began) / 1000).toFixed(2)} s (aim ≤ 2 s)`);
    const sent = await sendAll(sender, scans, seen);
    pathFigures(site, sent, seen);
    memoryFigures(gateway);
    await throughputFigures(sender, scans, seen);
    memoryFigures(gateway);
  } finally {
    gateway.child.kill("SIGTERM");
    await gateway.exited;
    await client.endAsync(true);
    await sender.close();
    await broker[Symbol.asyncDispose]();
    site.remove();
  }
  await import("./similar/run.ts");
  await import("./mass/run.ts");
  await import("./declarations/run.ts");
}

async function subscribe(site: Site, seen: Map<string, Seen>): Promise<MqttClient> {
  const client = await connectAsync(`mqtt://127.0.0.1:${site.brokerPort}`, { protocolVersion: 5 });
  client.on("message", (_topic, payload) => {
    const at = epochMs();
    const event = unwrap(payload);
    if (event?.name === "hit" && event.subject !== undefined)
      seen.set(event.subject, { at, hit: event.data as Hit });
  });
  await client.subscribeAsync("nii/v1/+/+/+/hit", { qos: 1 });
  return client;
}

async function sendAll(
  sender: LineSender,
  scans: readonly SimulatedScan[],
  seen: Map<string, Seen>,
): Promise<readonly SentScan[]> {
  const sent: SentScan[] = [];
  for (const [index, scan] of scans.entries()) {
    const each = await sender.send(scan, `path-${index}`);
    await until("the hit", 30_000, () => seen.has(each.scanId));
    if (index >= WARM_UP) sent.push(each);
  }
  return sent;
}

/** The hit's arrival at a subscriber is never before its PUBACK could be, so these figures are upper bounds. */
function pathFigures(site: Site, sent: readonly SentScan[], seen: ReadonlyMap<string, Seen>): void {
  const rows = sent.flatMap((each) => {
    const found = seen.get(each.scanId);
    if (found === undefined) return [];
    const model = found.hit.models.reduce((sum, { milliseconds }) => sum + milliseconds, 0);
    return [
      {
        decided: Date.parse(found.hit.decidedAt) - each.endSentAt - model,
        uplink: found.at - Date.parse(found.hit.decidedAt),
        ack: each.acknowledgedAt - each.endSentAt,
        whole: found.at - each.endSentAt,
        model,
        rest: found.at - each.endSentAt - model,
      },
    ];
  });
  const fsync = measureFsync(site.folder, 200);
  const rest = spreadOf(rows.map((row) => row.rest));
  const beyond = rest.median - FSYNCS_ON_PATH * fsync.median;
  report("one fsync of 4 KiB", spreadText(fsync, "ms", 2));
  report("last line sent → ACK", spreadText(spreadOf(rows.map((row) => row.ack)), "ms"));
  report("last line sent → hit at a subscriber", spreadText(spreadOf(rows.map((row) => row.whole)), "ms"));
  report(
    "  of this bare session.run, all models",
    `${spreadText(spreadOf(rows.map((row) => row.model)), "ms")} (aim p95 ≤ 400 ms)`,
  );
  report("  the rest", spreadText(rest, "ms"));
  report("    until the score is decided", spreadText(spreadOf(rows.map((row) => row.decided)), "ms"));
  report("    commit, publish, arrival", spreadText(spreadOf(rows.map((row) => row.uplink)), "ms"));
  report(`  the rest beyond ${FSYNCS_ON_PATH} fsyncs`, `${beyond.toFixed(1)} ms (aim ≤ 10 ms)`);
  report(
    "  whole ÷ bare session.run",
    `${(spreadOf(rows.map((row) => row.whole / row.model)).median).toFixed(2)}`,
  );
}

async function throughputFigures(
  sender: LineSender,
  scans: readonly SimulatedScan[],
  seen: Map<string, Seen>,
): Promise<void> {
  const began = performance.now();
  const ids: string[] = [];
  for (const [index, scan] of scans.entries()) ids.push((await sender.send(scan, `flow-${index}`)).scanId);
  await until("every hit", 120_000, () => ids.every((id) => seen.has(id)));
  report(
    "throughput, one lane back to back",
    `${(scans.length / ((performance.now() - began) / 1000)).toFixed(1)} scans/s`,
  );
}

function memoryFigures(gateway: Running): void {
  const pid = gateway.child.pid ?? 0;
  const own = residentMb(pid);
  const children = childrenOf(pid).map(residentMb);
  const total = own + children.reduce((sum, each) => sum + each, 0);
  report(
    "resident memory",
    `gateway ${own.toFixed(0)} MB, inference ${children.map((each) => each.toFixed(0)).join(" + ")} MB, together ${total.toFixed(0)} MB (aim ≤ 400 MB)`,
  );
}

function residentMb(pid: number): number {
  const match = /VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, "utf8"));
  return (Number(match?.[1] ?? 0) * 1024) / 1e6;
}

await main();
