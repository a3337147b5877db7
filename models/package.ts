/** Model packages on disk: the manifest and the check of every file against it (contract `model-package.md`). */
import { createHash } from "node:crypto";
import { open, readdir } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { LynceusError } from "../protocols/errors.ts";

/** Largest `model.json`, bytes. */
export const MAX_MANIFEST_BYTES = 256 * 1024;
/** Largest file of a package, bytes. */
export const MAX_PACKAGE_FILE_BYTES = 64 * 1024 * 1024;
/** Most files that a manifest may list. */
export const MAX_PACKAGE_FILES = 64;
/** Most packages looked at in one folder. */
export const MAX_PACKAGES = 100;

/** `task` of a package that reads declarations, not images (`tabular-package.ts`). */
export const TABULAR_TASK = "tabular";

const probability = z.number().min(0).max(1);
const prevalence = z.number().gt(0).lt(1);
/** A file inside of the package: forward slashes, no way out of the folder. */
export const insideSchema = z
  .string()
  .regex(/^(?!.*(?:^|\/)\.\.?(?:\/|$))[A-Za-z0-9._-]+(?:\/[A-Za-z0-9._-]+)*$/);
export const semverSchema = z.string().regex(/^\d+\.\d+\.\d+(?:-[0-9A-Za-z.-]+)?$/);
const side = z.strictObject({ width: z.int().min(1).max(8192), height: z.int().min(1).max(8192) });

const rising = (points: readonly (readonly [number, number])[]) =>
  points.every(([x, y], i) => i === 0 || (x >= points[i - 1]![0] && y >= points[i - 1]![1]));

const calibrationSchema = z.discriminatedUnion("method", [
  z.object({ method: z.literal("identity"), prevalence }),
  z.object({ method: z.literal("platt"), a: z.number().positive(), b: z.number(), prevalence }),
  z.object({
    method: z.literal("isotonic"),
    points: z
      .array(z.tuple([probability, probability]))
      .min(1)
      .max(1000)
      .refine(rising, "must rise"),
    prevalence,
  }),
]);

export const classSchema = z.object({
  name: z.string().min(1).max(64),
  /** Calibrated score from which the class counts as found. */
  threshold: probability,
  certified: z.object({ authority: z.string().min(1), reference: z.string().min(1) }).nullable(),
  calibration: calibrationSchema,
});

const inputSchema = z.object({
  name: z.string().min(1),
  kinds: z.array(z.enum(["dual-energy", "single-energy", "pseudo-colour", "other"])).min(1),
  /** What the images show that it was made for: parcels, mail and bags, or containers, pallets and unit load devices. */
  subjects: z
    .array(z.enum(["item", "cargo"]))
    .min(1)
    .default(["item"]),
  layout: z.literal("NCHW"),
  /** A pair (pseudo-colour is turned into one, `pseudo-pair.ts`), or the one plane of a single-energy scan. */
  channels: z.union([z.tuple([z.literal("low"), z.literal("high")]), z.tuple([z.literal("single")])]),
  /** `pitch`: to the training pitch, shrunk where too large, padded. `stretch`: to exactly `maximum`, aspect not kept. */
  fit: z.enum(["pitch", "stretch"]).default("pitch"),
  /** Height and width are padded up to a multiple of this. */
  multipleOf: z.int().min(1).max(256),
  minimum: side,
  /** Larger scans are shrunk to fit. */
  maximum: side,
  /** Millimetres per pixel that the model was trained at; null: scans are never resampled by pitch. */
  pixelPitchMm: z.number().positive().nullable(),
  /** Transmission outside of the scan. */
  padding: probability,
});

const goldenSchema = z.object({
  atol: z.number().nonnegative(),
  rtol: z.number().nonnegative(),
  /** Detections below this raw score are left out of the comparison. */
  leastScore: probability.default(0),
  cases: z
    .array(
      z.object({
        /** Gzipped u16 little-endian samples; transmission = sample / `scale`. */
        input: insideSchema,
        shape: z.array(z.int().min(1).max(8192)).length(4),
        scale: z.number().positive(),
        output: insideSchema,
      }),
    )
    .min(1)
    .max(16),
});

/** Every file of the package but `model.json` and `SIGNATURE`. */
export const filesSchema = z
  .record(
    insideSchema,
    z.object({
      sha256: z.string().regex(/^[0-9a-f]{64}$/),
      bytes: z.int().min(0).max(MAX_PACKAGE_FILE_BYTES),
    }),
  )
  .refine((files) => Object.keys(files).length <= MAX_PACKAGE_FILES, `at most ${MAX_PACKAGE_FILES} files`)
  .refine(
    (files) => "model.onnx" in files && "MODEL_CARD.md" in files,
    "must list model.onnx and MODEL_CARD.md",
  );

