import { describe, expect, it } from "vitest";
import {
  continuedTrace,
  decodeImagePart,
  encodeImagePart,
  type ImagePartHeader,
  isGateway,
  isLane,
  isSite,
  MAX_IMAGE_PART_BYTES,
  matchTopic,
  RESERVED_NAMES,
  TOPICS,
  type TopicName,
  topicFilter,
  topicFor,
  traceparentOf,
} from "../../protocols/mqtt/index.ts";

const PARTS = { site: "NLRTM-EX", gateway: "gw-01", lane: "lane-1", name: "models.install" };

describe("topics", () => {
  it("are those of the contract", () => {
    const rows = (Object.keys(TOPICS) as TopicName[]).map((name) => {
      const { direction, qos, retain, will } = TOPICS[name];
      const marks = [direction === "up" ? "↑" : "↓", qos, retain ? "yes" : "no", ...(will ? ["will"] : [])];
      return `${topicFor(name, PARTS)} ${marks.join(" ")}`;
    });
    expect(rows).toEqual([
      "nii/v1/NLRTM-EX/gw-01/status ↑ 1 yes will",
      "nii/v1/NLRTM-EX/gw-01/info ↑ 1 yes",
      "nii/v1/NLRTM-EX/gw-01/health ↑ 0 yes",
      "nii/v1/NLRTM-EX/gw-01/lane-1/state ↑ 1 yes",
      "nii/v1/NLRTM-EX/gw-01/lane-1/hit ↑ 1 no",
      "nii/v1/NLRTM-EX/gw-01/lane-1/image ↑ 1 no",
      "nii/v1/NLRTM-EX/gw-01/alert ↑ 1 no",
      "nii/v1/NLRTM-EX/gw-01/statistics ↑ 1 no",
      "nii/v1/NLRTM-EX/gw-01/checkpoint ↑ 1 no",
      "nii/v1/NLRTM-EX/gw-01/witness ↓ 1 no",
      "nii/v1/NLRTM-EX/gw-01/receipt ↓ 1 no",
      "nii/v1/NLRTM-EX/gw-01/command/models.install ↓ 1 no",
      "nii/v1/NLRTM-EX/gw-01/command/models.install/response ↑ 1 no",
      "nii/v1/NLRTM-EX/declaration ↓ 1 no",
      "nii/v1/NLRTM-EX/declaration/request ↑ 1 no",
      "nii/v1/NLRTM-EX/profile ↓ 1 yes",
      "nii/v1/NLRTM-EX/outcome ↓ 1 no",
      "nii/v1/central ↓ 1 yes will",
    ]);
  });

  it("are recognised as what they are, under any root", () => {
    for (const name of Object.keys(TOPICS) as TopicName[]) {
      const topic = topicFor(name, { ...PARTS, root: "acme/nii" });
      expect(matchTopic(topic, "acme/nii")?.name).toBe(name);
      expect(matchTopic(topic)).toBeNull();
    }
    expect(matchTopic("nii/v1/NLRTM-EX/gw-01/lane-1/hit")?.parameters).toEqual({
      site: "NLRTM-EX",
      gateway: "gw-01",
      lane: "lane-1",
    });
    for (const topic of [
      "nii/v2/NLRTM-EX/gw-01/status",
      "nii/v1/NLRTM-EX/gw-01/hit/hit/hit",
      "nii/v1/nlrtm/gw-01/status",
      "nii/v1/NLRTM-EX/GW/status",
      "",
      "nii/v1/",
    ]) {
      expect(matchTopic(topic), topic).toBeNull();
    }
  });

  it("make subscription filters", () => {
    expect(topicFilter("hit")).toBe("nii/v1/+/+/+/hit");
    expect(topicFilter("command", { site: "NLRTM-EX", gateway: "gw-01" })).toBe(
      "nii/v1/NLRTM-EX/gw-01/command/+",
    );
    expect(topicFilter("central", { root: "x" })).toBe("x/v1/central");
    expect(() => topicFilter("hit", { site: "+" })).toThrow("site");
  });

  it("refuse parts outside their pattern, wildcards and reserved names", () => {
    const refused = expect.objectContaining({ code: "LYN_TOPIC" });
    for (const gateway of ["", "#", "+", "a/b", "GW", "x".repeat(33), ...RESERVED_NAMES]) {
      expect(() => topicFor("status", { ...PARTS, gateway }), gateway).toThrow(refused);
    }
    for (const root of ["", "/", "a//b", "$SYS", "a/#", "nii/"]) {
      expect(() => topicFor("central", { root }), root).toThrow(refused);
    }
  });

  it("know sites, gateways and lanes", () => {
    for (const site of ["NLRTM", "NLRTM-EX", "GBLO2-12345678"]) expect(isSite(site), site).toBe(true);
    for (const site of ["NLRT1", "nlrtm", "NLRTM-", "NLRTM-123456789", "NLRTM-ex", "NLRTM\n"]) {
      expect(isSite(site), site).toBe(false);
    }
    expect([isGateway("gw-01"), isLane("a".repeat(32)), isLane("hit"), isGateway("status-1")]).toEqual(
      Array(4).fill(true),
    );
    for (const name of RESERVED_NAMES) expect([isGateway(name), isLane(name)]).toEqual([false, false]);
  });
});

