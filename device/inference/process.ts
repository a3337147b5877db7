import { forkLimited } from "./limited-fork.ts";
import type { FromChild, ToChild } from "./messages.ts";

/** What the process may have of private memory, touched or not: a model that asks for more is refused it by the kernel. */
export const MAX_DATA_BYTES = 3_000_000_000;

/** What an analysis process tells whoever opened it. */
export interface ProcessEvents {
  readonly onMessage: (message: FromChild) => void;
  readonly onStderr: (text: string) => void;
  /** It is of no use any more; told once or more often. */
  readonly onEnd: (reason: string) => void;
}

/** An analysis process, wherever it runs. Single use. */
export interface AnalysisProcess {
  /** Null where it is not a child of this process. */
  readonly pid: number | null;
  /** `onFailed` where it cannot be told. */
  send(message: ToChild, onFailed: (error: Error) => void): void;
  /** Ends it, whatever it is doing. */
  kill(): void;
  /** Resolves when it is gone. */
  readonly gone: Promise<void>;
}

/** Starts one, or reaches one. */
export type OpenProcess = (events: ProcessEvents) => AnalysisProcess;

/** A child of this process, over the runtime's own channel. */
export const forkedProcess: OpenProcess = ({ onMessage, onStderr, onEnd }) => {
  const extension = import.meta.url.endsWith(".ts") ? ".ts" : ".js";
  const child = forkLimited(new URL(`./child${extension}`, import.meta.url), {
    // The second as for the gateway (bin/memory.js).
    execArgv: [
      "--max-old-space-size=512",
      "--max-semi-space-size=8",
      "--disable-warning=ExperimentalWarning",
    ],
    dataBytes: MAX_DATA_BYTES,
  });
  const { promise: gone, resolve } = Promise.withResolvers<void>();
  child.stderr?.setEncoding("utf8").on("data", onStderr);
  child.on("message", (message) => onMessage(message as FromChild));
  child.on("error", (error) => {
    onEnd(`the analysis process failed: ${error.message}`);
    if (child.pid === undefined) resolve();
  });
  child.on("exit", (code, by) => {
    onEnd(`the analysis process ended (${by ?? `exit ${code}`})`);
    resolve();
  });
  return {
    get pid() {
      return child.pid ?? null;
    },
    send: (message, onFailed) => {
      child.send(message, (error) => {
        if (error) onFailed(error);
      });
    },
    // A stopped process does not hear SIGTERM: only SIGKILL is certain.
    kill: () => void child.kill("SIGKILL"),
    gone,
  };
};
