import type { Snapshot } from "../overview/overview.ts";
import type { Told } from "./words.ts";

/** A row of the page's "Health": a name, a value with its unit, and what to do. */
export interface FigureView extends Told {
  readonly name: string;
}

/** From here on storage is said to fill up. */
const FILLING = 0.8;
/** A backlog older than this is said, s. */
const BACKLOG_S = 60;
/** A certificate that ends within this is said, days. */
const EXPIRY_DAYS = 14;
const DAY_MS = 86_400_000;

export function figureViews(snapshot: Snapshot): readonly FigureView[] {
  return [
    broker(snapshot),
    outbox(snapshot),
    storage(snapshot),
    models(snapshot),
    clock(snapshot),
    ...certificate(snapshot),
  ];
}

function broker({ links }: Snapshot): FigureView {
  const down = Object.entries(links).filter(([, { state }]) => state !== "online");
  if (down.length === 0) return { name: "Central", level: "ok", text: "connected", remedy: "" };
  const why = down.find(([, { reason }]) => reason !== null)?.[1].reason ?? "connecting";
  const most = down.some(([role]) => role === "hit");
  return {
    name: "Central",
    level: most ? "fault" : "warning",
    text: most ? `no connection to the broker: ${why}` : `part of the connection is down: ${why}`,
    remedy: "Results are kept here and sent later. Check the network, then `lynceus doctor`.",
  };
}

function outbox({ health: { queue }, figures }: Snapshot): FigureView {
  const old = (queue.oldestSeconds ?? 0) > BACKLOG_S;
  const dead = queue.deadLetters > 0 ? `, ${count(queue.deadLetters, "dead letter")}` : "";
  const text =
    queue.depth === 0
      ? `everything is sent, ${count(figures.unreceipted, "result")} without receipt${dead}`
      : `${count(queue.depth, "result")} waiting, the oldest for ${ago(queue.oldestSeconds ?? 0)}${dead}`;
  if (queue.deadLetters > 0 || old)
    return {
      name: "Outbox",
      level: "warning",
      text,
      remedy: queue.deadLetters > 0 ? "See `lynceus outbox` for the reasons." : "See Central above.",
    };
  return { name: "Outbox", level: "ok", text, remedy: "" };
}

function storage({ health: { disk } }: Snapshot): FigureView {
  const share = disk.maxBytes > 0 ? disk.usedBytes / disk.maxBytes : 0;
  const text = `${size(disk.usedBytes)} of ${size(disk.maxBytes)} used, ${size(disk.freeBytes)} free on the volume`;
  if (disk.freeBytes < disk.minFreeBytes || share >= 1)
    return {
      name: "Storage",
      level: "fault",
      text: `full: ${text}`,
      remedy: "Scans are refused. Free space on the volume, or see why central sends no receipts.",
    };
  if (share >= FILLING)
    return {
      name: "Storage",
      level: "info",
      text,
      remedy: "Images of receipted scans are removed by themselves.",
    };
  return { name: "Storage", level: "ok", text, remedy: "" };
}

function models({ inference }: Snapshot): FigureView {
  const names = inference.models.map(({ name, version }) => `${name} ${version}`).join(", ");
  const speed = inference.p50 === null ? "" : `, ${Math.round(inference.p50)} ms a scan`;
  if (inference.state === "ready" && names !== "")
    return { name: "Models", level: "ok", text: `${names}${speed}`, remedy: "" };
  if (inference.state === "starting") return { name: "Models", level: "info", text: "loading", remedy: "" };
  return {
    name: "Models",
    level: "fault",
    text: names === "" ? "no model is loaded: scans are told as UNKNOWN" : `fault ${inference.code ?? ""}`,
    remedy: "See `lynceus doctor`; scans are kept and told as UNKNOWN meanwhile.",
  };
}

function clock({ health }: Snapshot): FigureView {
  if (health.clock.synchronised)
    return { name: "Clock", level: "ok", text: "follows a reference", remedy: "" };
  return {
    name: "Clock",
    level: "warning",
    text: "follows no reference: times of hits are not certain",
    remedy: "Switch on chrony or systemd-timesyncd and check that it reaches a time server.",
  };
}

function certificate({ health: { certificateExpiry, at } }: Snapshot): readonly FigureView[] {
  if (certificateExpiry === null) return [];
  const days = Math.floor((Date.parse(certificateExpiry) - Date.parse(at)) / DAY_MS);
  const name = "Certificate";
  if (days < 0)
    return [
      {
        name,
        level: "fault",
        text: "has expired",
        remedy: "Renew it: `lynceus enroll`, or by the site's authority.",
      },
    ];
  const text = `ends in ${count(days, "day")}`;
  if (days < EXPIRY_DAYS) return [{ name, level: "warning", text, remedy: "Renew it before it ends." }];
  return [{ name, level: "ok", text, remedy: "" }];
}

function count(n: number, one: string): string {
  return `${n} ${one}${n === 1 ? "" : "s"}`;
}

function ago(seconds: number): string {
  if (seconds < 90) return `${Math.round(seconds)} s`;
  if (seconds < 5400) return `${Math.round(seconds / 60)} min`;
  return seconds < 172_800 ? `${Math.round(seconds / 3600)} h` : `${Math.round(seconds / 86_400)} days`;
}

/** GB = 10^9 bytes, as in the configuration. */
function size(bytes: number): string {
  if (bytes >= 1e12) return `${(bytes / 1e12).toFixed(1)} TB`;
  if (bytes >= 1e9) return `${(bytes / 1e9).toFixed(1)} GB`;
  return `${Math.round(bytes / 1e6)} MB`;
}
