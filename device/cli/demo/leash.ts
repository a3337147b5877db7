import { isMainThread } from "node:worker_threads";

/**
 * Preloaded into every process of a demo (`node --import`): when the demo is gone, however it ended, its end of this
 * process's stdin closes, and the process ends as by SIGTERM. So nothing is left behind even after SIGKILL. Threads and
 * children of the process inherit the preload but not the leash: they are their owner's to end.
 */
const holder = Number(process.env["LYNCEUS_DEMO_PID"] ?? 0);
if (isMainThread && process.ppid === holder) {
  const end = () => process.kill(process.pid, "SIGTERM");
  process.stdin.on("end", end);
  process.stdin.on("error", end);
  process.stdin.resume();
  // The leash alone keeps no process alive.
  if ("unref" in process.stdin && typeof process.stdin.unref === "function") process.stdin.unref();
}
