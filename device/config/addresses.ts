import { isLynceusError } from "../../protocols/errors.ts";
import { addressFilter } from "../transport/addresses.ts";
import { modbusAddress } from "../transport/modbus.ts";
import { openTransport } from "../transport/open.ts";
import type { ConfigFault } from "./issues.ts";
import type { Config, LaneConfig } from "./schema.ts";
import type { TlsFiles } from "./secrets.ts";

/** Addresses that no start could use: said with all other faults of the file, before anything runs. */
export function addressFaults(config: Config): readonly ConfigFault[] {
  const { url } = config.broker;
  const broker = isUrlWithHost(url)
    ? []
    : [
        {
          path: "broker.url",
          message: `found: ${JSON.stringify(url)}; allowed: a URL such as mqtt://HOST:PORT`,
        },
      ];
  return [...broker, ...config.lanes.flatMap(laneFaults)];
}

function laneFaults({ scanner, peripherals }: LaneConfig, at: number): readonly ConfigFault[] {
  const faults = peripherals.flatMap((each, index) => {
    const path = `lanes[${at}].peripherals[${index}]`;
    const found = faultOf(`${path}.transport`, each.transport, () =>
      each.kind === "conveyor"
        ? modbusAddress(each.transport)
        : each.kind === "camera"
          ? new URL(each.transport)
          : openTransport(each.transport),
    );
    return [...found, ...tlsFaults(path, each)];
  });
  if (scanner.driver === "dicom") return [...fromFaults(scanner.allow.from, at), ...faults];
  if (scanner.driver !== "line-scan") return faults;
  const { transport, allow } = scanner;
  return [
    ...faultOf(`lanes[${at}].scanner.transport`, transport, () => openTransport(transport)),
    ...tlsFaults(`lanes[${at}].scanner`, scanner),
    ...fromFaults(allow.from, at),
    ...faults,
  ];
}

/** A port that others connect to has to show who it is; files for a link without TLS would be ignored in silence. */
function tlsFaults(
  path: string,
  link: { readonly transport: string; readonly tls?: TlsFiles | undefined },
): readonly ConfigFault[] {
  const secured = /^(?:listen\+)?tls:/.test(link.transport);
  if (link.transport.startsWith("listen+tls:") && link.tls?.cert === undefined)
    return [{ path: `${path}.tls`, message: "found: no cert and key; allowed: both, for listen+tls://" }];
  if (!secured && link.tls !== undefined)
    return [{ path: `${path}.tls`, message: `found: files for "${link.transport}"; allowed: only with tls` }];
  return [];
}

function fromFaults(from: readonly string[] | undefined, at: number): readonly ConfigFault[] {
  return (from ?? []).flatMap((entry, index) =>
    faultOf(`lanes[${at}].scanner.allow.from[${index}]`, entry, () => addressFilter([entry])),
  );
}

/** Nothing is opened or connected by trying: both only read their text. */
function faultOf(path: string, value: string, read: () => unknown): readonly ConfigFault[] {
  try {
    read();
    return [];
  } catch (error) {
    if (!isLynceusError(error, "LYN_TRANSPORT_URL")) throw error;
    return [{ path, message: `found: ${JSON.stringify(value)}; ${error.message}. ${error.remedy}` }];
  }
}

function isUrlWithHost(url: string): boolean {
  return URL.canParse(url) && new URL(url).hostname !== "";
}
