import { z } from "zod";
import { MAX_TEXT } from "./limits.ts";
import { GATEWAY_PATTERN, LANE_PATTERN, SITE_PATTERN } from "./names.ts";

/** Building blocks of the payload schemas. Every payload is a strict object: what we send holds nothing unknown. */

/** An integer that JSON keeps exact: 0 … 2^53−1. */
export const count = z.int().min(0);
export const uuid = z.uuid();
/** RFC 3339 with offset. */
export const timestamp = z.iso.datetime({ offset: true }).describe("RFC 3339");
/** RFC 3339 UTC with milliseconds, as the envelope wants it. */
export const timestampMs = z.iso.datetime({ precision: 3 }).describe("RFC 3339 UTC with milliseconds");
export const probability = z.number().min(0).max(1);
export const text = z.string().max(MAX_TEXT);
/** A short name: of a model, a view, a profile. */
export const name = z.string().min(1).max(128);
export const sha256Hex = z
  .string()
  .regex(/^[0-9a-f]{64}$/)
  .describe("SHA-256, lower-case hex");
export const site = z.string().regex(SITE_PATTERN).describe("UN/LOCODE and a part of it");
export const gateway = z.string().regex(GATEWAY_PATTERN);
export const lane = z.string().regex(LANE_PATTERN);

/** `integrity` of hits and alerts (`mqtt.md` "Integrity"). */
export const integritySchema = z.strictObject({
  previous: sha256Hex.describe("hash of the row before in the journal; 64 zeros first"),
  hash: sha256Hex.describe("SHA-256(previous as 64 hex ASCII, LF, RFC 8785 form of data without integrity)"),
  signature: z
    .string()
    .regex(/^[A-Za-z0-9_-]{86}$/)
    .nullable()
    .describe("base64url Ed25519 over the 32 hash bytes, null while no key is configured"),
  keyId: z
    .string()
    .regex(/^[0-9a-f]{16}$/)
    .nullable()
    .describe("first 16 hex digits of SHA-256 of the raw public key"),
});
/** Place of a row in the hash chain of its journal. */
export type Integrity = z.output<typeof integritySchema>;
