import { createHash } from "node:crypto";
import { createReadStream, existsSync, readFileSync } from "node:fs";
import { readdir, readFile, stat } from "node:fs/promises";
import { join, relative, sep } from "node:path";
import { z } from "zod";
import { isLynceusError, LynceusError } from "../../protocols/errors.ts";
import { imagesOf } from "./images.ts";
import type { AuditKeys } from "./keys.ts";
import { type Broken, checkLog } from "./log-check.ts";
import { LOG_MANIFEST, readLogManifest, readLogRows } from "./log-export.ts";
import { checkProof, readProof, type ScanProof } from "./proof.ts";
import { type AuditReport, warningsOf } from "./spool-check.ts";

/** The list of an export's files with their digests (`device/export`), and the proof of its rows. */
const DIGESTS = "digests.json";
const PROOF = "proof.json";
const MAX_JSON_BYTES = 64 << 20;
/** Files of one export, at most. */
const MAX_FILES = 20_000;

const digestsSchema = z.object({
  files: z
    .array(z.object({ path: z.string().min(1).max(500), bytes: z.int(), sha256: z.string() }))
    .max(MAX_FILES),
});

type KeyList = readonly { readonly keyId: string; readonly publicKey: string }[];

/**
 * Verifies an export without the gateway: an exported log, the evidence of a scan, or both in one folder.
 * @param keys null: the keys that the export itself names are taken, and the report says so.
 * @throws LynceusError `LYN_AUDIT_EXPORT` where the folder is no export.
 */
export async function checkExport(
  folder: string,
  options: {
    readonly keys: readonly Uint8Array[] | null;
    readonly witnesses: readonly Uint8Array[];
    readonly notes: readonly string[];
  },
): Promise<AuditReport> {
  if (!existsSync(folder)) {
    throw new LynceusError("LYN_PATH_MISSING", `${folder} does not exist`, {
      remedy: "Name the folder of an export.",
    });
  }
  const hasLog = existsSync(join(folder, LOG_MANIFEST));
  const hasProof = existsSync(join(folder, PROOF));
  if (!hasLog && !hasProof) {
    throw new LynceusError("LYN_AUDIT_EXPORT", `${folder} holds neither ${LOG_MANIFEST} nor ${PROOF}`, {
      remedy: "Name a folder that `lynceus audit export` or `lynceus export --scan` wrote.",
    });
  }
  const parts: AuditReport[] = [];
  if (hasLog) parts.push(checkLogFolder(folder, options));
  if (hasProof && parts.every(({ ok }) => ok)) parts.push(await checkEvidence(folder, options));
  return {
    ok: parts.every(({ ok }) => ok),
    journals: parts.flatMap(({ journals }) => journals),
    images: parts.find(({ images }) => images !== null)?.images ?? null,
    broken: parts.find(({ broken }) => broken !== null)?.broken ?? null,
    warnings: [...new Set(parts.flatMap(({ warnings }) => warnings))],
  };
}

const OWN_WORD = "the gateway's key is taken from the export itself: give it by --key to know who signed";

function keysFor(given: readonly Uint8Array[] | null, named: KeyList): readonly Uint8Array[] {
  return given ?? named.map(({ publicKey }) => new Uint8Array(Buffer.from(publicKey, "base64url")));
}

function checkLogFolder(
  folder: string,
  { keys, witnesses, notes }: Parameters<typeof checkExport>[1],
): AuditReport {
  const { journal, source, rows, keys: named, checkpoints } = readLogManifest(folder);
  const fail = (broken: Broken): AuditReport => ({
    ok: false,
    journals: [],
    images: null,
    broken,
    warnings: [],
  });
  try {
    const report = checkLog({
      journal,
      source,
      rows: readLogRows(folder),
      checkpoints: [...checkpoints, ...notes],
      keys: keysFor(keys, named),
      witnesses,
    });
    const short = report.broken === null && report.rows !== rows;
    const message = `The log has ${report.rows} rows, and should have ${rows}`;
    const broken = short
      ? ({ what: "file", journal, sequence: report.rows + 1, reason: "truncated", message } as const)
      : report.broken;
    const warnings = [...warningsOf(report), ...(keys === null ? [OWN_WORD] : [])];
    return { ok: broken === null, journals: [{ ...report, broken }], images: null, broken, warnings };
  } catch (error) {
    if (!isLynceusError(error, "LYN_AUDIT_BROKEN")) throw error;
    const line = Number(error.details["line"]);
    return fail({ what: "file", journal, sequence: line, reason: "line", message: error.message });
  }
}

