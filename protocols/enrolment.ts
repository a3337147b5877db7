import { z } from "zod";
import { GATEWAY_PATTERN, SITE_PATTERN } from "./mqtt/names.ts";

/**
 * How a gateway gets its certificates: a one-time token, bound to it, for the first ones; a certificate that is still valid for
 * the next. Keys are made on the gateway and never leave it: what travels are signing requests (PKCS#10) and certificates.
 */

/** A role has a connection of its own to the broker, and a certificate of its own: a broker may tell clients apart by it. */
export const ENROLMENT_ROLES = ["hit", "bulk", "in"] as const;
export type EnrolmentRole = (typeof ENROLMENT_ROLES)[number];

/** Characters of a signing request or certificate chain in PEM. */
const MAX_PEM = 16_384;
const pem = z.string().min(1).max(MAX_PEM);
const site = z.string().regex(SITE_PATTERN);
const gateway = z.string().regex(GATEWAY_PATTERN);

/** Bytes of a request or an answer at most. */
export const MAX_ENROLMENT_BYTES = 128 * 1024;

/** A token file: whoever has it may enrol that one gateway, once. */
export const enrolmentTokenSchema = z.strictObject({
  schema: z.literal("lynceus-enrolment-token/1"),
  authority: z.url({ protocol: /^https$/ }).describe("where the authority answers"),
  site,
  gateway,
  token: z.string().regex(/^[A-Za-z0-9_-]{43}$/, "32 random bytes in base64url"),
  notAfter: z.iso.datetime(),
  ca: pem.describe("the authority's own certificate: nobody else is spoken to"),
});
export type EnrolmentToken = z.output<typeof enrolmentTokenSchema>;

const signingRequest = z.strictObject({ role: z.enum(ENROLMENT_ROLES), csr: pem });
export type SigningRequest = z.output<typeof signingRequest>;
const requests = z
  .array(signingRequest)
  .min(1)
  .max(ENROLMENT_ROLES.length)
  .refine((all) => new Set(all.map(({ role }) => role)).size === all.length, "one request a role");

/** `POST /v1/enrol`. */
export const enrolSchema = z.strictObject({
  token: enrolmentTokenSchema.shape.token,
  site,
  gateway,
  requests,
});
export type EnrolRequest = z.output<typeof enrolSchema>;

/** `POST /v1/renew`, with the role's certificate as the client's. */
export const renewSchema = z.strictObject({ requests });
export type RenewRequest = z.output<typeof renewSchema>;

/** The answer to both. */
export const enrolledSchema = z.object({
  ca: pem.describe("authorities that the broker's certificate may be of, PEM"),
  certificates: z
    .array(z.object({ role: z.enum(ENROLMENT_ROLES), certificate: pem }))
    .min(1)
    .max(ENROLMENT_ROLES.length),
});
export type Enrolled = z.output<typeof enrolledSchema>;

/** Why an authority refuses. */
export const ENROLMENT_ERRORS = [
  "BAD_REQUEST",
  "TOKEN",
  "CERTIFICATE",
  "REVOKED",
  "TOO_LARGE",
  "NOT_FOUND",
  "FAILED",
] as const;
export const enrolmentErrorSchema = z.object({
  error: z.object({ code: z.enum(ENROLMENT_ERRORS), message: z.string().max(500) }),
});

/** The common name of a role's certificate, which is its user name and client id at the broker. */
export function commonNameOf(name: {
  readonly site: string;
  readonly gateway: string;
  readonly role: string;
}): string {
  return `${name.site}.${name.gateway}.${name.role}`;
}

/** What a common name says; null where it is none of a gateway's. */
export function parseCommonName(
  text: string,
): { readonly site: string; readonly gateway: string; readonly role: EnrolmentRole } | null {
  const [siteName = "", gatewayName = "", roleName = "", ...more] = text.split(".");
  const role = ENROLMENT_ROLES.find((known) => known === roleName);
  if (more.length > 0 || role === undefined) return null;
  if (!SITE_PATTERN.test(siteName) || !GATEWAY_PATTERN.test(gatewayName)) return null;
  return { site: siteName, gateway: gatewayName, role };
}
