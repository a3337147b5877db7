import { type ErrorCode, LynceusError } from "../../protocols/errors.ts";
import type { Retention } from "../declarations/retention.ts";
import type { SigningKey } from "../keys/signing-key.ts";
import type { OperationName } from "./operations/index.ts";

/** What the worker is started with. */
export interface WorkerOptions {
  readonly path: string;
  readonly site: string;
  readonly gateway: string;
  /** Used if the spool has no journal yet. */
  readonly newJournal: string;
  readonly bootId: string;
  readonly now: number;
  readonly ballastBytes: number;
  /** A journal up to this size is read from end to end before it is used; absent: the usual. */
  readonly checkedBytes?: number | undefined;
  /** How long declarations are kept at most. */
  readonly retention: Retention;
  /** Signs each row; null: rows are chained and not signed. */
  readonly signingKey: SigningKey | null;
}

/** One operation of a batch. */
export interface Request {
  readonly name: OperationName;
  readonly given: unknown;
}

/** To the worker: a batch is one transaction, one fsync. */
export type ToWorker =
  | { readonly kind: "batch"; readonly requests: readonly Request[] }
  | { readonly kind: "stop" };

/** An error in a form that crosses threads. */
export interface PlainError {
  readonly code: ErrorCode;
  readonly message: string;
  readonly remedy: string;
  readonly details: Readonly<Record<string, unknown>>;
}

export type Outcome =
  | { readonly ok: true; readonly value: unknown }
  | { readonly ok: false; readonly error: PlainError };

/** From the worker. `ready.salvaged`: the rows saved from a damaged journal, by table, null when it was sound. */
export type FromWorker =
  | {
      readonly kind: "ready";
      readonly journal: string;
      readonly salvaged: { readonly file: string; readonly rows: Readonly<Record<string, number>> } | null;
    }
  | { readonly kind: "refused"; readonly error: PlainError }
  | { readonly kind: "done"; readonly outcomes: readonly Outcome[] }
  | { readonly kind: "failed"; readonly error: PlainError }
  | { readonly kind: "stopped" };

export function toPlain(error: LynceusError): PlainError {
  const { code, message, remedy, details } = error;
  return { code, message, remedy, details };
}

export function fromPlain({ code, message, remedy, details }: PlainError): LynceusError {
  return new LynceusError(code, message, { remedy, details });
}
