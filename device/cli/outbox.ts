import type { Command } from "commander";
import type { SpoolFigures } from "../spool/port.ts";

/** Rows shown: a person reads a page, a program takes `--json` with figures first. */
const ROWS_SHOWN = 50;

/** `lynceus outbox`: what is spooled. Reads beside a running gateway and changes nothing. */
export function registerOutbox(program: Command): void {
  program
    .command("outbox")
    .description("What is spooled: scans by state, unpublished results, dead letters with their reason")
    .option("--config <file>", "configuration file (YAML)", "lynceus.yaml")
    .option("--json", "print one JSON document")
    .action(async (options: { config: string; json?: boolean }) => {
      // Whoever read the lines went away (`| head`): nothing is left to do.
      process.stdout.on("error", () => process.exit(1));
      const [{ loadConfig }, { openSpoolReader }] = await Promise.all([
        import("../config/load.ts"),
        import("../spool/reader.ts"),
      ]);
      const config = await loadConfig(options.config);
      const reader = openSpoolReader(config.spool.path);
      try {
        const figures = reader.figures();
        const rows = reader.list(ROWS_SHOWN);
        const deadLetters = reader.deadLetters(ROWS_SHOWN);
        if (options.json) process.stdout.write(`${JSON.stringify({ figures, rows, deadLetters })}\n`);
        else
          process.stdout.write(
            `${figureLines(figures).join("\n")}\n${rows.map(rowLine).join("")}${deadLetters.map(letterLine).join("")}`,
          );
      } finally {
        reader.close();
      }
    });
}

function figureLines(figures: SpoolFigures): readonly string[] {
  const gigabytes = (bytes: number) => `${(bytes / 1e9).toFixed(2)} GB`;
  const oldest =
    figures.oldestUnpublishedAt === null
      ? ""
      : `, oldest from ${new Date(figures.oldestUnpublishedAt).toISOString()}`;
  return [
    `journal      ${figures.journal}, sequence ${figures.sequence}`,
    `scans        ${Object.entries(figures.scans)
      .map(([state, count]) => `${count} ${state}`)
      .join(", ")}`,
    `unpublished  ${figures.unpublished}${oldest}`,
    `unreceipted  ${figures.unreceipted}`,
    `dead letters ${figures.deadLetters}`,
    `disk         ${gigabytes(figures.usedBytes)} used by the spool, ${gigabytes(figures.freeBytes)} free`,
  ];
}

function rowLine(row: {
  sequence: number;
  kind: string;
  state: string;
  scanId: string | null;
  createdAt: number;
  reason: string | null;
}): string {
  const reason = row.reason === null ? "" : `  ${row.reason}`;
  return `${String(row.sequence).padStart(8)}  ${row.kind.padEnd(5)}  ${row.state.padEnd(10)}  ${new Date(row.createdAt).toISOString()}  ${row.scanId ?? "-"}${reason}\n`;
}

function letterLine(letter: {
  source: string;
  reason: string;
  pointer: string | null;
  bytes: number;
  at: number;
}): string {
  const pointer = letter.pointer === null ? "" : ` at ${letter.pointer}`;
  return `dead letter  ${letter.source}  ${new Date(letter.at).toISOString()}  ${letter.bytes} B  ${letter.reason}${pointer}\n`;
}
