import type { CommandErrorCode } from "../../protocols/mqtt/command.ts";

/** Values of an answer. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

/** Why a command is not done (`mqtt.md`, Command). */
export class CommandFault extends Error {
  override readonly name = "CommandFault";
  readonly code: CommandErrorCode;

  constructor(code: CommandErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}

/** What a running command knows of itself. */
export interface CommandContext {
  /** Id of the command's event: names the request in what is published for it. */
  readonly id: string;
  readonly signal: AbortSignal;
}

/**
 * Does a command: `args` as they came, unchecked. Resolves with the answer's `data`.
 * @throws CommandFault
 */
export type CommandHandler = (
  args: Readonly<Record<string, unknown>>,
  context: CommandContext,
) => Promise<Json>;
