import { generateKeyPairSync } from "node:crypto";
import { cpSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { connectAsync, type MqttClient } from "mqtt";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { rawPublicKey } from "../../models/release/keys.ts";
import { signJws } from "../../protocols/jws.ts";
import { type Response, responseSchema } from "../../protocols/mqtt/command.ts";
import { encodeEvent, unwrap } from "../../protocols/mqtt/envelope.ts";
import { type Central, openCentral } from "../fixtures/central.ts";
import { ModelRepository, RepositoryServer } from "../fixtures/model-repository.ts";
import { type Mosquitto, startMosquitto } from "../fixtures/mosquitto.ts";
import { type Running, until } from "../fixtures/processes.ts";
import { ROOT } from "../fixtures/project.ts";
import { type Finished, runCommand } from "../fixtures/run-command.ts";
import { createSite, type Site } from "../fixtures/site.ts";

const WAIT_MS = 110_000;
const NAME = "threat-detector";
const keys = generateKeyPairSync("ed25519");

/** A gateway and a broker as real processes, a repository behind a web server; central and a technician update models. */
describe("models of a gateway", () => {
  let site: Site;
  let broker: Mosquitto;
  let central: Central;
  let client: MqttClient;
  let gateway: Running;
  let repository: ModelRepository;
  let server: RepositoryServer;
  const answers: Response[] = [];

  beforeAll(async () => {
    site = await createSite({
      peripherals: false,
      lane: `    models: [${NAME}]\n`,
      extra: "trust: { central: [central.pub], models: [provider.pub], modelsRoot: root.json }\n",
    });
    repository = await ModelRepository.create(site.folder);
    server = await RepositoryServer.start(repository);
    const put = (name: string, content: string | Uint8Array) =>
      writeFileSync(join(site.folder, name), content);
    put("central.pub", String(keys.publicKey.export({ type: "spki", format: "pem" })));
    put("provider.pub", rawPublicKey(repository.provider));
    cpSync(join(repository.folder, "metadata/1.root.json"), join(site.folder, "root.json"));
    put(
      "lynceus.yaml",
      `${readFileSync(site.config, "utf8")}models: { path: models, sources: ["${server.url}"] }\n`,
    );
    mkdirSync(join(site.folder, "models"));
    broker = await startMosquitto({ port: site.brokerPort });
    central = await openCentral(site.brokerPort);
    client = await connectAsync(broker.url, { protocolVersion: 5 });
    client.on("message", (_topic, payload) => {
      const event = unwrap(payload);
      const parsed = responseSchema.safeParse(event?.data);
      if (parsed.success) answers.push(parsed.data);
    });
    await client.subscribeAsync("nii/v1/NLRTM-EX/gw-01/command/+/response", { qos: 1 });
    gateway = site.gateway();
    await until("ready", WAIT_MS, () => gateway.stderr().includes('"msg":"ready"'));
  }, 3 * WAIT_MS);

  afterAll(async () => {
    gateway.child.kill("SIGTERM");
    await gateway.exited;
    await client.endAsync(true);
    await central.close();
    await broker[Symbol.asyncDispose]();
    await server.stop();
    site.remove();
  });

  async function command(name: string, args: object, signed = true): Promise<Response> {
    const id = crypto.randomUUID();
    const about = { name, args, notAfter: new Date(Date.now() + 600_000).toISOString() };
    const data = signed
      ? signJws(JSON.stringify({ aud: "NLRTM-EX/gw-01", id, ...about }), keys.privateKey)
      : about;
    const event = encodeEvent({
      name: "command",
      id,
      source: "/central",
      time: new Date().toISOString(),
      data,
    });
    await client.publishAsync(`nii/v1/NLRTM-EX/gw-01/command/${name}`, Buffer.from(event), { qos: 1 });
    return until(`the answer to ${name}`, WAIT_MS, () => answers.find((one) => one.id === id));
  }

  function lynceus(...args: readonly string[]): Promise<Finished> {
    return runCommand(
      process.execPath,
      [join(ROOT, "device/bin/lynceus.js"), "models", ...args, "--config", site.config],
      {
        timeoutMs: WAIT_MS,
      },
    );
  }

  function running(version: string | RegExp): Promise<unknown> {
    return until(`version ${version} in info`, WAIT_MS, () => {
      const models = (central.last("info")?.["models"] ?? []) as readonly { name: string; version: string }[];
      return models.some((one) => one.name === NAME && one.version.match(version) !== null);
    });
  }

  const told = (code: string) => central.alerts().filter((alert) => alert.code === code).length;

  it(
    "are installed, activated and taken back by signed commands alone",
    async () => {
      await running(/^0\./);
      const target = await repository.release({ version: "9.0.0" });
      expect((await command("models.install", { target }, false)).error?.code).toBe("UNAUTHORISED");
      expect(await command("models.install", { target })).toMatchObject({
        ok: true,
        data: { name: NAME, version: "9.0.0", state: "verified" },
      });
      expect((await command("models.install", { target: `${NAME}-8.8.8.tar.gz` })).error?.code).toBe(
        "NOT_FOUND",
      );
      expect((await command("models.activate", { name: NAME })).error?.code).toBe("BAD_REQUEST");
      expect(await command("models.activate", { name: NAME, version: "9.0.0" })).toMatchObject({ ok: true });
      await running("9.0.0");
      expect(await command("models.rollback", { name: NAME })).toMatchObject({
        ok: true,
        data: { name: NAME },
      });
      await running(/^0\./);
      expect((await command("models.rollback", { name: NAME })).error?.code).toBe("NOT_FOUND");
      await until("the alerts", WAIT_MS, () => told("MODEL_ROLLED_BACK") === 1);
      expect([told("MODEL_INSTALLED"), told("MODEL_ACTIVE")]).toEqual([1, 1]);
    },
    5 * WAIT_MS,
  );

  it(
    "are changed from the command line while it runs, from a file or a stick",
    async () => {
      const file = await repository.pack({ version: "9.1.0" });
      const installed = await lynceus("install", file, "--json");
      expect(installed.stderr).toBe("");
      expect(JSON.parse(installed.stdout)).toMatchObject({ name: NAME, version: "9.1.0", state: "verified" });
      expect((await lynceus("activate", `${NAME}@9.1.0`)).code).toBe(0);
      await running("9.1.0");
      const { models } = JSON.parse((await lynceus("list", "--json")).stdout) as {
        models: readonly { name: string; version: string; state: string }[];
      };
      expect(
        models.filter(({ name }) => name === NAME).map(({ version, state }) => `${version} ${state}`),
      ).toEqual(
        expect.arrayContaining(["9.1.0 active", "9.0.0 retired", expect.stringMatching(/^0\..* available$/)]),
      );
      const stick = join(site.folder, "stick");
      await repository.release({ version: "9.2.0" });
      cpSync(repository.folder, stick, { recursive: true });
      const target = `${NAME}-9.2.0.tar.gz`;
      expect((await lynceus("install", target, "--source", stick)).code).toBe(0);
      expect((await lynceus("verify", `${NAME}@9.2.0`)).stdout).toContain(`ok      ${NAME}@9.2.0`);
      expect((await lynceus("rollback", NAME)).code).toBe(0);
      await running(/^0\./);
    },
    5 * WAIT_MS,
  );

  it(
    "are refused with an exit code and a remedy",
    async () => {
      const foreign = await ModelRepository.create(site.folder);
      const file = await foreign.pack({ version: "9.3.0" });
      const unsigned = await lynceus("install", file);
      expect(unsigned.code).toBe(1);
      expect(unsigned.stderr).toContain("LYN_MODEL_SIGNATURE");
      expect(unsigned.stderr).toContain("remedy:");
      const judged = await lynceus("verify", file, "--json");
      expect(judged.code).toBe(1);
      expect(JSON.parse(judged.stdout)).toMatchObject({
        packages: [{ ok: false, code: "LYN_MODEL_SIGNATURE" }],
      });
      expect((await lynceus("install", join(site.folder, "nothing", basename(file)))).code).toBe(2);
      expect((await lynceus("activate", NAME)).code).toBe(2);
    },
    5 * WAIT_MS,
  );
});
