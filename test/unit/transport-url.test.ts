import { describe, expect, it } from "vitest";
import { addressFilter } from "../../device/transport/addresses.ts";
import { openTransport } from "../../device/transport/open.ts";

describe("transport URLs", () => {
  it.each([
    "tcp://127.0.0.1:7001",
    "tcp://scanner-1.example:7001",
    "tcp://[fd00::1]:7001",
    "listen+tcp://0.0.0.0:0",
    "serial:///dev/ttyUSB0?baud=12000000",
    "serial:///dev/serial/by-id/usb-scale?baud=9600&bits=7&parity=even&stop=2&flow=xonxoff",
    "serial:///dev/ttyS0",
  ])("%s is taken and nothing is opened", (url) => {
    expect(openTransport(url).url).toBe(url);
  });

  it.each([
    ["", "missing"],
    ["scanner", "missing"],
    ["udp://127.0.0.1:1", "not known"],
    ["tcp://127.0.0.1", "HOST:PORT"],
    ["tcp://127.0.0.1:0", "1 to 65535"],
    ["tcp://127.0.0.1:70000", "65535"],
    ["tcp://user@host:1", "HOST:PORT"],
    ["tcp://host:1/path", "HOST:PORT"],
    ["serial://ttyUSB0?baud=9600", "serial:///dev"],
    ["serial:///dev/ttyUSB0?baud=fast", "baud"],
    ["serial:///dev/ttyUSB0?baud=1", "50"],
    ["serial:///dev/ttyUSB0?parity=mark", "none, even, odd"],
    ["serial:///dev/ttyUSB0?speed=9600", "speed"],
    ["serial:///dev/ttyUSB0?flow=constructor", "none, rtscts, xonxoff"],
  ])("%s is refused: %s", (url, why) => {
    expect(() => openTransport(url)).toThrow(
      expect.objectContaining({ code: "LYN_TRANSPORT_URL", message: expect.stringContaining(why) }),
    );
  });
});

describe("allow.from", () => {
  it("allows everybody when it is empty", () => {
    expect(addressFilter(undefined)("203.0.113.9")).toBe(true);
    expect(addressFilter([])("::1")).toBe(true);
  });

  it("takes addresses and ranges of both versions, also IPv4 written as IPv6", () => {
    const allows = addressFilter(["10.0.0.0/24", "192.168.1.7", "fd00::/8"]);
    for (const address of ["10.0.0.1", "::ffff:10.0.0.255", "192.168.1.7", "fd12::1"])
      expect(allows(address)).toBe(true);
    for (const address of ["10.0.1.1", "192.168.1.8", "fe80::1", "", "nobody"])
      expect(allows(address)).toBe(false);
  });

  it.each(["10.0.0.0/33", "10.0.0/24", "fd00::/129", "host", "10.0.0.0/24/2", "10.0.0.0/"])(
    "refuses %s",
    (entry) => {
      expect(() => addressFilter([entry])).toThrow(expect.objectContaining({ code: "LYN_TRANSPORT_URL" }));
    },
  );

  it("is bounded", () => {
    expect(() => addressFilter(Array.from({ length: 257 }, () => "10.0.0.1"))).toThrow();
  });
});
