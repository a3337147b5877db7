import { z } from "zod";
import type { ConfigFault } from "./issues.ts";

const HOST_PORT = /^(?:\[[0-9a-fA-F:]+\]|[^\s:/]+):\d{1,5}$/;

/** `console`: the technician's page and the metrics, on one address. */
export const consoleSchema = z
  .strictObject({
    listen: z
      .string()
      .regex(HOST_PORT, "HOST:PORT")
      .refine((value) => Number(value.split(":").at(-1)) <= 65_535, "HOST:PORT"),
    /** A file or `env:NAME` with the token that whoever connects must have. */
    tokenFile: z.string().min(1).optional(),
    tls: z.strictObject({ cert: z.string().min(1), key: z.string().min(1) }).optional(),
  })
  .optional();
export type ConsoleConfig = NonNullable<z.output<typeof consoleSchema>>;

/** Host and port of `console.listen`, an IPv6 address without its brackets. */
export function consoleAddress(listen: string): { readonly host: string; readonly port: number } {
  const at = listen.lastIndexOf(":");
  return { host: listen.slice(0, at).replace(/^\[|\]$/g, ""), port: Number(listen.slice(at + 1)) };
}

/** Whether only this machine can reach an address. */
export function isLoopback(host: string): boolean {
  return host === "localhost" || host === "::1" || /^127(\.\d{1,3}){3}$/.test(host);
}

/** Whoever is on the network of the cabinet must neither read nor listen in. */
export function consoleFaults(config: ConsoleConfig | undefined): readonly ConfigFault[] {
  if (config === undefined || isLoopback(consoleAddress(config.listen).host)) return [];
  const missing = [
    ...(config.tokenFile === undefined ? ["tokenFile"] : []),
    ...(config.tls === undefined ? ["tls: { cert, key }"] : []),
  ];
  if (missing.length === 0) return [];
  return [
    {
      path: "console",
      message: `found: ${config.listen} without ${missing.join(" and ")}; allowed: 127.0.0.1:PORT or [::1]:PORT, or any address with tokenFile and tls`,
    },
  ];
}

/** With its paths resolved. */
export function resolvedConsole(
  config: ConsoleConfig | undefined,
  absolute: (path: string) => string,
): ConsoleConfig | undefined {
  if (config === undefined) return undefined;
  const { tokenFile, tls } = config;
  return {
    ...config,
    ...(tokenFile === undefined ? {} : { tokenFile: absolute(tokenFile) }),
    ...(tls === undefined ? {} : { tls: { cert: absolute(tls.cert), key: absolute(tls.key) } }),
  };
}
