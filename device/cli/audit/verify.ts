import { readFile } from "node:fs/promises";
import { LynceusError } from "../../../protocols/errors.ts";
import { MAX_NOTE_LENGTH } from "../../../protocols/signed-note.ts";
import { checkExport } from "../../audit/export-check.ts";
import { type AuditKeys, auditKeysOf, publicKeysIn } from "../../audit/keys.ts";
import { type AuditReport, checkSpool } from "../../audit/spool-check.ts";
import { loadConfig } from "../../config/load.ts";
import type { Config } from "../../config/schema.ts";
import { vaultOf } from "../../keys/of-config.ts";
import { openSpoolReader } from "../../spool/reader.ts";

/** Options of `audit verify`. */
export interface VerifyOptions {
  readonly config: string;
  readonly export?: string;
  readonly key: readonly string[];
  readonly witnessKey: readonly string[];
  readonly witness: readonly string[];
  readonly images: boolean;
  readonly json?: boolean;
}

type Env = Readonly<Record<string, string | undefined>>;

/** Verifies, prints what was found, and gives the exit code. */
export async function verify(
  options: VerifyOptions,
  { env, out }: { readonly env: Env; readonly out: { write(text: string): unknown } },
): Promise<0 | 1> {
  const notes = await Promise.all(options.witness.map(readNote));
  const report =
    options.export === undefined
      ? await ofSpool(options, notes, env)
      : await checkExport(options.export, {
          keys: options.key.length === 0 ? null : await publicKeysIn(options.key, env),
          witnesses: await publicKeysIn(options.witnessKey, env),
          notes,
        });
  out.write(options.json === true ? `${JSON.stringify(report)}\n` : textOf(report));
  return report.ok ? 0 : 1;
}

async function ofSpool(options: VerifyOptions, notes: readonly string[], env: Env): Promise<AuditReport> {
  const config = await loadConfig(options.config);
  const keys = await keysOf(options, config, env);
  const reader = openSpoolReader(config.spool.path, await vaultOf(config, env));
  try {
    const { site, id } = config.gateway;
    const source = `/${site}/${id}`;
    return checkSpool({ reader, spoolPath: config.spool.path, source, keys, notes, images: options.images });
  } catch (cause) {
    if (!SQLITE_DAMAGED.has(Number((cause as { errcode?: number }).errcode ?? 0) & 0xff)) throw cause;
    throw new LynceusError("LYN_AUDIT_BROKEN", `The journal file is damaged: ${(cause as Error).message}`, {
      remedy: "Keep the spool as it is and start the gateway on a copy: it saves what can be read.",
      cause,
    });
  } finally {
    reader.close();
  }
}

/** SQLITE_CORRUPT, SQLITE_NOTADB. */
const SQLITE_DAMAGED: ReadonlySet<number> = new Set([11, 26]);

async function keysOf({ key, witnessKey }: VerifyOptions, config: Config, env: Env): Promise<AuditKeys> {
  const own = key.length === 0 ? undefined : await publicKeysIn(key, env);
  // The private key itself is not wanted where its public part is given.
  const configured = await auditKeysOf(own === undefined ? config : { ...config, signing: undefined }, env);
  return {
    keys: own ?? configured.keys,
    witnesses: witnessKey.length === 0 ? configured.witnesses : await publicKeysIn(witnessKey, env),
  };
}

async function readNote(file: string): Promise<string> {
  try {
    const text = await readFile(file, "utf8");
    if (text.length > MAX_NOTE_LENGTH) throw new Error(`it is longer than ${MAX_NOTE_LENGTH} characters`);
    return text;
  } catch (cause) {
    throw new LynceusError("LYN_NOTE", `${file} cannot be read: ${(cause as Error).message}`, {
      remedy: "Name a file that holds one co-signed checkpoint.",
      cause,
    });
  }
}

function textOf(report: AuditReport): string {
  const lines: string[] = [];
  for (const each of report.journals) {
    lines.push(
      `journal      ${each.journal}`,
      `rows         ${each.rows} verified, ${each.signed} signed, ${each.erased} erased (their hashes stay)`,
      `checkpoints  ${each.checkpoints} hold`,
    );
    const { witnessed } = each;
    if (witnessed !== null)
      lines.push(
        `witnessed    ${witnessed.size} rows by ${witnessed.by}${witnessed.at === null ? "" : ` at ${witnessed.at}`}`,
      );
  }
  if (report.images !== null)
    lines.push(
      `images       ${report.images.images} of ${report.images.scans} scans are those of their hits`,
    );
  for (const warning of report.warnings) lines.push(`note         ${warning}`);
  if (report.broken === null) lines.push("ok           nothing was changed, removed or reordered");
  else lines.push(`BROKEN       ${report.broken.message}`);
  return `${lines.join("\n")}\n`;
}
