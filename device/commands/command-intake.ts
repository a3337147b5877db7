import {
  COMMANDS,
  type Command,
  type CommandErrorCode,
  type CommandName,
  MAX_COMMAND_LIFETIME_MS,
  type Response,
  receivedCommandSchema,
  SIGNED_COMMANDS,
} from "../../protocols/mqtt/command.ts";
import { MAX_TEXT } from "../../protocols/mqtt/limits.ts";
import type { Log } from "../log.ts";
import type { TrustedKeys } from "../trusted-keys.ts";
import type { Answers } from "./answers.ts";
import { CommandFault, type CommandHandler } from "./command.ts";
import { type CommandEvent, readMessage } from "./read-message.ts";
import { type CommandAudience, isSigned, verifyCommand } from "./signed.ts";
import { Turns } from "./turns.ts";
import type { UsedTokens } from "./used-tokens.ts";

/** A command as it came from the broker. */
export interface CommandMessage {
  /** The last part of its topic. */
  readonly name: string;
  readonly payload: Uint8Array;
  /** MQTT 5; absent: the answer goes to the command's own response topic. */
  readonly responseTopic?: string;
  readonly correlationData?: Uint8Array;
  /** The trace that the answer goes on with, unchecked. */
  readonly traceparent?: string;
}

export interface CommandIntakeOptions {
  readonly handlers: Readonly<Partial<Record<CommandName, CommandHandler>>>;
  readonly allow: readonly string[];
  readonly answers: Answers;
  /** What signed commands are checked with. */
  readonly signed: CommandAudience & {
    /** The keys of `trust.central`, read anew for each command. */
    readonly keys: () => Promise<TrustedKeys>;
    readonly used: UsedTokens;
  };
  /** A command was refused for who sent it: somebody should know. */
  readonly onRefused: (command: string, why: string) => void;
  /** More commands come than are taken: somebody should know. */
  readonly onFlood?: (command: string) => void;
  /** Whether an answer may go to a topic. */
  readonly mayAnswer: (topic: string) => boolean;
  /** Rejects where the answer could not be delivered. */
  readonly respond: (
    to: Omit<CommandMessage, "payload">,
    response: Response,
    signal: AbortSignal,
  ) => Promise<void>;
  /** ms since the epoch */
  readonly clock: () => number;
  readonly log: Log;
}

/** Commands that wait while one runs; more are BUSY. */
export const MAX_WAITING = 16;
/** Answers of "busy" that may be on their way; who asks beyond it gets none. */
const MAX_BUSY = 16;
/** Clocks differ: a command that lies this much too far ahead is taken, ms. */
const CLOCK_LENIENCE_MS = 60_000;
/** Characters of a command's name that an alert shows. */
const MAX_NAME = 64;
const SIGNED: ReadonlySet<string> = new Set(SIGNED_COMMANDS);

/**
 * Commands of central (`mqtt.md`, Command): checked, done one at a time, answered once and the same way again for 24 hours.
 * What cannot be answered, since it names no event, is logged. Nothing that a message holds ends the gateway.
 */
export class CommandIntake {
  readonly #options: CommandIntakeOptions;
  readonly #stopped = new AbortController();
  readonly #running = new Set<string>();
  #last: Promise<void> = Promise.resolve();
  readonly #turns = new Turns({ now: () => performance.now() });
  #busy = 0;

  constructor(options: CommandIntakeOptions) {
    this.#options = options;
  }

  start(): Promise<void> {
    return this.#options.answers.start();
  }

  /** What runs is broken off without an answer: it is done anew when it comes again. */
  async stop(): Promise<void> {
    this.#stopped.abort();
    await this.#last;
  }

