import { copyFile, mkdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { type TargetFile, Updater } from "tuf-js";
import { DownloadHTTPError, RepositoryError } from "tuf-js/dist/error.js";
import { LynceusError } from "../../../protocols/errors.ts";
import type { Log } from "../../log.ts";
import { ARCHIVE_LIMITS } from "../archive.ts";
import type { FloorFile, Floors } from "../floors.ts";
import { type SourceAddress, sourceAddress } from "./address.ts";
import { BoundedFetcher, type BoundedFetcherOptions, FetchFault } from "./fetcher.ts";

/** How far the clock may stand before the last time that metadata was trusted, ms. */
const CLOCK_LENIENCE_MS = 3.6e6;
const ROLES = ["root", "timestamp", "snapshot", "targets"] as const;
/** Bounds of the metadata, bytes and counts. */
const CLIENT_LIMITS = {
  maxRootRotations: 64,
  maxDelegations: 8,
  rootMaxLength: 512_000,
  timestampMaxLength: 16_384,
  snapshotMaxLength: 1_000_000,
  targetsMaxLength: 4_000_000,
} as const;

export interface RepositoryClientOptions {
  /** Holds the client's state: `metadata/`. */
  readonly folder: string;
  /** The first root, trusted because the site put it there; absent: no repository is trusted. */
  readonly root: string | undefined;
  /** As configured, tried in order. */
  readonly sources: readonly string[];
  readonly floors: FloorFile;
  /** ms since the epoch */
  readonly clock: () => number;
  readonly log: Log;
  readonly limits?: BoundedFetcherOptions["limits"];
}

/** A target that was fetched: what the repository signed for. */
export interface FetchedTarget {
  readonly file: string;
  readonly source: string;
  readonly sha256: string | undefined;
}

/**
 * Fetches targets of a TUF repository (The Update Framework 1.0, client workflow §5) over HTTP(S) or from a folder. The versions
 * that were trusted last are kept in a second place: a client whose state was deleted still takes nothing older.
 */
export class RepositoryClient {
  readonly #options: RepositoryClientOptions;

  constructor(options: RepositoryClientOptions) {
    this.#options = options;
  }

  /**
   * Fetches a target of the first source that serves it as trusted.
   * @param into where the file is put.
   * @throws LynceusError LYN_MODEL_REPOSITORY where what a source serves is refused; LYN_MODEL_SOURCE where none can be reached
   *   or has the target.
   */
  async fetch(target: string, into: string, signal: AbortSignal): Promise<FetchedTarget> {
    const { sources, log } = this.#options;
    await this.#prepare();
    const faults: LynceusError[] = [];
    for (const source of sources) {
      const address = sourceAddress(source);
      try {
        return await this.#fetchFrom(address, target, into, signal);
      } catch (error) {
        const fault = faultOf(error, address);
        log.warn({ source, code: fault.code, why: fault.message }, "a source of models gave nothing");
        faults.push(fault);
      }
    }
    // What is refused says more than what cannot be reached.
    const [first] = faults.sort((a, b) => rank(a) - rank(b));
    throw first ?? unreachable("models.sources names no source", "Name one, or install a file or folder.");
  }

  async #fetchFrom(
    address: SourceAddress,
    target: string,
    into: string,
    signal: AbortSignal,
  ): Promise<FetchedTarget> {
    const { folder, limits } = this.#options;
    const fetcher = new BoundedFetcher({
      scratch: join(folder, "downloads"),
      signal,
      ...(limits && { limits }),
    });
    const updater = new Updater({
      metadataDir: this.#metadata,
      metadataBaseUrl: address.metadata,
      targetBaseUrl: address.targets,
      fetcher,
      config: CLIENT_LIMITS,
    });
    await updater.refresh();
    await this.#holdFloors(address);
    const info = await updater.getTargetInfo(target);
    if (info === undefined)
      throw unreachable(
        `${address.name} has no target ${target}`,
        "Check name and version: NAME-VERSION.tar.gz.",
      );
    checkLength(info, target);
    await updater.downloadTarget(info, into);
    return { file: into, source: address.name, sha256: info.hashes["sha256"] };
  }

  get #metadata(): string {
    return join(this.#options.folder, "metadata");
  }

  /** The first root is copied once; later ones come signed by those before. */
  async #prepare(): Promise<void> {
    const { root, floors, clock } = this.#options;
    const { seenAt } = await floors.read();
    if (clock() < seenAt - CLOCK_LENIENCE_MS) {
      throw refused(
        `the clock stands before ${new Date(seenAt).toISOString()}, when metadata was trusted last`,
        "Set the clock: what has expired cannot be told by a clock that goes back.",
      );
    }
    await mkdir(this.#metadata, { recursive: true, mode: 0o750 });
    const own = join(this.#metadata, "root.json");
    if (await isJson(own)) return;
    if (root === undefined)
      throw refused("no root is trusted", "Name the repository's root.json in trust.modelsRoot.");
    await copyFile(root, own).catch((cause: unknown) => {
      throw refused(`trust.modelsRoot cannot be read: ${(cause as Error).message}`, "Check the file.", cause);
    });
  }

  /** Versions only rise, whatever became of the client's own state. */
  async #holdFloors(address: SourceAddress): Promise<void> {
    const { floors, clock } = this.#options;
    const before = await floors.read();
    const found: Partial<Record<(typeof ROLES)[number], number>> = {};
    for (const role of ROLES) {
      const version = await versionOf(join(this.#metadata, `${role}.json`));
      if (version < before[role])
        throw refused(
          `${address.name} serves version ${version} of ${role}, version ${before[role]} was trusted before (rollback)`,
          "Ask who runs the repository: an old state of it is served.",
        );
      found[role] = version;
    }
    await floors.raise((now): Floors => ({ ...now, ...found, seenAt: clock() }));
  }
}

/** A damaged file counts as none: the floors still hold. */
async function isJson(path: string): Promise<boolean> {
  return (await versionOf(path).catch(() => 0)) > 0;
}

async function versionOf(path: string): Promise<number> {
  const parsed = JSON.parse(await readFile(path, "utf8")) as { signed?: { version?: unknown } };
  return Number(parsed.signed?.version ?? 0);
}

function checkLength({ length }: TargetFile, target: string): void {
  if (length > ARCHIVE_LIMITS.archiveBytes)
    throw refused(
      `${target} has ${length} bytes, the limit is ${ARCHIVE_LIMITS.archiveBytes}`,
      "Ask for a smaller package.",
    );
}

function rank({ code }: LynceusError): number {
  return code === "LYN_MODEL_REPOSITORY" ? 0 : 1;
}

function faultOf(error: unknown, { name }: SourceAddress): LynceusError {
  if (error instanceof LynceusError) return error;
  const message = error instanceof Error ? error.message : String(error);
  if (
    error instanceof FetchFault ||
    error instanceof DownloadHTTPError ||
    /cannot be read:|is not there/.test(message)
  )
    return unreachable(
      `${name}: ${message}`,
      "Check the address and the network; what runs goes on running.",
      error,
    );
  if (/expired/.test(message))
    return refused(
      `${name}: ${message} (freeze)`,
      "Ask who runs the repository to renew it, and check this gateway's clock; what runs goes on running.",
      error,
    );
  const kind = error instanceof RepositoryError ? "" : `${(error as Error).name}: `;
  return refused(
    `${name}: ${kind}${message}`,
    "Do not go round it: the repository is damaged or somebody tampers with it. What runs goes on running.",
    error,
  );
}

function refused(message: string, remedy: string, cause?: unknown): LynceusError {
  return new LynceusError("LYN_MODEL_REPOSITORY", `The repository of models is refused: ${message}`, {
    remedy,
    ...(cause === undefined ? {} : { cause }),
  });
}

function unreachable(message: string, remedy: string, cause?: unknown): LynceusError {
  return new LynceusError("LYN_MODEL_SOURCE", message, { remedy, ...(cause === undefined ? {} : { cause }) });
}
