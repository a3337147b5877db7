import { existsSync, statSync } from "node:fs";
import { join } from "node:path";
import { parentPort, workerData } from "node:worker_threads";
import { LynceusError } from "../../protocols/errors.ts";
import { DeclarationFile } from "../declarations/file.ts";
import { moveFromJournal } from "../declarations/move.ts";
import { openSigner } from "../keys/signer.ts";
import { openBallast, releaseAll } from "./ballast.ts";
import { type Database, JOURNAL_FILE, lockSpool, makeDirectory, openJournal } from "./database.ts";
import { diskError, diskFault, isDamage } from "./disk-errors.ts";
import {
  type FromWorker,
  type Outcome,
  type Request,
  type ToWorker,
  toPlain,
  type WorkerOptions,
} from "./messages.ts";
import { META, type OperationContext, readMeta, writeMeta } from "./operations/context.ts";
import { OPERATIONS, type OperationArguments } from "./operations/index.ts";
import { salvage } from "./salvage.ts";
import { markSuspect } from "./suspect.ts";

/** Size of the log from which it is copied into the journal, bytes. */
const CHECKPOINT_BYTES = 4 << 20;

/**
 * The journal's only writer, in its own thread: a commit waits for the disk, the gateway's event loop must not. A batch
 * is one transaction (one fsync); an operation that fails is rolled back alone.
 */
function main(): void {
  const port = parentPort;
  if (port === null) throw new Error("this file is a worker");
  const options = workerData as WorkerOptions;
  const say = (message: FromWorker) => port.postMessage(message);
  let context: OperationContext;
  let unlock: () => void;
  try {
    makeDirectory(options.path);
    const lock = lockSpool(options.path);
    unlock = () => lock.close();
    const { database, corrupt } = openJournal(options.path, options.now, options.checkedBytes);
    const rows = corrupt === null ? null : salvage(corrupt, database, options.now);
    context = createContext(database, openDeclarationFile(database, options), options);
    const salvaged = corrupt === null || rows === null ? null : { file: corrupt, rows };
    say({ kind: "ready", journal: context.journal, salvaged });
    layBallast(options, true);
  } catch (error) {
    say({ kind: "refused", error: toPlain(diskError(error, "opening the journal")) });
    port.close();
    return;
  }
  port.on("message", (message: ToWorker) => {
    if (message.kind === "stop") {
      context.declarations.close();
      context.database.close();
      unlock();
      say({ kind: "stopped" });
      port.close();
      return;
    }
    try {
      say({ kind: "done", outcomes: runWithBallast(context, message.requests, options) });
      settle(context, options, message.requests);
    } catch (error) {
      if (isDamage(error)) markSuspect(join(options.path, JOURNAL_FILE));
      say({ kind: "failed", error: toPlain(diskError(error, "committing to the journal")) });
    }
  });
}

/** Declarations have a file of their own; an earlier version kept them in the journal. */
function openDeclarationFile(journal: Database, { path, retention }: WorkerOptions): DeclarationFile {
  const file = new DeclarationFile({ path, retention, clock: Date.now });
  file.open();
  moveFromJournal(journal, file);
  return file;
}

function createContext(
  database: Database,
  declarations: DeclarationFile,
  options: WorkerOptions,
): OperationContext {
  if (readMeta(database, META.journal) === null) writeMeta(database, META.journal, options.newJournal);
  const journal = readMeta(database, META.journal) ?? options.newJournal;
  // A commit now: the log's creation, with its header and its folder's entry, is not left to the first scan.
  writeMeta(database, META.boot, options.bootId);
  const { site, gateway, bootId } = options;
  const signer = options.signingKey === null ? null : openSigner(options.signingKey);
  return { database, declarations, site, gateway, journal, bootId, signer };
}

/** On a full disk even a delete fails: the ballast gives the room for the work that frees some. */
function runWithBallast(
  context: OperationContext,
  requests: readonly Request[],
  options: WorkerOptions,
): readonly Outcome[] {
  try {
    return runBatch(context, requests);
  } catch (error) {
    if (diskFault(error) !== "full") throw error;
    if (!releaseAll(options.path)) return requests.map(() => failed(error));
  }
  try {
    return runBatch(context, requests);
  } catch (error) {
    if (diskFault(error) !== "full") throw error;
    return requests.map(() => failed(error));
  }
}

function runBatch(context: OperationContext, requests: readonly Request[]): Outcome[] {
  const { database, declarations } = context;
  database.exec("BEGIN IMMEDIATE");
  try {
    const outcomes = requests.map((request) => runOne(context, request));
    // First: what the journal says of a declaration (an alert, a hit) stands on one that is stored.
    declarations.commit();
    database.exec("COMMIT");
    return outcomes;
  } catch (error) {
    declarations.rollback();
    // A full or failing disk has mostly rolled back already.
    if (database.db.isTransaction) database.exec("ROLLBACK");
    throw error;
  }
}

function runOne(context: OperationContext, { name, given }: Request): Outcome {
  const { database } = context;
  const operation = OPERATIONS[name] as (context: OperationContext, given: unknown) => unknown;
  database.exec("SAVEPOINT operation");
  try {
    const value = operation(context, given);
    database.exec("RELEASE operation");
    return { ok: true, value };
  } catch (error) {
    if (diskFault(error) !== null) throw error;
    database.exec("ROLLBACK TO operation; RELEASE operation");
    return failed(error);
  }
}

function failed(error: unknown): Outcome {
  const known = error instanceof LynceusError ? error : diskError(error, "writing to the journal");
  return { ok: false, error: toPlain(known) };
}

function layBallast({ path, ballastBytes }: WorkerOptions, both: boolean): void {
  openBallast(path, ballastBytes, "last");
  if (both) openBallast(path, ballastBytes, "first");
}

/**
 * What can wait until the batch is answered. The log is copied into the journal and begun anew; the row written after
 * that takes the fsync of the new log's header, so that the next hit has one fsync on its path.
 */
function settle(
  { database, declarations }: OperationContext,
  options: WorkerOptions,
  requests: readonly Request[],
): void {
  const upkeep = requests.findLast(({ name }) => name === "upkeep");
  if (upkeep !== undefined)
    layBallast(options, (upkeep.given as OperationArguments<"upkeep">).holdFirst !== false);
  const log = join(options.path, `${JOURNAL_FILE}-wal`);
  try {
    declarations.settle();
    if (!existsSync(log) || statSync(log).size <= CHECKPOINT_BYTES) return;
    const verdict = database.get("PRAGMA wal_checkpoint(TRUNCATE)");
    if (verdict?.["busy"] === 0) writeMeta(database, META.checkpoints, String(checkpoints(database) + 1));
  } catch (error) {
    // The log holds every commit; a full disk only delays its copying.
    if (diskFault(error) !== "full") throw error;
  }
}

function checkpoints(database: Database): number {
  return Number(readMeta(database, META.checkpoints) ?? 0);
}

main();
