// biome-ignore-all lint/suspicious/noTemplateCurlyInString: lines of code stand here as text

import type { Break } from "../break.ts";

const UPLINK = "device/uplink";

/** `device/PROMISES.md`, Who is believed, and what runs. */
export const TRUST: readonly Break[] = [
  {
    id: "P-53",
    test: "test/unit/inbound-gate.test.ts",
    file: "device/inbound/replay-guard.ts",
    from: "window.mark(sequence);",
    to: "void sequence;",
  },
  {
    id: "P-54",
    test: "test/peer/security-transport.test.ts",
    file: `${UPLINK}/client-options.ts`,
    from: "return { rejectUnauthorized: true, minVersion, ...Object.fromEntries(files) };",
    to: "return { rejectUnauthorized: false, minVersion, ...Object.fromEntries(files) };",
  },
  {
    id: "P-55",
    test: "test/wire/hostile-broker.test.ts",
    file: `${UPLINK}/packet-guard.ts`,
    from: "if (length > maxBytes) return `a packet of ${length} bytes or more, at most ${maxBytes} are taken`;",
    to: "if (length > 1e12) return `a packet of ${length} bytes or more, at most ${maxBytes} are taken`;",
  },
  {
    id: "P-56",
    test: "test/wire/hostile-broker.test.ts",
    file: `${UPLINK}/inward.ts`,
    from: "if (match !== null && !isOurs(match, { site, gateway })) return alert(foreignTopic(topic));",
    to: "if (match === undefined && !isOurs(match, { site, gateway })) return alert(foreignTopic(topic));",
  },
  {
    id: "P-57",
    test: "test/wire/model-updates.test.ts",
    file: "device/models/lifecycle.ts",
    from: "return entry.losses.length >= MAX_LOSSES;",
    to: "return false;",
  },
  {
    id: "P-58",
    test: "test/wire/model-repository-attacks.test.ts",
    file: "device/models/source/client.ts",
    from: "if (version < before[role])",
    to: "if (version < 0 * before[role])",
  },
  {
    id: "P-59",
    test: "test/unit/models-graph-limits.test.ts",
    file: "models/onnx/limits.ts",
    from: 'if (outside !== undefined) return `the values of ${outside.name || "a tensor"} lie outside of model.onnx`;',
    to: 'if (outside === null) return "the values of a tensor lie outside of model.onnx";',
  },
];
