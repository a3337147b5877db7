import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { parseConfig, warningsOf } from "../../device/config/load.ts";
import { isLynceusError } from "../../protocols/errors.ts";

function configOf(broker: string, more = ""): ReturnType<typeof parseConfig> {
  const text = `schema: lynceus-config/1
gateway: { site: NLRTM-EX, id: gw-01 }
broker: ${broker}
spool: { path: s }
${more}
lanes: [{ id: lane-1, scanner: { driver: folder, path: x } }]
`;
  return parseConfig(text, "/etc/lynceus/lynceus.yaml");
}

function faultOf(broker: string, more = ""): string {
  try {
    configOf(broker, more);
    return "";
  } catch (error) {
    if (isLynceusError(error)) return error.message;
    throw error;
  }
}

it("an enrolment folder stands for the authority and for each role's certificate; what is named itself counts", () => {
  const { tls } = configOf(
    "{ url: 'mqtts://b', tls: { enrolment: own, roles: { in: { cert: 'env:C', key: k.pem } } } }",
  ).broker;
  expect(tls).toMatchObject({
    ca: "/etc/lynceus/own/ca.pem",
    minVersion: 1.3,
    roles: {
      hit: { cert: "/etc/lynceus/own/hit.pem", key: "/etc/lynceus/own/hit.pem" },
      bulk: { cert: "/etc/lynceus/own/bulk.pem", key: "/etc/lynceus/own/bulk.pem" },
      in: { cert: "env:C", key: "/etc/lynceus/k.pem" },
    },
  });
});

it("TLS files beside a plain URL, half a pair and an old TLS are faults that say so", () => {
  expect(faultOf("{ url: 'mqtt://b', tls: { ca: c } }")).toContain("allowed: mqtts:// or wss://");
  expect(faultOf("{ url: 'mqtts://b', tls: { cert: c } }")).toContain("cert and key together");
  expect(faultOf("{ url: 'mqtts://b', tls: { minVersion: 1.1 } }")).toContain("allowed: 1.3, or 1.2");
  const warned = (broker: string) => warningsOf(configOf(broker)).map(({ path }) => path);
  expect(warned("{ url: 'mqtt://broker.example' }")).toEqual(["broker.url"]);
  expect(warned("{ url: 'mqtts://b', tls: { minVersion: 1.2 } }")).toEqual(["broker.tls.minVersion"]);
  expect(warned("{ url: 'mqtts://b', protocol: 4 }")).toEqual(["broker.protocol"]);
  expect(warned("{ url: 'mqtt://127.0.0.1:1883' }")).toEqual([]);
});

it("a trusted key may be for some uses; what must be signed is named", () => {
  const { trust } = configOf(
    "{ url: 'mqtts://b' }",
    "trust: { central: [a.pub, { key: 'env:K', may: [profile, command] }], require: [declaration] }",
  );
  expect(trust.central).toEqual(["/etc/lynceus/a.pub", { key: "env:K", may: ["profile", "command"] }]);
  expect(trust.require).toEqual(["declaration"]);
  const wrong = faultOf(
    "{ url: 'mqtts://b' }",
    "trust: { central: [{ key: a, may: [everything] }], require: [hit] }",
  );
  expect(wrong).toContain("trust.central[0]");
  expect(wrong).toContain('"declaration", "outcome", "receipt"');
});

it("a key file that others may read is warned of, one of the owner's alone is not", () => {
  const folder = mkdtempSync(join(tmpdir(), "lynceus-keys-"));
  const file = join(folder, "signing.key");
  const warned = () =>
    warningsOf(configOf("{ url: 'mqtt://b' }", `signing: { key: ${file} }`)).filter(
      ({ path }) => path === "signing.key",
    );
  writeFileSync(file, "-");
  chmodSync(file, 0o600);
  expect(warned()).toEqual([]);
  chmodSync(file, 0o644);
  expect(warned()).toEqual([{ path: "signing.key", message: expect.stringContaining("mode 0644") }]);
  rmSync(folder, { recursive: true });
});
