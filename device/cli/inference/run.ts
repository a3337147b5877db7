import { openNotifier } from "../../host/notify.ts";
import { InferenceServer } from "../../inference/socket-server.ts";
import { createLog } from "../../log.ts";

/** Serves until SIGTERM or SIGINT. */
export async function serveInference(
  path: string,
  env: Readonly<Record<string, string | undefined>>,
): Promise<void> {
  const log = createLog({ name: "lynceus-inference", level: "info" });
  const stopped = new Promise<void>((resolve) => {
    for (const signal of ["SIGTERM", "SIGINT"] as const) process.once(signal, () => resolve());
  });
  const server = new InferenceServer({ path, log });
  await server.start();
  const notifier = await openNotifier(env).catch(() => null);
  notifier?.say(["READY=1"]);
  log.info({ path }, "models are offered");
  await stopped;
  notifier?.say(["STOPPING=1"]);
  await server.stop();
}
