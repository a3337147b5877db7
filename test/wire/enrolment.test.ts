import { X509Certificate } from "node:crypto";
import { readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import type { Alert } from "../../device/alerts.ts";
import { AuthorityClient } from "../../device/enrol/authority-client.ts";
import { enrol, readToken } from "../../device/enrol/enrol.ts";
import { EnrolmentFolder } from "../../device/enrol/folder.ts";
import { Renewal } from "../../device/enrol/renewal.ts";
import { makeKeyAndRequest } from "../../device/enrol/request.ts";
import { SILENT_LOG } from "../../device/log.ts";
import type { EnrolmentToken } from "../../protocols/enrolment.ts";
import { Authority } from "../../simulator/authority/authority.ts";
import { AuthorityServer } from "../../simulator/authority/server.ts";
import { AuthorityStore } from "../../simulator/authority/store.ts";
import { startLynceus, until } from "../fixtures/processes.ts";
import { temporaryFolder } from "../fixtures/uplink.ts";

const WAIT_MS = 60_000;
const GATEWAY = { site: "NLRTM-EX", gateway: "gw-01" };
const signal = new AbortController().signal;
const cleanups: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const clean of cleanups.splice(0).reverse()) await clean();
});

/** An authority on a port of its own, and a folder for one gateway. */
async function startAuthority(lifetimeMs = 3_600_000) {
  const temporary = temporaryFolder();
  cleanups.push(() => temporary[Symbol.dispose]());
  const folder = join(temporary.path, "authority");
  const store = new AuthorityStore({ folder, clock: Date.now });
  await store.start();
  const authority = new Authority({ store, lifetimeMs, clock: Date.now });
  const listen = async (port: number) => {
    const server = new AuthorityServer({ address: { host: "127.0.0.1", port }, authority, store });
    const bound = await server.start();
    cleanups.push(() => server.stop());
    return { server, bound };
  };
  const { server, bound } = await listen(0);
  const url = `https://127.0.0.1:${bound.port}`;
  return {
    store,
    server,
    folder,
    own: join(temporary.path, "gateway"),
    at: (name: string) => join(temporary.path, name),
    token: (lifetime = 60_000) => store.issueToken(GATEWAY, { authority: url, lifetimeMs: lifetime }),
    again: () => listen(bound.port),
  };
}

const audit = (folder: string) =>
  readFileSync(join(folder, "audit.ndjson"), "utf8")
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as { event: string; name?: string; message?: string });

const filesUnder = (folder: string): string[] =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));

