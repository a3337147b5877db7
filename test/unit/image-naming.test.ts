import { describe, expect, it } from "vitest";
import { groupImages, inputOf, isImageName } from "../../device/image/naming.ts";

describe("names of images", () => {
  it("makes one scan of NAME.low.EXT and NAME.high.EXT, sorted by name", () => {
    const names = [
      "b.png",
      "a.high.tif",
      "c.low.tif",
      "notes.txt",
      "a.low.tif",
      "a.json",
      ".hidden.png",
      "a.low.png",
    ];
    expect(groupImages("/scans", names)).toEqual([
      { name: "a", files: ["/scans/a.low.png", null], sidecar: "/scans/a.json" },
      { name: "a", files: ["/scans/a.low.tif", "/scans/a.high.tif"], sidecar: "/scans/a.json" },
      { name: "b", files: ["/scans/b.png"], sidecar: "/scans/b.json" },
      { name: "c", files: ["/scans/c.low.tif", null], sidecar: "/scans/c.json" },
    ]);
  });

  it("is the same whatever order the system lists names in", () => {
    const names = ["z.tif", "a.low.tif", "m.high.png", "a.high.tif", "m.low.png"];
    expect(groupImages("/s", names)).toEqual(groupImages("/s", names.toReversed()));
  });

  it("takes low,high as given, and half of a pair for the pair where the other half exists", () => {
    expect(inputOf("/a/x.tif,/b/y.tif", () => false)).toMatchObject({
      name: "x",
      files: ["/a/x.tif", "/b/y.tif"],
    });
    expect(inputOf("/a/x.high.tif", () => true)).toMatchObject({
      name: "x",
      files: ["/a/x.low.tif", "/a/x.high.tif"],
    });
    expect(inputOf("/a/x.high.tif", () => false)).toMatchObject({ name: "x.high", files: ["/a/x.high.tif"] });
    expect(inputOf("/a/x.png", () => true)).toEqual({ name: "x", files: ["/a/x.png"], sidecar: "/a/x.json" });
  });

  it.each([
    ["a.PNG", true],
    ["a.jpeg", true],
    ["a.dcs", true],
    ["a.tif.part", false],
    [".a.tif", false],
    ["a.json", false],
  ])("%s is an image: %s", (name, expected) => {
    expect(isImageName(name)).toBe(expected);
  });
});
