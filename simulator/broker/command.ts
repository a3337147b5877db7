import { type Command, Option } from "commander";
import { addressOption } from "../options.ts";
import { type Address, formatAddress } from "../peripherals/address.ts";
import { listenForStop } from "../stop-signals.ts";

/** `simulate broker`: what `lynceus demo` runs in place of a site's broker. */
export function registerBroker(simulate: Command): void {
  simulate
    .command("broker")
    .description(
      "An MQTT 5 broker that keeps everything in memory. Prints its URL as one JSON object, runs until stopped.",
    )
    .addOption(
      new Option("--listen <host:port>", "listen here (port 0: a free one)")
        .argParser(addressOption)
        .default({ host: "127.0.0.1", port: 0 }, "127.0.0.1:0"),
    )
    .action((options: { listen: Address }) => broker(options.listen));
}

async function broker(address: Address): Promise<void> {
  const { EmbeddedBroker } = await import("./broker.ts");
  const signals = listenForStop();
  const embedded = new EmbeddedBroker({ address });
  const bound = await embedded.start();
  const report = { event: "listening", url: `mqtt://${formatAddress(bound)}`, port: bound.port };
  process.stdout.write(`${JSON.stringify(report)}\n`);
  if (!signals.stop.aborted) {
    await new Promise<void>((resolve) => {
      signals.stop.addEventListener("abort", () => resolve(), { once: true });
    });
  }
  await embedded.stop();
  process.exitCode = signals.received() === "SIGINT" ? 130 : 0;
  signals.release();
}
