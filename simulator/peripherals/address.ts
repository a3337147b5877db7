import { LynceusError } from "../../protocols/errors.ts";

/** A TCP address; port 0 asks the system for a free one. */
export interface Address {
  readonly host: string;
  readonly port: number;
}

/**
 * Reads `HOST:PORT`; an IPv6 host stands in brackets, `[::1]:7001`.
 * @throws LynceusError `LYN_USAGE` where it is not one.
 */
export function parseAddress(text: string): Address {
  const match = /^(?:\[([0-9a-fA-F:.]+)\]|([^:[\]\s]+)):(\d{1,5})$/.exec(text);
  const host = match?.[1] ?? match?.[2];
  const port = Number(match?.[3] ?? Number.NaN);
  if (host === undefined || !(port <= 65_535)) {
    throw new LynceusError("LYN_USAGE", `"${text}" is not HOST:PORT`, {
      remedy: "Give a host and a port from 0 to 65535, for example 127.0.0.1:7001; port 0 takes a free one",
    });
  }
  return { host, port };
}

/** `HOST:PORT`, brackets around an IPv6 host. */
export function formatAddress(address: Address): string {
  return address.host.includes(":") ? `[${address.host}]:${address.port}` : `${address.host}:${address.port}`;
}
