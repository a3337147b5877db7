import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { LOG_EVENTS } from "../../device/log-events.ts";
import { LogLimit, MAX_ALIKE } from "../../device/log-limit.ts";
import { REDACTED, redacted, redactedText } from "../../device/log-redaction.ts";
import { LynceusError } from "../../protocols/errors.ts";
import { startProcess } from "../fixtures/processes.ts";
import { projectFiles, projectText, ROOT } from "../fixtures/project.ts";

const PLANTED = {
  password: "planted-password",
  token: "planted-token",
  label: "Frau Quendelberg, Musterweg 7",
  pem: "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIPlantedPlantedPlanted\n-----END PRIVATE KEY-----",
  jws: "eyJhbGciOiJFZERTQSJ9.eyJwbGFudGVkIjp0cnVlfQ.cGxhbnRlZHBsYW50ZWQ",
  bearer: "Bearer planted.bearer-token",
  url: "mqtts://planted-user:planted-url-password@broker.example:8883",
};
const TRACES = [
  "planted-password",
  "planted-token",
  "Quendelberg",
  "MC4CAQAw",
  "eyJhbGci",
  "planted.bearer",
  "planted-url",
];

describe("log lines", () => {
  it("of one message are bounded in number, and those that were left out are counted", () => {
    let now = 0;
    const limit = new LogLimit({ now: () => now });
    const said = Array.from({ length: 10_000 }, () => limit.take("a receipt cannot be read"));
    expect(said.filter((unsaid) => unsaid !== null)).toHaveLength(MAX_ALIKE);
    expect(limit.take("another message")).toBe(0);
    now += 10_000;
    expect(limit.take("a receipt cannot be read")).toBe(10_000 - MAX_ALIKE);
    expect(limit.take("a receipt cannot be read")).toBe(0);
    for (let at = 0; at < 10_000; at += 1) expect(limit.take(`message ${at}`)).toBe(0);
  });

  it("hold no secret and no label text, however deep and wherever in a text", async () => {
    const script = `
      import { createLog } from ${JSON.stringify(join(ROOT, "device/log.ts"))};
      const planted = ${JSON.stringify(PLANTED)};
      const log = createLog({ name: "test", level: "debug" });
      log.info({ scanId: "0195512c", code: "HIT_COMMITTED", lane: "lane-1", ...planted }, "told " + planted.url);
      log.warn({ broker: { tls: { key: planted.pem }, options: [{ deep: { passwordFile: "/etc/x", password: planted.password } }] } }, planted.jws);
      const inner = new Error("cause with " + planted.bearer);
      const error = Object.assign(new Error("cannot open " + planted.url, { cause: inner }), { details: { token: planted.token, raw: planted.label } });
      log.error({ err: error, reading: { line: planted.label, raw: planted.label } }, "failed: " + planted.pem);
      log.debug({ body: new Uint8Array(3), nothing: null, big: 10n, payload: planted.label }, "done");
    `;
    const child = startProcess(process.execPath, ["--input-type=module", "-e", script], { cwd: ROOT });
    expect(await child.exited, child.stderr()).toBe(0);
    const lines = child
      .stderr()
      .trim()
      .split("\n")
      .filter((line) => line.startsWith("{"));
    expect(lines).toHaveLength(4);
    for (const trace of TRACES) expect(child.stderr(), trace).not.toContain(trace);
    const [first, , third] = lines.map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(first).toMatchObject({ scanId: "0195512c", code: "HIT_COMMITTED", lane: "lane-1", level: 30 });
    expect(third).toMatchObject({
      err: { type: "Error", details: { token: REDACTED }, cause: { type: "Error" } },
    });
    expect(JSON.stringify(lines)).toContain("passwordFile");
  });

  it("say what an error says, bounded", () => {
    const error = new LynceusError("LYN_JWS", "no", { remedy: "sign it", details: { why: "no key" } });
    expect(redacted(error)).toMatchObject({ code: "LYN_JWS", remedy: "sign it", details: { why: "no key" } });
    const deep: Record<string, unknown> = {};
    let at = deep;
    for (let level = 0; level < 50; level++) at = at["in"] = {} as never;
    expect(JSON.stringify(redacted(deep)).length).toBeLessThan(200);
    expect((redacted(Array.from({ length: 1000 }, () => 1)) as unknown[]).length).toBe(200);
    expect(redactedText("x".repeat(10_000)).length).toBeLessThan(4100);
  });

  it("have codes that LOGS.md lists, and that somebody logs", () => {
    const rows = [...projectText("device/LOGS.md").matchAll(/^\| `([A-Z_]+)` \| (.+) \|$/gm)];
    expect(Object.fromEntries(rows.map(([, code, text]) => [code, text]))).toEqual(LOG_EVENTS);
    const sources = projectFiles("device", ".ts")
      .filter((file) => file !== "device/log-events.ts")
      .map(projectText)
      .join("\n");
    for (const code of Object.keys(LOG_EVENTS)) expect(sources, code).toContain(`code: "${code}"`);
  });
});
