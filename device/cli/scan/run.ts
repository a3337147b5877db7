import { existsSync } from "node:fs";
import { open, stat } from "node:fs/promises";
import { basename } from "node:path";
import { isLynceusError, LynceusError } from "../../../protocols/errors.ts";
import type { Hit } from "../../../protocols/mqtt/hit.ts";
import { type DecodedScan, decodeScan } from "../../image/decode.ts";
import type { ImageInput } from "../../image/naming.ts";
import { analyseScan } from "../../inference/analyse.ts";
import type { LoadedModels } from "../../inference/models.ts";
import type { AnalysableScan } from "../../inference/planes.ts";
import type { ProfiledImages } from "../../profile/in-memory.ts";
import { type GivenDeclaration, readDeclaration } from "./declaration.ts";
import { joinDicom, readDicomScan, type ScanInput } from "./dicom.ts";
import { expandInputs } from "./inputs.ts";
import {
  imageFacts,
  type PayloadContext,
  payloadOfFacts,
  type ScanFacts,
  unreadablePayload,
} from "./payload.ts";
import { Renderings } from "./rendering.ts";
import { summaryLine } from "./summary.ts";

/** Bytes of an unreadable file that its scan id is derived from. */
const DIGESTED_BYTES = 1024 * 1024;

export interface ScanCommand {
  readonly inputs: readonly string[];
  readonly declaration?: string;
  /** Folders searched for model packages, the first that holds a name wins. */
  readonly models: readonly string[];
  readonly render?: string;
  /** The scanner's profile, for images as the machine delivers them. */
  readonly scannerProfile?: string;
  /** Results: one JSON object a line. */
  readonly out: (line: string) => void;
  /** Everything for people. */
  readonly say: (text: string) => void;
}

/**
 * Analyses image files without a gateway (`cli.md`, `lynceus scan`): one hit payload a scan, in the order of the inputs.
 * @returns whether everything worked: an unreadable image or a model that does not run is said, and the rest is done.
 * @throws LYN_PATH_MISSING, LYN_USAGE before anything is analysed.
 */
export async function runScan(command: ScanCommand): Promise<boolean> {
  const inputs = await joinDicom(await expandInputs(command.inputs));
  const declaration = command.declaration === undefined ? null : await readDeclaration(command.declaration);
  const profile = await profileOf(command.scannerProfile);
  const renderings = command.render === undefined ? null : new Renderings(command.render);
  await renderings?.prepare();
  // The runtime of the models takes a while to load: not before the command is known to be right.
  const { loadModels } = await import("../../inference/models.ts");
  const loaded = await loadModels({ names: null, folders: command.models });
  for (const fault of loaded.faults) {
    command.say(`error ${fault.code}: ${fault.message}\n  remedy: ${fault.remedy}\n`);
  }
  let sound = loaded.faults.length === 0;
  for (const input of inputs) {
    const result = await analyseInput(input, loaded, { declaration, profile });
    command.out(JSON.stringify(result.hit));
    if ("error" in result) {
      sound = false;
      command.say(`error ${result.error.code}: ${result.error.message}\n  remedy: ${result.error.remedy}\n`);
      continue;
    }
    for (const text of result.warnings) command.say(`warning: ${input.name}: ${text}\n`);
    command.say(summaryLine(input.name, result.hit));
    for (const file of (await renderings?.write(input.name, result.scan, result.hit)) ?? [])
      command.say(`    ${file}\n`);
  }
  return sound;
}

type Result =
  | { readonly hit: Hit; readonly scan: AnalysableScan; readonly warnings: readonly string[] }
  | { readonly hit: Hit; readonly error: LynceusError };

/** What is given beside the images. */
interface Given {
  readonly declaration: GivenDeclaration | null;
  readonly profile: ProfiledImages | null;
}

/** The profile of `--scanner-profile`. @throws LYN_PATH_MISSING, LYN_SCANNER_PROFILE with every fault of it. */
async function profileOf(file: string | undefined): Promise<ProfiledImages | null> {
  if (file === undefined) return null;
  if (!existsSync(file))
    throw new LynceusError("LYN_PATH_MISSING", `${file} does not exist`, {
      remedy: "Check the path given with --scanner-profile.",
    });
  const [{ readProfile }, { ProfiledImages: Images }] = await Promise.all([
    import("../../profile/load.ts"),
    import("../../profile/in-memory.ts"),
  ]);
  return new Images(await readProfile(file));
}

