/** SIGINT and SIGTERM of this process, as something that can be waited for. */
export interface StopSignals {
  /** Aborts at the first signal. */
  readonly stop: AbortSignal;
  /** Which signal came, null while none has. */
  readonly received: () => NodeJS.Signals | null;
  readonly release: () => void;
}

/** Listens for SIGINT and SIGTERM. A second one ends the process at once. */
export function listenForStop(): StopSignals {
  const controller = new AbortController();
  let first: NodeJS.Signals | null = null;
  const onSignal = (signal: NodeJS.Signals) => {
    if (first !== null) process.exit(130);
    first = signal;
    controller.abort();
  };
  process.on("SIGINT", onSignal);
  process.on("SIGTERM", onSignal);
  return {
    stop: controller.signal,
    received: () => first,
    release: () => {
      process.off("SIGINT", onSignal);
      process.off("SIGTERM", onSignal);
    },
  };
}
