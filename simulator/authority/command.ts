import { createHash } from "node:crypto";
import { writeFile } from "node:fs/promises";
import { type Command, InvalidArgumentError, Option } from "commander";
import { LynceusError } from "../../protocols/errors.ts";
import { isGateway, isSite } from "../../protocols/mqtt/index.ts";
import { addressOption } from "../options.ts";
import { type Address, formatAddress } from "../peripherals/address.ts";
import { listenForStop } from "../stop-signals.ts";

interface Options {
  readonly listen?: Address;
  readonly dir: string;
  readonly lifetime: number;
  readonly token?: { readonly site: string; readonly gateway: string };
  readonly out?: string;
  readonly url?: string;
  readonly tokenLifetime: number;
  readonly revoke?: string;
}

const DAY_MS = 86_400_000;
const UNITS: Readonly<Record<string, number>> = { s: 1000, m: 60_000, h: 3_600_000, d: DAY_MS };

/** `simulate authority`, as `cli.md` has it. */
export function registerAuthority(simulate: Command): void {
  simulate
    .command("authority")
    .description(
      "A reference certificate authority for test sites: one-time token → signing request → short-lived certificate, renewed over mutual TLS. Prints where it listens as one JSON object, runs until stopped. Without --listen it only makes the token or revokes.",
    )
    .option("--listen <host:port>", "listen here (port 0: a free one)", addressOption)
    .option("--dir <folder>", "the authority's folder; made where there is none", "lynceus-authority")
    .addOption(durationOf("--lifetime <duration>", "of certificates, e.g. 30d, 12h, 90s", 30))
    .option("--token <site/gateway>", "make a one-time token for a gateway; needs --out", gatewayOption)
    .option("--out <file>", "where the token goes; give it to `lynceus enroll --token FILE`")
    .option("--url <url>", "where gateways reach the authority, where that is not --listen")
    .addOption(durationOf("--token-lifetime <duration>", "of the token", 1))
    .option("--revoke <name>", "revoke by serial number, SITE.GATEWAY or SITE.GATEWAY.ROLE")
    .action((options: Options) => authority(options));
}

async function authority(options: Options): Promise<void> {
  check(options);
  const [{ AuthorityStore }, { Authority }, { AuthorityServer }] = await Promise.all([
    import("./store.ts"),
    import("./authority.ts"),
    import("./server.ts"),
  ]);
  const { dir, listen, lifetime } = options;
  const store = new AuthorityStore({ folder: dir, clock: Date.now });
  await store.start();
  if (options.revoke !== undefined) await revoke(options.revoke, (which) => store.revoke(which));
  if (listen === undefined) {
    await makeToken(options, options.url ?? "", store);
    return;
  }
  const signals = listenForStop();
  const server = new AuthorityServer({
    address: listen,
    authority: new Authority({ store, lifetimeMs: lifetime, clock: Date.now }),
    store,
  });
  const bound = await server.start();
  const url = options.url ?? `https://${formatAddress(bound)}`;
  await makeToken(options, url, store);
  const fingerprint = createHash("sha256")
    .update(new Uint8Array(store.pair.certificate.rawData))
    .digest("hex");
  print({ event: "listening", url, port: bound.port, dir, caSha256: fingerprint });
  if (options.token === undefined)
    process.stderr.write(
      `a token: lynceus simulate authority --dir ${dir} --url ${url} --token SITE/GATEWAY --out FILE\n`,
    );
  if (!signals.stop.aborted)
    await new Promise<void>((resolve) => {
      signals.stop.addEventListener("abort", () => resolve(), { once: true });
    });
  await server.stop();
  process.exitCode = signals.received() === "SIGINT" ? 130 : 0;
  signals.release();
}

function check({ listen, token, out, url, revoke: revoked }: Options): void {
  const wrong = (message: string, remedy: string) => new LynceusError("LYN_USAGE", message, { remedy });
  if (listen === undefined && token === undefined && revoked === undefined)
    throw wrong("there is nothing to do", "Give --listen HOST:PORT, --token SITE/GATEWAY or --revoke NAME");
  if (token !== undefined && out === undefined)
    throw wrong("a token goes into a file, never onto the screen", "Name the file with --out");
  if (token !== undefined && listen === undefined && url === undefined)
    throw wrong("a token says where the authority is", "Give --url https://HOST:PORT, or --listen");
}

async function makeToken(
  { token, out, tokenLifetime }: Options,
  url: string,
  store: import("./store.ts").AuthorityStore,
): Promise<void> {
  if (token === undefined || out === undefined) return;
  const made = await store.issueToken(token, { authority: url, lifetimeMs: tokenLifetime });
  await writeFile(out, `${JSON.stringify(made, null, 2)}\n`, { mode: 0o600 });
  print({ event: "token", ...token, file: out, notAfter: made.notAfter });
}

async function revoke(which: string, work: (which: string) => Promise<readonly string[]>): Promise<void> {
  const serials = await work(which);
  print({ event: "revoked", which, serials });
  if (serials.length === 0)
    throw new LynceusError("LYN_AUTHORITY", `No certificate that is not revoked yet is called ${which}`, {
      remedy: "Give a serial number, SITE.GATEWAY or SITE.GATEWAY.ROLE; audit.ndjson names what was issued",
    });
}

function print(report: object): void {
  process.stdout.write(`${JSON.stringify(report)}\n`);
}

function durationOf(flags: string, description: string, days: number): Option {
  return new Option(flags, description).argParser(durationOption).default(days * DAY_MS, `${days}d`);
}

function durationOption(text: string): number {
  const [, value = "", unit = ""] = /^(\d{1,6})([smhd])$/.exec(text) ?? [];
  const ms = Number(value) * (UNITS[unit] ?? 0);
  if (ms > 0) return ms;
  throw new InvalidArgumentError("Give a duration such as 30d, 12h, 15m or 90s.");
}

function gatewayOption(text: string): { site: string; gateway: string } {
  const [site = "", gateway = "", ...more] = text.split("/");
  if (more.length === 0 && isSite(site) && isGateway(gateway)) return { site, gateway };
  throw new InvalidArgumentError("Give SITE/GATEWAY, e.g. NLRTM-EX/gw-01.");
}
