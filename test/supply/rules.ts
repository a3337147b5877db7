import type { LockedPackage } from "./lockfile.ts";

/** Licences under which a package may be shipped with the runtime: they ask for a notice, no more. */
const ALLOWED: ReadonlySet<string> = new Set([
  "0BSD",
  "Apache-2.0",
  "BlueOak-1.0.0",
  "BSD-2-Clause",
  "BSD-3-Clause",
  "CC0-1.0",
  "ISC",
  "MIT",
  "X11",
]);
/** Those of tools that no site installs. */
const ALLOWED_FOR_TOOLS: ReadonlySet<string> = new Set([...ALLOWED, "MPL-2.0"]);

/** Packages under other licences, each with the reason why it may stay. */
export const EXCEPTIONS: readonly {
  readonly name: RegExp;
  readonly licence: string;
  readonly why: string;
}[] = [
  {
    name: /^@img\/sharp-(libvips-|wasm32$|win32-)/,
    licence: "LGPL-3.0-or-later",
    why: "libvips is a library of its own file, loaded at run time, and can be replaced by another build of it",
  },
];

/** Builds for platforms that the lock file was not made on: npm leaves their digests out, and never installs them here. */
const FOREIGN_TOOLS = /^@(biomejs\/cli|oxlint\/binding|oxlint-tsgolint\/)/;
/** The only registry that a package may come from, where the lock file says so at all. */
const REGISTRY = "https://registry.npmjs.org/";

/** Licence terms of an SPDX expression that are allowed: one side of an OR, every side of an AND. */
export function isAllowed(licence: string, { name, dev }: Pick<LockedPackage, "name" | "dev">): boolean {
  const allowed = dev ? ALLOWED_FOR_TOOLS : ALLOWED;
  const excepted = EXCEPTIONS.filter((each) => each.name.test(name)).map((each) => each.licence);
  return licence
    .replaceAll(/[()]/g, "")
    .split(" AND ")
    .every((part) =>
      part.split(" OR ").some((each) => allowed.has(each.trim()) || excepted.includes(each.trim())),
    );
}

/** What is wrong with the pinned packages, a line each. */
export function supplyFaults(
  packages: readonly LockedPackage[],
  allowScripts: Readonly<Record<string, boolean>>,
): readonly string[] {
  return packages.flatMap((one) => [
    ...integrityFaults(one),
    ...licenceFaults(one),
    ...(one.hasInstallScript && !(one.name in allowScripts)
      ? [`${one.path} runs a script when it is installed and is not in allowScripts of package.json`]
      : []),
  ]);
}

function integrityFaults({
  path,
  name,
  integrity,
  resolved,
  dev,
  optional,
}: LockedPackage): readonly string[] {
  const elsewhere =
    resolved !== null && !resolved.startsWith(REGISTRY) ? [`${path} comes from ${resolved}`] : [];
  if (integrity?.startsWith("sha512-") === true) return elsewhere;
  if (dev && optional && integrity === null && FOREIGN_TOOLS.test(name)) return elsewhere;
  return [...elsewhere, `${path} has no SHA-512 in the lock file`];
}

function licenceFaults(one: LockedPackage): readonly string[] {
  if (one.licence === null)
    return one.dev && one.optional && FOREIGN_TOOLS.test(one.name) ? [] : [`${one.path} names no licence`];
  return isAllowed(one.licence, one) ? [] : [`${one.path} is under ${one.licence}`];
}

/** Packages that are shipped, once each by name and licence, as a table. */
export function licenceTable(packages: readonly LockedPackage[]): string {
  const shipped = packages.filter(({ dev }) => !dev);
  const rows = new Set(shipped.map(({ name, licence }) => `| ${name} | ${licence} |`));
  return `# Licences of the packages that the runtime uses

Made from the lock file by \`npm run licences\`; a test holds the two together and refuses licences that ask for more than a notice.
Texts come with the packages themselves. Exceptions and why they may stay: \`test/supply/rules.ts\`.

| package | licence |
|---|---|
${[...rows].sort().join("\n")}
`;
}
