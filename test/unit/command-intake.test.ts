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
import { SILENT_LOG } from "../../device/log.ts";
import type { Response } from "../../protocols/mqtt/command.ts";
import { encodeEvent } from "../../protocols/mqtt/envelope.ts";
import { until } from "../fixtures/processes.ts";

const NOW = Date.UTC(2026, 5, 1);

describe("commands of central", () => {
  let folder: string;
  let answered: { readonly to: Omit<CommandMessage, "payload">; readonly response: Response }[];
  let ran: number;
  const open: CommandIntake[] = [];

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "lynceus-commands-"));
    answered = [];
    ran = 0;
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
});
