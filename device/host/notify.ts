/** Tells the service manager how the gateway is (sd_notify(3)). */
export interface Notifier {
  /** Lines of `NAME=VALUE`, e.g. `READY=1`; false: nobody took them. */
  say(lines: readonly string[]): boolean;
}

/**
 * The service manager of this process; null outside of a unit with `Type=notify`. Its socket takes datagrams, which the runtime
 * has none of: libsystemd sends them, and is loaded only here.
 */
export async function openNotifier(
  env: Readonly<Record<string, string | undefined>>,
): Promise<Notifier | null> {
  const socket = env["NOTIFY_SOCKET"];
  if (socket === undefined || socket === "") return null;
  const { default: koffi } = await import("koffi");
  const notify = koffi.load("libsystemd.so.0").func("int sd_notify(int unset, const char *state)");
  return { say: (lines) => Number(notify(0, lines.join("\n"))) > 0 };
}

/** How often the service manager wants to hear of this process, ms; null: it does not watch it. */
export function watchdogMs(env: Readonly<Record<string, string | undefined>>): number | null {
  const microseconds = Number(env["WATCHDOG_USEC"] ?? Number.NaN);
  return Number.isSafeInteger(microseconds) && microseconds > 0 ? microseconds / 1000 : null;
}
