import { findPackages } from "../../inference/models.ts";
import type { ModelParts } from "../../models/of-config.ts";
import type { ComparisonFigures, Installed } from "../../models/state.ts";

/** One version of a package on this gateway. */
export interface ListedPackage {
  readonly name: string;
  readonly version: string;
  /** `available`: it lies in a folder and another decides. */
  readonly state: Installed["stage"] | "available";
  /** `store`, or the folder that it was put into by hand or came with. */
  readonly from: string;
  readonly trustedBy: string | null;
  readonly since: string | null;
  readonly reason: string | null;
  readonly figures: ComparisonFigures | null;
}

/** Every package: those of the store, and those that decide where the store does not say. */
export async function listed({ store, folders }: ModelParts): Promise<readonly ListedPackage[]> {
  const state = await store.read();
  const found = [
    ...(await findPackages(folders)).values(),
    ...(await findPackages(folders, {}, "tabular")).values(),
  ];
  const installed = Object.entries(state.models).flatMap(([name, { versions }]) =>
    versions.map(
      ({ version, stage, trustedBy, since, reason, figures }): ListedPackage => ({
        name,
        version,
        state: stage,
        from: "store",
        trustedBy,
        since: new Date(since).toISOString(),
        reason,
        figures: figures ?? null,
      }),
    ),
  );
  const others = found.map(({ name, version, directory }): ListedPackage => {
    const decides = (state.models[name]?.active ?? null) === null;
    return {
      name,
      version,
      state: decides ? "active" : "available",
      from: directory,
      trustedBy: null,
      since: null,
      reason: null,
      figures: null,
    };
  });
  return [...installed, ...others].sort((a, b) => (a.name === b.name ? 0 : a.name < b.name ? -1 : 1));
}

/** A line each, what decides marked. */
export function textOf(packages: readonly ListedPackage[]): string {
  return packages
    .map(({ name, version, state, from, reason, figures }) => {
      const mark = state === "active" ? "*" : " ";
      const why = reason === null ? "" : `  ${reason}`;
      const trial =
        figures === null
          ? ""
          : `  ${figures.compared} compared, ${figures.failures} failed, ${figures.disagreements} differ, index ${figures.psi?.toFixed(2) ?? "-"}`;
      return `${mark} ${name.padEnd(24)} ${version.padEnd(12)} ${state.padEnd(10)} ${from}${trial}${why}\n`;
    })
    .join("");
}