/** States of a load, in the order of the columns of the output `state` (contract `mqtt.md`, Hit `load`). */
export const LOAD_STATES = ["empty", "part", "loaded"] as const;

const embeddingSchema = z.object({
  /** Cosine from which two vectors are taken for the same item scanned again, and for items of one kind. */
  same: z.number().min(0).max(1),
  alike: z.number().min(0).max(1),
});

export const manifestSchema = z
  .object({
    schema: z.literal("lynceus-model/1"),
    name: z.string().regex(/^[a-z0-9][a-z0-9-]{0,62}$/),
    version: semverSchema,
    task: z.enum(["detection", "contents", "embedding"]),
    provider: z.string().min(1).max(200),
    inputs: z.array(inputSchema).length(1),
    outputs: z
      .array(
        z.object({
          name: z.string().min(1),
          leastScore: probability.optional().describe("raw score below which the graph gives nothing"),
        }),
      )
      .min(1),
    /** Empty for an embedding. */
    classes: z.array(classSchema).max(200),
    embedding: embeddingSchema.optional(),
    golden: goldenSchema,
    metrics: z.record(z.string(), z.unknown()),
    training: z.record(z.string(), z.unknown()),
    files: filesSchema,
    keyId: z.string().nullable(),
    minimumRuntime: semverSchema,
  })
  .refine(({ task, classes }) => (task === "embedding") === (classes.length === 0), {
    error: "must name what it tells apart; only an embedding has none",
    path: ["classes"],
  })
  .refine(({ outputs, classes }) => !outputs.some(({ name }) => name === "state") || areStates(classes), {
    error: `must be ${LOAD_STATES.join(", ")} beside an output state`,
    path: ["classes"],
  });

function areStates(classes: readonly { readonly name: string }[]): boolean {
  return classes.map(({ name }) => name).join() === LOAD_STATES.join();
}

export type ModelManifest = z.infer<typeof manifestSchema>;
export type ModelClass = z.infer<typeof classSchema>;
export type Calibration = z.infer<typeof calibrationSchema>;
export type ModelInput = z.infer<typeof inputSchema>;

/** What the loading and checking of a package needs of a manifest, whatever its task. */
export interface PackageManifest {
  readonly files: z.infer<typeof filesSchema>;
  readonly golden: { readonly cases: readonly { readonly input: string; readonly output: string }[] };
}

/** A package whose every file was found to be what its manifest says. */
export interface VerifiedPackage<M extends PackageManifest> {
  readonly directory: string;
  readonly manifest: M;
  /** Hex SHA-256 of `model.json`, which holds the digests of all else: names the package as a whole. */
  readonly sha256: string;
}

/** A package that looks at images. */
export type ModelPackage = VerifiedPackage<ModelManifest>;

const REINSTALL = "Install the package again from where it came from; do not edit its files.";

function sha256(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}

/** Reads a file of at most `limit` bytes; never allocates more, whatever the file claims. */
async function readBounded(path: string, limit: number): Promise<Uint8Array> {
  try {
    await using file = await open(path, "r");
    const { size } = await file.stat();
    if (size > limit) {
      throw new LynceusError("LYN_MODEL_UNREADABLE", `${path} has ${size} bytes, the limit is ${limit}`, {
        remedy: REINSTALL,
      });
    }
    return new Uint8Array(await file.readFile());
  } catch (cause) {
    if (cause instanceof LynceusError) throw cause;
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new LynceusError("LYN_MODEL_UNREADABLE", `cannot read ${path}: ${reason}`, {
      remedy: "Check that the folder is a whole model package and that this user may read it.",
      cause,
    });
  }
}

function parseManifest<M extends PackageManifest>(path: string, bytes: Uint8Array, schema: z.ZodType<M>): M {
  const invalid = (message: string, cause?: unknown) =>
    new LynceusError("LYN_MODEL_MANIFEST_INVALID", `${path}: ${message}`, {
      remedy: "The package does not follow lynceus-model/1; ask its provider for a corrected one.",
      cause,
    });
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch (cause) {
    throw invalid("not JSON", cause);
  }
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const issues = result.error.issues.slice(0, 5).map((issue) => `/${issue.path.join("/")}: ${issue.message}`);
  throw invalid(issues.join("; "));
}

