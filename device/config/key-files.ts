import { statSync } from "node:fs";
import { isAbsolute } from "node:path";
import type { ConfigFault } from "./issues.ts";

/** Bits of a file's mode that let others than its owner read it. */
const READABLE = 0o044;

interface KeySettings {
  readonly signing?: { readonly key: string } | undefined;
  readonly spool: {
    readonly encryption?: { readonly key: string; readonly previous: readonly string[] } | undefined;
  };
}

/** Key files that others than their owner may read. Files that others may write are refused when they are read. */
export function keyFileWarnings({ signing, spool }: KeySettings): readonly ConfigFault[] {
  const named: readonly (readonly [string, string | undefined])[] = [
    ["signing.key", signing?.key],
    ["spool.encryption.key", spool.encryption?.key],
    ...(spool.encryption?.previous ?? []).map(
      (file, at) => [`spool.encryption.previous[${at}]`, file] as const,
    ),
  ];
  return named.flatMap(([path, file]) => {
    if (file === undefined || !isAbsolute(file)) return [];
    const mode = statSync(file, { throwIfNoEntry: false })?.mode ?? 0;
    if ((mode & READABLE) === 0) return [];
    const shown = (mode & 0o777).toString(8).padStart(4, "0");
    return [
      {
        path,
        message: `${file} may be read by others than its owner (mode ${shown}): run chmod 600, and make a new key if strangers had accounts here`,
      },
    ];
  });
}
