import { makeImageFiles } from "../commands/image.ts";
import { consoleAddress } from "../config/console.ts";
import type { Config } from "../config/schema.ts";
import { readSecret, readSecretText } from "../config/secrets.ts";
import type { Log } from "../log.ts";
import type { Metrics } from "../metrics/metrics.ts";
import type { Overview, Snapshot } from "../overview/overview.ts";
import type { Spool } from "../spool/port.ts";
import { packageVersion } from "../versions.ts";
import { Access } from "./access.ts";
import { consoleApp } from "./app.ts";
import { readAssets } from "./assets.ts";
import { Feed } from "./feed.ts";
import { Pictures } from "./pictures.ts";
import { ConsoleServer } from "./server.ts";
import { consoleState } from "./state.ts";

/** Hits looked at for the page, revisions included, and alerts on it. */
const HITS = 60;
const ALERTS = 24;

export interface ConsoleSurroundings {
  readonly config: Pick<Config, "console" | "gateway">;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly overview: Pick<Overview, "now">;
  readonly spool: Pick<Spool, "scan" | "lastHit" | "recent">;
  readonly metrics: Pick<Metrics, "text">;
  readonly log: Log;
}

/** The gateway's page and its metrics. */
export interface Console {
  start(): void;
  stop(): Promise<void>;
  /** Null while it does not listen. */
  readonly port: number | null;
}

/** The console as configured; null: none is. */
export function consoleOf(surroundings: ConsoleSurroundings): Console | null {
  const { config, env, overview, spool, metrics, log } = surroundings;
  if (config.console === undefined) return null;
  const { listen, tokenFile, tls } = config.console;
  const { host, port } = consoleAddress(listen);
  const { site, id: gateway } = config.gateway;
  const stopped = new AbortController();
  const version = packageVersion();
  const state = async () => {
    const [snapshot, hits, alerts] = await Promise.all([
      overview.now(),
      spool.recent("hit", HITS),
      spool.recent("alert", ALERTS),
    ]);
    return consoleState({ site, gateway, version, snapshot, hits, alerts });
  };
  const access = new Access({
    token: tokenFile === undefined ? null : () => readToken(tokenFile, env, log),
    onWrong: () => log.warn({}, "somebody at the console gave a wrong token"),
    now: () => performance.now(),
  });
  const feed = new Feed({ state, log });
  const { signal } = stopped;
  const app = consoleApp({
    host,
    secure: tls !== undefined,
    access,
    assets: readAssets(),
    state,
    feed,
    pictures: new Pictures({ spool, draw: makeImageFiles, site, gateway, signal }),
    metrics: async () => metrics.text(await snapshotOf(overview, log)),
  });
  const identity =
    tls === undefined
      ? null
      : async () => ({ cert: await readSecret(tls.cert, env), key: await readSecret(tls.key, env) });
  const server = new ConsoleServer({ host, port, app, identity, random: Math.random, log });
  return {
    start: () => server.start(),
    stop: () => {
      stopped.abort();
      feed.stop();
      return server.stop();
    },
    get port() {
      return server.port;
    },
  };
}

/** A token that cannot be read lets nobody in. */
function readToken(file: string, env: ConsoleSurroundings["env"], log: Log): Promise<string> {
  return readSecretText(file, env).catch((error: unknown) => {
    log.error({ err: error }, "the console's token cannot be read; nobody is let in");
    return "";
  });
}

/** Counts are told even where the figures of now are not to be had. */
function snapshotOf(overview: Pick<Overview, "now">, log: Log): Promise<Snapshot | null> {
  return overview.now().catch((error: unknown) => {
    log.warn({ err: error }, "no figures for the metrics");
    return null;
  });
}
