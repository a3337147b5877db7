import { type ChildProcess, fork } from "node:child_process";
import { existsSync } from "node:fs";

const SHELL = "/bin/sh";
/**
 * Sets the limit on private memory (RLIMIT_DATA, kB) where that is allowed, then becomes the process. A sandbox that forbids it
 * sets a limit of its own.
 */
const SCRIPT = '(ulimit -d "$0") 2>/dev/null && ulimit -d "$0"; exec "$@"';

/**
 * Starts a module in a process of its own, joined by a channel, that the kernel gives no more than `dataBytes` of private memory:
 * what it asks for beyond fails there, at once, before the machine runs out. Not on systems other than Linux.
 */
export function forkLimited(
  module: URL,
  { execArgv, dataBytes }: { readonly execArgv: readonly string[]; readonly dataBytes: number },
): ChildProcess {
  const stdio: ("ignore" | "pipe" | "ipc")[] = ["ignore", "ignore", "pipe", "ipc"];
  if (process.platform !== "linux" || !existsSync(SHELL))
    return fork(module, [], { stdio, execArgv: [...execArgv] });
  const kilobytes = String(Math.ceil(dataBytes / 1024));
  return fork(module, [], {
    stdio,
    execPath: SHELL,
    execArgv: ["-c", SCRIPT, kilobytes, process.execPath, ...execArgv],
  });
}
