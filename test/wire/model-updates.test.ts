import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Alert } from "../../device/alerts.ts";
import type { AnalysisRequest } from "../../device/inference/port.ts";
import { InferenceSupervisor } from "../../device/inference/supervisor.ts";
import { SILENT_LOG } from "../../device/log.ts";
import { FloorFile } from "../../device/models/floors.ts";
import { Installer } from "../../device/models/installer.ts";
import { activate } from "../../device/models/lifecycle.ts";
import { ModelManager } from "../../device/models/manager.ts";
import { RepositoryClient } from "../../device/models/source/client.ts";
import { ModelStore } from "../../device/models/store.ts";
import type { Rollout } from "../../device/models/trial-run.ts";
import { rawPublicKey } from "../../models/release/keys.ts";
import { addTargets } from "../../models/release/repository.ts";
import { parcelPlane, temporaryFolder } from "../fixtures/image-files.ts";
import { ModelRepository } from "../fixtures/model-repository.ts";
import { until } from "../fixtures/processes.ts";
import { BLADE_MODEL, writeTinyModel } from "../fixtures/tiny-model.ts";

const NEVER = new AbortController().signal;
const [WIDTH, HEIGHT, AIR] = [48, 64, 60_000];
const PATIENCE_MS = 110_000;
/** A busy test machine is no fault of a model. */
const LIMITS = { readyMs: PATIENCE_MS, analysisMs: PATIENCE_MS };
const NAME = "threat-detector";
/** Times of a busy test machine say nothing: only what a test looks at is a gate in it. */
const ROLLOUT: Rollout = {
  promote: "automatic",
  shadowScans: 6,
  canaryScans: 4,
  canaryShare: 0.5,
  probationScans: 5,
  latencyRatio: 1000,
  psi: 0.2,
};

