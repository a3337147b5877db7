import { once } from "node:events";
import { connect as connectTcp, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import type { ByteLink } from "../../protocols/dicom/net/requestor.ts";
import { LynceusError } from "../../protocols/errors.ts";

/** How a peer is reached. PEM. */
export interface PeerAddress {
  readonly host: string;
  readonly port: number;
  readonly tls?: {
    readonly ca?: Uint8Array;
    readonly cert?: Uint8Array;
    readonly key?: Uint8Array;
    readonly serverName?: string;
  };
}

/** An open link; `close` ends it at once. */
export interface OpenLink extends ByteLink {
  close(): void;
}

/**
 * Connects to a DICOM peer. A link on which nothing goes for `idleMs` is cut, so that nobody waits for a peer that hangs.
 * @throws LYN_LINK_UNREACHABLE
 */
export async function openLink(address: PeerAddress, idleMs: number, signal: AbortSignal): Promise<OpenLink> {
  const { host, port } = address;
  const socket = connect(address);
  const timer = setTimeout(() => socket.destroy(new Error("no answer")), idleMs);
  const cut = () => socket.destroy();
  signal.addEventListener("abort", cut, { once: true });
  socket.once("close", () => signal.removeEventListener("abort", cut));
  try {
    await once(socket, address.tls === undefined ? "connect" : "secureConnect");
  } catch (cause) {
    throw new LynceusError("LYN_LINK_UNREACHABLE", `no link to the DICOM peer ${host}:${port}`, {
      remedy: "Check address, port and TLS of the archive, and that it is running.",
      cause,
    });
  } finally {
    clearTimeout(timer);
  }
  socket.setNoDelay(true);
  socket.setTimeout(idleMs, () => socket.destroy(new Error("the peer said nothing for too long")));
  socket.on("error", () => undefined);
  return { source: socket, write: (bytes) => write(socket, bytes), close: () => socket.destroy() };
}

function connect({ host, port, tls }: PeerAddress): Socket {
  if (tls === undefined) return connectTcp({ host, port });
  const { ca, cert, key, serverName } = tls;
  return connectTls({
    host,
    port,
    minVersion: "TLSv1.2",
    ...(ca && { ca: Buffer.from(ca) }),
    ...(cert && { cert: Buffer.from(cert) }),
    ...(key && { key: Buffer.from(key) }),
    ...(serverName === undefined ? {} : { servername: serverName }),
  });
}

function write(socket: Socket, bytes: Uint8Array): Promise<void> {
  return new Promise((resolve, reject) => {
    if (socket.destroyed) reject(new Error("the link is closed"));
    else socket.write(bytes, (error) => (error ? reject(error) : resolve()));
  });
}