describe("enrolment by a one-time token", () => {
  it("makes keys on the gateway that never leave it, and gets a certificate for each role", async () => {
    const site = await startAuthority();
    await enrol(await site.token(), { folder: site.own, signal });
    for (const role of ["hit", "bulk", "in"] as const) {
      const file = join(site.own, `${role}.pem`);
      const pem = readFileSync(file, "utf8");
      expect(statSync(file).mode & 0o777).toBe(0o600);
      expect(pem).toContain("PRIVATE KEY");
      const certificate = new X509Certificate(pem);
      expect(certificate.subject).toBe(`CN=NLRTM-EX.gw-01.${role}`);
      expect(certificate.verify(new X509Certificate(site.store.caPem).publicKey)).toBe(true);
      expect(certificate.publicKey.asymmetricKeyDetails?.namedCurve).toBe("prime256v1");
      const [, secret = ""] = /PRIVATE KEY-----\n([^-]+)/.exec(pem) ?? [];
      for (const other of filesUnder(site.folder))
        expect(readFileSync(other, "utf8"), other).not.toContain(secret.trim().split("\n")[1]);
    }
    expect(audit(site.folder).map(({ event }) => event)).toEqual([
      "token",
      "enrolled",
      "enrolled",
      "enrolled",
    ]);
  });

  it("is refused a second time, after its time, for another gateway, and by an authority that did not make the token", async () => {
    const site = await startAuthority();
    const tryWith = (token: EnrolmentToken) => enrol(token, { folder: site.own, signal });
    const once = await site.token();
    await tryWith(once);
    await expect(tryWith(once)).rejects.toThrow(/used before/);
    await expect(tryWith(await site.token(-1000))).rejects.toThrow(/expired/);
    const stolen = await site.token();
    await expect(tryWith({ ...stolen, gateway: "gw-02" })).rejects.toThrow(/another gateway/);
    await expect(tryWith(stolen)).rejects.toThrow(/used before/);
    const impostor = await startAuthority();
    const { authority } = await impostor.token();
    const good = await site.token();
    await expect(tryWith({ ...good, authority })).rejects.toThrow(/cannot be asked/);
    // It was not shown to the impostor: it is still good.
    await tryWith(good);
    expect(audit(site.folder).filter(({ event }) => event === "refused")).toHaveLength(4);
  });

  it("does not cost the token when the request is faulty; bad requests are answered, not obeyed", async () => {
    const site = await startAuthority();
    const token = await site.token();
    const client = new AuthorityClient({ url: token.authority, ca: token.ca });
    const { csr } = await makeKeyAndRequest({ ...GATEWAY, role: "hit" });
    const ask = (changed: object) =>
      client.enrol({ ...GATEWAY, token: token.token, requests: [{ role: "hit", csr }], ...changed }, signal);
    await expect(ask({ requests: [{ role: "hit", csr: "nothing" }] })).rejects.toThrow(/cannot be used/);
    const spoilt = csr.replace(/\n(.{10})/, (_, some: string) => `\n${[...some].reverse().join("")}`);
    await expect(ask({ requests: [{ role: "hit", csr: spoilt }] })).rejects.toThrow(/cannot be used/);
    await expect(ask({ requests: [] })).rejects.toThrow(/requests/);
    await expect(ask({ requests: [{ role: "root", csr }] })).rejects.toThrow(/role/);
    await expect(ask({ padding: "x".repeat(200_000) })).rejects.toThrow(/128 KiB|cannot be asked/);
    const { certificates } = await ask({});
    expect(certificates.map(({ role }) => role)).toEqual(["hit"]);
    // A request that names somebody else gets the name of the token.
    const other = await makeKeyAndRequest({ site: "DEHAM", gateway: "gw-09", role: "hit" });
    const second = await site.token();
    const answer = await client.enrol(
      { ...GATEWAY, token: second.token, requests: [{ role: "hit", csr: other.csr }] },
      signal,
    );
    expect(new X509Certificate(answer.certificates[0]?.certificate ?? "").subject).toBe(
      "CN=NLRTM-EX.gw-01.hit",
    );
  });

  it("leaves a token file that is none alone", async () => {
    const site = await startAuthority();
    writeFileSync(site.at("bad.json"), "{}");
    await expect(readToken(site.at("bad.json"))).rejects.toMatchObject({ code: "LYN_ENROLMENT" });
    await expect(readToken(site.at("none.json"))).rejects.toMatchObject({ code: "LYN_PATH_MISSING" });
    await expect(new EnrolmentFolder({ path: site.own }).read()).rejects.toMatchObject({
      code: "LYN_ENROLMENT",
    });
  });
});

