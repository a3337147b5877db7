import { join } from "node:path";
import type { Config } from "../config/schema.ts";
import type { Log } from "../log.ts";
import type { Spool } from "../spool/port.ts";
import type { Uplink } from "../uplink/uplink.ts";
import { packageVersion } from "../versions.ts";
import { Answers } from "./answers.ts";
import { CommandIntake } from "./command-intake.ts";
import { imageCommand } from "./image.ts";

export interface CommandSurroundings {
  readonly config: Pick<Config, "commands" | "gateway" | "broker" | "reports" | "spool">;
  readonly spool: Pick<Spool, "scan" | "lastHit">;
  /** Called late: the uplink hands commands on and takes their answers. */
  readonly uplink: () => Pick<Uplink, "respond" | "imageRoom" | "publishImagePart">;
  readonly clock: () => number;
  readonly log: Log;
}

/** The commands that this version serves, as configured. */
export function commandsOf({ config, spool, uplink, clock, log }: CommandSurroundings): CommandIntake {
  const { site, id: gateway } = config.gateway;
  const prefix = `${config.broker.topicRoot}/v1/${site}/`;
  return new CommandIntake({
    handlers: {
      image: imageCommand({
        spool,
        version: config.reports?.version ?? "V03",
        software: packageVersion(),
        site,
        gateway,
        room: (lane) => uplink().imageRoom(lane),
        publish: (lane, part, signal) => uplink().publishImagePart(lane, part, signal),
      }),
    },
    allow: config.commands.allow,
    answers: new Answers({ folder: join(config.spool.path, "commands"), clock }),
    mayAnswer: (topic) => topic.startsWith(prefix) && /^[^+#\0]{1,256}$/.test(topic),
    respond: async (to, response, signal) => {
      if (!(await uplink().respond(to, response, signal))) throw new Error("no connection took it");
    },
    clock,
    log,
  });
}
