import { closeSync, openSync, readFileSync, readSync, statSync } from "node:fs";
import { mkdir, open } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { keyIdOf } from "../../protocols/chain.ts";
import { LynceusError } from "../../protocols/errors.ts";
import { uuid } from "../../protocols/mqtt/common.ts";
import { signedNoteSchema } from "../../protocols/mqtt/note.ts";
import { replaceDurably } from "../durable.ts";
import type { AuditRow } from "../spool/port.ts";
import type { SpoolReader } from "../spool/reader.ts";
import { auditRowSchema, provable } from "./proof.ts";

/** Files of an exported log. */
export const LOG_FILE = "log.ndjson";
export const LOG_MANIFEST = "log.json";

/** Longest line: an event of 64 KiB, quoted once more. */
const MAX_LINE = 400_000;
const CHUNK = 1 << 20;
const MAX_MANIFEST_BYTES = 4 << 20;
/** Rows that are written at once. */
const ROWS_A_WRITE = 500;

const manifestSchema = z.strictObject({
  schema: z.literal("lynceus-log/1"),
  journal: uuid,
  /** `/SITE/GATEWAY` */
  source: z.string(),
  rows: z.int().min(0),
  keys: z.array(z.strictObject({ keyId: z.string(), publicKey: z.string() })).max(64),
  checkpoints: z.array(signedNoteSchema).max(1000),
});

/** What an exported log is: its journal, its keys and its checkpoints. */
export type LogManifest = Readonly<z.output<typeof manifestSchema>>;

/** Writes every row of the journal, and what it is verified by, into a folder. Returns the rows written. */
export async function exportLog(options: {
  readonly reader: SpoolReader;
  readonly out: string;
  readonly source: string;
  readonly keys: readonly Uint8Array[];
  readonly checkpoints: readonly string[];
}): Promise<number> {
  const { reader, out, source, keys, checkpoints } = options;
  await mkdir(out, { recursive: true });
  let rows = 0;
  {
    await using file = await open(join(out, LOG_FILE), "w", 0o640);
    let lines: string[] = [];
    for (const row of reader.auditRows()) {
      rows += 1;
      lines.push(logLine(row));
      if (lines.length < ROWS_A_WRITE) continue;
      await file.appendFile(lines.join(""));
      lines = [];
    }
    await file.appendFile(lines.join(""));
    await file.sync();
  }
  const manifest: LogManifest = {
    schema: "lynceus-log/1",
    journal: reader.journal(),
    source,
    rows,
    keys: keys.map((key) => ({ keyId: keyIdOf(key), publicKey: Buffer.from(key).toString("base64url") })),
    checkpoints: [...checkpoints],
  };
  await replaceDurably(join(out, LOG_MANIFEST), `${JSON.stringify(manifest, null, 1)}\n`);
  return rows;
}

/** The line of a row: its members in one order, so that a row has one line only. */
export function logLine(row: AuditRow): string {
  return `${JSON.stringify(provable(row))}\n`;
}

/** Reads a line; throws LYN_AUDIT_BROKEN where it is not one that {@link logLine} writes. */
export function readLogLine(line: string, number: number): AuditRow {
  let row: AuditRow;
  try {
    row = auditRowSchema.parse(JSON.parse(line));
  } catch (cause) {
    throw brokenLine(number, cause);
  }
  if (logLine(row) !== `${line}\n`) throw brokenLine(number);
  return row;
}

/** Throws LYN_AUDIT_EXPORT where the folder holds no log that can be read. */
export function readLogManifest(folder: string): LogManifest {
  try {
    const file = join(folder, LOG_MANIFEST);
    if (statSync(file).size > MAX_MANIFEST_BYTES)
      throw new Error(`it is larger than ${MAX_MANIFEST_BYTES} bytes`);
    return manifestSchema.parse(JSON.parse(readFileSync(file, "utf8")));
  } catch (cause) {
    throw new LynceusError(
      "LYN_AUDIT_EXPORT",
      `${folder} holds no exported log: ${(cause as Error).message}`,
      {
        remedy: "Name a folder that `lynceus audit export` or `lynceus export` wrote.",
        cause,
      },
    );
  }
}

/** The rows of an exported log, one at a time. Throws LYN_AUDIT_BROKEN at a line that is none. */
export function* readLogRows(folder: string): Generator<AuditRow> {
  let number = 0;
  for (const line of linesOf(join(folder, LOG_FILE))) yield readLogLine(line, ++number);
}

function* linesOf(file: string): Generator<string> {
  const descriptor = openSync(file, "r");
  try {
    const chunk = new Uint8Array(CHUNK);
    const decoder = new TextDecoder("utf-8", { fatal: true });
    let rest = "";
    let number = 0;
    for (;;) {
      const read = readSync(descriptor, chunk, 0, chunk.length, null);
      rest += decodeOr(decoder, chunk.subarray(0, read), number + 1);
      const lines = rest.split("\n");
      rest = lines.pop() ?? "";
      if (rest.length > MAX_LINE) throw brokenLine(number + lines.length + 1);
      number += lines.length;
      yield* lines;
      if (read === 0) break;
    }
    if (rest !== "") throw brokenLine(number + 1);
  } finally {
    closeSync(descriptor);
  }
}

function decodeOr(decoder: InstanceType<typeof TextDecoder>, bytes: Uint8Array, line: number): string {
  try {
    return decoder.decode(bytes, { stream: true });
  } catch (cause) {
    throw brokenLine(line, cause);
  }
}

function brokenLine(number: number, cause?: unknown): LynceusError {
  return new LynceusError("LYN_AUDIT_BROKEN", `Line ${number} of ${LOG_FILE} is not a row of a journal`, {
    remedy: "Ask for the log again; this copy was changed or damaged.",
    details: { line: number },
    cause,
  });
}
