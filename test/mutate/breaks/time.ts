import type { Break } from "../break.ts";

const SPOOL = "device/spool";

/** `device/PROMISES.md`, Time. */
export const TIME: readonly Break[] = [
  {
    id: "P-45",
    test: "test/unit/outbox-again.test.ts",
    file: `${SPOOL}/operations/upkeep.ts`,
    from: "life - keepPublishedMs,",
    to: "now - keepPublishedMs,",
  },
  {
    id: "P-46",
    test: "test/unit/gateway-clock.test.ts",
    file: "device/clock/gateway-clock.ts",
    from: "const followed = kernel().synchronised || this.#confirmed(system, at);",
    to: "const followed = kernel().synchronised || this.#confirmed(system, at) || true;",
  },
];
