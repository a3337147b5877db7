/** What may become of installed packages: rules on the state alone. Each changes the state it is given, or throws. */
import { LynceusError } from "../../protocols/errors.ts";
import { compareVersions } from "../inference/models.ts";
import type { InspectedPackage } from "./inspect.ts";
import {
  type ComparisonFigures,
  emptyManaged,
  type Installed,
  MAX_FAILURES,
  MAX_NAMES,
  type Managed,
  type ModelsState,
  type Stage,
} from "./state.ts";

/** Losses of its process within {@link LOSS_WINDOW_MS} after which a package is given up, and loads without proof. */
export const MAX_LOSSES = 3;
export const LOSS_WINDOW_MS = 600_000;
/** Versions of a name that are kept in the store: the active one, the one before, candidates and what failed last. */
export const MAX_VERSIONS = 6;

/** Below what a package is not taken, and what runs now where the store does not say. */
export interface Standing {
  /** The highest version that proved itself active, in the second place; undefined: none. */
  readonly floor: string | undefined;
  /** Version of the package of the site's folder or the release; undefined: there is none. */
  readonly base: string | undefined;
}

/** The state of a name; made where there is none yet. */
export function managedOf(state: ModelsState, name: string): Managed {
  const known = state.models[name];
  if (known !== undefined) return known;
  if (Object.keys(state.models).length >= MAX_NAMES) throw refused(`${MAX_NAMES} names are managed already`);
  const fresh = emptyManaged();
  state.models[name] = fresh;
  return fresh;
}

export function versionOf(state: ModelsState, name: string, version: string): Installed | undefined {
  return state.models[name]?.versions.find((one) => one.version === version);
}

/** The package that is on trial, if one is: in shadow or canary. */
export function candidateOf(managed: Managed): Installed | undefined {
  return managed.versions.find(({ stage }) => stage === "shadow" || stage === "canary");
}

/**
 * Whether a version may be installed at all: not below what runs or ran, and a number stands for one content.
 * @throws LynceusError LYN_MODEL_STATE
 */
export function checkInstall(
  state: ModelsState,
  { name, version, sha256 }: Pick<InspectedPackage, "name" | "version" | "sha256">,
  standing: Standing,
): void {
  const managed = state.models[name];
  const known = versionOf(state, name, version);
  if (known !== undefined && known.sha256 !== sha256 && known.stage !== "failed")
    throw refused(
      `${name} ${version} is installed with other content`,
      "A version is released once: ask its provider for a new number.",
    );
  const lowest = highest([managed?.active ?? standing.base, managed?.floor ?? undefined, standing.floor]);
  if (lowest !== undefined && compareVersions(version, lowest) < 0)
    throw refused(
      `${name} ${version} is older than ${lowest} (rollback)`,
      "Go back with `models rollback`; an older package is only taken as a new release with a higher number.",
    );
}

/** Enters a verified package. What was known of the same version is forgotten; old versions make room. Returns those to remove. */
export function recordInstalled(state: ModelsState, found: InspectedPackage, now: number): readonly string[] {
  const managed = managedOf(state, found.name);
  const { version, sha256, task, trustedBy } = found;
  const kept = managed.versions.filter((one) => one.version !== version);
  const same = versionOf(state, found.name, version);
  const entry: Installed =
    same !== undefined && same.sha256 === sha256 && same.stage !== "failed"
      ? same
      : {
          version,
          sha256,
          trustedBy,
          task,
          stage: "verified",
          at: now,
          since: now,
          attempts: 0,
          proved: false,
          losses: [],
          reason: null,
        };
  managed.versions = [...kept, entry];
  const spare = managed.versions
    .filter((one) => one !== entry && one.version !== managed.active && one.version !== managed.previous)
    .sort((a, b) => a.since - b.since)
    .slice(0, Math.max(0, managed.versions.length - MAX_VERSIONS))
    .map((one) => one.version);
  managed.versions = managed.versions.filter((one) => !spare.includes(one.version));
  return spare;
}

/** Puts a package on trial; one that was on trial before goes back to being verified. */
export function beginTrial(
  state: ModelsState,
  name: string,
  version: string,
  stage: "shadow" | "canary",
  now: number,
): void {
  const entry = mustHave(state, name, version);
  if (stage === "shadow" && entry.stage === "active") return;
  for (const other of managedOf(state, name).versions)
    if (other !== entry && (other.stage === "shadow" || other.stage === "canary"))
      enter(other, "verified", now);
  enter(entry, stage, now);
  delete entry.figures;
}

/**
 * Makes a package the active one; the one before stays for rollback.
 * @throws LynceusError LYN_MODEL_STATE where it is not installed, has failed, or is older than the active one
 */
export function activate(
  state: ModelsState,
  name: string,
  version: string,
  standing: Standing,
  now: number,
): void {
  const managed = managedOf(state, name);
  const entry = mustHave(state, name, version);
  if (entry.stage === "active") return;
  if (entry.stage === "failed")
    throw refused(
      `${name} ${version} has failed: ${entry.reason ?? "no reason is known"}`,
      "Install another version.",
    );
  checkInstall(state, { name, version, sha256: entry.sha256 }, standing);
  const before = managed.versions.find((one) => one.version === managed.active);
  if (before !== undefined) enter(before, "retired", now);
  managed.previous = managed.active;
  managed.active = version;
  enter(entry, "active", now);
  entry.attempts = 0;
  entry.proved = false;
  entry.losses = [];
}