describe("renewal", () => {
  const renewalOf = (folder: string, clock: () => number, alerts: Alert[]) =>
    new Renewal({
      folder,
      alerts: { raise: async (alert) => void alerts.push(alert) },
      clock,
      random: () => 0.5,
      log: SILENT_LOG,
      backoff: { baseMs: 20, maxMs: 100 },
    });
  const serials = (folder: string) =>
    ["hit", "bulk", "in"].map(
      (role) => new X509Certificate(readFileSync(join(folder, `${role}.pem`))).serialNumber,
    );

  it("comes by itself after two thirds of a certificate's life, with a new key, while the old one is still valid", async () => {
    const site = await startAuthority();
    await enrol(await site.token(), { folder: site.own, signal });
    const before = serials(site.own);
    const old = new X509Certificate(readFileSync(join(site.own, "hit.pem")));
    const alerts: Alert[] = [];
    let ahead = 0.6 * 3_600_000;
    const renewal = renewalOf(site.own, () => Date.now() + ahead, alerts);
    renewal.start();
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect(serials(site.own)).toEqual(before);
    await renewal.stop();
    ahead = 0.7 * 3_600_000;
    // The gateway's clock alone is ahead: what it gets is due at once by it, which is said and not asked for without end.
    const early = renewalOf(site.own, () => Date.now() + ahead, alerts);
    early.start();
    await until("new certificates", WAIT_MS, () =>
      serials(site.own).every((serial, at) => serial !== before[at]),
    );
    ahead = 0;
    await early.stop();
    const renewed = new X509Certificate(readFileSync(join(site.own, "hit.pem")));
    expect(renewed.publicKey.equals(old.publicKey)).toBe(false);
    expect(old.validToDate.getTime()).toBeGreaterThan(Date.now());
    expect(await site.store.isRevoked(old.serialNumber.toLowerCase())).toBe(false);
    expect(audit(site.folder).filter(({ event }) => event === "renewed").length).toBeGreaterThanOrEqual(3);
  });

  it("waits for an authority that is away and says so once; broker or not, it comes when the authority does", async () => {
    const site = await startAuthority();
    await enrol(await site.token(), { folder: site.own, signal });
    await site.server.stop();
    const alerts: Alert[] = [];
    let ahead = 0.7 * 3_600_000;
    const renewal = renewalOf(site.own, () => Date.now() + ahead, alerts);
    const before = serials(site.own);
    renewal.start();
    await until("word of it", WAIT_MS, () => alerts.length === 3);
    expect(alerts.map(({ code }) => code)).toEqual(Array(3).fill("CERTIFICATE_NOT_RENEWED"));
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(alerts).toHaveLength(3);
    expect(serials(site.own)).toEqual(before);
    await site.again();
    await until("new certificates", WAIT_MS, () =>
      serials(site.own).every((serial, at) => serial !== before[at]),
    );
    ahead = 0;
    await renewal.stop();
  });

  it("is refused to a certificate that has ended: then a new token is needed, and said", async () => {
    const site = await startAuthority(1000);
    const token = await site.token();
    await enrol(token, { folder: site.own, signal });
    const folder = new EnrolmentFolder({ path: site.own });
    const { to } = await folder.validity("hit");
    await until("its end", WAIT_MS, () => Date.now() > to + 1000);
    const { csr } = await makeKeyAndRequest({ ...GATEWAY, role: "hit" });
    const client = new AuthorityClient({
      url: token.authority,
      ca: token.ca,
      pair: await folder.readPair("hit"),
    });
    const refused = client.renew({ requests: [{ role: "hit", csr }] }, signal);
    await expect(refused).rejects.toMatchObject({
      message: /no valid certificate/,
      remedy: /new one-time token/,
    });
  });

  it("is refused to a certificate that was revoked, and to one role for another", async () => {
    const site = await startAuthority();
    const token = await site.token();
    await enrol(token, { folder: site.own, signal });
    const folder = new EnrolmentFolder({ path: site.own });
    const renewWith = async (role: "hit" | "in", wanted: "hit" | "in") => {
      const pair = await folder.readPair(role);
      const { csr } = await makeKeyAndRequest({ ...GATEWAY, role: wanted });
      const client = new AuthorityClient({ url: token.authority, ca: token.ca, pair });
      return client.renew({ requests: [{ role: wanted, csr }] }, signal);
    };
    await renewWith("hit", "hit");
    await expect(renewWith("in", "hit")).rejects.toThrow(/renews itself only/);
    expect(await site.store.revoke("NLRTM-EX.gw-01")).toHaveLength(4);
    await expect(renewWith("hit", "hit")).rejects.toThrow(/was revoked/);
    const { csr } = await makeKeyAndRequest({ ...GATEWAY, role: "hit" });
    const bare = new AuthorityClient({ url: token.authority, ca: token.ca });
    await expect(bare.renew({ requests: [{ role: "hit", csr }] }, signal)).rejects.toThrow(
      /no valid certificate/,
    );
  });
});

it("the commands: an authority that makes a token, enrolment by it, revocation beside the running server", async () => {
  using folder = temporaryFolder();
  const at = (name: string) => join(folder.path, name);
  const authority = startLynceus([
    "simulate",
    "authority",
    "--listen",
    "127.0.0.1:0",
    "--dir",
    at("ca"),
    "--token",
    "NLRTM-EX/gw-01",
    "--out",
    at("token.json"),
  ]);
  const event = (name: string) =>
    authority.lines
      .map((line) => JSON.parse(line) as { event: string; url?: string })
      .find((one) => one.event === name);
  const { url = "" } = await until("it to listen", WAIT_MS, () => event("listening"));
  expect(statSync(at("token.json")).mode & 0o777).toBe(0o600);
  const args = ["enroll", "--authority", url, "--token", at("token.json"), "--out", at("own"), "--json"];
  const first = startLynceus(args);
  expect(await first.exited).toBe(0);
  expect(JSON.parse(first.lines.join(""))).toMatchObject({
    site: "NLRTM-EX",
    gateway: "gw-01",
    folder: at("own"),
  });
  const second = startLynceus(args);
  expect(await second.exited).toBe(1);
  expect(second.stderr()).toMatch(/LYN_ENROLMENT.*used before/);
  const revoke = startLynceus(["simulate", "authority", "--dir", at("ca"), "--revoke", "NLRTM-EX.gw-01.in"]);
  expect(await revoke.exited).toBe(0);
  expect(readFileSync(at("ca/crl.pem"), "utf8")).toContain("BEGIN X509 CRL");
  authority.child.kill("SIGTERM");
  expect(await authority.exited).toBe(0);
});
