import type { ConfigFault } from "./issues.ts";
import type { Config } from "./schema.ts";

/** What `spool.encryption` does not reach: said by `check` and at start, never left to be believed. */
export function encryptionWarnings({
  spool,
  lanes,
}: Pick<Config, "spool" | "lanes">): readonly ConfigFault[] {
  if (spool.encryption === undefined) return [];
  return lanes.flatMap(({ scanner }, at) =>
    scanner.driver === "dicom" || scanner.driver === "folder"
      ? [
          {
            path: `lanes[${at}].scanner`,
            message:
              "files as the scanner sent them are kept beside the planes and are not encrypted by spool.encryption: put the spool and the folder on an encrypted disk (device/deploy/README.md)",
          },
        ]
      : [],
  );
}
