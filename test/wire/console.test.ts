import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { request as plain } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { type Console, consoleOf } from "../../device/console/of-config.ts";
import { SILENT_LOG } from "../../device/log.ts";
import { Metrics } from "../../device/metrics/metrics.ts";
import type { Spool } from "../../device/spool/port.ts";
import { until } from "../fixtures/processes.ts";
import { sampleHit } from "../fixtures/sample-hit.ts";
import { BARE_ITEM, captureScan } from "../fixtures/scans.ts";
import { snapshotOf } from "../fixtures/snapshot.ts";
import { openTestSpool } from "../fixtures/uplink.ts";

const TOKEN = "a-token-of-more-than-sixteen-letters";

describe("the console", () => {
  let folder: string;
  let spool: Spool;
  const open: Console[] = [];
  let asked: number;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), "lynceus-console-"));
    spool = await openTestSpool(join(folder, "spool"));
  });
  afterAll(async () => {
    await spool.stop();
    rmSync(folder, { recursive: true, force: true });
  });
  beforeEach(() => {
    asked = 0;
  });
  afterEach(async () => {
    for (const one of open.splice(0)) await one.stop();
  });

  /** A scan with a hit that says something. */
  async function storeHit(seed: number): Promise<{ scanId: string }> {
    const capture = await captureScan(spool, { scanRef: `scan-${seed}`, seed, lines: 40, height: 30 });
    const { scan } = await spool.accept(capture, BARE_ITEM);
    const { scanId } = scan;
    const { journal: _j, sequence: _s, bootId: _b, integrity: _i, ...data } = sampleHit({ scanId });
    await spool.commitHit({ scanId, lane: "lane-1", revision: 1, data, state: "analysed" });
    return { scanId };
  }

  async function start(more: { tokenFile?: string } = {}): Promise<{ console: Console; url: string }> {
    const console = consoleOf({
      config: {
        console: { listen: "127.0.0.1:0", ...more },
        gateway: { site: "NLRTM-EX", id: "gw-01" },
      },
      env: {},
      overview: {
        now: async () => {
          asked += 1;
          return snapshotOf(await spool.figures());
        },
      },
      spool,
      metrics: new Metrics(),
      log: SILENT_LOG,
    })!;
    open.push(console);
    console.start();
    const port = await until("the console to listen", 30_000, () => console.port);
    return { console, url: `http://127.0.0.1:${port}` };
  }

  it("shows lanes, devices, figures, hits with their reasons and alerts, and how each was delivered", async () => {
    const { scanId } = await storeHit(1);
    await spool.commitAlert({
      data: {
        code: "DEVICE_LOST",
        severity: "warning",
        message: "The scale is gone",
        remedy: "Check it.",
        details: {},
      },
      lane: null,
      scanId: null,
    });
    const { url } = await start();
    const state = (await (await fetch(`${url}/api/state`)).json()) as { figures: { name: string }[] };
    expect(state).toMatchObject({
      site: "NLRTM-EX",
      gateway: "gw-01",
      overall: { level: "fault", text: "2 things need attention" },
      lanes: [
        {
          id: "lane-1",
          level: "fault",
          text: "no scanner: nothing listens at its address",
          remedy: "Switch it on; check its address and port in the configuration.",
          devices: [{ id: "scale", kind: "scale", level: "ok" }],
        },
      ],
      hits: [{ scanId, delivery: "unpublished" }],
      alerts: [{ code: "DEVICE_LOST", level: "warning", message: "The scale is gone", remedy: "Check it." }],
    });
    const names = state.figures.map(({ name }) => name);
    expect(names).toEqual(["Central", "Outbox", "Storage", "Models", "Clock"]);
  });

  it("draws a stored scan, and says when a picture is no longer kept", async () => {
    const { scanId } = await storeHit(2);
    const { url } = await start();
    const picture = await fetch(`${url}/api/pictures/${scanId}/0.png`);
    expect(picture.headers.get("content-type")).toBe("image/png");
    expect([...new Uint8Array(await picture.arrayBuffer()).subarray(0, 4)]).toEqual([0x89, 0x50, 0x4e, 0x47]);
    expect((await fetch(`${url}/api/pictures/${scanId}/7.png`)).status).toBe(404);
    expect((await fetch(`${url}/api/pictures/${crypto.randomUUID()}/0.png`)).status).toBe(404);
    expect((await fetch(`${url}/api/pictures/..%2f..%2fjournal/0.png`)).status).toBe(404);
  });

  it("tells a page what changed as it changes, and looks only while one is open", async () => {
    const { url } = await start();
    const abort = new AbortController();
    const response = await fetch(`${url}/api/events`, { signal: abort.signal });
    expect(response.headers.get("content-type")).toContain("text/event-stream");
    let text = "";
    const reading = (async () => {
      const decoder = new TextDecoder();
      for await (const chunk of response.body as AsyncIterable<Uint8Array>) text += decoder.decode(chunk);
    })().catch(() => undefined);
    await until("the first state", 30_000, () => text.includes('"hits":['));
    const { scanId } = await storeHit(3);
    await until("the hit", 30_000, () => text.includes(scanId));
    abort.abort();
    await reading;
    await until("the looking to end", 40_000, async () => {
      const before = asked;
      await new Promise((resolve) => setTimeout(resolve, 2500));
      return asked === before;
    });
  });

  it("sends a page that runs nothing but its own script and is framed by nobody", async () => {
    const { url } = await start();
    const page = await fetch(url);
    const policy = page.headers.get("content-security-policy") ?? "";
    expect(policy).toContain("default-src 'none'");
    expect(policy).toContain("script-src 'self'");
    expect(policy).toContain("frame-ancestors 'none'");
    expect(policy).not.toContain("unsafe");
    expect(page.headers.get("cache-control")).toBe("no-store");
    const html = await page.text();
    expect(html).not.toMatch(/<script(?![^>]*src=)/);
    expect(html).not.toMatch(/\son\w+=|style="/);
    expect(html.match(/(?:src|href)="(?!\/|#)/g)).toBeNull();
    for (const path of ["/console.js", "/console.css"]) {
      const asset = await (await fetch(url + path)).text();
      expect(asset).not.toMatch(/https?:\/\//);
    }
    for (const method of ["POST", "PUT", "DELETE"])
      expect((await fetch(`${url}/api/state`, { method })).status, method).toBe(404);
  });

  it("answers no request that names another host: a page of the web cannot read it through a browser", async () => {
    const { url } = await start();
    const ask = (host: string) =>
      new Promise<number | undefined>((resolve, reject) => {
        plain(`${url}/api/state`, { headers: { host } }, (response) => {
          response.resume();
          resolve(response.statusCode);
        })
          .on("error", reject)
          .end();
      });
    expect(await ask("attacker.example")).toBe(421);
    expect(await ask("127.0.0.1.attacker.example")).toBe(421);
    expect(await ask("localhost:8088")).toBe(200);
  });

  it("lets nobody in without the token where one is set, neither to the page nor to the metrics", async () => {
    const tokenFile = join(folder, "token");
    writeFileSync(tokenFile, `${TOKEN}\n`);
    const { url } = await start({ tokenFile });
    const bearer = (token: string) => ({ headers: { authorization: `Bearer ${token}` } });
    for (const path of ["/api/state", "/api/events", "/metrics", "/api/pictures/x/0.png"])
      expect((await fetch(url + path)).status, path).toBe(401);
    expect((await fetch(`${url}/metrics`, bearer(`${TOKEN}x`))).status).toBe(401);
    expect((await fetch(`${url}/metrics`, bearer(TOKEN))).status).toBe(200);
    expect((await fetch(url, { redirect: "manual" })).headers.get("location")).toBe("/login");
    const login = (token: string) =>
      fetch(`${url}/login`, { method: "POST", body: new URLSearchParams({ token }), redirect: "manual" });
    const wrong = await login("wrong");
    expect(wrong.status).toBe(401);
    expect(await wrong.text()).toContain("That is not the token");
    const right = await login(TOKEN);
    expect(right.status).toBe(303);
    const cookie = right.headers.get("set-cookie") ?? "";
    expect(cookie).toMatch(/HttpOnly/);
    expect(cookie).toMatch(/SameSite=Strict/);
    expect(cookie).not.toContain(TOKEN);
    const session = cookie.split(";")[0] ?? "";
    expect((await fetch(`${url}/api/state`, { headers: { cookie: session } })).status).toBe(200);
    expect((await fetch(`${url}/api/state`, { headers: { cookie: `${session}x` } })).status).toBe(401);
    // A token that is changed counts at once for those who come with it.
    writeFileSync(tokenFile, "another-token-of-sixteen-letters");
    expect((await fetch(`${url}/metrics`, bearer(TOKEN))).status).toBe(401);
    writeFileSync(tokenFile, "short");
    expect((await fetch(`${url}/metrics`, bearer("short"))).status).toBe(401);
  });
});
