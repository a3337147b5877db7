import type { Break } from "../break.ts";

const SPOOL = "device/spool";

/** `device/PROMISES.md`, Proof. */
export const PROOF: readonly Break[] = [
  {
    id: "P-48",
    test: "test/unit/audit-log.test.ts",
    file: "device/audit/row-check.ts",
    from: 'if (hashOf(row.previous, data) !== row.hash) return "hash";',
    to: 'if (hashOf(row.previous, data) === null) return "hash";',
  },
  {
    id: "P-49",
    test: "test/unit/audit-log.test.ts",
    file: "device/audit/log-check.ts",
    from: "return report(ahead === undefined ? null : truncated(journal, tree.size, ahead.checkpoint.size));",
    to: "return report(ahead === null ? null : null);",
  },
  {
    id: "P-50",
    test: "test/unit/audit-checkpoints.test.ts",
    file: "device/audit/checkpoints.ts",
    from: 'if (mine.text !== note.text) return "it is of another log or tree";',
    to: "void mine.text;",
  },
  {
    id: "P-51",
    test: "test/unit/watchdog.test.ts",
    file: "device/host/watchdog.ts",
    from: 'if (stuck.length === 0) notifier.say(["WATCHDOG=1"]);',
    to: 'if (stuck.length >= 0) notifier.say(["WATCHDOG=1"]);',
  },
  {
    id: "P-52",
    test: "test/unit/plane-encryption.test.ts",
    file: `${SPOOL}/planes.ts`,
    from: "const bytes = encrypted ? cipherAt(cipher, position, data) : data;",
    to: "const bytes = data;",
  },
];