async function checkEvidence(
  folder: string,
  { keys, witnesses }: Pick<AuditKeys, "witnesses"> & { readonly keys: readonly Uint8Array[] | null },
): Promise<AuditReport> {
  const proof = readJson(join(folder, PROOF), readProof);
  const known = keysFor(keys, proof.keys);
  const { broken: wrong, checkpoint, ...counts } = checkProof(proof, { keys: known, witnesses });
  const files =
    wrong === null ? await checkFiles(folder, proof) : { broken: wrong, digests: new Set<string>() };
  const images = wrong === null ? imagesIn(proof, files.digests) : { found: 0, missing: 0 };
  const broken = files.broken;
  const { journal } = proof;
  const erased = proof.rows.filter(({ row }) => row.event === null).length;
  const signed = proof.rows.filter(({ row }) => row.signature !== null).length;
  const witnessed =
    checkpoint === null || checkpoint.witness === null
      ? null
      : { size: checkpoint.size, by: checkpoint.witness, at: null };
  return {
    ok: broken === null,
    journals: [
      {
        journal,
        rows: counts.rows,
        erased,
        signed,
        checkpoints: checkpoint === null ? 0 : 1,
        witnessed,
        broken,
      },
    ],
    images: { scans: images.found > 0 ? 1 : 0, images: images.found },
    broken,
    warnings: [
      ...(keys === null ? [OWN_WORD] : []),
      ...(images.missing > 0 ? [`${images.missing} images that the hits name are not in the export`] : []),
      ...(counts.proven < counts.rows
        ? [`${counts.rows - counts.proven} rows do not stand under a checkpoint yet: export again later`]
        : witnessed === null
          ? ["the checkpoint was not co-signed by a key given as --witness-key"]
          : []),
    ],
  };
}

function imagesIn(proof: ScanProof, digests: ReadonlySet<string>): { found: number; missing: number } {
  const last = proof.rows.findLast(({ row }) => row.kind === "hit" && row.event !== null)?.row;
  const wanted = last === undefined ? [] : imagesOf({ event: last.event ?? "{}" });
  const found = wanted.filter(({ sha256 }) => digests.has(sha256)).length;
  return { found, missing: wanted.length - found };
}

/** Every file is the one in the list, none is missing, none is added; events beside the proof are those of the proof. */
async function checkFiles(
  folder: string,
  proof: ScanProof,
): Promise<{ readonly broken: Broken | null; readonly digests: ReadonlySet<string> }> {
  const digests = new Set<string>();
  const broken = (path: string, message: string) => ({
    broken: { what: "file", journal: proof.journal, sequence: null, reason: path, message } as const,
    digests,
  });
  if (!existsSync(join(folder, DIGESTS))) return { broken: null, digests };
  const { files } = readJson(join(folder, DIGESTS), (text) => digestsSchema.parse(JSON.parse(text)));
  const listed = new Map(files.map((file) => [file.path, file]));
  const events = new Set(proof.rows.map(({ row }) => row.event));
  const there = await filesIn(folder);
  for (const path of listed.keys()) if (!there.includes(path)) return broken(path, `${path} is missing`);
  for (const path of there) {
    if (path === DIGESTS) continue;
    const entry = listed.get(path);
    if (entry === undefined) return broken(path, `${path} is not in the list of files`);
    const found = await digestOf(join(folder, path));
    if (found.sha256 !== entry.sha256 || found.bytes !== entry.bytes)
      return broken(path, `${path} is not the file that was exported`);
    if (path.startsWith("hits/") && !events.has(await readFile(join(folder, path), "utf8")))
      return broken(path, `${path} is not an event of the journal`);
    digests.add(found.sha256);
  }
  return { broken: null, digests };
}

async function filesIn(folder: string): Promise<readonly string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => !entry.isDirectory())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)).split(sep).join("/"))
    .filter((path) => path !== LOG_MANIFEST && path !== "log.ndjson");
}

async function digestOf(file: string): Promise<{ sha256: string; bytes: number }> {
  const hash = createHash("sha256");
  const { size } = await stat(file);
  for await (const chunk of createReadStream(file)) hash.update(chunk as Uint8Array);
  return { sha256: hash.digest("hex"), bytes: size };
}

function readJson<Value>(file: string, read: (text: string) => Value): Value {
  try {
    const text = readFileSync(file, "utf8");
    if (text.length > MAX_JSON_BYTES) throw new Error(`it is larger than ${MAX_JSON_BYTES} bytes`);
    return read(text);
  } catch (cause) {
    throw new LynceusError("LYN_AUDIT_EXPORT", `${file} cannot be used: ${(cause as Error).message}`, {
      remedy: "Ask for the export again; this copy was changed or damaged.",
      cause,
    });
  }
}
