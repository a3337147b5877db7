import { execFileSync } from "node:child_process";
import { copyFileSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test, vi } from "vitest";
import { follow } from "../../device/cli/watch-session.ts";
import { SILENT_LOG } from "../../device/log.ts";
import { Uplink } from "../../device/uplink/uplink.ts";
import { startMosquitto } from "../fixtures/mosquitto.ts";
import { until } from "../fixtures/processes.ts";
import { GATEWAY, openTestSpool, SITE, storeHit, temporaryFolder } from "../fixtures/uplink.ts";

/** A certificate authority in a folder: `ca.pem`, and certificates that it (or a stranger) signs. */
function makeCertificates(folder: string): void {
  const openssl = (...args: string[]) => execFileSync("openssl", args, { cwd: folder, stdio: "pipe" });
  const key = (name: string) =>
    openssl("ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", `${name}.key`);
  const authority = (name: string) => {
    key(name);
    openssl(
      "req",
      "-x509",
      "-new",
      "-key",
      `${name}.key`,
      "-subj",
      `/CN=${name}`,
      "-days",
      "2",
      "-out",
      `${name}.pem`,
    );
  };
  const certificate = (name: string, by: string, extra: string[] = []) => {
    key(name);
    openssl("req", "-new", "-key", `${name}.key`, "-subj", `/CN=${name}`, "-out", `${name}.csr`, ...extra);
    const copy = extra.length > 0 ? ["-copy_extensions", "copy"] : [];
    openssl(
      "x509",
      "-req",
      "-in",
      `${name}.csr`,
      "-CA",
      `${by}.pem`,
      "-CAkey",
      `${by}.key`,
      "-CAcreateserial",
      "-days",
      "2",
      "-out",
      `${name}.pem`,
      ...copy,
    );
  };
  authority("ca");
  authority("stranger");
  certificate("broker", "ca", ["-addext", "subjectAltName=IP:127.0.0.1"]);
  certificate("gateway", "ca");
  certificate("expired", "stranger");
}

test("mutual TLS; a certificate that is replaced on disk is used by the next try", async () => {
  using folder = temporaryFolder();
  makeCertificates(folder.path);
  const at = (name: string) => join(folder.path, name);
  // What the gateway reads is at first a certificate that the broker does not know.
  copyFileSync(at("expired.pem"), at("current.pem"));
  copyFileSync(at("expired.key"), at("current.key"));
  await using broker = await startMosquitto({
    config: [
      `cafile ${at("ca.pem")}`,
      `certfile ${at("broker.pem")}`,
      `keyfile ${at("broker.key")}`,
      "require_certificate true",
    ],
  });
  const spool = await openTestSpool(at("spool"));
  let reads = 0;
  const uplink = new Uplink({
    broker: {
      url: `mqtts://127.0.0.1:${broker.port}`,
      protocol: 5,
      topicRoot: "nii",
      credentials: async () => {
        reads += 1;
        return {
          ca: readFileSync(at("ca.pem")),
          cert: readFileSync(at("current.pem")),
          key: readFileSync(at("current.key")),
        };
      },
    },
    site: SITE,
    gateway: GATEWAY,
    bootId: spool.bootId,
    versions: {},
    outbox: spool,
    handlers: { declaration: async () => undefined, outcome: async () => undefined },
    alert: () => undefined,
    clock: Date.now,
    random: () => 0.5,
    log: SILENT_LOG,
    backoff: { baseMs: 50, maxMs: 200 },
  });
  await storeHit(spool, 1);
  await uplink.start();
  await until("refusals", 20_000, () => reads > 3);
  expect(uplink.state.hit.state).not.toBe("online");
  expect((await spool.figures()).unpublished).toBe(1);
  copyFileSync(at("gateway.key"), at("current.key"));
  copyFileSync(at("gateway.pem"), at("current.pem"));
  await until("the hit", 20_000, async () => (await spool.figures()).unpublished === 0);
  expect(uplink.state.hit).toMatchObject({ state: "online", reason: null });
  // Whoever watches such a broker shows a certificate, too.
  const said = vi.spyOn(process.stderr, "write").mockReturnValue(true);
  const printed = vi.spyOn(process.stdout, "write").mockReturnValue(true);
  const over = new AbortController();
  const login = { ca: at("ca.pem"), cert: at("gateway.pem"), key: at("gateway.key") };
  const url = `mqtts://127.0.0.1:${broker.port}`;
  const watching = follow({ broker: url, topicRoot: "nii", json: true, ...login }, over.signal);
  await until("the gateway's status", 20_000, () =>
    printed.mock.calls.some(([line]) => String(line).includes("org.lynceus.status.v1")),
  ).finally(() => {
    over.abort();
    said.mockRestore();
    printed.mockRestore();
  });
  await watching;
  await uplink.stop();
  await spool.stop();
});

test("a secret that cannot be read is a state, too", async () => {
  using folder = temporaryFolder();
  await using broker = await startMosquitto();
  const spool = await openTestSpool(folder.path);
  let there = false;
  const uplink = new Uplink({
    broker: {
      url: broker.url,
      protocol: 5,
      topicRoot: "nii",
      credentials: async () => {
        if (!there) throw new Error("no such file: broker.password");
        return { password: "secret" };
      },
      username: "gw-01",
    },
    site: SITE,
    gateway: GATEWAY,
    bootId: spool.bootId,
    versions: {},
    outbox: spool,
    handlers: { declaration: async () => undefined, outcome: async () => undefined },
    alert: () => undefined,
    clock: Date.now,
    random: () => 0.5,
    log: SILENT_LOG,
    backoff: { baseMs: 50, maxMs: 200 },
  });
  await uplink.start();
  await until("the reason", 10_000, () => uplink.state.in.reason?.includes("broker.password"));
  there = true;
  await until(
    "both connections",
    10_000,
    () => uplink.state.in.state === "online" && uplink.state.hit.state === "online",
  );
  await uplink.stop();
  await spool.stop();
});
