import { createHash } from "node:crypto";
import { cp, mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Metadata, MetadataKind, Root } from "@tufjs/models";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { SILENT_LOG } from "../../device/log.ts";
import { FloorFile } from "../../device/models/floors.ts";
import { RepositoryClient } from "../../device/models/source/client.ts";
import { signer } from "../../models/release/keys.ts";
import { renew, rotate } from "../../models/release/repository.ts";
import { isLynceusError } from "../../protocols/errors.ts";
import { temporaryFolder } from "../fixtures/image-files.ts";
import { ModelRepository, newKey, RepositoryServer } from "../fixtures/model-repository.ts";

const DAY_MS = 86_400_000;
const NEVER = new AbortController().signal;

describe("the repository of models", () => {
  let work: Awaited<ReturnType<typeof temporaryFolder>>;
  let repository: ModelRepository;
  let server: RepositoryServer;

  beforeEach(async () => {
    work = await temporaryFolder();
    repository = await ModelRepository.create(work.path);
    server = await RepositoryServer.start(repository);
    await cp(join(repository.folder, "metadata/1.root.json"), join(work.path, "root.json"));
  });

  afterEach(async () => {
    await server.stop();
    await work[Symbol.asyncDispose]();
  });

  function client(
    options: {
      sources?: readonly string[];
      clock?: () => number;
      limits?: { metadataMs: number; targetMs: number };
    } = {},
  ): RepositoryClient {
    return new RepositoryClient({
      folder: join(work.path, "tuf"),
      root: join(work.path, "root.json"),
      sources: options.sources ?? [server.url],
      floors: new FloorFile({ path: join(work.path, "spool", "floors.json") }),
      clock: options.clock ?? Date.now,
      log: SILENT_LOG,
      ...(options.limits && { limits: options.limits }),
    });
  }

  /** SHA-256 of what was fetched, or the code and message of the refusal. */
  async function fetched(target: string, by = client()): Promise<string> {
    const into = join(work.path, "fetched.tar.gz");
    await rm(into, { force: true });
    try {
      await by.fetch(target, into, NEVER);
    } catch (error) {
      if (!isLynceusError(error)) throw error;
      expect(await readFile(into).catch(() => null), "nothing of a refused target is kept").toBeNull();
      return `${error.code} ${error.message}`;
    }
    return createHash("sha256")
      .update(await readFile(into))
      .digest("hex");
  }

  async function digestOf(target: string): Promise<string> {
    const name = (await readdir(join(repository.folder, "targets"))).find((one) => one.endsWith(target));
    return createHash("sha256")
      .update(await readFile(join(repository.folder, "targets", name ?? "")))
      .digest("hex");
  }

  it("1: a fresh repository is accepted", async () => {
    const target = await repository.release();
    expect(await fetched(target)).toBe(await digestOf(target));
  });

  it("2: a new version is accepted by a client that knows the one before", async () => {
    await fetched(await repository.release());
    const next = await repository.release({ version: "1.1.0" });
    expect(await fetched(next)).toBe(await digestOf(next));
  });

  it("3: a rollback of the whole repository is refused", async () => {
    await repository.release();
    const old = repository.snapshot();
    const next = await repository.release({ version: "1.1.0" });
    await fetched(next);
    await repository.become(old);
    expect(await fetched("threat-detector-1.0.0.tar.gz")).toMatch(
      /^LYN_MODEL_REPOSITORY .*(less than|Version)/i,
    );
  });

  it("P-58 3b: and still refused where the client's own state was deleted: the floors lie in a second place", async () => {
    await repository.release();
    const old = repository.snapshot();
    await fetched(await repository.release({ version: "1.1.0" }));
    await repository.become(old);
    await rm(join(work.path, "tuf"), { recursive: true });
    expect(await fetched("threat-detector-1.0.0.tar.gz")).toMatch(/^LYN_MODEL_REPOSITORY .*\(rollback\)/);
    // And what is served rightly later is taken again.
    await repository.become(old);
    for (let version = 0; version < 3; version++) await renew(repository.options);
    expect(await fetched("threat-detector-1.0.0.tar.gz")).toMatch(/^[0-9a-f]{64}$/);
  });

  it("4: a flipped byte of a package is refused", async () => {
    const target = await repository.release();
    const name = (await readdir(join(repository.folder, "targets")))[0] ?? "";
    const path = join(repository.folder, "targets", name);
    const bytes = await readFile(path);
    bytes[bytes.length >> 1]! ^= 1;
    await writeFile(path, bytes);
    expect(await fetched(target)).toMatch(/^LYN_MODEL_REPOSITORY .*Expected hash/);
  });

  it("5: parts of two states put together are refused (mix and match)", async () => {
    await repository.release();
    const old = repository.snapshot();
    await repository.release({ version: "1.1.0" });
    const metadata = join(repository.folder, "metadata");
    // The newest timestamp and snapshot with the targets of the state before, under the new name.
    await cp(join(old, "metadata/2.targets.json"), join(metadata, "3.targets.json"));
    expect(await fetched("threat-detector-1.0.0.tar.gz")).toMatch(
      /^LYN_MODEL_REPOSITORY .*Expected (length|hash)/,
    );
    // And the newest timestamp with the snapshot of the state before.
    await cp(join(old, "metadata/2.snapshot.json"), join(metadata, "3.snapshot.json"));
    expect(await fetched("threat-detector-1.0.0.tar.gz")).toMatch(
      /^LYN_MODEL_REPOSITORY .*Expected (length|hash)/,
    );
  });

  it("6: an expired timestamp is refused (freeze), for those who know the repository too", async () => {
    const target = await repository.release();
    expect(await fetched(target)).toMatch(/^[0-9a-f]{64}$/);
    await renew({ ...repository.options, now: Date.now() - 8 * DAY_MS });
    expect(await fetched(target)).toMatch(/^LYN_MODEL_REPOSITORY .*expired.*\(freeze\)/);
    await renew(repository.options);
    expect(await fetched(target)).toMatch(/^[0-9a-f]{64}$/);
    // A clock that is set back would make what has expired valid again.
    expect(await fetched(target, client({ clock: () => Date.now() - DAY_MS }))).toMatch(
      /clock stands before/,
    );
  });

  it("7: a root signed by one of two keys is refused", async () => {
    const target = await repository.release();
    await fetched(target);
    const path = join(repository.folder, "metadata/1.root.json");
    const known = Metadata.fromJSON(MetadataKind.Root, JSON.parse(await readFile(path, "utf8")));
    const expires = new Date(Date.now() + 3650 * DAY_MS).toISOString();
    const root = new Metadata(Root.fromJSON({ ...known.signed.toJSON(), version: 2, expires }));
    root.sign(signer(repository.options.keys.root[0]!), false);
    await writeFile(join(repository.folder, "metadata/2.root.json"), JSON.stringify(root.toJSON()));
    expect(await fetched(target)).toMatch(/^LYN_MODEL_REPOSITORY .*signed by 1\/2 keys/);
    // The tool itself does not publish such a root.
    const { keys } = repository.options;
    const alone = { ...repository.options, keys: { ...keys, root: keys.root.slice(0, 1) } };
    await expect(rotate(alone, "targets", [newKey()])).rejects.toThrow("1 of 2 root keys");
  });

  it("8: targets signed by a key that root does not name are refused", async () => {
    await repository.release();
    const keys = { ...repository.options.keys, targets: [newKey()] };
    await renew({ ...repository.options, keys });
    expect(await fetched("threat-detector-1.0.0.tar.gz")).toMatch(
      /^LYN_MODEL_REPOSITORY .*signed by 0\/1 keys/,
    );
  });

  it("9: a key that two of three root keys have replaced is accepted, the old one no more", async () => {
    const target = await repository.release();
    await fetched(target);
    const { keys } = repository.options;
    const next = newKey();
    const two = { ...repository.options, keys: { ...keys, root: keys.root.slice(1) } };
    await rotate(two, "targets", [next]);
    expect(await fetched(target)).toBe(await digestOf(target));
    await renew(repository.options);
    expect(await fetched(target)).toMatch(/^LYN_MODEL_REPOSITORY .*signed by 0\/1 keys/);
    await rotate({ ...two, keys: { ...two.keys, targets: [next] } }, "root", [newKey(), newKey(), newKey()]);
    await renew({ ...two, keys: { ...two.keys, targets: [next] } });
    expect(await fetched(target)).toBe(await digestOf(target));
  });

  it("10: endless data is cut at its length, endless silence at its time, and the connection is let go", async () => {
    const target = await repository.release();
    const flood = (part: string) => {
      server.instead.set(part, (response) => {
        const timer = setInterval(() => response.write(Buffer.alloc(65_536)), 1);
        response.on("close", () => clearInterval(timer));
      });
    };
    flood("timestamp.json");
    expect(await fetched(target)).toMatch(/^LYN_MODEL_REPOSITORY .*is longer than the 16384 bytes allowed/);
    server.instead.clear();
    flood(target);
    expect(await fetched(target)).toMatch(/^LYN_MODEL_REPOSITORY .*is longer than the \d+ bytes allowed/);
    server.instead.clear();
    server.instead.set("timestamp.json", (response) => void response.write("{"));
    const impatient = client({ limits: { metadataMs: 300, targetMs: 300 } });
    expect(await fetched(target, impatient)).toMatch(/^LYN_MODEL_SOURCE .*it took too long/);
    server.instead.clear();
    expect(await fetched(target)).toMatch(/^[0-9a-f]{64}$/);
  });

  it("is followed no further than it says: no redirect, no other target, no name with a path", async () => {
    const target = await repository.release();
    server.instead.set("timestamp.json", (response) => {
      response.writeHead(302, { location: "http://127.0.0.1:9/timestamp.json" }).end();
    });
    expect(await fetched(target)).toMatch(/^LYN_MODEL_SOURCE .*redirect/);
    server.instead.clear();
    expect(await fetched("other-model-1.0.0.tar.gz")).toMatch(/^LYN_MODEL_SOURCE .*has no target/);
    expect(await fetched("../../etc/passwd")).toMatch(/^LYN_MODEL_SOURCE .*has no target/);
  });

  it("may have mirrors: the next is asked where one is away or tampered with", async () => {
    const target = await repository.release();
    const foreign = await ModelRepository.create(work.path);
    await foreign.release();
    const other = await RepositoryServer.start(foreign);
    try {
      const sources = ["http://127.0.0.1:9/", other.url, server.url];
      expect(await fetched(target, client({ sources }))).toBe(await digestOf(target));
      expect(await fetched(target, client({ sources: [other.url] }))).toMatch(/^LYN_MODEL_REPOSITORY/);
      expect(await fetched(target, client({ sources: ["http://127.0.0.1:9/"] }))).toMatch(
        /^LYN_MODEL_SOURCE/,
      );
    } finally {
      await other.stop();
    }
  });

  it("may be a folder or a stick, checked the same way", async () => {
    const target = await repository.release();
    const stick = join(work.path, "stick");
    await cp(repository.folder, stick, { recursive: true });
    const offline = () => client({ sources: [stick] });
    expect(await fetched(target, offline())).toBe(await digestOf(target));
    const name = (await readdir(join(stick, "targets")))[0] ?? "";
    await writeFile(join(stick, "targets", name), "something else");
    expect(await fetched(target, offline())).toMatch(/^LYN_MODEL_REPOSITORY/);
    expect(await fetched(target, client({ sources: [join(work.path, "nothing")] }))).toMatch(
      /^LYN_MODEL_SOURCE/,
    );
  });

  it("is trusted by a root that the site gave, and by none without", async () => {
    const target = await repository.release();
    const options = {
      folder: join(work.path, "tuf2"),
      sources: [server.url],
      clock: Date.now,
      log: SILENT_LOG,
    };
    const floors = new FloorFile({ path: join(work.path, "floors2.json") });
    const bare = new RepositoryClient({ ...options, root: undefined, floors });
    expect(await fetched(target, bare)).toMatch(/^LYN_MODEL_REPOSITORY .*no root is trusted/);
    // A damaged state of the client is made anew from that root.
    await fetched(target);
    await mkdir(join(work.path, "tuf/metadata"), { recursive: true });
    for (const name of ["root", "timestamp", "snapshot", "targets"])
      await writeFile(join(work.path, "tuf/metadata", `${name}.json`), "{");
    expect(await fetched(target)).toBe(await digestOf(target));
  });
});
