import { type Command, InvalidArgumentError, Option } from "commander";
import type { ListedRow, RowFilter, RowState } from "../spool/operations/upkeep.ts";
import type { SpoolFigures } from "../spool/port.ts";
import type { SpoolReader } from "../spool/reader.ts";

/** Rows shown unless said: a page for a person. */
const ROWS_SHOWN = 50;
/** At most: a journal may hold a million, and a document is written at once. */
const MAX_ROWS_SHOWN = 10_000;

const STATES: readonly RowState[] = ["unpublished", "published", "receipted", "dead", "erased"];

interface OutboxOptions extends RowFilter {
  readonly config: string;
  readonly json?: boolean;
  readonly limit: number;
}

/** `lynceus outbox`: what is spooled, beside a running gateway or without one; only `retry` changes anything. */
export function registerOutbox(program: Command): void {
  const outbox = program
    .command("outbox")
    .description("What is spooled: scans by state, unpublished results, dead letters with their reason")
    .option("--config <file>", "configuration file (YAML)", "lynceus.yaml")
    .option(
      "--limit <n>",
      `rows and dead letters shown, the newest; at most ${MAX_ROWS_SHOWN}`,
      rows,
      ROWS_SHOWN,
    )
    .option("--before <sequence>", "only rows before this one: the next page", sequence)
    .option("--lane <lane>", "only rows of this lane")
    .addOption(new Option("--state <state>", "only rows in this state").choices(STATES))
    .option(
      "--json",
      "print one JSON document: figures, rows, dead letters, and next, the --before of the next page or null",
    )
    .action(async (options: OutboxOptions) => {
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
        const { rows, next } = pageOf(reader, options);
        const deadLetters = lettersMeant(options) ? reader.deadLetters(options.limit) : [];
        if (options.json) process.stdout.write(`${JSON.stringify({ figures, rows, deadLetters, next })}\n`);
        else
          process.stdout.write(
            `${figureLines(figures).join("\n")}\n${rows.map(rowLine).join("")}${deadLetters.map(letterLine).join("")}`,
          );
        if (!options.json && next !== null)
          process.stderr.write(`there are older rows: go on with --before ${next}\n`);
      } finally {
        reader.close();
      }
    });
  registerRetry(outbox);
}

/** One row more is asked for than is shown: it says whether there is a next page. */
function pageOf(
  reader: Pick<SpoolReader, "list">,
  { limit, before, lane, state }: OutboxOptions,
): { readonly rows: readonly ListedRow[]; readonly next: number | null } {
  const found = reader.list(limit + 1, { before, lane, state });
  const rows = found.slice(0, limit);
  return { rows, next: found.length > limit ? (rows.at(-1)?.sequence ?? null) : null };
}

/** Messages that could not be read are of no lane and in no state but this one; they stand on the first page. */
function lettersMeant({ lane, state, before }: RowFilter): boolean {
  return before === undefined && lane === undefined && (state === undefined || state === "dead");
}

const rows = (text: string) => wholeNumber(text, MAX_ROWS_SHOWN);
const sequence = (text: string) => wholeNumber(text, Number.MAX_SAFE_INTEGER);

function wholeNumber(text: string, max: number): number {
  const value = Number(text);
  if (/^\d{1,16}$/.test(text) && value >= 1 && value <= max) return value;
  throw new InvalidArgumentError(`Give a whole number from 1 to ${max}.`);
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

function rowLine(row: ListedRow): string {
  const reason = row.reason === null ? "" : `  ${row.reason}`;
  return `${String(row.sequence).padStart(8)}  ${row.kind.padEnd(5)}  ${row.state.padEnd(10)}  ${new Date(row.createdAt).toISOString()}  ${row.lane ?? "-"}  ${row.scanId ?? "-"}${reason}\n`;
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
