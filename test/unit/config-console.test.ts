import { expect, it } from "vitest";
import { parseConfig } from "../../device/config/load.ts";

const WITH = (console: string) => `schema: lynceus-config/1
gateway: { site: NLRTM-EX, id: gw-01 }
broker: { url: "mqtt://127.0.0.1:1883" }
spool: { path: spool }
console: ${console}
lanes:
  - { id: lane-1, scanner: { driver: folder, path: scans } }
`;
const read = (console: string) => parseConfig(WITH(console), "/etc/lynceus/lynceus.yaml").console;

it("the console may listen on loopback as it is, and anywhere else only with a token and TLS", () => {
  expect(read("{ listen: 127.0.0.1:8088 }")).toEqual({ listen: "127.0.0.1:8088" });
  for (const listen of ["[::1]:8088", "localhost:0", "127.0.1.1:1"])
    expect(read(`{ listen: "${listen}" }`)?.listen, listen).toBe(listen);
  const token = "tokenFile: console.token";
  const tls = "tls: { cert: console.pem, key: env:CONSOLE_KEY }";
  expect(read(`{ listen: 0.0.0.0:8088, ${token}, ${tls} }`)).toEqual({
    listen: "0.0.0.0:8088",
    tokenFile: "/etc/lynceus/console.token",
    tls: { cert: "/etc/lynceus/console.pem", key: "env:CONSOLE_KEY" },
  });
  for (const [more, missing] of [
    ["", "tokenFile and tls"],
    [`, ${token}`, "without tls"],
    [`, ${tls}`, "without tokenFile"],
  ] as const) {
    for (const listen of ["0.0.0.0:8088", "10.0.0.5:8088", "[::]:8088", "127.0.0.1.example:8088"])
      expect(() => read(`{ listen: "${listen}"${more} }`), `${listen}${more}`).toThrow(missing);
  }
  for (const listen of ["8088", "127.0.0.1", "127.0.0.1:70000", "::1:8088"])
    expect(() => read(`{ listen: "${listen}" }`), listen).toThrow(/HOST:PORT/);
});
