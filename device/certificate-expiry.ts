import { X509Certificate } from "node:crypto";
import { readSecret } from "./config/secrets.ts";

/** The certificates of `broker.tls`. */
export interface CertificateFiles {
  readonly cert?: string | undefined;
  readonly roles: Readonly<Partial<Record<string, { readonly cert: string; readonly key: string }>>>;
}

/**
 * When the first of the client certificates for the broker expires, RFC 3339; null without one. Read anew each time, for
 * certificates are renewed on disk.
 * @throws LynceusError `LYN_SECRET_UNREADABLE`; an error of node:crypto where a file is no certificate.
 */
export async function certificateExpiry(
  { tls }: { readonly tls?: CertificateFiles | undefined },
  env: Readonly<Record<string, string | undefined>>,
): Promise<string | null> {
  const files = [tls?.cert, ...Object.values(tls?.roles ?? {}).map((pair) => pair?.cert)];
  const named = files.filter((file) => file !== undefined);
  const ends = await Promise.all(
    [...new Set(named)].map(async (file) => new X509Certificate(await readSecret(file, env)).validToDate),
  );
  return ends.length === 0 ? null : new Date(Math.min(...ends.map(Number))).toISOString();
}
