import { existsSync } from "node:fs";
import { LynceusError } from "../../../protocols/errors.ts";
import { loadConfig } from "../../config/load.ts";
import { SILENT_LOG } from "../../log.ts";
import { activate, rollBack } from "../../models/lifecycle.ts";
import { type ModelParts, modelPartsOf } from "../../models/of-config.ts";
import { listed, textOf } from "./listing.ts";
import { withConfig } from "./no-gateway.ts";
import { findingsOf, type VerifyFinding } from "./verify.ts";

interface Options {
  readonly config: string;
  readonly json?: boolean;
}

/** Of commands that change nothing: where no configuration is named, or there, they know what comes with the project. */
type ReadingOptions = Omit<Options, "config"> & { readonly config?: string };

const NEVER = new AbortController().signal;

/** `lynceus models list` */
export async function list(options: ReadingOptions): Promise<void> {
  const models = await withConfig(options.config, (config) =>
    listed(modelPartsOf(config, process.env, SILENT_LOG)),
  );
  say(options, { models }, textOf(models));
}

/** `lynceus models verify`: exit 1 where a package fails. */
export async function verify(packages: readonly string[], options: ReadingOptions): Promise<void> {
  const findings: VerifyFinding[] = [];
  await withConfig(options.config, async (config) => {
    const parts = modelPartsOf(config, process.env, SILENT_LOG);
    for await (const finding of findingsOf(packages, parts, config)) {
      findings.push(finding);
      if (options.json !== true) process.stdout.write(lineOf(finding));
      if (!finding.ok) process.exitCode = 1;
    }
  });
  if (options.json === true) say(options, { packages: findings }, "");
}

/** `lynceus models install` */
export async function install(file: string, options: Options & { readonly source?: string }): Promise<void> {
  const { installer } = await partsOf(options);
  const isTarget = options.source !== undefined || (!existsSync(file) && /^[^/]+\.tar\.gz$/.test(file));
  if (!isTarget && !existsSync(file))
    throw new LynceusError("LYN_PATH_MISSING", `There is no ${file}`, {
      remedy: "Name an archive NAME-VERSION.tar.gz, or a target of models.sources.",
    });
  const sources = options.source === undefined ? undefined : [options.source];
  const found = isTarget
    ? await installer.installTarget(file, NEVER, sources)
    : await installer.installFile(file, NEVER);
  const { name, version, sha256, trustedBy, task } = found;
  const text = `${name} ${version} is installed and verified (signed by ${trustedBy})\n  lynceus models activate ${name}@${version}\n`;
  say(options, { name, version, sha256, trustedBy, task, state: "verified" }, text);
}

/** `lynceus models activate` */
export async function activatePackage(which: string, options: Options): Promise<void> {
  const [name = "", version = ""] = which.split("@");
  if (name === "" || version === "")
    throw new LynceusError("LYN_USAGE", `${which} is no NAME@VERSION`, {
      remedy: "For example: lynceus models activate threat-detector@1.2.0",
    });
  const { store, installer } = await partsOf(options);
  const standing = await installer.standing(name);
  await store.change((state) => activate(state, name, version, standing, Date.now()));
  say(options, { name, version, state: "active" }, `${name} ${version} decides from now on\n`);
}

/** `lynceus models rollback` */
export async function rollBackPackage(name: string, options: Options): Promise<void> {
  const { store, installer } = await partsOf(options);
  const back = await store.change((state) => rollBack(state, name, null, Date.now()));
  const { base } = await installer.standing(name);
  const version = back ?? base ?? null;
  say(options, { name, version, state: "active" }, `${name} ${version ?? "(none)"} decides again\n`);
}

async function partsOf({ config }: Options): Promise<ModelParts> {
  return modelPartsOf(await loadConfig(config), process.env, SILENT_LOG);
}

function say({ json }: ReadingOptions, data: unknown, text: string): void {
  process.stdout.write(json === true ? `${JSON.stringify(data)}\n` : text);
}

function lineOf(finding: VerifyFinding): string {
  const { what, ok, found, remedy } = finding;
  const head = `${(ok ? "ok" : "fault").padEnd(8)}${what}: ${found}\n`;
  return remedy === null ? head : `${head}        remedy: ${remedy}\n`;
}
