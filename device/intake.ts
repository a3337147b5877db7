import { type Declaration, parseDeclaration } from "../protocols/declaration.ts";
import { isLynceusError, LynceusError } from "../protocols/errors.ts";
import { unwrap } from "../protocols/mqtt/envelope.ts";
import type { Outcome } from "../protocols/mqtt/outcome.ts";
import { readEventData } from "../protocols/mqtt/read.ts";
import type { Received } from "../protocols/mqtt/received.ts";
import type { Alerts } from "./alerts.ts";
import { mayConcern } from "./fusion/match.ts";
import type { Log } from "./log.ts";
import { MAX_OUTCOMES, type Spool, type StoredDeclaration } from "./spool/port.ts";

/** Scans this old are still rescored when their declaration comes or changes, ms (`mqtt.md`, Declaration). */
const RESCORE_WINDOW_MS = 24 * 3.6e6;

interface Key {
  readonly scheme: string;
  readonly value: string;
}

/** What the intake works with. */
export interface IntakeOptions {
  readonly spool: Pick<
    Spool,
    | "putDeclaration"
    | "declarationIdentifiers"
    | "putDeadLetter"
    | "putOutcome"
    | "findScansByIdentifiers"
    | "unseenDeclarations"
  >;
  readonly alerts: Alerts;
  /** Scores a scan anew; not awaited, the broker's acknowledgement does not wait for it. */
  readonly rescore: (scanId: string, cause: "declaration" | "cancellation") => void;
  /** A declaration was stored. */
  readonly onDeclared?: (stored: StoredDeclaration, scrubbed: number) => void;
  /** An outcome of a scan that this gateway does not know was counted. */
  readonly onUnknownOutcome?: () => void;
  /** An outcome that was not known before was stored. */
  readonly onOutcome?: (outcome: Received<Outcome>) => void;
  readonly clock: () => number;
  readonly log: Log;
}

/**
 * Takes what central sends down: each message is durable before it is acknowledged to the broker. A message that cannot be
 * read becomes a dead letter and an alert, and is acknowledged all the same: a redelivery would not make it better.
 */
export class Intake {
  readonly #options: IntakeOptions;

  constructor(options: IntakeOptions) {
    this.#options = options;
  }

  /** At start: scores what a stop or crash left between a declaration's commit and the revision it calls for. */
  async resume(): Promise<void> {
    const { spool, clock, rescore } = this.#options;
    for (const { scanId, cause } of await spool.unseenDeclarations(clock() - RESCORE_WINDOW_MS))
      rescore(scanId, cause);
  }

  /** A message on `…/declaration`. Rejects only when it could not be stored: then the broker must send it again. */
  async declaration(bytes: Uint8Array): Promise<void> {
    if (bytes.length === 0) return; // a retained message cleared
    const data = this.#data(bytes, "declaration");
    const parsed = data.ok
      ? parseDeclaration(data.data)
      : { ok: false as const, pointer: "", message: data.message };
    if (!parsed.ok) return this.#deadLetter("declaration", parsed.pointer, parsed.message, bytes);
    const { spool, clock, alerts } = this.#options;
    const before = await spool.declarationIdentifiers(parsed.declaration.aedId);
    const storedAt = clock();
    const result = await spool.putDeclaration(parsed.declaration, parsed.findings, storedAt);
    if (result === "conflict") {
      await alerts.raise({
        code: "DECLARATION_CONFLICT",
        severity: "warning",
        message: `Declaration ${parsed.declaration.aedId} revision ${parsed.declaration.revision} came again with other content; the first stands`,
        remedy: "Send a changed declaration as function amend with a higher revision.",
        details: { aedId: parsed.declaration.aedId, revision: parsed.declaration.revision },
      });
    }
    if (result === "displaced") {
      await alerts.raise({
        code: "DECLARATIONS_FULL",
        severity: "warning",
        message: "The store of declarations may grow no further: the oldest go for new ones",
        remedy:
          "See who sends declarations for the site, declarations.maxBytes, and the space on the volume.",
        details: {},
      });
    }
    if (result !== "stored" && result !== "displaced") return;
    const { declaration, findings, scrubbed } = parsed;
    this.#options.onDeclared?.({ declaration, findings, storedAt }, scrubbed);
    await this.#rescoreScans(declaration, before);
  }