async function analyseInput(
  input: ScanInput,
  models: LoadedModels,
  { declaration, profile }: Given,
): Promise<Result> {
  const context = { declaration, modifiedAt: await modifiedAt(input), now: Date.now() };
  let read: { readonly scan: AnalysableScan; readonly facts: ScanFacts };
  let warnings: readonly string[] = [];
  try {
    read = await readInput(input);
    if (profile !== null) {
      const shaped = await profile.apply(read.scan, read.facts.views, context.now);
      const { airLevel } = shaped.scan;
      read = { scan: shaped.scan, facts: { ...read.facts, views: shaped.views, airLevel } };
      warnings = shaped.warnings;
    }
  } catch (error) {
    return unreadable(input, context, asImageError(input, error));
  }
  const { scan, facts } = read;
  return { hit: payloadOfFacts(facts, await analyseScan(scan, models), context), scan, warnings };
}

async function readInput(input: ScanInput): Promise<{ scan: AnalysableScan; facts: ScanFacts }> {
  if (input.fault !== undefined) throw input.fault;
  if (input.objects === undefined) {
    const image = await decodeScan(input);
    return { scan: analysable(image), facts: imageFacts(image) };
  }
  const { Codecs } = await import("../../image/dicom/codecs.ts");
  return readDicomScan(input.objects, new Codecs());
}

/** A decoded image as the models take it. */
export function analysable(image: DecodedScan): AnalysableScan {
  const { kind, width, height, low, high, single, rgb, sidecar, marked } = image;
  const view = {
    view: 0,
    width,
    height,
    pixelPitchMm: sidecar.pixelPitchMm ?? null,
    ...(low && { low }),
    ...(high && { high }),
    ...(single && { single }),
    ...(rgb && { rgb }),
  };
  return { kind, views: [view], airLevel: sidecar.airLevel ?? null, marked };
}

async function unreadable(input: ImageInput, context: PayloadContext, error: LynceusError): Promise<Result> {
  const content = await Promise.all(input.files.map(async (file) => (file === null ? "" : headOf(file))));
  // Folder names are no business of whoever receives the payload.
  let reason = `not readable: ${error.message}. ${error.remedy}`;
  for (const file of [...input.files, input.sidecar])
    if (file !== null) reason = reason.replaceAll(file, basename(file));
  return { hit: unreadablePayload(content.join("\n"), reason, context), error };
}

function asImageError(input: ImageInput, error: unknown): LynceusError {
  if (isLynceusError(error)) return naming(error, input);
  const message = error instanceof Error ? error.message : String(error);
  return new LynceusError("LYN_IMAGE_UNREADABLE", `${input.files.join(",")} cannot be read: ${message}`, {
    remedy: "Export or copy the file again.",
    cause: error,
  });
}

/** Errors of a format say where in the file, not in which: several are read here. */
function naming(error: LynceusError, { files, sidecar }: ImageInput): LynceusError {
  if ([...files, sidecar].some((file) => file !== null && error.message.includes(file))) return error;
  const { code, message, remedy, details } = error;
  const names = files.filter((file) => file !== null).join(", ");
  return new LynceusError(code, `${names}: ${message}`, { remedy, details, cause: error });
}

async function modifiedAt(input: ImageInput): Promise<number> {
  const files = input.files.flatMap((file) => (file === null ? [] : [file]));
  const times = await Promise.all(
    files.map((file) =>
      stat(file)
        .then((info) => info.mtimeMs)
        .catch(() => 0),
    ),
  );
  return Math.floor(Math.max(0, ...times));
}

async function headOf(file: string): Promise<string> {
  try {
    await using handle = await open(file, "r");
    const { buffer, bytesRead } = await handle.read(new Uint8Array(DIGESTED_BYTES), 0, DIGESTED_BYTES, 0);
    return Buffer.from(buffer.subarray(0, bytesRead)).toString("base64");
  } catch {
    return "";
  }
}
