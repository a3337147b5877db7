import { commandOf, GATES } from "./gates.ts";
import type { Done } from "./state.ts";

/** The campaign as Markdown: a line a gate with how much of it has passed, and each failure with the command that repeats it. */
export function reportOf(state: Readonly<Record<string, Done>>): string {
  const all = Object.values(state);
  const rows = GATES.map((gate) => {
    const own = all.filter((done) => done.gate === gate.name);
    const passed = own.filter((done) => done.passed);
    const sum = (pieces: readonly Done[]) => pieces.reduce((total, { count }) => total + count, 0);
    const seeds = passed.map(({ seed }) => seed);
    const span = seeds.length === 0 ? "" : `${Math.min(...seeds)}–${Math.max(...seeds)}`;
    const seconds = own.reduce((total, done) => total + done.seconds, 0);
    return `| ${gate.name} | ${sum(passed)} of ${gate.size} ${gate.unit} | ${own.length - passed.length} | ${span} | ${seconds} |`;
  });
  const failures = all
    .filter(({ passed }) => !passed)
    .flatMap((done) => {
      const gate = GATES.find(({ name }) => name === done.gate);
      if (gate === undefined) return [];
      const again = commandOf({ gate, count: done.count, seed: done.seed });
      return [
        `## ${done.gate}, seed ${done.seed}: failed`,
        "",
        "```",
        ...done.tail,
        "```",
        "",
        `Again: \`${again}\``,
        "",
      ];
    });
  return [
    "# Campaign",
    "",
    "| gate | passed | failed pieces | seeds | seconds |",
    "|---|---|---|---|---|",
    ...rows,
    "",
    ...failures,
  ].join("\n");
}
