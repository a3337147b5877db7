import { stat } from "node:fs/promises";
import { join } from "node:path";
import { LynceusError } from "../../../protocols/errors.ts";
import { loadConfig } from "../../config/load.ts";
import type { Config } from "../../config/schema.ts";
import type { FusionSettings } from "../../fusion/input.ts";
import { fusionSettings } from "../../fusion/settings.ts";
import { builtInModels } from "../../inference/built-in.ts";
import type { LoadedModels } from "../../inference/models.ts";
import { vaultOf } from "../../keys/of-config.ts";
import { applyProfile } from "../../profiles/apply.ts";
import { JOURNAL_FILE } from "../../spool/database.ts";
import { readLaneSettings } from "../lane-settings.ts";
import { parseSince } from "../since.ts";
import { replayFolder } from "./folder.ts";
import { readProfileFile } from "./profile.ts";
import { type Replayed, ReplayTally, replayedText, summaryText } from "./result.ts";
import { replaySpool } from "./spool.ts";

export interface ReplayCommand {
  /** One of the two. */
  readonly spool?: string;
  readonly folder?: string;
  readonly models?: string;
  readonly config?: string;
  readonly profile?: string;
  readonly since?: string;
  /** Scans at most, the newest. */
  readonly limit: number;
  readonly json: boolean;
  /** ms since the epoch */
  readonly now: number;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly out: (text: string) => void;
  /** Everything for people that is no result. */
  readonly say: (text: string) => void;
}

/**
 * Re-runs stored scans through other models, thresholds or profiles and prints what differs.
 * @returns whether every scan could be replayed.
 * @throws LYN_USAGE, LYN_PATH_MISSING, LYN_SPOOL_MISSING before anything is done.
 */
export async function runReplay(command: ReplayCommand): Promise<boolean> {
  const tally = new ReplayTally();
  for await (const one of await scansOf(command)) {
    tally.take(one);
    command.out(command.json ? `${JSON.stringify(one)}\n` : replayedText(one));
  }
  const summary = tally.summary();
  command.out(command.json ? `${JSON.stringify({ summary })}\n` : summaryText(summary));
  return summary.notReplayed === 0;
}

async function scansOf(command: ReplayCommand): Promise<AsyncIterable<Replayed>> {
  const { spool, folder, env } = command;
  if ((spool === undefined) === (folder === undefined))
    throw new LynceusError("LYN_USAGE", "give --spool DIR or --folder DIR, one of the two", {
      remedy: "--spool is the folder of spool.path of a gateway, --folder one of image files.",
    });
  for (const path of [spool, folder, command.models]) if (path !== undefined) await mustBeFolder(path);
  const config = command.config === undefined ? null : await loadConfig(command.config);
  const profile = command.profile === undefined ? null : await readProfileFile(command.profile);
  const adjust = (settings: FusionSettings) =>
    profile === null ? settings : applyProfile(settings, profile);
  if (folder !== undefined) return folderOf(command, folder, config, adjust);
  const path = await spoolOf(spool ?? "");
  const from = command.since === undefined ? 0 : parseSince(command.since, command.now);
  // With nothing named the images are looked at again by what comes with this version.
  const anew = command.models !== undefined || (config === null && profile === null);
  return replaySpool({
    path,
    site: config?.gateway.site ?? "local",
    gateway: config?.gateway.id ?? "local",
    vault: config === null ? undefined : await vaultOf(config, env),
    from,
    to: Number.MAX_SAFE_INTEGER,
    limit: command.limit,
    models: anew ? await modelsOf(command, config) : null,
    lanes: config === null ? null : await readLaneSettings(config, env),
    adjust,
  });
}

async function folderOf(
  command: ReplayCommand,
  folder: string,
  config: Config | null,
  adjust: (settings: FusionSettings) => FusionSettings,
): Promise<AsyncIterable<Replayed>> {
  const { loadModels } = await import("../../inference/models.ts");
  const usual = await loadModels({ names: null, folders: [builtInModels()] });
  const own = config?.lanes[0]?.fusion;
  return replayFolder({
    folder,
    limit: command.limit,
    usual,
    models: command.models === undefined ? null : await modelsOf(command, config),
    settings: adjust(own === undefined ? fusionSettings() : fusionSettings(own)),
  });
}

/** The packages of the folder that is given before those that come with the project; with a configuration those that its lanes name. */
async function modelsOf(
  { models, say }: Pick<ReplayCommand, "models" | "say">,
  config: Config | null,
): Promise<LoadedModels> {
  const { loadModels } = await import("../../inference/models.ts");
  const folders = [...(models === undefined ? [] : [models]), builtInModels()];
  const names = config === null ? null : [...new Set(config.lanes.flatMap((lane) => lane.models))];
  const loaded = await loadModels({ names, folders });
  for (const fault of loaded.faults)
    say(`error ${fault.code}: ${fault.message}\n  remedy: ${fault.remedy}\n`);
  return loaded;
}

/** The folder that holds the journal: the one given, or `spool` in it, as in a site's folder. */
async function spoolOf(folder: string): Promise<string> {
  const inner = join(folder, "spool");
  const has = (path: string) =>
    stat(join(path, JOURNAL_FILE)).then(
      () => true,
      () => false,
    );
  return !(await has(folder)) && (await has(inner)) ? inner : folder;
}

async function mustBeFolder(path: string): Promise<void> {
  const info = await stat(path).catch(() => null);
  if (info?.isDirectory()) return;
  throw new LynceusError("LYN_PATH_MISSING", `${path} is no folder`, {
    remedy: "Check the paths given with --spool, --folder and --models.",
    details: { path },
  });
}