describe("updates of models on a running gateway", { timeout: 5 * PATIENCE_MS }, () => {
  let work: Awaited<ReturnType<typeof temporaryFolder>>;
  let repository: ModelRepository;
  let manager: ModelManager;
  let store: ModelStore;
  const alerts: Alert[] = [];
  let scans = 0;

  beforeEach(async () => {
    work = await temporaryFolder();
    repository = await ModelRepository.create(work.path);
    // What comes with the site: version 0.9.0, signed by the same provider.
    await writeTinyModel(join(work.path, "site"), { ...BLADE_MODEL, version: "0.9.0" });
    alerts.length = 0;
  });

  afterEach(async () => {
    await manager.inference.stop();
    await work[Symbol.asyncDispose]();
  });

  async function start(rollout: Partial<Rollout> = {}): Promise<ModelManager> {
    const digest = await digestOf(join(work.path, "site", `${NAME}-0.9.0`, "model.json"));
    const trust = async () => ({
      keys: [Buffer.from(rawPublicKey(repository.provider)).toString("hex")],
      digests: [digest],
    });
    store = new ModelStore({ folder: join(work.path, "managed") });
    const floors = new FloorFile({ path: join(work.path, "spool", "floors.json") });
    const folders = [join(work.path, "site")];
    const installer = new Installer({
      store,
      floors,
      folders,
      client: async () =>
        new RepositoryClient({
          folder: join(work.path, "tuf"),
          root: join(repository.folder, "metadata", "1.root.json"),
          sources: [repository.folder],
          floors,
          clock: Date.now,
          log: SILENT_LOG,
        }),
      trust,
      clock: Date.now,
    });
    manager = new ModelManager({
      store,
      floors,
      installer,
      selection: { names: [NAME], folders },
      open: (models) => new InferenceSupervisor({ models, log: SILENT_LOG, limits: LIMITS }),
      patienceMs: PATIENCE_MS,
      trust,
      rollout: { ...ROLLOUT, ...rollout },
      clock: Date.now,
      log: SILENT_LOG,
    });
    manager.announce((alert) => alerts.push(alert));
    await manager.inference.start();
    return manager;
  }

  async function digestOf(path: string): Promise<string> {
    return createHash("sha256")
      .update(await readFile(path))
      .digest("hex");
  }

  /** Analyses one more scan: the version of the only model that looked at it. */
  async function scan(mayFail = false): Promise<string> {
    const directory = work.path;
    const planes = [0, 1].map((energy) => ({ energy: energy as 0 | 1, file: `${energy}.raw` }));
    if (!existsSync(join(directory, "0.raw"))) {
      for (const { energy, file } of planes) {
        const rows = parcelPlane(WIDTH, HEIGHT, AIR, energy === 0 ? 0.3 : 0.5);
        const lines = rows.map((_, at) => rows[(at % HEIGHT) * WIDTH + Math.floor(at / HEIGHT)] ?? 0);
        await writeFile(join(directory, file), new Uint8Array(lines.buffer));
      }
    }
    scans += 1;
    const request: AnalysisRequest = {
      scanId: `019ca000-0000-7000-8000-${String(scans).padStart(12, "0")}`,
      directory,
      kind: "dual-energy",
      airLevel: AIR,
      views: [{ view: 0, name: "top", width: WIDTH, height: HEIGHT, pixelPitchMm: null, energies: [0, 1] }],
      planes: planes.map(({ energy, file }) => ({
        view: 0,
        energy,
        width: WIDTH,
        height: HEIGHT,
        file,
        layout: "columns",
        format: "u16",
        bytes: WIDTH * HEIGHT * 2,
      })),
    };
    const analysis = await manager.inference.analyse(request, NEVER);
    if (mayFail && analysis.problems.length > 0) return analysis.problems[0]?.code ?? "";
    expect(analysis.problems, "a scan is analysed whatever happens to candidates").toEqual([]);
    return analysis.models[0]?.version ?? "none";
  }

  /** Scans one after the other until something is so; every scan is served. */
  async function scanUntil(
    what: string,
    check: () => boolean | Promise<boolean>,
  ): Promise<readonly string[]> {
    const versions: string[] = [];
    await until(what, PATIENCE_MS, async () => {
      versions.push(await scan());
      return check();
    });
    return versions;
  }

  const stageOf = async (version: string) =>
    (await store.read()).models[NAME]?.versions.find((one) => one.version === version)?.stage;
  const told = (code: string) => alerts.filter((alert) => alert.code === code);
  /** The `count`th alert of a kind: the state is written before the alert is raised. */
  const alertOf = (code: string, count = 1) =>
    until(`alert ${count} of ${code}`, PATIENCE_MS, () => told(code)[count - 1]);

  it("goes from verified over shadow and canary to active, and proves itself", async () => {
    await start();
    expect(await scan()).toBe("0.9.0");
    const target = await repository.release({ version: "1.0.0" });
    const found = await manager.install(target, NEVER);
    expect(found).toMatchObject({ name: NAME, version: "1.0.0" });
    await until("the shadow", PATIENCE_MS, async () => (await stageOf("1.0.0")) === "shadow");
    const shadowed = await scanUntil("the canary", async () => (await stageOf("1.0.0")) === "canary");
    expect(new Set(shadowed), "nothing of a shadow is published").toEqual(new Set(["0.9.0"]));
    const mixed = await scanUntil("the activation", async () => (await stageOf("1.0.0")) === "active");
    expect(mixed.filter((version) => version === "1.0.0").length).toBeGreaterThanOrEqual(4);
    expect(mixed).toContain("0.9.0");
    await scanUntil("the new version", async () => (await scan()) === "1.0.0");
    await scanUntil("the proof", async () => {
      const managed = (await store.read()).models[NAME];
      return managed?.floor === "1.0.0" && managed.versions[0]?.proved === true;
    });
    expect(alerts.map(({ code }) => code)).toEqual([
      "MODEL_INSTALLED",
      "MODEL_TRIAL_PASSED",
      "MODEL_TRIAL_PASSED",
      "MODEL_ACTIVE",
    ]);
    const results = await readFile(join(store.folder, "trials", `${NAME}-1.0.0.ndjson`), "utf8");
    const lines = results
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as { stage: string; agrees: boolean });
    expect(lines.filter(({ stage }) => stage === "shadow").length).toBeGreaterThanOrEqual(6);
    expect(lines.every(({ agrees }) => agrees)).toBe(true);
    expect(await manager.rollBack(NAME)).toBeNull();
    expect(await scan()).toBe("0.9.0");
    // What was proved is the floor: nothing older is installed any more.
    const older = await repository.release({ version: "0.9.5" });
    await expect(manager.install(older, NEVER)).rejects.toThrow("older than 1.0.0");
    expect(told("MODEL_REFUSED")).toHaveLength(1);
  });

  it("does not let a candidate decide whose scores differ, and says so in the statistics and by an alert", async () => {
    await start({ psi: 0.2 });
    await manager.install(await repository.release({ version: "1.0.0", slope: [0, 0, 0, 0, 0.2, 0] }), NEVER);
    await scanUntil("figures", () => (manager.figures()[0]?.compared ?? 0) > 1);
    expect(manager.figures()[0]).toMatchObject({
      name: NAME,
      version: "1.0.0",
      stage: "shadow",
      failures: 0,
    });
    const versions = await scanUntil("the failure", async () => (await stageOf("1.0.0")) === "failed");
    expect(new Set(versions)).toEqual(new Set(["0.9.0"]));
    expect((await alertOf("MODEL_TRIAL_FAILED")).message).toContain("its scores have moved");
    // The trial is closed after its alert: its process ends first.
    await until("no figures", PATIENCE_MS, () => manager.figures().length === 0);
    await expect(manager.activate(NAME, "1.0.0")).rejects.toThrow("has failed");
  });

  it("P-57 takes an active package back by itself whose scores move, or whose process keeps dying", async () => {
    await start({ promote: "command" });
    for (let count = 0; count < 10; count++) await scan();
    await manager.install(await repository.release({ version: "1.0.0", slope: [0, 0, 0, 0, 0.2, 0] }), NEVER);
    await manager.activate(NAME, "1.0.0");
    expect(await scan()).toBe("1.0.0");
    await scanUntil("the rollback", async () => (await stageOf("1.0.0")) === "failed");
    expect(await alertOf("MODEL_ROLLED_BACK")).toMatchObject({
      severity: "critical",
      details: { back: null },
    });
    await scanUntil("the version before", async () => (await scan()) === "0.9.0");

    await manager.install(await repository.release({ version: "1.0.1" }), NEVER);
    await manager.activate(NAME, "1.0.1");
    for (let kill = 0; kill < 3; kill++) {
      const pid = await until("its process", PATIENCE_MS, () => manager.pid);
      process.kill(pid, "SIGKILL");
      await until("its end", PATIENCE_MS, () => manager.pid !== pid);
    }
    await until("the rollback", PATIENCE_MS, async () => (await stageOf("1.0.1")) === "failed");
    await scanUntil("the version before", async () => (await scan()) === "0.9.0");
    expect((await alertOf("MODEL_ROLLED_BACK", 2)).message).toContain("lost 3 times");
  });

  it("takes back a package whose golden inputs fail when it is loaded, and serves scans all the while", async () => {
    await start({ promote: "command" });
    await manager.install(await repository.release({ version: "1.0.0" }), NEVER);
    // The disk under an installed package rots: its files are checked at each load.
    await writeFile(join(store.directoryOf(NAME, "1.0.0"), "golden", "1.json"), "{}");
    await expect(manager.activate(NAME, "1.0.0")).rejects.toThrow("did not load and was taken back");
    expect((await alertOf("MODEL_ROLLED_BACK")).message).toContain("LYN_MODEL_DIGEST_MISMATCH");
    expect(await scan()).toBe("0.9.0");
  });

  it("refuses what is not whole, not signed, wrong on this machine or too large for it: nothing changes", async () => {
    await start();
    const refused = async (model: Parameters<ModelRepository["release"]>[0]) => {
      const target = await repository.release(model);
      return manager.install(target, NEVER).then(
        () => "installed",
        (error: { code: string; message: string }) => `${error.code} ${error.message}`,
      );
    };
    expect(await refused({ version: "1.0.0", goldenError: 0.3 })).toContain("LYN_MODEL_KNOWN_ANSWER");
    const foreign = await ModelRepository.create(work.path);
    const own = repository.options;
    const unsigned = await foreign.pack({ version: "1.0.1" });
    await addTargets(own, [unsigned]);
    await expect(manager.install(`${NAME}-1.0.1.tar.gz`, NEVER)).rejects.toThrow(
      "no key in trust.models signed it",
    );
    // The graph spreads one number over 4 GB when it runs: the kernel refuses its process that much.
    expect(await refused({ version: "1.0.2", spread: [32_768, 32_768] })).toMatch(
      /LYN_MODEL_(RUN_FAILED|LOAD_FAILED)/,
    );
    expect((await store.read()).models).toEqual({});
    expect(await store.folders()).toEqual([]);
    expect(await scan()).toBe("0.9.0");
    expect(told("MODEL_REFUSED")).toHaveLength(3);
  });

  it("takes a package back whose golden inputs fit and whose scans would exhaust the memory: in shadow, and active", async () => {
    await start();
    // A golden input makes 0.3 GB of it, a scan 4 GB, which the kernel refuses its process.
    await manager.install(await repository.release({ version: "1.0.0", swell: 400 }), NEVER);
    const versions = await scanUntil("the failure", async () => (await stageOf("1.0.0")) === "failed");
    expect(new Set(versions)).toEqual(new Set(["0.9.0"]));
    expect((await alertOf("MODEL_TRIAL_FAILED")).message).toContain("1 of its runs gave nothing");
    await manager.inference.stop();

    await start({ promote: "command", shadowScans: 1000 });
    await manager.install(await repository.release({ version: "1.0.1", swell: 400 }), NEVER);
    await manager.activate(NAME, "1.0.1");
    expect(await scan(true)).toBe("MODEL_FAULT");
    await until("the rollback", PATIENCE_MS, async () => (await stageOf("1.0.1")) === "failed");
    await until("the version before", PATIENCE_MS, async () => (await scan(true)) === "0.9.0");
    expect((await alertOf("MODEL_ROLLED_BACK")).details).toMatchObject({
      name: NAME,
      version: "1.0.1",
      back: null,
    });
  });

  it("takes up what the command line changed, and goes on after a restart with what was active", async () => {
    await start({ promote: "command" });
    await manager.install(await repository.release({ version: "1.0.0" }), NEVER);
    await store.change((state) =>
      activate(state, NAME, "1.0.0", { floor: undefined, base: "0.9.0" }, Date.now()),
    );
    await scanUntil("the activation", async () => (await scan()) === "1.0.0");
    await manager.inference.stop();
    expect((await store.read()).models[NAME]?.versions[0]?.attempts).toBe(0);
    await start({ promote: "command" });
    expect(await scan()).toBe("1.0.0");
    expect((await store.read()).models[NAME]?.versions[0]?.attempts).toBe(1);
    await manager.inference.stop();
    // A state that cannot be read: the package of the site runs.
    await writeFile(join(store.folder, "state.json"), "{");
    await start();
    expect(await scan()).toBe("0.9.0");
    await rm(join(store.folder, "state.json"));
  });
});
