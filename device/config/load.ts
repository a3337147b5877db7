import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, isAbsolute, join, resolve } from "node:path";
import { parseDocument } from "yaml";
import { LynceusError } from "../../protocols/errors.ts";
import { addressFaults } from "./addresses.ts";
import { beltFaults, beltWarnings } from "./belt.ts";
import { consoleFaults, resolvedConsole } from "./console.ts";
import { absoluteReports, absoluteScanner } from "./dicom.ts";
import { encryptionWarnings } from "./encryption.ts";
import { type ConfigFault, faultsOf } from "./issues.ts";
import { keyFileWarnings } from "./key-files.ts";
import { mended, standing } from "./mend.ts";
import { absoluteModels, modelsWarnings } from "./models.ts";
import type { PeripheralConfig } from "./peripherals.ts";
import { type Config, configSchema, type LaneConfig } from "./schema.ts";
import type { TlsFiles } from "./secrets.ts";
import { brokerFaults, brokerWarnings, resolvedBrokerTls, resolvedTrust } from "./security.ts";

/** The calibration that comes with the program is named by a word, no path (`device/image/mass-file.ts`). */
const USUAL_MASS_WORD = "usual";
/** A secret that is no file: `env:NAME`, `credential:NAME`, `pkcs11:…`. */
const SECRET_REFERENCE = /^(env|credential|pkcs11):/;
/** A configuration file is a page, not a data set; a larger file is the wrong file. */
const MAX_CONFIG_BYTES = 1_000_000;

/** Reads and validates a configuration file. Throws LYN_CONFIG_UNREADABLE or LYN_CONFIG_INVALID with every fault at once. */
export async function loadConfig(file: string): Promise<Config> {
  const { config, faults } = examined(await readText(file), file);
  const all = [...faults, ...(config === null ? [] : standing(await profileFaults(config), faults))];
  if (config === null || all.length > 0) throw invalid(file, all);
  return config;
}

/** Scanner profiles are validated with the configuration that names them. */
async function profileFaults(config: Config): Promise<readonly ConfigFault[]> {
  const faults = config.lanes.map(async ({ scanner }, at): Promise<readonly ConfigFault[]> => {
    if (!("profile" in scanner) || scanner.profile === undefined) return [];
    const { readProfile } = await import("../profile/load.ts");
    const path = `lanes[${at}].scanner.profile`;
    try {
      await readProfile(scanner.profile);
      return [];
    } catch (error) {
      if (!(error instanceof LynceusError)) throw error;
      const own = error.details["faults"] as readonly ConfigFault[];
      if (own.length === 0) return [{ path, message: error.message }];
      return own.map((fault) => ({ path: `${path} ${fault.path}`, message: fault.message }));
    }
  });
  return (await Promise.all(faults)).flat();
}

/** Validates configuration text; relative paths are resolved against the folder of `file`. */
export function parseConfig(text: string, file: string): Config {
  const { config, faults } = examined(text, file);
  if (config === null || faults.length > 0) throw invalid(file, faults);
  return config;
}

/** The faults of a configuration, with as much of it as can be used; null: nothing can. */
function examined(
  text: string,
  file: string,
): { readonly config: Config | null; readonly faults: readonly ConfigFault[] } {
  const input = documentOf(text, file);
  const absolute = (config: Config) => withAbsolutePaths(config, dirname(resolve(file)));
  const result = configSchema.safeParse(input);
  if (result.success) return { config: absolute(result.data), faults: partFaults(result.data) };
  const faults = faultsOf(configSchema, result.error, input);
  const rest = mended(input, result.error);
  const again = configSchema.safeParse(rest);
  if (again.success)
    return {
      config: absolute(again.data),
      faults: [...faults, ...standing(partFaults(again.data), faults)],
    };
  const more = rest === null ? [] : faultsOf(configSchema, again.error, rest);
  return { config: null, faults: [...faults, ...standing(more, faults)] };
}

function documentOf(text: string, file: string): unknown {
  const document = parseDocument(text, { prettyErrors: true, uniqueKeys: true });
  const first = document.errors[0];
  if (first !== undefined) {
    throw new LynceusError("LYN_CONFIG_UNREADABLE", `${file} is not YAML: ${first.message}`, {
      remedy: "Correct the line named; indentation is by spaces, a key appears once.",
      cause: first,
    });
  }
  return document.toJS({ maxAliasCount: 20 });
}

/** Faults of parts that are sound each by itself. */
function partFaults(config: Config): readonly ConfigFault[] {
  return [
    ...crossFaults(config),
    ...addressFaults(config),
    ...brokerFaults(config.broker),
    ...consoleFaults(config.console),
  ];
}

/** What is valid and should be thought over: said by `check` and at start. */
export function warningsOf(config: Config): readonly ConfigFault[] {
  return [
    ...brokerWarnings(config.broker),
    ...modelsWarnings(config),
    ...encryptionWarnings(config),
    ...keyFileWarnings(config),
    ...config.lanes.flatMap(beltWarnings),
  ];
}

function crossFaults(config: Config): readonly ConfigFault[] {
  return config.lanes.flatMap((lane, at) => {
    const faults: ConfigFault[] = [];
    const { medium, high } = lane.fusion.bands;
    if (medium >= high) {
      faults.push({
        path: `lanes[${at}].fusion.bands`,
        message: `found: medium ${medium}, high ${high}; allowed: medium below high`,
      });
    }
    faults.push(...beltFaults(lane, at));
    const ids = lane.peripherals.map((each) => each.id);
    for (const id of new Set(ids.filter((each, index) => ids.indexOf(each) !== index))) {
      faults.push({
        path: `lanes[${at}].peripherals`,
        message: `found: the id "${id}" twice; allowed: ids that differ`,
      });
    }
    return faults;
  });
}

