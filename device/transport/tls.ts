import { isIP, type Server, type Socket } from "node:net";
import { connect as connectTls, createServer as createTlsServer, type SecureContextOptions } from "node:tls";
import { LynceusError } from "../../protocols/errors.ts";

/** What a TLS link authenticates with, PEM. */
export interface TlsMaterial {
  /** Who may have signed the peer's certificate. Dialling: absent, the system's. Listening: absent, peers need none. */
  readonly ca?: Uint8Array;
  readonly cert?: Uint8Array;
  readonly key?: Uint8Array;
}

/** Reads the material anew, so that rotated files are used. */
export type TlsSource = () => Promise<TlsMaterial>;

/** A peer that does not finish its handshake within this is cut, ms. */
export const HANDSHAKE_MS = 5_000;
/** Connections of a listening TLS port, those in their handshake counted, at most. */
export const MAX_TLS_CONNECTIONS = 16;

/** Dials with TLS 1.2 or later; the peer's certificate has to name `host`. `secureConnect` says that it is up. */
export function dialTls(host: string, port: number, material: TlsMaterial): Socket {
  return connectTls({
    host,
    port,
    ...pem(material),
    minVersion: "TLSv1.2",
    ...(isIP(host) === 0 ? { servername: host } : {}),
  });
}

/**
 * A TLS server that hands over peers after their handshake. With `ca` each peer has to show a certificate signed by it.
 * @param admits whether an address may begin a handshake at all.
 * @throws LynceusError `LYN_TLS_MATERIAL` without a certificate and key, or when they cannot be used.
 */
export function listenTls(
  material: TlsMaterial,
  admits: (socket: Socket) => boolean,
  arrived: (socket: Socket) => void,
): Server {
  if (material.cert === undefined || material.key === undefined)
    throw unusable("a listening port needs a certificate and its key");
  let server: Server;
  try {
    server = createTlsServer(
      {
        ...pem(material),
        minVersion: "TLSv1.2",
        requestCert: material.ca !== undefined,
        rejectUnauthorized: material.ca !== undefined,
        handshakeTimeout: HANDSHAKE_MS,
        noDelay: true,
      },
      arrived,
    );
  } catch (cause) {
    throw unusable((cause as Error).message, cause);
  }
  server.maxConnections = MAX_TLS_CONNECTIONS;
  server.on("connection", (socket: Socket) => {
    if (!admits(socket)) socket.destroy();
  });
  // A handshake that fails is its peer's affair: the port goes on.
  server.on("tlsClientError", (_error: Error, socket: Socket) => socket.destroy());
  return server;
}

/** Certificates or keys that cannot be used, said with the reason. */
export function unusable(why: string, cause?: unknown): LynceusError {
  return new LynceusError("LYN_TLS_MATERIAL", `TLS of a device's link: ${why}`, {
    remedy: "Name PEM files that belong together under tls: { ca, cert, key } beside the transport",
    ...(cause === undefined ? {} : { cause }),
  });
}

function pem({ ca, cert, key }: TlsMaterial): SecureContextOptions {
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  return {
    ...(ca === undefined ? {} : { ca: text(ca) }),
    ...(cert === undefined ? {} : { cert: text(cert) }),
    ...(key === undefined ? {} : { key: text(key) }),
  };
}
