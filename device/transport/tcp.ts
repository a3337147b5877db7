import { connect, type Socket } from "node:net";
import { LynceusError } from "../../protocols/errors.ts";
import { type AddressFilter, peerRefused } from "./addresses.ts";
import { duplexLink } from "./duplex.ts";
import type { Link, Transport } from "./port.ts";

/** A device that does not answer the connection request within this is absent, ms. */
export const CONNECT_TIMEOUT_MS = 5_000;
/** Idle time after which the system probes whether the peer is still there, ms. */
export const KEEP_ALIVE_MS = 10_000;

/** `tcp://HOST:PORT`: the gateway opens the connection. */
export function tcpTransport(options: {
  url: string;
  host: string;
  port: number;
  allows: AddressFilter;
  connectTimeoutMs?: number;
}): Transport {
  return {
    url: options.url,
    passive: false,
    open: (signal) => dial(options, signal),
  };
}

function dial(options: Parameters<typeof tcpTransport>[0], signal: AbortSignal): Promise<Link> {
  const { host, port } = options;
  const peer = `tcp ${host}:${port}`;
  return new Promise((resolve, reject) => {
    signal.throwIfAborted();
    const socket = connect({
      host,
      port,
      noDelay: true,
      keepAlive: true,
      keepAliveInitialDelay: KEEP_ALIVE_MS,
    });
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
    socket.once("connect", () => {
      if (!options.allows(remoteOf(socket))) return fail(peerRefused(peer));
      settle();
      resolve(duplexLink(socket, { peer }));
    });
  });
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
