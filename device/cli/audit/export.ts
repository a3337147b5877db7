import { readCheckpointsSync } from "../../audit/checkpoint-file.ts";
import { auditKeysOf } from "../../audit/keys.ts";
import { exportLog } from "../../audit/log-export.ts";
import { loadConfig } from "../../config/load.ts";
import { openSpoolReader } from "../../spool/reader.ts";

/** Writes the log into a folder; what was done, in words. */
export async function exportTo(
  { config: file, out }: { readonly config: string; readonly out: string },
  env: Readonly<Record<string, string | undefined>>,
): Promise<string> {
  const config = await loadConfig(file);
  const { keys } = await auditKeysOf(config, env);
  const reader = openSpoolReader(config.spool.path);
  try {
    const checkpoints = readCheckpointsSync(config.spool.path, reader.journal()).map(({ note }) => note);
    const source = `/${config.gateway.site}/${config.gateway.id}`;
    const rows = await exportLog({ reader, out, source, keys, checkpoints });
    return `${rows} rows and ${checkpoints.length} checkpoints of journal ${reader.journal()} in ${out}`;
  } finally {
    reader.close();
  }
}
