import { sleep } from "../backoff.ts";
import { readTlsFiles, type TlsFiles } from "../customs/tls-files.ts";
import { Random } from "../random.ts";
import { FleetFigures } from "./figures.ts";
import { FleetGateway } from "./gateway.ts";

/** Gateways of one process, at most. */
export const MAX_GATEWAYS = 2000;
/** Connections are opened this far apart, ms: a broker is not measured by a storm. */
const APART_MS = 5;

type TlsNames = Parameters<typeof readTlsFiles>[0];

export interface FleetOptions {
  readonly broker: string;
  readonly root: string;
  readonly site: string;
  readonly gateways: number;
  /** Hits a second of each gateway. */
  readonly rate: number;
  /** null: until stopped. */
  readonly minutes: number | null;
  readonly seed: number;
  /** PEM files for mqtts:// and wss://; `{gateway}` in a name stands for the gateway's. */
  readonly tls?: TlsNames;
  readonly onProgress?: (figures: FleetFigures) => void;
}

/** What a fleet's run came to. */
export interface FleetSummary {
  readonly gateways: number;
  readonly seconds: number;
  readonly connections: number;
  readonly lostConnections: number;
  readonly hits: number;
  readonly acknowledged: number;
  readonly resent: number;
  readonly heldBack: number;
  readonly states: number;
  readonly receipts: number;
  readonly bytes: number;
  readonly hitsPerSecond: number;
  /** From publish to PUBACK, ms; null without any. */
  readonly pubackMs: {
    readonly p50: number | null;
    readonly p95: number | null;
    readonly p99: number | null;
  };
}

/**
 * The files of each gateway, before the first connects: one that is missing is no broker's fault. One after the other: the first that is
 * missing is named, the same every time.
 */
async function tlsOf({ gateways, tls = {} }: FleetOptions): Promise<readonly TlsFiles[]> {
  const named = (text: string | undefined, id: string) => text?.replaceAll("{gateway}", id);
  const files: TlsFiles[] = [];
  for (let at = 1; at <= gateways; at++) {
    const id = idOf(at);
    files.push(
      await readTlsFiles({ ca: named(tls.ca, id), cert: named(tls.cert, id), key: named(tls.key, id) }),
    );
  }
  return files;
}

function idOf(at: number): string {
  return `sim-${String(at).padStart(4, "0")}`;
}

/** Runs a fleet until its time is over or `stop` aborts. Throws `LYN_PATH_MISSING` for a PEM file that cannot be read. */
export async function runFleet(options: FleetOptions, stop: AbortSignal): Promise<FleetSummary> {
  const { broker, root, site, gateways, rate, minutes, seed } = options;
  const files = await tlsOf(options);
  const figures = new FleetFigures();
  const limits = minutes === null ? [stop] : [stop, AbortSignal.timeout(minutes * 60_000)];
  const until = AbortSignal.any(limits);
  const began = performance.now();
  const progress = setInterval(() => options.onProgress?.(figures), 1000);
  const running: Promise<void>[] = [];
  for (let at = 1; at <= gateways && !until.aborted; at++) {
    const id = idOf(at);
    const random = new Random(seed, `gateway ${at}`);
    const own = { id, rate, random, tls: files[at - 1] };
    running.push(new FleetGateway({ url: broker, root, site, ...own, figures }).run(until));
    await sleep(APART_MS, until);
  }
  await Promise.all(running);
  clearInterval(progress);
  const seconds = (performance.now() - began) / 1000;
  return summaryOf(figures, { gateways, seconds });
}

function summaryOf(
  figures: FleetFigures,
  { gateways, seconds }: { gateways: number; seconds: number },
): FleetSummary {
  const { connections, lost, hits, acknowledged, resent, heldBack, states, receipts, bytes } = figures;
  return {
    gateways,
    seconds: Math.round(seconds * 10) / 10,
    connections,
    // Each session says goodbye once.
    lostConnections: Math.max(0, lost - gateways),
    hits,
    acknowledged,
    resent,
    heldBack,
    states,
    receipts,
    bytes,
    hitsPerSecond: Math.round((acknowledged / Math.max(seconds, 0.001)) * 10) / 10,
    pubackMs: {
      p50: figures.percentile(0.5),
      p95: figures.percentile(0.95),
      p99: figures.percentile(0.99),
    },
  };
}
