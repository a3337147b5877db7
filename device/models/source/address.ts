import { isAbsolute } from "node:path";
import { pathToFileURL } from "node:url";

/** A target's name says what it holds (contract `mqtt.md`, `models.install`). */
const TARGET = /^([a-z0-9][a-z0-9-]{0,62})-(\d+\.\d+\.\d+(?:-[0-9A-Za-z.-]+)?)\.tar\.gz$/;

/** Where a repository's parts are, URLs with a slash at the end. */
export interface SourceAddress {
  /** As it was configured. */
  readonly name: string;
  readonly metadata: string;
  readonly targets: string;
}

/**
 * What an entry of `models.sources` names: `https://host/path`, `http://…` (what is fetched is verified anyway), `file:///folder`,
 * an absolute path, or a host alone, which is asked by HTTPS. Below it are `metadata/` and `targets/`.
 */
export function sourceAddress(source: string): SourceAddress {
  const url = /^(https?|file):\/\//.test(source)
    ? source
    : isAbsolute(source)
      ? pathToFileURL(source).href
      : `https://${source}`;
  const base = url.endsWith("/") ? url : `${url}/`;
  return { name: source, metadata: `${base}metadata/`, targets: `${base}targets/` };
}

/** The package that a target's name promises; null where it is no such name. */
export function targetParts(target: string): { readonly name: string; readonly version: string } | null {
  const [, name, version] = TARGET.exec(target) ?? [];
  return name === undefined || version === undefined ? null : { name, version };
}
