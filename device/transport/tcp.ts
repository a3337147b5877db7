import { connect, type Socket } from "node:net";
import { LynceusError } from "../../protocols/errors.ts";
import { type AddressFilter, peerRefused } from "./addresses.ts";
import { duplexLink } from "./duplex.ts";
import type { Link, Transport } from "./port.ts";
import { dialTls, type TlsMaterial, type TlsSource, unusable } from "./tls.ts";

/** A device that does not answer the connection request within this is absent, ms. */
export const CONNECT_TIMEOUT_MS = 5_000;
/** Idle time after which the system probes whether the peer is still there, ms. */
export const KEEP_ALIVE_MS = 10_000;

/** `tcp://HOST:PORT`, or with `tls` `tls://HOST:PORT`: the gateway opens the connection. */
export function tcpTransport(options: {
  url: string;
  host: string;
  port: number;
  allows: AddressFilter;
  connectTimeoutMs?: number;
  /** Read before each connection; absent: plain TCP. */
  tls?: TlsSource | undefined;
}): Transport {
  return {
    url: options.url,
    passive: false,
    open: async (signal) => dial(options, signal, await options.tls?.()),
  };
}

function dial(
  options: Parameters<typeof tcpTransport>[0],
  signal: AbortSignal,
  tls: TlsMaterial | undefined,
): Promise<Link> {
  const { host, port } = options;
  const peer = `${tls === undefined ? "tcp" : "tls"} ${host}:${port}`;
  return new Promise((resolve, reject) => {
    signal.throwIfAborted();
    const socket = tls === undefined ? connect({ host, port }) : secured(host, port, tls);
    socket.setNoDelay(true).setKeepAlive(true, KEEP_ALIVE_MS);
    const fail = (error: unknown) => {
      settle();
      socket.destroy();
      reject(error);
    };
    const onError = (cause: Error) => fail(unreachable(peer, cause));
    const onAbort = () => fail(signal.reason);
    const timer = setTimeout(() => fail(timedOut(peer)), options.connectTimeoutMs ?? CONNECT_TIMEOUT_MS);
    const settle = () => {
      clearTimeout(timer);
      signal.removeEventListener("abort", onAbort);
      socket.off("error", onError);
      // A destroyed socket may still report; nobody waits for it any more.
      socket.on("error", () => {});
    };
    socket.once("error", onError);
    signal.addEventListener("abort", onAbort, { once: true });
    socket.once(tls === undefined ? "connect" : "secureConnect", () => {
      if (!options.allows(remoteOf(socket))) return fail(peerRefused(peer));
      settle();
      resolve(duplexLink(socket, { peer }));
    });
  });
}

function secured(host: string, port: number, tls: TlsMaterial): Socket {
  try {
    return dialTls(host, port, tls);
  } catch (cause) {
    throw unusable((cause as Error).message, cause);
  }
}

/** The peer's address, empty when it is already gone. */
export function remoteOf(socket: Socket): string {
  return socket.remoteAddress ?? "";
}

function unreachable(peer: string, cause: Error): LynceusError {
  return new LynceusError("LYN_LINK_UNREACHABLE", `${peer}: ${cause.message}`, {
    remedy: "Check that the device is on, the address is right and no firewall is between",
    details: { peer, errno: (cause as NodeJS.ErrnoException).code ?? null },
    cause,
  });
}

function timedOut(peer: string): LynceusError {
  return new LynceusError("LYN_LINK_UNREACHABLE", `${peer} did not answer the connection request in time`, {
    remedy: "Check that the device is on, the address is right and no firewall is between",
    details: { peer, errno: "ETIMEDOUT" },
  });
}
