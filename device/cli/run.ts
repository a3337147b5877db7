import { type Command, Option } from "commander";

/** SIGTERM drains and exits 0 within 10 s (`cli.md`); a second signal, or this long, ends it at once. */
const STOP_LIMIT_MS = 10_000;

/** The least that runs; shown by `lynceus run --help`. */
export const FIRST_CONFIGURATION = `schema: lynceus-config/1
gateway: { site: NLRTM-EX, id: gw-01 }
broker: { url: "mqtt://127.0.0.1:1883" }
spool: { path: ./spool }
console: { listen: 127.0.0.1:8088 }
lanes:
  - id: lane-1
    scanner: { driver: line-scan, transport: "tcp://127.0.0.1:7001" }
`;

/** `lynceus run`: the gateway. */
export function registerRun(program: Command): void {
  program
    .command("run")
    .description("Run the gateway; it starts with the broker or a device absent and keeps trying")
    .requiredOption("--config <file>", "configuration file (YAML)")
    .addOption(
      new Option("--log-level <level>", "what is logged")
        .choices(["debug", "info", "warn", "error"])
        .default("info"),
    )
    .addHelpText(
      "after",
      `
Logs are JSON lines on stderr; Ctrl-C or SIGTERM ends it within 10 s. The least that runs:

${FIRST_CONFIGURATION.replaceAll(/^/gm, "  ").trimEnd()}

\`lynceus check\` and \`lynceus doctor\` say what is wrong in it and around it.`,
    )
    .action(async (options: { config: string; logLevel: string }) => {
      const [{ loadConfig, warningsOf }, { modelsOf }, { createLog }] = await Promise.all([
        import("../config/load.ts"),
        import("../models/of-config.ts"),
        import("../log.ts"),
      ]);
      const config = await loadConfig(options.config);
      const log = createLog({ name: "lynceus", level: options.logLevel });
      for (const { path, message } of warningsOf(config)) log.warn({ setting: path }, message);
      const stopped = stopSignal();
      // The models' process starts first: it loads while this one still reads the rest of the program.
      const models = modelsOf(config, process.env, log);
      const { inference } = models;
      void inference.start();
      const [{ Gateway }, { openHostService }] = await Promise.all([
        import("../gateway.ts"),
        import("../host/service.ts"),
      ]);
      const host = await openHostService({
        env: process.env,
        deadlinesMs: config.lanes.map(({ belt }) => belt.deadlineMs),
        log,
      });
      const gateway = new Gateway({ config, log, env: process.env, inference, models });
      try {
        // Nothing is taken before the start is over: a signal until then ends the process at once.
        const early = await Promise.race([gateway.start().then(() => null), stopped]);
        if (early !== null) process.exit(early === "SIGINT" ? 130 : 0);
      } catch (error) {
        await gateway.stop();
        await inference.stop();
        throw error;
      }
      if (gateway.vitals !== null) host.ready(gateway.vitals);
      const signal = await Promise.race([stopped, gateway.failed]);
      const limit = setTimeout(() => process.exit(1), STOP_LIMIT_MS);
      await host.stopping();
      await gateway.stop();
      clearTimeout(limit);
      // Sockets of absent devices may still be opening: nothing is left to wait for.
      process.exit(signal === "SIGINT" ? 130 : signal === "SIGTERM" ? 0 : 1);
    });
}

function stopSignal(): Promise<"SIGINT" | "SIGTERM"> {
  return new Promise((resolve) => {
    for (const signal of ["SIGINT", "SIGTERM"] as const) {
      let seen = false;
      process.on(signal, () => {
        if (seen) process.exit(130);
        seen = true;
        resolve(signal);
      });
    }
  });
}
