import type { Command } from "commander";
import type { SpoolFigures } from "../spool/port.ts";

/** Rows shown: a person reads a page, a program takes `--json` with figures first. */
const ROWS_SHOWN = 50;

/** `lynceus outbox`: what is spooled, beside a running gateway or without one; only `retry` changes anything. */
export function registerOutbox(program: Command): void {
  const outbox = program
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
  registerRetry(outbox);
}

/** `lynceus outbox retry [ID…]`: rows that were given up are sent again. */
function registerRetry(outbox: Command): void {
  outbox
    .command("retry")
    .description(
      "Send dead letters of the outbox again, once what their reason names was put right: those of the given ids, or all. A running gateway sends them within a second, another when it is started",
    )
    .argument("[id...]", "ids as `lynceus outbox` shows them; none: all")
    .option("--config <file>", "configuration file (YAML); lynceus.yaml unless said")
    .option("--json", "print one JSON document")
    .action(async (ids: readonly string[], own: RetryOptions, command: Command) => {
      const options = { ...command.parent?.opts<RetryOptions>(), ...own };
      const [{ loadConfig }, { retryDeadLetters }] = await Promise.all([
        import("../config/load.ts"),
        import("../spool/retry.ts"),
      ]);
      const config = await loadConfig(options.config ?? "lynceus.yaml");
      const result = retryDeadLetters(config.spool.path, ids.length === 0 ? null : ids);
      if (options.json === true) process.stdout.write(`${JSON.stringify(result)}\n`);
      else process.stdout.write(`${result.retried} sent again\n`);
      for (const id of result.unknown)
        process.stderr.write(`no dead letter of the outbox has the id ${id}\n`);
      if (result.unknown.length > 0) process.exitCode = 1;
    });
}

interface RetryOptions {
  readonly config?: string;
  readonly json?: boolean;
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
  id: string;
  source: string;
  reason: string;
  pointer: string | null;
  bytes: number;
  at: number;
}): string {
  const pointer = letter.pointer === null ? "" : ` at ${letter.pointer}`;
  return `dead letter  ${letter.source}  ${letter.id}  ${new Date(letter.at).toISOString()}  ${letter.bytes} B  ${letter.reason}${pointer}\n`;
}
