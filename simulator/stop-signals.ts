/** SIGINT, SIGTERM and the loss of whoever reads stdout, as something that can be waited for. */
export interface StopSignals {
  /** Aborts at the first of them. */
  readonly stop: AbortSignal;
  /** Which signal came, null while none has. */
  readonly received: () => NodeJS.Signals | null;
  readonly release: () => void;
}

/** Listens for the end: a signal (a second one ends the process at once), or a reader of stdout that went away. */
export function listenForStop(): StopSignals {
  const controller = new AbortController();
  let first: NodeJS.Signals | null = null;
  const onSignal = (signal: NodeJS.Signals) => {
    if (first !== null) process.exit(130);
    first = signal;
    controller.abort();
  };
  const onLost = () => controller.abort();
  process.stdout.on("error", onLost);
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