function invalid(file: string, faults: readonly ConfigFault[]): LynceusError {
  const lines = faults.map((fault) => `  ${fault.path}: ${fault.message}`);
  return new LynceusError(
    "LYN_CONFIG_INVALID",
    `${file} has ${faults.length} fault${faults.length === 1 ? "" : "s"}:\n${lines.join("\n")}`,
    {
      remedy: "Correct each key named, then run `lynceus check --config FILE` again.",
      details: { faults },
    },
  );
}

async function readText(file: string): Promise<string> {
  try {
    const data = await readFile(file);
    if (data.byteLength > MAX_CONFIG_BYTES)
      throw new Error(`it is ${data.byteLength} bytes; a configuration is at most ${MAX_CONFIG_BYTES}`);
    return data.toString("utf8");
  } catch (cause) {
    throw new LynceusError("LYN_CONFIG_UNREADABLE", `${file} cannot be read: ${(cause as Error).message}`, {
      remedy: "Name an existing file with --config that this user may read.",
      cause,
    });
  }
}

function withAbsolutePaths(config: Config, base: string): Config {
  const absolute = (path: string) => (isAbsolute(path) ? path : resolve(base, path));
  const { broker, models, signing, inference } = config;
  const secret = (path: string | undefined) =>
    path === undefined || SECRET_REFERENCE.test(path) ? path : absolute(path);
  return {
    ...config,
    broker: {
      ...broker,
      passwordFile: secret(broker.passwordFile),
      tls: broker.tls && resolvedBrokerTls(broker.tls, (path) => secret(path) ?? path),
    },
    spool: {
      ...config.spool,
      path: absolute(config.spool.path),
      encryption: config.spool.encryption && {
        key: secret(config.spool.encryption.key) ?? config.spool.encryption.key,
        previous: config.spool.encryption.previous.map((path) => secret(path) ?? path),
      },
    },
    models: absoluteModels(models, absolute),
    inference: inference && { socket: absolute(inference.socket) },
    signing: signing && {
      key: secret(signing.key) ?? signing.key,
      previous: signing.previous.map((path) => secret(path) ?? path),
    },
    trust: {
      ...config.trust,
      central: resolvedTrust(config.trust.central, (path) => secret(path) ?? path),
      models: config.trust.models.map((path) => secret(path) ?? path),
      modelsRoot: config.trust.modelsRoot === undefined ? undefined : absolute(config.trust.modelsRoot),
    },
    lanes: config.lanes.map((each) => {
      const { massCalibration: mass } = each;
      const lane = {
        ...each,
        peripherals: each.peripherals.map((one) => withAbsoluteFiles(one, absolute)),
        massCalibration: mass === undefined || mass === USUAL_MASS_WORD ? mass : absolute(mass),
      };
      if (lane.scanner.driver === "dicom")
        return { ...lane, scanner: absoluteScanner(lane.scanner, (path) => secret(path) ?? path) };
      return { ...lane, scanner: absoluteDriver(lane.scanner, absolute, base) };
    }),
    console: resolvedConsole(config.console, (path) => secret(path) ?? path),
    reports: config.reports && absoluteReports(config.reports, absolute, (path) => secret(path) ?? path),
  };
}

function withAbsoluteFiles(
  peripheral: PeripheralConfig,
  absolute: (path: string) => string,
): PeripheralConfig {
  const transport = absoluteReplay(peripheral.transport, absolute);
  if ("tls" in peripheral && peripheral.tls !== undefined)
    return withKeeper({ ...peripheral, transport, tls: absoluteTls(peripheral.tls, absolute) }, absolute);
  return withKeeper({ ...peripheral, transport }, absolute);
}

function absoluteTls(files: TlsFiles, absolute: (path: string) => string): TlsFiles {
  const one = (path: string | undefined) =>
    path === undefined || path.startsWith("env:") ? path : absolute(path);
  return { ca: one(files.ca), cert: one(files.cert), key: one(files.key) };
}

function withKeeper(peripheral: PeripheralConfig, absolute: (path: string) => string): PeripheralConfig {
  return peripheral.kind === "radiation" && peripheral.n42 !== undefined
    ? { ...peripheral, n42: absolute(peripheral.n42) }
    : peripheral;
}

/** A recording is a file like any other: relative to the configuration. */
function absoluteReplay(url: string, absolute: (path: string) => string): string {
  const match = /^replay:\/\/([^?]+)(.*)$/.exec(url);
  return match === null ? url : `replay://${absolute(match[1] ?? "")}${match[2] ?? ""}`;
}

type Scanner = LaneConfig["scanner"];

function absoluteDriver(given: Scanner, absolute: (path: string) => string, base: string): Scanner {
  const profile = "profile" in given ? given.profile : undefined;
  const scanner: Scanner =
    profile === undefined ? given : ({ ...given, profile: absolute(profile) } as Scanner);
  if (scanner.driver === "folder") return { ...scanner, path: absolute(scanner.path) };
  if (scanner.driver === "line-scan")
    return {
      ...scanner,
      transport: absoluteReplay(scanner.transport, absolute),
      tls: scanner.tls && absoluteTls(scanner.tls, absolute),
    };
  if (scanner.driver === "module")
    return { ...scanner, module: absoluteModule(scanner.module, absolute, base) };
  return scanner;
}

/** A vendor's package is installed beside the configuration; one that is not there is said when it is loaded. */
function absoluteModule(name: string, absolute: (path: string) => string, base: string): string {
  if (name.startsWith(".")) return absolute(name);
  try {
    return createRequire(join(base, "package.json")).resolve(name);
  } catch {
    return name;
  }
}
