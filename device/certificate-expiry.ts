import { X509Certificate } from "node:crypto";
import type { BrokerConfig } from "./config/schema.ts";
import { readSecret } from "./config/secrets.ts";

/**
 * When the first of the client certificates for the broker expires, RFC 3339; null without one. Read anew each time, for
 * certificates are renewed on disk.
 * @throws LynceusError `LYN_SECRET_UNREADABLE`; an error of node:crypto where a file is no certificate.
 */
export async function certificateExpiry(
  { tls }: Pick<BrokerConfig, "tls">,
  env: Readonly<Record<string, string | undefined>>,
): Promise<string | null> {
  const files = [tls?.cert, ...Object.values(tls?.roles ?? {}).map(({ cert }) => cert)];
  const named = files.filter((file) => file !== undefined);
  const ends = await Promise.all(
    [...new Set(named)].map(async (file) => new X509Certificate(await readSecret(file, env)).validToDate),
  );
  return ends.length === 0 ? null : new Date(Math.min(...ends.map(Number))).toISOString();
}
