import { existsSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { LynceusError } from "../../protocols/errors.ts";
import { findPackages } from "../inference/models.ts";
import type { OpenProcess } from "../inference/process.ts";
import type { FloorFile } from "./floors.ts";
import { type InspectedPackage, inspectPackage } from "./inspect.ts";
import { checkInstall, recordInstalled, type Standing } from "./lifecycle.ts";
import { targetParts } from "./source/address.ts";
import type { RepositoryClient } from "./source/client.ts";
import type { ModelStore } from "./store.ts";
import { tryPackage } from "./trial.ts";
import type { ModelTrust } from "./trust.ts";

export interface InstallerOptions {
  readonly store: ModelStore;
  readonly floors: FloorFile;
  /** Folders of packages that run where the store does not say, first first. */
  readonly folders: readonly string[];
  /** Asks these sources instead of those configured. */
  readonly client: (sources?: readonly string[]) => Promise<RepositoryClient>;
  readonly trust: () => Promise<ModelTrust>;
  /** Where the golden inputs are run; absent: in a child of this process. */
  readonly open?: OpenProcess | undefined;
  /** ms since the epoch */
  readonly clock: () => number;
}

/** Brings packages into the store: staged (fetched, unpacked), then verified (inspected, golden inputs run), or not at all. */
export class Installer {
  readonly #options: InstallerOptions;

  constructor(options: InstallerOptions) {
    this.#options = options;
  }

  /**
   * Installs a target of the configured sources, or of `sources`.
   * @param target `NAME-VERSION.tar.gz`
   * @throws LynceusError LYN_MODEL_*: nothing was changed
   */
  async installTarget(
    target: string,
    signal: AbortSignal,
    sources?: readonly string[],
  ): Promise<InspectedPackage> {
    const promised = targetParts(target);
    if (promised === null)
      throw new LynceusError("LYN_MODEL_SOURCE", `${target.slice(0, 100)} is no target's name`, {
        remedy: "Name a target as NAME-VERSION.tar.gz.",
      });
    const archive = await this.#options.store.scratch(target);
    await (await this.#options.client(sources)).fetch(target, archive, signal);
    return this.#installArchive(archive, promised);
  }

  /**
   * Installs an archive by its path: one that lies in `targets/` of a repository's folder (a stick) is taken through that
   * repository, any other by its own signature alone.
   * @throws LynceusError LYN_MODEL_*: nothing was changed
   */
  async installFile(file: string, signal: AbortSignal): Promise<InspectedPackage> {
    const bundle = dirname(dirname(resolve(file)));
    const target = basename(file).replace(/^[0-9a-f]{64}\./, "");
    const isOfBundle = basename(dirname(resolve(file))) === "targets";
    if (isOfBundle && existsSync(join(bundle, "metadata", "timestamp.json")))
      return this.installTarget(target, signal, [bundle]);
    const promised = targetParts(target);
    return this.#installArchive(file, promised);
  }

  /** What runs of a name where the store does not say, and below what nothing is taken. */
  async standing(name: string): Promise<Standing> {
    const [found, floors] = await Promise.all([
      findPackages(this.#options.folders),
      this.#options.floors.read(),
    ]);
    return { base: found.get(name)?.version, floor: floors.models[name] };
  }

  /** Unpacks and judges an archive without keeping it. */
  async judge(archive: string, keep?: (found: InspectedPackage) => Promise<void>): Promise<InspectedPackage> {
    const { store, trust, open } = this.#options;
    const folder = await store.scratch(`${basename(archive)}.unpacked`);
    // Only who installs pays for loading what unpacks.
    const { unpackArchive } = await import("./archive.ts");
    await unpackArchive(archive, folder);
    const trusted = await trust();
    const found = await inspectPackage(folder, trusted);
    await keep?.(found);
    await tryPackage(found, trusted, open);
    return found;
  }

  async #installArchive(
    archive: string,
    promised: { readonly name: string; readonly version: string } | null,
  ): Promise<InspectedPackage> {
    const { store, clock } = this.#options;
    try {
      const found = await this.judge(archive, async (inspected) => {
        if (promised !== null && (promised.name !== inspected.name || promised.version !== inspected.version))
          throw new LynceusError(
            "LYN_MODEL_ARCHIVE",
            `${promised.name}-${promised.version}.tar.gz holds ${inspected.name} ${inspected.version}`,
            { remedy: "Ask its provider for the archive whose name says what it holds." },
          );
        checkInstall(await store.read(), inspected, await this.standing(inspected.name));
      });
      const directory = await store.keep(found.directory, found.name, found.version);
      const spare = await store.change((state) => recordInstalled(state, found, clock()));
      for (const version of spare) await store.remove(found.name, version);
      return { ...found, directory };
    } finally {
      await store.sweep();
    }
  }
}
