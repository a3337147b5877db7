import type { Command } from "commander";
import { isLynceusError, LynceusError } from "../../protocols/errors.ts";
import { loginOptions } from "./broker-login.ts";
import type { WatchOptions } from "./watch-session.ts";

/** `lynceus watch`: what central sees. Follows until interrupted; a broker that goes away is waited for. */
export function registerWatch(program: Command): void {
  program
    .command("watch")
    .description("What central sees: follows hits, statuses and alerts of a broker")
    .requiredOption("--broker <url>", "broker, e.g. mqtt://127.0.0.1:1883")
    .option("--site <code>", "only this site")
    .option("--topic-root <root>", "topic root", "nii")
    .option("--username <name>", "user name at the broker")
    .option("--password-file <file>", "file with the password, or env:NAME")
    .option("--ca <file>", "authority of the broker's certificate, for mqtts:// and wss://")
    .option("--cert <file>", "own certificate, for a broker that asks for one; with --key")
    .option("--key <file>", "its private key")
    .option("--json", "print each event as one JSON object a line")
    .action(async (options: WatchOptions) => {
      if (!/^(mqtts?|wss?):\/\//.test(options.broker)) {
        throw new LynceusError("LYN_USAGE", `${options.broker} is not a broker's URL`, {
          remedy: "Give --broker mqtt://HOST:PORT, mqtts://, ws:// or wss://.",
        });
      }
      // Whoever read the lines went away (`| head`): nothing is left to do.
      process.stdout.on("error", () => process.exit(1));
      const { filtersOf, follow } = await import("./watch-session.ts");
      try {
        filtersOf(options);
        // Files are read anew for each connection; one that is not there at all is no state to wait out.
        await loginOptions(options);
      } catch (error) {
        if (!isLynceusError(error, "LYN_TOPIC", "LYN_SECRET_UNREADABLE")) throw error;
        throw new LynceusError("LYN_USAGE", error.message, { remedy: error.remedy, cause: error });
      }
      const abort = new AbortController();
      process.once("SIGINT", () => abort.abort());
      process.once("SIGTERM", () => abort.abort());
      await follow(options, abort.signal);
      process.exitCode = 130;
    });
}