  /** A message on `…/outcome`. */
  async outcome(bytes: Uint8Array): Promise<void> {
    if (bytes.length === 0) return;
    const data = this.#data(bytes, "outcome");
    if (!data.ok) return this.#deadLetter("outcome", "", data.message, bytes);
    const outcome = readOutcome(data.data);
    if (outcome instanceof LynceusError) {
      const pointer = String(outcome.details["pointer"] ?? "");
      return this.#deadLetter("outcome", pointer, outcome.message, bytes);
    }
    const { outcomeId, scanId, at } = outcome;
    const result = await this.#options.spool.putOutcome({
      outcomeId,
      scanId,
      at,
      body: JSON.stringify(outcome),
    });
    if (result === "stored") this.#options.onOutcome?.(outcome);
    if (result === "too-many") return this.#tooMany(scanId);
    if (result !== "unknown-scan") return;
    this.#options.onUnknownOutcome?.();
    this.#options.log.info({ outcomeId }, "an outcome for a scan this gateway does not know was counted");
  }

  /** Whoever may send outcomes could else fill the journal with them. */
  #tooMany(scanId: string): Promise<void> {
    return this.#options.alerts.raise({
      code: "INBOUND_FLOOD",
      severity: "warning",
      message: `A scan has ${MAX_OUTCOMES} outcomes already; more of it are not kept`,
      remedy: "See who sends outcomes for the site; what changes is sent under the outcomeId that it had.",
      details: { device: "outcome", message: "outcome", scanId },
    });
  }

  #data(
    bytes: Uint8Array,
    name: "declaration" | "outcome",
  ): { ok: true; data: unknown } | { ok: false; message: string } {
    try {
      const event = unwrap(bytes);
      if (event?.name === name) return { ok: true, data: event.data };
      return { ok: false, message: `it is an event of another type than ${name}` };
    } catch (error) {
      if (isLynceusError(error)) return { ok: false, message: error.message };
      throw error;
    }
  }

  async #deadLetter(
    source: "declaration" | "outcome",
    pointer: string,
    message: string,
    bytes: Uint8Array,
  ): Promise<void> {
    const { spool, alerts } = this.#options;
    // Its size and what is wrong with it, not the message itself: nobody has taken what is personal out of it.
    await spool.putDeadLetter(
      { source, reason: message, pointer: pointer === "" ? null : pointer, bytes: bytes.length },
      new Uint8Array(),
    );
    const declaration = source === "declaration";
    await alerts.raise({
      code: declaration ? "DECLARATION_DEAD_LETTER" : "OUTCOME_DEAD_LETTER",
      severity: "warning",
      message: `${declaration ? "A declaration" : "An outcome"} could not be read${pointer === "" ? "" : ` at ${pointer}`}: ${message}`,
      remedy: declaration
        ? "Send it again as customs-aed/1.0 in a CloudEvents envelope; `lynceus outbox` lists what could not be read."
        : "Send it again as lynceus-outcome/1.0 in a CloudEvents envelope; `lynceus outbox` lists what could not be read.",
      details: { pointer, bytes: bytes.length },
    });
  }

  /** Scans under the old keys too: an amendment may change them, and a cancellation need not repeat them. */
  async #rescoreScans(declaration: Declaration, before: readonly Key[]): Promise<void> {
    const { spool, clock, rescore } = this.#options;
    const now = declaration.identifiers ?? [];
    const identifiers = [...before, ...now];
    if (identifiers.length === 0) return;
    const scans = await spool.findScansByIdentifiers(identifiers, clock() - RESCORE_WINDOW_MS);
    for (const { scan } of scans.filter(({ scan }) => mayConcern(scan, before) || mayConcern(scan, now)))
      rescore(scan.scanId, declaration.function === "cancel" ? "cancellation" : "declaration");
  }
}

/** An outcome of any minor version, or why it is none. */
function readOutcome(data: unknown): Received<Outcome> | LynceusError {
  try {
    return readEventData("outcome", data);
  } catch (error) {
    if (isLynceusError(error)) return error;
    throw error;
  }
}