/**
 * A file of the package, checked against the manifest once more, so that what runs is what was verified.
 * @throws LynceusError LYN_MODEL_UNREADABLE, LYN_MODEL_DIGEST_MISMATCH
 */
export async function readPackageFile(
  modelPackage: { readonly directory: string; readonly manifest: Pick<PackageManifest, "files"> },
  name: string,
): Promise<Uint8Array> {
  const listed = modelPackage.manifest.files[name];
  const path = join(modelPackage.directory, name);
  if (listed === undefined) {
    throw new LynceusError("LYN_MODEL_DIGEST_MISMATCH", `${path} is not listed in the manifest`, {
      remedy: REINSTALL,
    });
  }
  const bytes = await readBounded(path, MAX_PACKAGE_FILE_BYTES);
  const found = sha256(bytes);
  if (bytes.byteLength !== listed.bytes || found !== listed.sha256) {
    throw new LynceusError(
      "LYN_MODEL_DIGEST_MISMATCH",
      `${path} is not the file that the manifest describes`,
      {
        remedy: REINSTALL,
        details: { expected: listed.sha256, found },
      },
    );
  }
  return bytes;
}

/**
 * Reads a package that looks at images; {@link verifyPackage} says what is checked.
 * @throws LynceusError LYN_MODEL_UNREADABLE, LYN_MODEL_MANIFEST_INVALID, LYN_MODEL_DIGEST_MISMATCH
 */
export async function loadPackage(directory: string): Promise<ModelPackage> {
  return verifyPackage(directory, manifestSchema);
}

/**
 * Reads `directory/model.json` and verifies size and SHA-256 of every file that it lists.
 * @throws LynceusError LYN_MODEL_UNREADABLE, LYN_MODEL_MANIFEST_INVALID, LYN_MODEL_DIGEST_MISMATCH
 */
export async function verifyPackage<M extends PackageManifest>(
  directory: string,
  schema: z.ZodType<M>,
): Promise<VerifiedPackage<M>> {
  const path = join(directory, "model.json");
  const bytes = await readBounded(path, MAX_MANIFEST_BYTES);
  const manifest = parseManifest(path, bytes, schema);
  for (const golden of manifest.golden.cases) {
    if (!(golden.input in manifest.files && golden.output in manifest.files)) {
      throw new LynceusError(
        "LYN_MODEL_MANIFEST_INVALID",
        `${path}: /golden names files that /files does not list`,
        {
          remedy: REINSTALL,
        },
      );
    }
  }
  for (const name of Object.keys(manifest.files)) await readPackageFile({ directory, manifest }, name);
  return { directory, manifest, sha256: sha256(bytes) };
}

/**
 * Folders in `directory` that hold the `model.json` of a package that looks at images, or of one that reads declarations
 * (`tabular`); sorted by name. An absent directory holds none. Nothing is verified: a manifest that cannot be read counts as
 * an image's, so that loading it says why.
 */
export async function listPackages(
  directory: string,
  kind: "image" | "tabular" = "image",
): Promise<string[]> {
  let entries: Awaited<ReturnType<typeof listFolders>>;
  try {
    entries = await listFolders(directory);
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === "ENOENT") return [];
    throw new LynceusError("LYN_MODEL_UNREADABLE", `cannot list ${directory}: ${(cause as Error).message}`, {
      remedy: "Check that the models folder exists and that this user may read it.",
      cause,
    });
  }
  const found: string[] = [];
  for (const name of entries.sort().slice(0, MAX_PACKAGES)) {
    const inner = await readdir(join(directory, name));
    if (!inner.includes("model.json")) continue;
    const folder = join(directory, name);
    if ((await isTabular(folder)) === (kind === "tabular")) found.push(folder);
  }
  return found;
}

async function isTabular(folder: string): Promise<boolean> {
  try {
    const bytes = await readBounded(join(folder, "model.json"), MAX_MANIFEST_BYTES);
    const manifest: unknown = JSON.parse(new TextDecoder().decode(bytes));
    return (
      typeof manifest === "object" &&
      manifest !== null &&
      "task" in manifest &&
      manifest.task === TABULAR_TASK
    );
  } catch {
    return false;
  }
}

async function listFolders(directory: string): Promise<string[]> {
  const entries = await readdir(directory, { withFileTypes: true });
  return entries.filter((entry) => entry.isDirectory()).map((entry) => entry.name);
}
