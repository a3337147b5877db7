/** Why a TLS connection to the broker did not come about, in plain words. */
export interface TlsFault {
  /** server: the broker is not believed; client: the broker does not believe us; protocol: no TLS we would use. */
  readonly kind: "server" | "client" | "protocol";
  readonly reason: string;
  readonly remedy: string;
}

const RENEW_BROKER = "Have the broker's certificate renewed.";
const CHECK_CA =
  "See whether broker.tls.ca is the authority of the broker's certificate. If it is, someone else answers in the broker's place.";
const CHECK_OWN =
  "See the files in broker.tls, whether they have expired or were revoked; `lynceus enroll` fetches new ones.";
const CHECK_VERSION = "Let the broker speak TLS 1.3, or set broker.tls.minVersion: 1.2.";

const server = (reason: string, remedy: string): TlsFault => ({
  kind: "server",
  reason: `the broker's certificate ${reason}`,
  remedy,
});
const client = (reason: string): TlsFault => ({
  kind: "client",
  reason: `the broker refuses the gateway's certificate: ${reason}`,
  remedy: CHECK_OWN,
});
const protocol = (reason: string, remedy: string): TlsFault => ({ kind: "protocol", reason, remedy });

/** By the codes of OpenSSL that Node hands on. */
const FAULTS: Readonly<Record<string, TlsFault>> = {
  CERT_HAS_EXPIRED: server("has expired", `${RENEW_BROKER} If it is new, see the gateway's clock.`),
  CERT_NOT_YET_VALID: server("is not valid yet", "See the clocks of the gateway and the broker."),
  CERT_REVOKED: server("was revoked", RENEW_BROKER),
  CRL_HAS_EXPIRED: server(
    "cannot be checked: the revocation list has expired",
    "Replace the file broker.tls.crl.",
  ),
  UNABLE_TO_GET_CRL: server(
    "cannot be checked: the revocation list is another authority's",
    "Give broker.tls.crl the list of the broker's authority.",
  ),
  DEPTH_ZERO_SELF_SIGNED_CERT: server("is signed by nobody but itself", CHECK_CA),
  SELF_SIGNED_CERT_IN_CHAIN: server("is of an authority that is not trusted", CHECK_CA),
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: server("is of an authority that is not trusted", CHECK_CA),
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: server("is of an authority that is not trusted", CHECK_CA),
  CERT_SIGNATURE_FAILURE: server("was not signed by the authority that it names", CHECK_CA),
  ERR_TLS_CERT_ALTNAME_INVALID: server(
    "is for another name",
    "Connect by a name that stands in the broker's certificate.",
  ),
  ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED: client("none was shown"),
  ERR_SSL_SSLV3_ALERT_HANDSHAKE_FAILURE: client("it ended the handshake"),
  ERR_SSL_SSLV3_ALERT_BAD_CERTIFICATE: client("it is not one it can use"),
  ERR_SSL_SSLV3_ALERT_CERTIFICATE_EXPIRED: client("it has expired"),
  ERR_SSL_SSLV3_ALERT_CERTIFICATE_REVOKED: client("it was revoked"),
  ERR_SSL_SSLV3_ALERT_CERTIFICATE_UNKNOWN: client("it is not one it can use"),
  ERR_SSL_TLSV1_ALERT_UNKNOWN_CA: client("it does not know who issued it"),
  ERR_SSL_TLSV1_ALERT_DECRYPT_ERROR: client("its key does not fit"),
  ERR_OSSL_X509_KEY_VALUES_MISMATCH: client("certificate and key do not belong together"),
  ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION: protocol("the broker does not speak TLS 1.3", CHECK_VERSION),
  ERR_SSL_UNSUPPORTED_PROTOCOL: protocol("the broker does not speak TLS 1.3", CHECK_VERSION),
  ERR_SSL_WRONG_VERSION_NUMBER: protocol(
    "the broker does not speak TLS on that port",
    "See the port; it is never tried without TLS.",
  ),
  ERR_SSL_PACKET_LENGTH_TOO_LONG: protocol(
    "the broker does not speak TLS on that port",
    "See the port; it is never tried without TLS.",
  ),
};

/** What an error of a connection says about TLS; null where it is about something else. */
export function tlsFaultOf(error: unknown): TlsFault | null {
  for (let at: unknown = error, depth = 0; at instanceof Error && depth < 4; at = at.cause, depth += 1) {
    const fault = FAULTS[codeOf(at)];
    if (fault !== undefined) return fault;
  }
  return null;
}

/** While something waits to be written Node says EPROTO, and OpenSSL's own word stands in the text only. */
function codeOf(error: Error): string {
  const { code } = error as { code?: unknown };
  if (code !== "EPROTO") return typeof code === "string" ? code : "";
  const word = /:SSL routines:[^:]*:([^:]+):/.exec(error.message)?.[1] ?? "";
  return `ERR_SSL_${word.toUpperCase().replaceAll(" ", "_")}`;
}
