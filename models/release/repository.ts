/**
 * A TUF repository of model packages as a folder (The Update Framework 1.0): `metadata/` and `targets/`, served by any web
 * server or carried on a stick. Each change publishes new versions of all it touches: a number used twice would leave clients
 * with what they have.
 */
import { createHash, type KeyObject } from "node:crypto";
import { copyFile, mkdir, readFile, stat, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import {
  Metadata,
  MetadataKind,
  MetaFile,
  Root,
  Snapshot,
  TargetFile,
  Targets,
  Timestamp,
} from "@tufjs/models";
import { LynceusError } from "../../protocols/errors.ts";
import { ROLES, type Role, type RoleKeys, signer, tufKey } from "./keys.ts";

/** How long what is signed holds, days: the online roles short, so that a frozen repository is noticed. */
export const VALID_DAYS: Readonly<Record<Role, number>> = {
  root: 365,
  targets: 180,
  snapshot: 7,
  timestamp: 7,
};
/** Root keys that must sign. */
export const ROOT_THRESHOLD = 2;
const DAY_MS = 86_400_000;
/** NAME-VERSION.tar.gz */
const TARGET = /^[a-z0-9][a-z0-9-]{0,62}-\d+\.\d+\.\d+(?:-[0-9A-Za-z.-]+)?\.tar\.gz$/;

export interface RepositoryOptions {
  readonly folder: string;
  readonly keys: RoleKeys;
  /** ms since the epoch */
  readonly now: number;
  /** Days by role that differ from {@link VALID_DAYS}. */
  readonly validDays?: Partial<Readonly<Record<Role, number>>>;
}

/** Makes an empty repository. `metadata/1.root.json` is what gateways are given as `trust.modelsRoot`. @throws LynceusError LYN_MODEL_RELEASE */
export async function createRepository(options: RepositoryOptions): Promise<void> {
  const { folder, keys } = options;
  if (keys.root.length < ROOT_THRESHOLD)
    throw refused(
      `${keys.root.length} root keys, at least ${ROOT_THRESHOLD} must sign`,
      "Make root-1 to root-3.",
    );
  if (await exists(join(folder, "metadata", "timestamp.json")))
    throw refused(`${folder} holds a repository already`, "Choose another folder, or add to this one.");
  await mkdir(join(folder, "metadata"), { recursive: true });
  await mkdir(join(folder, "targets"), { recursive: true });
  const root = new Root({
    version: 1,
    specVersion: "1.0.31",
    expires: expiry(options, "root"),
    consistentSnapshot: true,
  });
  for (const role of ROLES) for (const key of keys[role]) root.addKey(tufKey(key), role);
  await publishRoot(folder, withThreshold(root), keys.root, null);
  await publish(
    options,
    new Targets({ version: 1, specVersion: "1.0.31", expires: expiry(options, "targets") }),
  );
}

/** Adds archives. @throws LynceusError LYN_MODEL_RELEASE where a name is no target's, or a key is missing */
export async function addTargets(options: RepositoryOptions, files: readonly string[]): Promise<void> {
  const { folder } = options;
  const targets = (await read(folder, MetadataKind.Targets)).signed;
  for (const file of files) {
    const path = basename(file);
    if (!TARGET.test(path))
      throw refused(`${path} is no NAME-VERSION.tar.gz`, "Pack the package with `pack`.");
    const bytes = await readFile(file);
    const sha256 = createHash("sha256").update(bytes).digest("hex");
    const known = targets.targets[path];
    if (known !== undefined && known.hashes["sha256"] !== sha256)
      throw refused(
        `${path} is there with other content`,
        "A version is released once: give it a new number.",
      );
    targets.addTarget(new TargetFile({ path, length: bytes.length, hashes: { sha256 } }));
    await copyFile(file, join(folder, "targets", `${sha256}.${path}`));
  }
  await publish(options, next(options, targets));
}

/** Signs snapshot and timestamp anew before they expire; targets too where their key is at hand. @throws LynceusError LYN_MODEL_RELEASE */
export async function renew(options: RepositoryOptions): Promise<void> {
  const targets = (await read(options.folder, MetadataKind.Targets)).signed;
  if (options.keys.targets.length > 0) return publish(options, next(options, targets));
  return publishSnapshot(options, targets.version);
}

/**
 * Replaces the keys of a role by those given, by a new root that old and new root keys sign, and signs that role anew.
 * @throws LynceusError LYN_MODEL_RELEASE where fewer root keys than the threshold are at hand.
 */
export async function rotate(
  options: RepositoryOptions,
  role: Role,
  keysOfRole: readonly KeyObject[],
): Promise<void> {
  const { folder, keys } = options;
  const before = (await read(folder, MetadataKind.Root)).signed;
  const fresh = { version: before.version + 1, expires: expiry(options, "root") };
  const root = Root.fromJSON(structuredClone({ ...before.toJSON(), ...fresh }));
  const own = root.roles[role]!;
  own.keyIDs.splice(0);
  for (const key of keysOfRole) root.addKey(tufKey(key), role);
  const used = new Set(Object.values(root.roles).flatMap(({ keyIDs }) => keyIDs));
  for (const id of Object.keys(root.keys)) if (!used.has(id)) delete root.keys[id];
  await publishRoot(folder, root, role === "root" ? [...keys.root, ...keysOfRole] : keys.root, before);
  const after = { ...options, keys: { ...keys, [role]: keysOfRole } };
  if (role !== "root") await renew(after);
}

/** The same targets with the next number and a new date. */
function next(options: RepositoryOptions, targets: Targets): Targets {
  const fresh = { version: targets.version + 1, expires: expiry(options, "targets") };
  return Targets.fromJSON({ ...targets.toJSON(), ...fresh });
}

function withThreshold(root: Root): Root {
  const json = root.toJSON();
  const roles = structuredClone(json["roles"]) as Record<string, { threshold: number }>;
  roles["root"]!.threshold = ROOT_THRESHOLD;
  return Root.fromJSON({ ...json, roles: roles as never });
}

async function publishRoot(
  folder: string,
  root: Root,
  keys: readonly KeyObject[],
  before: Root | null,
): Promise<void> {
  const metadata = new Metadata(root);
  for (const key of keys) metadata.sign(signer(key));
  const signed = new Set(Object.keys(metadata.signatures));
  for (const one of before === null ? [root] : [before, root]) {
    const { keyIDs, threshold } = one.roles["root"]!;
    const count = keyIDs.filter((id) => signed.has(id)).length;
    if (count < threshold)
      throw refused(
        `version ${root.version} of root would be signed by ${count} of ${threshold} root keys of version ${one.version}`,
        "Bring the root keys that are missing.",
      );
  }
  const bytes = bytesOf(metadata);
  await writeFile(join(folder, "metadata", `${root.version}.root.json`), bytes);
  await writeFile(join(folder, "metadata", "root.json"), bytes);
}

async function publish(options: RepositoryOptions, targets: Targets): Promise<void> {
  const bytes = signed(new Metadata(targets), options.keys.targets, "targets");
  await writeFile(join(options.folder, "metadata", `${targets.version}.targets.json`), bytes);
  await writeFile(join(options.folder, "metadata", "targets.json"), bytes);
  await publishSnapshot(options, targets.version);
}

/** Snapshot and timestamp name what they vouch for by version, length and digest: parts of two states cannot be mixed. */
async function publishSnapshot(options: RepositoryOptions, targetsVersion: number): Promise<void> {
  const { folder, keys } = options;
  const place = join(folder, "metadata");
  const targets = await readFile(join(place, `${targetsVersion}.targets.json`));
  const snapshot = new Snapshot({
    version: (await versionOf(folder, "snapshot")) + 1,
    specVersion: "1.0.31",
    expires: expiry(options, "snapshot"),
    meta: { "targets.json": metaFile(targetsVersion, targets) },
  });
  const bytes = signed(new Metadata(snapshot), keys.snapshot, "snapshot");
  await writeFile(join(place, `${snapshot.version}.snapshot.json`), bytes);
  await writeFile(join(place, "snapshot.json"), bytes);
  const timestamp = new Timestamp({
    version: (await versionOf(folder, "timestamp")) + 1,
    specVersion: "1.0.31",
    expires: expiry(options, "timestamp"),
    snapshotMeta: metaFile(snapshot.version, bytes),
  });
  // Last: until it is there, clients see the state before.
  await writeFile(
    join(place, "timestamp.json"),
    signed(new Metadata(timestamp), keys.timestamp, "timestamp"),
  );
}

function signed(
  metadata: Metadata<Targets | Snapshot | Timestamp>,
  keys: readonly KeyObject[],
  role: Role,
): Uint8Array {
  if (keys.length === 0) throw refused(`no key of the role ${role} is at hand`, `Bring ${role}.pem.`);
  for (const key of keys) metadata.sign(signer(key));
  return bytesOf(metadata);
}

function metaFile(version: number, bytes: Uint8Array): MetaFile {
  const sha256 = createHash("sha256").update(bytes).digest("hex");
  return new MetaFile({ version, length: bytes.length, hashes: { sha256 } });
}

function bytesOf(metadata: Metadata<Root | Targets | Snapshot | Timestamp>): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(metadata.toJSON(), null, 1));
}

async function read<T extends MetadataKind.Root | MetadataKind.Targets>(
  folder: string,
  kind: T,
): Promise<Metadata<T extends MetadataKind.Root ? Root : Targets>> {
  const text = await readFile(join(folder, "metadata", `${kind}.json`), "utf8");
  return Metadata.fromJSON(kind as MetadataKind.Root, JSON.parse(text)) as unknown as Metadata<
    T extends MetadataKind.Root ? Root : Targets
  >;
}

/** 0 where there is none yet. */
async function versionOf(folder: string, role: Role): Promise<number> {
  const path = join(folder, "metadata", `${role}.json`);
  if (!(await exists(path))) return 0;
  return (JSON.parse(await readFile(path, "utf8")) as { signed: { version: number } }).signed.version;
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}

function expiry({ now, validDays }: RepositoryOptions, role: Role): string {
  const at = new Date(now + (validDays?.[role] ?? VALID_DAYS[role]) * DAY_MS);
  return at.toISOString().replace(/\.\d+Z$/, "Z");
}

function refused(message: string, remedy: string): LynceusError {
  return new LynceusError("LYN_MODEL_RELEASE", message, { remedy });
}
