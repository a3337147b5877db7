import type { Break } from "../break.ts";

const SPOOL = "device/spool";
const UPLINK = "device/uplink";

/** `device/PROMISES.md`, From the scanner and from central. */
export const INTAKE: readonly Break[] = [
  {
    id: "P-16",
    test: "test/unit/spool-journal.test.ts",
    file: `${SPOOL}/operations/scans.ts`,
    from: 'if (known["complete"] === 1 || !complete) {',
    to: "if (!complete) {",
  },
  {
    id: "P-17",
    test: "test/unit/command-intake.test.ts",
    file: "device/commands/command-intake.ts",
    from: "if (known !== null) return this.#answer(to, known);",
    to: "void known;",
  },
  {
    id: "P-18",
    test: "test/unit/declaration-store.test.ts",
    file: "device/declarations/store.ts",
    from: 'if (known !== null && declaration.revision < known.revision) return "stale";',
    to: "void known;",
  },
  {
    id: "P-19",
    test: "test/unit/spool-journal.test.ts",
    file: `${SPOOL}/operations/scans.ts`,
    from: "const whole: Scan = { ...scan, ...sameItem(before, scan), scanId: before.scanId, replaces: true };",
    to: "const whole: Scan = { ...scan, scanId: (void sameItem, before).scanId, replaces: true };",
  },
  {
    id: "P-25",
    test: "test/peer/uplink-faults.test.ts",
    file: `${UPLINK}/connection.ts`,
    from: "(error: unknown) => refuse(describe(error)),",
    to: "() => done(),",
  },
  {
    id: "P-31",
    test: "test/peer/gateway-deadline.test.ts",
    file: "device/lane/lane.ts",
    from: "const left = Math.max(0, deadline - this.#options.clock());",
    to: "const left = Math.max(1e8, deadline - this.#options.clock());",
  },
  {
    id: "P-32",
    test: "test/peer/gateway-deadline.test.ts",
    file: "device/lane/lane.ts",
    from: "for (const stored of unfinished) this.#follow(this.#resume(stored));",
    to: "void unfinished;",
  },
  {
    id: "P-35",
    test: "test/peer/uplink-faults.test.ts",
    file: `${UPLINK}/client-options.ts`,
    from: "clean: false,",
    to: "clean: true,",
  },
  {
    id: "P-36",
    test: "test/unit/risk-profiles.test.ts",
    file: "device/profiles/profiles.ts",
    from: "const next = this.#kept.findLast((one) => one.profile.version > standing && one.validFrom <= now);",
    to: "const next = this.#kept.findLast((one) => one.profile.version > standing * 0 && one.validFrom <= now);",
  },
];
