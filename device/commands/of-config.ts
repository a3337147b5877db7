import { join } from "node:path";
import type { CommandName } from "../../protocols/mqtt/command.ts";
import type { Health } from "../../protocols/mqtt/health.ts";
import type { Alerts } from "../alerts.ts";
import type { Config } from "../config/schema.ts";
import type { PausedLanes } from "../lane/paused-lanes.ts";
import type { Scored } from "../lane/scorer.ts";
import type { Log } from "../log.ts";
import type { Spool } from "../spool/port.ts";
import { readTrustedKeys } from "../trusted-keys.ts";
import type { Uplink } from "../uplink/uplink.ts";
import { packageVersion } from "../versions.ts";
import { Answers } from "./answers.ts";
import type { CommandHandler } from "./command.ts";
import { CommandIntake } from "./command-intake.ts";
import { healthCommand, outboxCommand } from "./figures.ts";
import { imageCommand } from "./image.ts";
import { pauseCommand } from "./lanes.ts";
import { rescoreCommand } from "./rescore.ts";
import { resendCommand } from "./resend.ts";
import { UsedTokens } from "./used-tokens.ts";

export interface CommandSurroundings {
  readonly config: Pick<Config, "commands" | "gateway" | "broker" | "reports" | "spool" | "trust">;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly spool: Pick<Spool, "scan" | "lastHit" | "figures" | "list" | "deadLetters" | "resend">;
  /** Called late: the uplink hands commands on and takes their answers. */
  readonly uplink: () => Pick<Uplink, "respond" | "imageRoom" | "publishImagePart">;
  readonly health: () => Promise<Health>;
  /** Scores a stored scan again and tells its machine; null: its score is to come, or its lane is gone. */
  readonly rescore: (scanId: string) => Promise<Scored | null>;
  readonly paused: PausedLanes;
  /** Of the rooms that have commands of their own. */
  readonly handlers?: Readonly<Partial<Record<CommandName, CommandHandler>>>;
  readonly alerts: Pick<Alerts, "raise">;
  readonly clock: () => number;
  readonly log: Log;
}

/** The commands that this version serves, as configured. */
export function commandsOf(surroundings: CommandSurroundings): CommandIntake {
  const { config, env, uplink, alerts, clock, log } = surroundings;
  const { site, id: gateway } = config.gateway;
  const prefix = `${config.broker.topicRoot}/v1/${site}/`;
  const folder = join(config.spool.path, "commands");
  return new CommandIntake({
    handlers: { ...handlersOf(surroundings), ...surroundings.handlers },
    allow: config.commands.allow,
    answers: new Answers({ folder, clock }),
    signed: {
      site,
      gateway,
      keys: () => readTrustedKeys(config.trust.central, env, "command"),
      used: new UsedTokens({ file: join(folder, "signed", "used.json"), clock }),
    },
    onRefused: (command, why) =>
      void alerts.raise({
        code: "INBOUND_REFUSED",
        severity: "warning",
        message: `The command ${command} is refused: ${why}`,
        remedy: "See who may publish on the command topics; central signs with a key named in trust.central.",
        details: { message: "command", command, why },
      }),
    onFlood: (command) =>
      void alerts.raise({
        code: "INBOUND_FLOOD",
        severity: "warning",
        message: "More commands come than the gateway takes; those beyond are answered BUSY, or not at all",
        remedy:
          "See who may publish on the command topics; ten a second are taken, two hundred after a pause.",
        details: { device: "command", message: "command", command },
      }),
    mayAnswer: (topic) => topic.startsWith(prefix) && /^[^+#\0]{1,256}$/.test(topic),
    respond: async (to, response, signal) => {
      if (!(await uplink().respond(to, response, signal))) throw new Error("no connection took it");
    },
    clock,
    log,
  });
}

function handlersOf({
  config,
  spool,
  uplink,
  health,
  rescore,
  paused,
}: CommandSurroundings): Partial<Record<CommandName, CommandHandler>> {
  const { site, id: gateway } = config.gateway;
  return {
    health: healthCommand(health),
    outbox: outboxCommand(spool),
    resend: resendCommand(spool),
    rescore: rescoreCommand({
      scan: (scanId) => spool.scan(scanId),
      rescore: async (scanId) => {
        const scored = await rescore(scanId);
        return scored === null ? null : { id: scored.row.id, revision: Number(scored.data["revision"]) };
      },
    }),
    pause: pauseCommand(paused, true),
    resume: pauseCommand(paused, false),
    image: imageCommand({
      spool,
      version: config.reports?.version ?? "V03",
      software: packageVersion(),
      site,
      gateway,
      room: (lane) => uplink().imageRoom(lane),
      publish: (scan, part, signal) => uplink().publishImagePart(scan, part, signal),
    }),
  };
}
