import { createReadStream } from "node:fs";
import { type FileHandle, open, truncate } from "node:fs/promises";
import { dirname } from "node:path";
import { LynceusError } from "../../protocols/errors.ts";
import { openToAppend } from "../files.ts";
import { type ReceivedEvent, readEntry } from "./entry.ts";
import { Sequences } from "./sequences.ts";
import { TextLines } from "./text-lines.ts";

/** Events one ledger keeps track of, at most. */
export const MAX_EVENTS = 2_000_000;
/** Longest line that is read back, characters: an event of 64 KiB and some. */
const MAX_LINE_CHARACTERS = 100_000;
/** Events waiting for the disk before their senders have to wait too. */
export const MAX_WAITING = 256;

interface Waiting {
  readonly event: ReceivedEvent;
  readonly line: string;
}

/** What became of an event that was offered. */
export type Offered = "new" | "duplicate" | "full";

export interface LedgerOptions {
  /** NDJSON file; null keeps nothing on disk. */
  readonly path: string | null;
  /** These events are on disk now (or need not be), in the order in which they came. */
  readonly onDurable: (events: readonly ReceivedEvent[]) => void;
  /** {@link MAX_EVENTS} unless given. */
  readonly maxEvents?: number;
}

/**
 * Central's file of hits and alerts, each once: one CloudEvent a line with `receivedat`, fsynced before it counts. What is
 * known comes from the file itself, so a restart deduplicates against everything ever kept; a torn last line, whose event
 * was never receipted, is cut off.
 */
export class Ledger {
  readonly #options: LedgerOptions;
  readonly #known = new Set<string>();
  readonly #journals = new Map<string, Sequences>();
  #waiting: Waiting[] = [];
  #file: FileHandle | null = null;
  #writing: Promise<void> = Promise.resolve();
  #active = false;
  #failure: Error | null = null;

  constructor(options: LedgerOptions) {
    this.#options = options;
  }

  /** Opens the file; `onKept` sees every event it holds. */
  async start(onKept: (event: ReceivedEvent) => void): Promise<void> {
    const { path } = this.#options;
    if (path === null) return;
    this.#file = await openToAppend(path, "--out");
    const bytes = await cutTornLine(path);
    const lines = new TextLines({ maxLine: MAX_LINE_CHARACTERS });
    // No further than the last whole line, for what follows is this process's own.
    for await (const chunk of bytes === 0 ? [] : createReadStream(path, { end: bytes - 1 })) {
      for (const line of lines.push(chunk as Uint8Array)) this.#readBack(line, onKept);
    }
    const folder = await open(dirname(path), "r");
    await folder.sync();
    await folder.close();
  }

  #readBack(line: string, onKept: (event: ReceivedEvent) => void): void {
    const event = readEntry(line);
    if (event === null) return;
    this.#remember(event);
    onKept(event);
  }

  /** 1 … n of the journal are durable here. */
  contiguous(journal: string): number {
    return this.#journals.get(journal)?.contiguous ?? 0;
  }

  /** Why the file can no longer be written, null while it can. */
  get failure(): Error | null {
    return this.#failure;
  }

  /** Takes an event; `line` is what is written of it. `onDurable` follows for a new one. */
  offer(event: ReceivedEvent, line: string): Offered {
    if (this.#known.has(event.key)) return "duplicate";
    const limit = this.#options.maxEvents ?? MAX_EVENTS;
    if (this.#known.size >= limit || this.#failure !== null) return "full";
    this.#known.add(event.key);
    this.#waiting.push({ event, line });
    if (!this.#active) this.#writing = this.#write();
    return "new";
  }

  /** Resolves once there is room for more: at once while fewer than {@link MAX_WAITING} wait. */
  async room(): Promise<void> {
    if (this.#waiting.length >= MAX_WAITING) await this.#writing;
  }

  /** Calls `action` when what waits now is on disk; never where the disk failed. */
  afterWrites(action: () => void): void {
    void this.#writing.then(() => {
      if (this.#failure === null) action();
    });
  }

  async stop(): Promise<void> {
    await this.#writing;
    await this.#file?.close();
    this.#file = null;
  }

  /** Writes what waits, one fsync for all of it, until nothing waits. */
  async #write(): Promise<void> {
    this.#active = true;
    // Events of one burst of the socket share an fsync.
    await new Promise<void>((resolve) => setImmediate(resolve));
    while (this.#waiting.length > 0 && this.#failure === null) {
      const batch = this.#waiting;
      this.#waiting = [];
      try {
        await this.#file?.appendFile(batch.map(({ line }) => `${line}\n`).join(""));
        await this.#file?.datasync();
      } catch (cause) {
        this.#failure = unwritable(this.#options.path ?? "", cause);
        break;
      }
      for (const { event } of batch) this.#remember(event);
      this.#options.onDurable(batch.map(({ event }) => event));
    }
    this.#active = false;
  }

  #remember(event: ReceivedEvent): void {
    this.#known.add(event.key);
    const sequences = this.#journals.get(event.journal) ?? new Sequences();
    this.#journals.set(event.journal, sequences);
    sequences.add(event.sequence);
    if (event.undeliverable !== null) sequences.add(event.undeliverable);
  }
}

function unwritable(path: string, cause: unknown): LynceusError {
  const why = cause instanceof Error ? cause.message : String(cause);
  return new LynceusError("LYN_LEDGER", `${path} cannot be written: ${why}`, {
    remedy: "Free space or name another file with --out; nothing is receipted until then",
    cause,
  });
}

/** Cuts off what follows the last line end, for a crash may have torn the last line; returns the bytes left. */
async function cutTornLine(path: string): Promise<number> {
  const file = await open(path, "r");
  try {
    const { size } = await file.stat();
    const end = await endOfLastLine(file, size);
    if (end < size) await truncate(path, end);
    return end;
  } finally {
    await file.close();
  }
}

async function endOfLastLine(file: FileHandle, size: number): Promise<number> {
  const block = new Uint8Array(64 * 1024);
  for (let end = size; end > 0; ) {
    const start = Math.max(0, end - block.length);
    const { bytesRead } = await file.read(block, 0, end - start, start);
    const at = block.subarray(0, bytesRead).lastIndexOf(0x0a);
    if (at >= 0) return start + at + 1;
    end = start;
  }
  return 0;
}
