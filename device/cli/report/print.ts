import { writeFile } from "node:fs/promises";
import { loadConfig } from "../../config/load.ts";
import { readLaneSettings } from "../lane-settings.ts";
import { parseSince } from "../since.ts";
import { reportHtml } from "./html.ts";
import { reportOf } from "./run.ts";
import { reportText } from "./text.ts";

export interface PrintOptions {
  readonly config: string;
  readonly since?: string;
  readonly json?: boolean;
  /** A file, or true: to `out`. */
  readonly html?: string | true;
}

export interface PrintSurroundings {
  /** ms since the epoch */
  readonly now: number;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly out: { write(text: string): unknown };
}

/** Makes the report and prints it in the form that was asked for. */
export async function printReport(
  options: PrintOptions,
  { now, env, out }: PrintSurroundings,
): Promise<void> {
  const from = options.since === undefined ? 0 : parseSince(options.since, now);
  const config = await loadConfig(options.config);
  const report = await reportOf({ config, settings: await readLaneSettings(config, env), from, to: now });
  const { html } = options;
  if (typeof html === "string") await writeFile(html, reportHtml(report));
  if (options.json) out.write(`${JSON.stringify(report)}\n`);
  else if (html === true) out.write(reportHtml(report));
  else out.write(reportText(report));
}
