import { z } from "zod";
import { timestamp } from "./common.ts";

/** Commands that need no signature, where the gateway's `commands.allow` names them. */
export const UNSIGNED_COMMANDS = ["health", "outbox", "resend", "image", "rescore"] as const;
/** Commands that are taken only as a JWS for this gateway, by a key in `trust.central`. */
export const SIGNED_COMMANDS = [
  "pause",
  "resume",
  "models.install",
  "models.activate",
  "models.rollback",
] as const;
/** Commands of the contract. */
export const COMMANDS = [...UNSIGNED_COMMANDS, ...SIGNED_COMMANDS] as const;
export type CommandName = (typeof COMMANDS)[number];

/** Codes of a refused command. */
export const COMMAND_ERRORS = [
  "BAD_REQUEST",
  "UNKNOWN_COMMAND",
  "UNAUTHORISED",
  "EXPIRED",
  "NOT_FOUND",
  "GONE",
  "TOO_LARGE",
  "BUSY",
  "FAILED",
] as const;
export type CommandErrorCode = (typeof COMMAND_ERRORS)[number];

/** A command's `notAfter` lies at most this far ahead, ms. */
export const MAX_COMMAND_LIFETIME_MS = 3_600_000;

/** Name of a command in a topic. */
export const COMMAND_NAME_PATTERN = /^[a-z][a-z0-9.-]{0,63}$/;

/** `data` of `…/command/{name}`; the event's id is the idempotency key. */
export const commandSchema = z
  .strictObject({
    name: z.string().regex(COMMAND_NAME_PATTERN),
    args: z.record(z.string().max(64), z.json()),
    notAfter: timestamp.describe("at most 1 h ahead; later is EXPIRED"),
  })
  .describe("A command of central to a gateway");
export type Command = z.output<typeof commandSchema>;

/** The same as a gateway reads it: members of a later minor version, or of a token (`iss`, `exp`), are dropped. */
export const receivedCommandSchema = z.object(commandSchema.shape);

/** `data` of a command's response. */
export const responseSchema = z
  .strictObject({
    id: z.string().min(1).max(128).describe("id of the command's event"),
    ok: z.boolean(),
    data: z.json().optional(),
    error: z.strictObject({ code: z.enum(COMMAND_ERRORS), message: z.string().max(200) }).optional(),
  })
  .describe("The answer to a command; repeated for 24 h");
export type Response = z.output<typeof responseSchema>;