it("a message's trace is its scan's; an answer goes on with the trace that asked, where it is one", () => {
  const [scan, event] = ["018f0000-0000-7000-8000-000000000001", "00000000-1111-5222-8333-444444444444"];
  const trace = traceparentOf(scan, event);
  expect(trace).toBe("00-018f0000000070008000000000000001-0000000011115222-01");
  expect(continuedTrace(`00-${"ab".repeat(16)}-${"cd".repeat(8)}-00`, event)).toBe(
    `00-${"ab".repeat(16)}-0000000011115222-01`,
  );
  for (const bad of [
    undefined,
    "",
    trace.toUpperCase(),
    trace.slice(0, -1),
    `00-${"0".repeat(32)}-${"1".repeat(16)}-01`,
  ])
    expect(continuedTrace(bad, event)).toBeNull();
});

describe("image parts", () => {
  const bytes = Uint8Array.from({ length: 100 }, (_, index) => index);
  const header: ImagePartHeader = {
    schema: "lynceus-image/1.0",
    request: "c-1",
    scanId: "0195512c-7e3a-7b51-8c0d-0123456789ab",
    view: 0,
    energy: "low",
    form: "raw16",
    mediaType: "image/png",
    width: 10,
    height: 10,
    bytes: 300,
    sha256: "ab".repeat(32),
    part: 1,
    parts: 3,
    offset: 100,
  };

  it("come back as they went", () => {
    const message = encodeImagePart({ header, bytes });
    expect(decodeImagePart(message)).toEqual({ header, bytes });
    expect(new DataView(message.buffer).getUint32(0, true)).toBe(JSON.stringify(header).length);
  });

  it("are refused where they reach beyond their file, their limit or their message", () => {
    const refused = expect.objectContaining({ code: "LYN_IMAGE_PART" });
    expect(() => encodeImagePart({ header: { ...header, offset: 201 }, bytes })).toThrow(refused);
    expect(() => encodeImagePart({ header: { ...header, part: 3 }, bytes })).toThrow(refused);
    const large = new Uint8Array(MAX_IMAGE_PART_BYTES + 1);
    expect(() => encodeImagePart({ header: { ...header, bytes: 1e9 }, bytes: large })).toThrow(refused);
    const good = encodeImagePart({ header, bytes });
    for (const length of [0, 3, 4, 50])
      expect(() => decodeImagePart(good.subarray(0, length))).toThrow(refused);
    const long = good.slice();
    long[3] = 0x7f;
    expect(() => decodeImagePart(long)).toThrow(refused);
    const broken = good.slice();
    broken[4] = 0x5b;
    expect(() => decodeImagePart(broken)).toThrow(refused);
  });
});
