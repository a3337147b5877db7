import { type Hit, hitSchema } from "../../protocols/mqtt/hit.ts";
import type { Snapshot } from "../overview/overview.ts";
import type { RecentRow } from "../spool/operations/recent.ts";
import { type FigureView, figureViews } from "./figures.ts";
import { deviceTold, type Level, laneTold, type Told, worst } from "./words.ts";

/** Detections below this score are not named, 0..1. */
const SHOWN_SCORE = 0.1;
/** Scans on the page. */
const SHOWN = 24;
/** Reasons of a hit that are shown. */
const REASONS = 4;

/** A hit as the page shows it. */
export interface HitView {
  readonly id: string;
  readonly scanId: string;
  readonly revision: number;
  readonly cause: string;
  /** RFC 3339 */
  readonly at: string;
  readonly lane: string;
  readonly identifiers: readonly string[];
  readonly decision: string;
  readonly band: string;
  readonly percent: number;
  readonly recommendation: string;
  readonly reasons: readonly string[];
  readonly detections: readonly {
    readonly class: string;
    readonly percent: number;
    readonly alarm: boolean;
  }[];
  readonly massKg: number | null;
  readonly views: readonly { readonly view: number; readonly name: string }[];
  readonly delivery: RecentRow["state"];
}

export interface AlertView {
  readonly id: string;
  readonly at: string;
  readonly code: string;
  readonly level: Level;
  readonly message: string;
  readonly remedy: string;
  readonly lane: string | null;
}

/** All that the page shows. */
export interface ConsoleState {
  /** RFC 3339 */
  readonly at: string;
  readonly site: string;
  readonly gateway: string;
  readonly version: string;
  readonly uptimeSeconds: number;
  readonly overall: Told;
  readonly lanes: readonly (Told & {
    readonly id: string;
    readonly driver: string;
    readonly since: string;
    readonly lost: number;
    readonly devices: readonly (Told & {
      readonly id: string;
      readonly kind: string;
      readonly since: string;
    })[];
  })[];
  readonly figures: readonly FigureView[];
  readonly hits: readonly HitView[];
  readonly alerts: readonly AlertView[];
}

export function consoleState(options: {
  readonly site: string;
  readonly gateway: string;
  readonly version: string;
  readonly snapshot: Snapshot;
  readonly hits: readonly RecentRow[];
  readonly alerts: readonly RecentRow[];
}): ConsoleState {
  const { site, gateway, version, snapshot, hits, alerts } = options;
  const lanes = snapshot.lanes.map((lane) => ({
    id: lane.id,
    driver: lane.driver,
    since: iso(lane.state.since),
    lost: lane.lost,
    ...laneTold(lane),
    devices: lane.devices.map((device) => ({
      id: device.id,
      kind: device.kind,
      since: iso(device.since),
      ...deviceTold(device),
    })),
  }));
  const figures = figureViews(snapshot);
  return {
    at: snapshot.health.at,
    site,
    gateway,
    version,
    uptimeSeconds: Math.floor(snapshot.health.uptimeSeconds),
    overall: overallOf([...lanes, ...lanes.flatMap(({ devices }) => devices), ...figures]),
    lanes,
    figures,
    hits: standing(hits.flatMap((row) => hitView(row) ?? [])),
    alerts: alerts.flatMap((row) => alertView(row) ?? []),
  };
}

/** Of a scan the highest revision alone, in the order of the newest. */
function standing(hits: readonly HitView[]): readonly HitView[] {
  const highest = new Map<string, HitView>();
  for (const hit of hits) {
    const known = highest.get(hit.scanId);
    if (known === undefined || known.revision < hit.revision) highest.set(hit.scanId, hit);
  }
  return [...highest.values()].slice(0, SHOWN);
}

function overallOf(all: readonly Told[]): Told {
  const level = worst(all.map((one) => one.level));
  const count = all.filter((one) => one.level === "fault" || one.level === "warning").length;
  if (count === 0) return { level, text: "Everything works", remedy: "" };
  const what = count === 1 ? "One thing needs" : `${count} things need`;
  return { level, text: `${what} attention`, remedy: "" };
}

function hitView({ id, event, state }: RecentRow): HitView | null {
  const data = dataOf<Hit>(event);
  // Salvaged from another version, or cut: nothing of it is shown rather than half of it.
  if (data === null || !hitSchema.safeParse(data).success) return null;
  return {
    id,
    scanId: data.scanId,
    revision: data.revision,
    cause: data.cause,
    at: data.capturedAt,
    lane: data.lane,
    identifiers: data.identifiers.map(({ value }) => value),
    decision: data.decision,
    band: data.score.band,
    percent: Math.round(data.score.probability * 100),
    recommendation: data.recommendation,
    reasons: data.reasons.slice(0, REASONS).map(({ text }) => text),
    detections: data.detections
      .filter(({ score, alarm }) => alarm || score >= SHOWN_SCORE)
      // Best first: the first of a class stands for it.
      .filter((one, at, all) => all.findIndex((other) => other.class === one.class) === at)
      .slice(0, REASONS)
      .map((one) => ({ class: one.class, percent: Math.round(one.score * 100), alarm: one.alarm })),
    massKg: data.measured.massKg,
    views: data.scan.views.map(({ view, name }) => ({ view, name })),
    delivery: state,
  };
}

function alertView({ id, event }: RecentRow): AlertView | null {
  const data = dataOf<{ code: string; severity: string; message: string; remedy: string; lane?: string }>(
    event,
  );
  if (data === null) return null;
  const { code, severity, message, remedy, lane = null } = data;
  const level = severity === "critical" ? "fault" : severity === "warning" ? "warning" : "info";
  return { id, at: timeOf(event), code, level, message, remedy, lane };
}

/** What the journal holds is ours; a row that cannot be read is shown by nothing. */
function dataOf<Data>(event: string): Data | null {
  try {
    return (JSON.parse(event) as { data: Data }).data;
  } catch {
    return null;
  }
}

function timeOf(event: string): string {
  return String((JSON.parse(event) as { time: string }).time);
}

function iso(ms: number): string {
  return new Date(ms).toISOString();
}
