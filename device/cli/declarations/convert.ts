import {
  type Adapted,
  type AdapterOptions,
  type AdapterResult,
  COLUMN_TARGETS,
  createTokeniser,
  declarationsOfCsv,
  declarationsOfItmatt,
  declarationsOfWco,
  declarationsOfXfzb,
  PLAIN_MAP,
  readColumnMap,
} from "../../../protocols/declaration/adapters.ts";
import { LynceusError } from "../../../protocols/errors.ts";
import { readPath } from "./files.ts";
import { Publisher, type PublisherOptions } from "./publisher.ts";

/** Options of the command. */
export interface ConvertOptions extends PublisherOptions {
  readonly format?: "csv" | "itmatt" | "wco" | "xfzb";
  readonly map?: string;
  readonly targets?: boolean;
  readonly direction?: AdapterOptions["direction"];
  readonly flow?: AdapterOptions["flow"];
  readonly key?: string;
  readonly epoch: string;
  readonly retainDays: string;
  readonly purpose: string;
  readonly json?: boolean;
}

/** Reads the files one after the other and hands each declaration on; returns the exit code. */
export async function convert(files: readonly string[], options: ConvertOptions): Promise<number> {
  if (options.targets === true) {
    process.stdout.write(`${COLUMN_TARGETS.join("\n")}\n`);
    return 0;
  }
  if (files.length === 0)
    throw usage("no file is named", "Name the messages to read, for example `declarations.csv`.");
  const adapter = await adapterOptions(options);
  const map = options.map === undefined ? PLAIN_MAP : readColumnMap(await readJson(options.map));
  const publisher = options.broker === undefined ? null : await Publisher.open(options);
  let faults = 0;
  let made = 0;
  let scrubbed = 0;
  try {
    for (const file of files) {
      const text = (await readPath(file)).toString("utf8");
      const result = read(options.format ?? formatOf(text), text, map, adapter);
      for (const fault of result.faults) {
        faults += 1;
        process.stderr.write(
          `${file}: no declaration of part ${fault.at}: ${fault.pointer} ${fault.message}\n`,
        );
      }
      for (const one of result.declarations) {
        made += 1;
        scrubbed += one.scrubbed;
        if (publisher === null) print(one, options);
        else await publisher.publish(one.declaration);
      }
    }
  } finally {
    await publisher?.close();
  }
  process.stderr.write(
    `${made} declarations ${publisher === null ? "made" : "published"}, ${faults} parts not usable, ${scrubbed} personal pieces taken out\n`,
  );
  return faults > 0 ? 1 : 0;
}

function print({ declaration, findings, scrubbed }: Adapted, { json }: ConvertOptions): void {
  process.stdout.write(
    `${JSON.stringify(json === true ? { declaration, findings, scrubbed } : declaration)}\n`,
  );
}

function read(
  format: NonNullable<ConvertOptions["format"]>,
  text: string,
  map: typeof PLAIN_MAP,
  options: AdapterOptions,
): AdapterResult {
  if (format === "csv") return declarationsOfCsv(text, map, options);
  if (format === "itmatt") return declarationsOfItmatt(text, options);
  return format === "wco" ? declarationsOfWco(text, options) : declarationsOfXfzb(text, options);
}

/** By the first character, and of XML by the names that only one of the two has. */
function formatOf(text: string): NonNullable<ConvertOptions["format"]> {
  const start = text.trimStart();
  if (start.startsWith("{") || start.startsWith("[")) return "itmatt";
  if (!start.startsWith("<")) return "csv";
  return /<(?:\w+:)?(?:HouseWaybill|HouseManifest|MasterConsignment)[\s>]/.test(text) ? "xfzb" : "wco";
}

async function adapterOptions(options: ConvertOptions): Promise<AdapterOptions> {
  const { direction, flow, key, epoch, purpose, retainDays } = options;
  const days = Number(retainDays);
  if (!(Number.isInteger(days) && days >= 1 && days <= 3653))
    throw usage(
      `--retain-days ${retainDays} is not from 1 to 3653`,
      "Give whole days, for example --retain-days 30.",
    );
  const now = Date.now();
  return {
    receivedAt: new Date(now).toISOString(),
    retainUntil: new Date(now + days * 86_400_000).toISOString(),
    purpose,
    ...(direction === undefined ? {} : { direction }),
    ...(flow === undefined ? {} : { flow }),
    ...(key === undefined ? {} : { tokenise: createTokeniser({ key: await readPath(key), epoch }) }),
  };
}

async function readJson(file: string): Promise<unknown> {
  const text = (await readPath(file)).toString("utf8");
  try {
    return JSON.parse(text) as unknown;
  } catch {
    throw new LynceusError("LYN_DECLARATION_MAP", `${file} is no JSON`, {
      remedy: 'Write the map as { "columns": { "NAME OF THE COLUMN": "TARGET" } }.',
    });
  }
}

function usage(message: string, remedy: string): LynceusError {
  return new LynceusError("LYN_USAGE", message, { remedy });
}