  /** Resolves when the command is taken: it may still wait and run. */
  async receive(message: CommandMessage): Promise<void> {
    const { log, answers, mayAnswer } = this.#options;
    const event = readMessage(message.payload, log);
    if (event === null || this.#running.has(event.key)) return;
    const { id, key } = event;
    const strange = message.responseTopic !== undefined && !mayAnswer(message.responseTopic);
    const to = strange ? { name: message.name } : message;
    if (!this.#turns.take()) return this.#sayBusy(to, id, "more commands come than are taken");
    const known = await answers.of(key, id);
    if (known !== null) return this.#answer(to, known);
    if (this.#running.size > MAX_WAITING)
      return this.#sayBusy(to, id, `${this.#running.size} commands wait already`);
    this.#running.add(key);
    this.#last = this.#last.then(async () => {
      const response = strange
        ? refusal(id, "BAD_REQUEST", "the response topic is not of this site")
        : await this.#do(event, message.name);
      const broken = this.#stopped.signal.aborted;
      if (!broken)
        await answers
          .keep(response, key)
          .catch((error: unknown) => log.error({ err: error }, "an answer could not be kept"));
      this.#running.delete(key);
      if (!broken) await this.#respond(to, response);
    });
  }

  /** Told while few such answers are on their way: who floods fills no memory with them. */
  #sayBusy(to: Omit<CommandMessage, "payload">, id: string, why: string): void {
    this.#options.onFlood?.(to.name.slice(0, MAX_NAME));
    if (this.#busy >= MAX_BUSY) return;
    this.#busy += 1;
    void this.#respond(to, refusal(id, "BUSY", why)).finally(() => {
      this.#busy -= 1;
    });
  }

  /** Not waited for: the broker's word on the answer comes only when the command itself is acknowledged. */
  #answer(to: Omit<CommandMessage, "payload">, response: Response): void {
    void this.#respond(to, response);
  }

  async #do(event: CommandEvent, topicName: string): Promise<Response> {
    const { log } = this.#options;
    const { id } = event;
    try {
      const { command, signed } = await this.#check(event, topicName);
      const handler = this.#handlerOf(command, signed, topicName);
      if (signed !== null) await this.#takeToken(signed, id, topicName);
      const data = await handler(command.args, { id, signal: this.#stopped.signal });
      log.info({ code: "COMMAND_DONE", command: command.name, id }, "a command was done");
      return { id, ok: true, data: data as NonNullable<Response["data"]> };
    } catch (error) {
      const code = error instanceof CommandFault ? error.code : "FAILED";
      const fields = { code: "COMMAND_REFUSED", command: topicName, id, why: code };
      // Only what nobody foresaw needs its stack.
      log.warn(code === "FAILED" ? { ...fields, err: error } : fields, "a command was not done");
      return refusal(id, code, error instanceof Error ? error.message : String(error));
    }
  }

  /** `signed`: the token that carried it; null: it came plain. */
  async #check(
    { id, data }: CommandEvent,
    topicName: string,
  ): Promise<{ readonly command: Command; readonly signed: string | null }> {
    const signed = isSigned(data) ? data : null;
    const content = signed === null ? data : await this.#verify(id, signed, topicName);
    const parsed = receivedCommandSchema.safeParse(content);
    if (!parsed.success) {
      const issue = parsed.error.issues[0];
      throw new CommandFault(
        "BAD_REQUEST",
        `/${issue?.path.join("/") ?? ""} ${issue?.message ?? "is not a command"}`,
      );
    }
    const { name, notAfter } = parsed.data;
    if (name !== topicName) throw new CommandFault("BAD_REQUEST", "the topic names another command");
    const ahead = Date.parse(notAfter) - this.#options.clock();
    if (ahead < 0) throw new CommandFault("EXPIRED", "notAfter is over");
    if (ahead > MAX_COMMAND_LIFETIME_MS + CLOCK_LENIENCE_MS)
      throw new CommandFault("EXPIRED", "notAfter is more than an hour ahead");
    return { command: parsed.data, signed };
  }

  async #verify(id: string, token: string, name: string): Promise<unknown> {
    const { signed, log } = this.#options;
    const trusted = await signed.keys();
    for (const { code, message } of trusted.faults) log.error({ code }, message);
    try {
      return verifyCommand({ id, token }, trusted, signed).data;
    } catch (error) {
      if (error instanceof CommandFault && error.code === "UNAUTHORISED") this.#refused(name, error.message);
      throw error;
    }
  }

  #handlerOf({ name }: Command, signed: string | null, topicName: string): CommandHandler {
    const { handlers, allow } = this.#options;
    const known = COMMANDS.find((one) => one === name);
    if (known === undefined) throw new CommandFault("UNKNOWN_COMMAND", "there is no such command");
    const must = SIGNED.has(known);
    if (must && signed === null) {
      const why = "this command must be signed by central";
      this.#refused(topicName, why);
      throw new CommandFault("UNAUTHORISED", why);
    }
    if (!must && !allow.includes(known))
      throw new CommandFault("UNAUTHORISED", "commands.allow does not name it");
    const handler = handlers[known];
    if (handler === undefined) throw new CommandFault("UNKNOWN_COMMAND", "this gateway does not serve it");
    return handler;
  }

  /** The id of an event is not signed: a signed command counts for one event only. */
  async #takeToken(token: string, id: string, name: string): Promise<void> {
    if (await this.#options.signed.used.take(token, id)) return;
    const why = "this signed command was sent before, under another id";
    this.#refused(name, why);
    throw new CommandFault("UNAUTHORISED", why);
  }

  #refused(command: string, why: string): void {
    this.#options.onRefused(command.slice(0, MAX_NAME), why);
  }

  async #respond(to: Omit<CommandMessage, "payload">, response: Response): Promise<void> {
    const { respond, log } = this.#options;
    await respond(to, response, this.#stopped.signal).catch((error: unknown) =>
      log.warn({ err: error, id: response.id }, "an answer could not be sent; the command may be sent again"),
    );
  }
}

function refusal(id: string, code: CommandErrorCode, message: string): Response {
  return { id, ok: false, error: { code, message: message.slice(0, MAX_TEXT) } };
}
