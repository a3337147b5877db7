import { generateKeyPairSync } from "node:crypto";
import { connectAsync, type MqttClient } from "mqtt";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { verifyJws } from "../../protocols/jws.ts";
import { encodeEvent, unwrap } from "../../protocols/mqtt/envelope.ts";
import { Director, type RolloutOptions } from "../../simulator/rollout/director.ts";
import { groupsOf } from "../../simulator/rollout/plan.ts";
import { type Mosquitto, startMosquitto } from "../fixtures/mosquitto.ts";

const SITE = "NLRTM-EX";
const [NAME, VERSION] = ["threat-detector", "9.0.0"];
const keys = generateKeyPairSync("ed25519");
const PUBLIC = new Uint8Array(Buffer.from(keys.publicKey.export({ format: "jwk" }).x ?? "", "base64url"));

/** What a gateway does with the new package. */
type Fate = "ok" | "refuses" | "rolls-back" | "silent" | "fails-in-canary";

describe("a model package is brought to a fleet", () => {
  let broker: Mosquitto;
  const clients: MqttClient[] = [];
  /** Commands each gateway did. */
  const asked = new Map<string, string[]>();

  beforeEach(async () => {
    broker = await startMosquitto();
    asked.clear();
  });
  afterEach(async () => {
    await Promise.all(clients.splice(0).map((client) => client.endAsync(true)));
    await broker[Symbol.asyncDispose]();
  });

  /** A gateway as central sees it: it checks signatures, answers, and says what it runs and what went wrong. */
  async function gateway(id: string, fate: Fate): Promise<void> {
    const client = await connectAsync(broker.url, { protocolVersion: 5 });
    clients.push(client);
    const base = `nii/v1/${SITE}/${id}`;
    const say = (
      topic: string,
      name: "info" | "alert" | "statistics" | "response",
      data: object,
      retain = false,
    ) =>
      client.publishAsync(
        `${base}/${topic}`,
        Buffer.from(
          encodeEvent({
            name,
            id: crypto.randomUUID(),
            source: `/${SITE}/${id}`,
            time: new Date().toISOString(),
            data,
          }),
        ),
        { qos: 1, retain },
      );
    const info = (version: string) =>
      say("info", "info", { models: [{ name: NAME, version, sha256: "" }] }, true);
    client.on("message", (topic, payload) => {
      const event = unwrap(payload);
      if (event === null || topic.endsWith("/response")) return;
      const { payload: claims } = verifyJws(String(event.data), [PUBLIC]);
      const { name, aud, args } = JSON.parse(new TextDecoder().decode(claims)) as {
        name: string;
        aud: string;
        args: object;
      };
      expect(aud).toBe(`${SITE}/${id}`);
      asked.set(id, [...(asked.get(id) ?? []), name]);
      if (fate === "silent") return;
      const refused = fate === "refuses" && name === "models.install";
      const error = { code: "FAILED", message: "LYN_MODEL_KNOWN_ANSWER: other answers on this machine" };
      const answer = { id: event.id, ...(refused ? { ok: false, error } : { ok: true, data: args }) };
      void say(`command/${name}/response`, "response", answer);
      if (name === "models.activate") void activated();
    });
    const activated = async () => {
      await info(VERSION);
      if (fate === "rolls-back") {
        await say("alert", "alert", {
          code: "MODEL_ROLLED_BACK",
          message: "its process was lost 3 times",
          details: { name: NAME, version: VERSION },
        });
        await info("0.4.0");
      }
      const candidate = { name: NAME, version: VERSION, stage: "canary", compared: 9, failures: 2 };
      if (fate === "fails-in-canary") await say("statistics", "statistics", { candidates: [candidate] });
    };
    await client.subscribeAsync(`${base}/command/+`, { qos: 1 });
    await info("0.4.0");
  }

  function directed(more: Partial<RolloutOptions> = {}): Promise<Awaited<ReturnType<Director["run"]>>> {
    return new Director({
      broker: broker.url,
      root: "nii",
      site: SITE,
      key: keys.privateKey,
      name: NAME,
      version: VERSION,
      gateways: null,
      groups: "1,3,100%",
      threshold: 0.4,
      watchMs: 2500,
      answerMs: 30_000,
      ...more,
    }).run();
  }

  it("group by group, to all where few enough fail", async () => {
    for (const [id, fate] of [
      ["gw-1", "ok"],
      ["gw-2", "ok"],
      ["gw-3", "ok"],
      ["gw-4", "refuses"],
      ["gw-5", "ok"],
      ["gw-6", "ok"],
    ] as const)
      await gateway(id, fate);
    const report = await directed({ watchMs: 300 });
    expect(report.state).toBe("done");
    expect(report.groups.map((group) => group.length)).toEqual([1, 2, 3]);
    expect(report.groups.flat().filter(({ state }) => state === "failed")).toEqual([
      { gateway: "gw-4", state: "failed", reason: expect.stringContaining("LYN_MODEL_KNOWN_ANSWER") },
    ]);
    expect(asked.get("gw-1")).toEqual(["models.install", "models.activate"]);
    expect(asked.get("gw-4")).toEqual(["models.install"]);
  });

  it("and stops at the error threshold: those after are left alone", async () => {
    for (const [id, fate] of [
      ["gw-1", "ok"],
      ["gw-2", "rolls-back"],
      ["gw-3", "fails-in-canary"],
      ["gw-4", "ok"],
      ["gw-5", "ok"],
    ] as const)
      await gateway(id, fate);
    const report = await directed();
    expect(report).toMatchObject({
      state: "stopped",
      leftAlone: ["gw-4", "gw-5"],
      target: `${NAME}-${VERSION}.tar.gz`,
    });
    expect(report.groups[1]?.map(({ reason }) => reason)).toEqual([
      "its process was lost 3 times",
      "2 of its runs gave nothing",
    ]);
    expect(asked.has("gw-4") || asked.has("gw-5")).toBe(false);
  });

  it("and a gateway that does not answer, or is not there, has failed", async () => {
    await gateway("gw-1", "silent");
    const report = await directed({ gateways: ["gw-1", "gw-9"], answerMs: 500, groups: "100%", watchMs: 0 });
    expect(report.state).toBe("stopped");
    expect(report.groups[0]?.map(({ reason }) => reason)).toEqual([
      "no answer to models.install",
      "no answer to models.install",
    ]);
  });

  it("in groups that are numbers or shares of all", () => {
    const fleet = Array.from({ length: 20 }, (_, at) => `gw-${String(at).padStart(2, "0")}`);
    expect(groupsOf(fleet, "1,10%,100%").map((group) => group.length)).toEqual([1, 1, 18]);
    expect(groupsOf(fleet, "5").map((group) => group.length)).toEqual([5, 15]);
    expect(groupsOf(["b", "a", "b"], "50%,50%").map((group) => [...group])).toEqual([["a"], ["b"]]);
    expect(() => groupsOf(fleet, "some")).toThrow("no size of a group");
  });
});
