import { describe, expect, it } from "vitest";
import { ensureSystemPackages, listedPackages, missingPackages } from "../setup/system-packages.ts";

describe("the system packages that the tests need", () => {
  it("are listed one a line, without comments", () => {
    expect(listedPackages()).toEqual(expect.arrayContaining(["mosquitto", "socat"]));
    expect(listedPackages().filter((name) => !/^[a-z0-9][a-z0-9.+-]+$/.test(name))).toEqual([]);
  });

  it("are named exactly where they cannot be installed", () => {
    const said: string[] = [];
    const listed = ["dpkg", "lynceus-has-no-such-package"];
    expect(missingPackages(listed)).toEqual(["lynceus-has-no-such-package"]);
    expect(ensureSystemPackages((text) => said.push(text), { listed, canInstall: false })).toBe(false);
    expect(said.join("\n")).toContain("apt-get install --no-install-recommends lynceus-has-no-such-package");
    expect(said.join("\n")).not.toContain("dpkg");
  });
});
