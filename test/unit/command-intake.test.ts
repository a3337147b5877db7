import { createPublicKey, generateKeyPairSync, type KeyObject } from "node:crypto";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { Answers } from "../../device/commands/answers.ts";
import { CommandFault } from "../../device/commands/command.ts";
import {
  CommandIntake,
  type CommandIntakeOptions,
  type CommandMessage,
  MAX_WAITING,
} from "../../device/commands/command-intake.ts";
import { pauseCommand } from "../../device/commands/lanes.ts";
import { UsedTokens } from "../../device/commands/used-tokens.ts";
import { SILENT_LOG } from "../../device/log.ts";
import { signJws } from "../../protocols/jws.ts";
import type { Response } from "../../protocols/mqtt/command.ts";
import { encodeEvent } from "../../protocols/mqtt/envelope.ts";
import { until } from "../fixtures/processes.ts";

const NOW = Date.UTC(2026, 5, 1);

describe("commands of central", () => {
  let folder: string;
  let answered: { readonly to: Omit<CommandMessage, "payload">; readonly response: Response }[];
  let ran: number;
  let refused: string[];
  const central = generateKeyPairSync("ed25519").privateKey;
  const open: CommandIntake[] = [];

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "lynceus-commands-"));
    answered = [];
    ran = 0;
    refused = [];
  });
  afterEach(async () => {
    for (const intake of open.splice(0)) await intake.stop();
    await rm(folder, { recursive: true, force: true });
  });

  async function intakeOf(more: Partial<CommandIntakeOptions> = {}): Promise<CommandIntake> {
    const intake = new CommandIntake({
      handlers: {
        image: async (args) => {
          ran += 1;
          if (args["fail"] === "typed") throw new CommandFault("GONE", "no longer");
          if (args["fail"] === "other") throw new Error("something");
          return { ran };
        },
      },
      allow: ["image", "health"],
      answers: new Answers({ folder, clock: Date.now }),
      signed: {
        site: "NLRTM-EX",
        gateway: "gw-01",
        keys: async () => ({ keys: [rawKey(central)], faults: [] }),
        used: new UsedTokens({ file: join(folder, "signed", "used.json"), clock: () => NOW }),
      },
      onRefused: (command, why) => void refused.push(`${command}: ${why}`),
      mayAnswer: (topic) => topic.startsWith("nii/v1/NLRTM-EX/"),
      respond: async (to, response) => void answered.push({ to, response }),
      clock: () => NOW,
      log: SILENT_LOG,
      ...more,
    });
    await intake.start();
    open.push(intake);
    return intake;
  }
  function payloadOf(
    id: string,
    { name = "image", args = {}, aheadMs = 60_000 }: { name?: string; args?: object; aheadMs?: number } = {},
  ): Uint8Array {
    const notAfter = new Date(NOW + aheadMs).toISOString();
    const time = new Date(NOW).toISOString();
    const data = { name, args: args as Record<string, never>, notAfter };
    return encodeEvent({ name: "command", id, source: "/central", time, data });
  }
  /** The answer to one command. */
  async function ask(
    intake: CommandIntake,
    about: Parameters<typeof payloadOf>[1],
    topic = about?.name ?? "image",
  ) {
    const id = crypto.randomUUID();
    await intake.receive({ name: topic, payload: payloadOf(id, about) });
    const { response } = await until("an answer", 10_000, () =>
      answered.find((one) => one.response.id === id),
    );
    return response.ok ? response.data : response.error?.code;
  }

  it("P-17 are done once, and answered the same way again, also after a restart", async () => {
    const intake = await intakeOf();
    const payload = payloadOf("one");
    await intake.receive({ name: "image", payload });
    await until("the answer", 10_000, () => answered.length === 1);
    await intake.receive({ name: "image", payload, responseTopic: "nii/v1/NLRTM-EX/answers/x" });
    expect(answered.map(({ response }) => response)).toEqual([
      { id: "one", ok: true, data: { ran: 1 } },
      { id: "one", ok: true, data: { ran: 1 } },
    ]);
    expect(answered[1]?.to.responseTopic).toBe("nii/v1/NLRTM-EX/answers/x");
    await intake.stop();
    await (await intakeOf()).receive({ name: "image", payload });
    expect(answered).toHaveLength(3);
    expect(ran).toBe(1);
  });

  it("are refused with the code that says why", async () => {
    const intake = await intakeOf();
    expect(await ask(intake, { aheadMs: -1 })).toBe("EXPIRED");
    expect(await ask(intake, { aheadMs: 2 * 3.6e6 })).toBe("EXPIRED");
    expect(await ask(intake, { name: "reboot" })).toBe("UNKNOWN_COMMAND");
    expect(await ask(intake, { name: "health" })).toBe("UNKNOWN_COMMAND");
    expect(await ask(intake, { name: "rescore" })).toBe("UNAUTHORISED");
    expect(await ask(intake, { name: "pause" })).toBe("UNAUTHORISED");
    expect(await ask(intake, {}, "health")).toBe("BAD_REQUEST");
    expect(await ask(intake, { args: { fail: "typed" } })).toBe("GONE");
    expect(await ask(intake, { args: { fail: "other" } })).toBe("FAILED");
    expect(ran).toBe(2);
  });

  it("are answered on the command's own topic where another is not the site's", async () => {
    const intake = await intakeOf();
    await intake.receive({ name: "image", payload: payloadOf("two"), responseTopic: "other/site" });
    await until("the answer", 10_000, () => answered.length === 1);
    expect(answered[0]).toMatchObject({
      to: { name: "image" },
      response: { error: { code: "BAD_REQUEST" } },
    });
    expect(answered[0]?.to.responseTopic).toBeUndefined();
    expect(ran).toBe(0);
  });

  it("wait for each other, and too many are BUSY, which is not kept", async () => {
    const gate = Promise.withResolvers<void>();
    const intake = await intakeOf({ handlers: { image: () => gate.promise.then(() => null) } });
    const ids = Array.from({ length: MAX_WAITING + 2 }, (_, index) => `many ${index}`);
    for (const id of ids) await intake.receive({ name: "image", payload: payloadOf(id) });
    expect(answered.map(({ response }) => response.error?.code)).toEqual(["BUSY"]);
    gate.resolve();
    await until("the others", 10_000, () => answered.length === ids.length);
    await intake.receive({ name: "image", payload: payloadOf(ids.at(-1) ?? "") });
    await until(
      "the last",
      10_000,
      () => answered.at(-1)?.response.ok === true && answered.length > ids.length,
    );
  });

  it("that cannot be read end nothing, and answers are bounded", async () => {
    const intake = await intakeOf();
    await intake.receive({ name: "image", payload: new TextEncoder().encode("{") });
    await intake.receive({ name: "image", payload: new Uint8Array(0) });
    expect(answered).toEqual([]);
    const answers = new Answers({ folder, clock: Date.now, most: 5 });
    for (let index = 0; index < 9; index++) await answers.keep({ id: `kept ${index}`, ok: true });
    expect(await readdir(folder)).toHaveLength(5);
    const late = new Answers({ folder, clock: () => Date.now() + 25 * 3.6e6 });
    expect(await late.of("kept 8")).toBeNull();
    await late.start();
    expect(await readdir(folder)).toEqual([]);
  });

  describe("that change the gateway", () => {
    const handlers = {
      pause: async (args: Readonly<Record<string, unknown>>) => {
        ran += 1;
        return { paused: String(args["lane"]) };
      },
    };
    const token = (more: object = {}, key: KeyObject = central) =>
      signJws(
        JSON.stringify({
          aud: "NLRTM-EX/gw-01",
          name: "pause",
          args: { lane: "lane-1" },
          notAfter: new Date(NOW + 60_000).toISOString(),
          ...more,
        }),
        key,
      );
    const event = (id: string, data: unknown) =>
      encodeEvent({ name: "command", id, source: "/central", time: new Date(NOW).toISOString(), data });
    async function answerTo(intake: CommandIntake, payload: Uint8Array) {
      const before = answered.length;
      await intake.receive({ name: "pause", payload });
      await until("an answer", 10_000, () => answered.length > before);
      const { response } = answered.at(-1)!;
      return response.ok ? response.data : response.error?.code;
    }

    it("are done when a trusted key signed them for this gateway, in an event or alone", async () => {
      const intake = await intakeOf({ handlers });
      expect(await answerTo(intake, event("one", token()))).toEqual({ paused: "lane-1" });
      const alone = token({ aud: ["/NLRTM-EX/gw-01"], id: "two" });
      expect(await answerTo(intake, new TextEncoder().encode(alone))).toEqual({ paused: "lane-1" });
      expect(answered.at(-1)?.response.id).toBe("two");
      expect(await answerTo(intake, event("one", token()))).toEqual({ paused: "lane-1" });
      expect(ran).toBe(2);
      expect(refused).toEqual([]);
    });

    it("are done when a later minor version, or the token itself, says more", async () => {
      const set: string[] = [];
      const paused = {
        lanes: ["lane-1"],
        set: async (lane: string) => {
          set.push(lane);
          return true;
        },
      };
      const intake = await intakeOf({ handlers: { pause: pauseCommand(paused, true) } });
      const more = {
        iss: "central",
        exp: 2_000_000_000,
        priority: 1,
        args: { lane: "lane-1", why: "service" },
      };
      expect(await answerTo(intake, event("more", token(more)))).toMatchObject({ paused: true });
      expect(set).toEqual(["lane-1"]);
    });

    it("are refused, and said, when they are plain, forged, foreign, altered or replayed", async () => {
      const intake = await intakeOf({ handlers });
      const stranger = generateKeyPairSync("ed25519").privateKey;
      const plain = { name: "pause", args: {}, notAfter: new Date(NOW + 60_000).toISOString() };
      expect(await answerTo(intake, event("a", plain))).toBe("UNAUTHORISED");
      expect(await answerTo(intake, event("b", token({}, stranger)))).toBe("UNAUTHORISED");
      expect(await answerTo(intake, event("c", token({ aud: "NLRTM-EX/gw-02" })))).toBe("UNAUTHORISED");
      expect(await answerTo(intake, event("d", token({ aud: "NLRTM-EX" })))).toBe("UNAUTHORISED");
      expect(await answerTo(intake, event("e", token({ aud: undefined })))).toBe("UNAUTHORISED");
      expect(await answerTo(intake, event("f", token({ id: "g" })))).toBe("UNAUTHORISED");
      const [head, , signature] = token().split(".");
      const body = Buffer.from(JSON.stringify({ ...plain, aud: "NLRTM-EX/gw-01" })).toString("base64url");
      expect(await answerTo(intake, event("h", `${head}.${body}.${signature}`))).toBe("UNAUTHORISED");
      expect(ran).toBe(0);
      expect(refused).toHaveLength(7);
      expect(await answerTo(intake, event("i", token({ iat: 1 })))).toEqual({ paused: "lane-1" });
      // The same signed command under another id, also after a restart.
      await intake.stop();
      const again = await intakeOf({ handlers });
      expect(await answerTo(again, event("j", token({ iat: 1 })))).toBe("UNAUTHORISED");
      expect(refused.at(-1)).toContain("under another id");
      expect(await answerTo(again, event("k", token({ notAfter: new Date(NOW - 1).toISOString() })))).toBe(
        "EXPIRED",
      );
      expect(ran).toBe(1);
    });

    it("are not answered by what somebody else sent under their id", async () => {
      const intake = await intakeOf({ handlers });
      const stranger = generateKeyPairSync("ed25519").privateKey;
      expect(await answerTo(intake, event("same", token({}, stranger)))).toBe("UNAUTHORISED");
      expect(await answerTo(intake, event("same", token()))).toEqual({ paused: "lane-1" });
    });
  });
});

function rawKey(key: KeyObject): Uint8Array {
  return new Uint8Array(Buffer.from(createPublicKey(key).export({ format: "jwk" }).x ?? "", "base64url"));
}