/**
 * Each package that decides and has not proved itself is about to be loaded once more: counted before, so that what kills the
 * whole machine is counted too. One that was loaded too often without proof gives way. Returns those, with the reason.
 */
export function countLoads(
  state: ModelsState,
  now: number,
): readonly { readonly name: string; readonly version: string; readonly reason: string }[] {
  const given: { name: string; version: string; reason: string }[] = [];
  for (const [name, managed] of Object.entries(state.models)) {
    const entry = managed.versions.find(({ version }) => version === managed.active);
    if (entry === undefined || entry.proved) continue;
    if (entry.attempts < MAX_LOSSES || managed.previous === undefined) {
      entry.attempts += 1;
      continue;
    }
    const reason = `${entry.attempts} loads of it never proved good`;
    rollBack(state, name, reason, now);
    given.push({ name, version: entry.version, reason });
  }
  return given;
}

/**
 * Goes back: a canary is taken off its scans, else the active package gives way to the one before.
 * @param reason why, where the package failed; null where somebody wants it.
 * @returns what runs now; null: the package of the site's folder or the release.
 * @throws LynceusError LYN_MODEL_STATE where there is nothing to go back to
 */
export function rollBack(
  state: ModelsState,
  name: string,
  reason: string | null,
  now: number,
): string | null {
  const managed = state.models[name];
  const trial = managed?.versions.find(({ stage }) => stage === "canary");
  if (managed !== undefined && trial !== undefined) {
    leave(trial, reason, now);
    return managed.active;
  }
  if (managed === undefined || managed.active === null || managed.previous === undefined)
    throw refused(`there is no package of ${name} to go back to`, "`models list` shows what is installed.");
  const entry = managed.versions.find(({ version }) => version === managed.active);
  if (entry !== undefined) leave(entry, reason, now);
  managed.active = managed.previous;
  delete managed.previous;
  const back = managed.versions.find(({ version }) => version === managed.active);
  if (back !== undefined) {
    enter(back, "active", now);
    back.attempts = 0;
    back.losses = [];
  }
  return managed.active;
}

/** A candidate that must not become active. */
export function failTrial(
  state: ModelsState,
  name: string,
  version: string,
  reason: string,
  now: number,
): void {
  const entry = versionOf(state, name, version);
  if (entry !== undefined) leave(entry, reason, now);
}

/** Notes that the process with a package was lost. Returns whether it was once too often. */
export function recordLoss(entry: Installed, now: number): boolean {
  entry.losses = [...entry.losses.filter((at) => at > now - LOSS_WINDOW_MS), now].slice(-MAX_FAILURES);
  return entry.losses.length >= MAX_LOSSES;
}

/** The package that decides has done so long enough: nothing older is taken any more. False where it decides no more. */
export function recordProof(state: ModelsState, name: string, version: string): boolean {
  const managed = state.models[name];
  const entry = versionOf(state, name, version);
  if (managed?.active !== version || entry === undefined) return false;
  entry.proved = true;
  entry.attempts = 0;
  managed.floor = version;
  return true;
}

/** New packages decide in a gateway that runs: a load of this life is counted once, however often the models are replaced. */
export function countFirstLoads(state: ModelsState): void {
  for (const { active, versions } of Object.values(state.models)) {
    const entry = versions.find(({ version }) => version === active);
    if (entry !== undefined && !entry.proved) entry.attempts = Math.max(1, entry.attempts);
  }
}

/** Loads that were begun did no harm: the gateway stops as it should. */
export function forgetLoads(state: ModelsState): void {
  for (const { versions } of Object.values(state.models)) for (const entry of versions) entry.attempts = 0;
}

export function recordFigures(entry: Installed, figures: ComparisonFigures): void {
  entry.figures = figures;
}

function leave(entry: Installed, reason: string | null, now: number): void {
  enter(entry, reason === null ? "retired" : "failed", now);
  entry.reason = reason?.slice(0, 300) ?? null;
}

function enter(entry: Installed, stage: Stage, now: number): void {
  entry.stage = stage;
  entry.since = now;
  entry.reason = null;
}

function mustHave(state: ModelsState, name: string, version: string): Installed {
  const entry = versionOf(state, name, version);
  if (entry === undefined)
    throw refused(
      `${name} ${version} is not installed`,
      "Install it first; `models list` shows what there is.",
    );
  return entry;
}

function highest(versions: readonly (string | undefined)[]): string | undefined {
  return versions.reduce((best, one) =>
    best === undefined || (one !== undefined && compareVersions(one, best) > 0) ? one : best,
  );
}

function refused(message: string, remedy = "`lynceus models list` shows what is installed."): LynceusError {
  return new LynceusError("LYN_MODEL_STATE", message, { remedy });
}
