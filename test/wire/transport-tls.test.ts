import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { linkTls } from "../../device/config/secrets.ts";
import type { ListeningTransport } from "../../device/transport/listen-tcp.ts";
import { openTransport } from "../../device/transport/open.ts";
import type { Link } from "../../device/transport/port.ts";
import { until } from "../fixtures/processes.ts";
import { temporaryFolder } from "../fixtures/uplink.ts";

/** `NAME.key` and `NAME.pem`, signed by `by`, or by itself: an authority. */
function certificate(folder: string, name: string, by?: string): void {
  const openssl = (...args: string[]) => execFileSync("openssl", args, { cwd: folder, stdio: "pipe" });
  openssl("ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", `${name}.key`);
  const subject = ["-key", `${name}.key`, "-subj", `/CN=${name}`];
  if (by === undefined) {
    openssl("req", "-x509", "-new", ...subject, "-days", "2", "-out", `${name}.pem`);
    return;
  }
  openssl("req", "-new", ...subject, "-addext", "subjectAltName=IP:127.0.0.1", "-out", `${name}.csr`);
  const signer = ["-CA", `${by}.pem`, "-CAkey", `${by}.key`, "-CAcreateserial"];
  const rest = ["-days", "2", "-copy_extensions", "copy", "-out", `${name}.pem`];
  openssl("x509", "-req", "-in", `${name}.csr`, ...signer, ...rest);
}

describe("links over TLS", () => {
  const folder = temporaryFolder();
  const abort = new AbortController();
  beforeAll(() => {
    certificate(folder.path, "ca");
    certificate(folder.path, "stranger");
    certificate(folder.path, "lane", "ca");
    certificate(folder.path, "scanner", "ca");
    certificate(folder.path, "intruder", "stranger");
  });
  afterAll(() => {
    abort.abort();
    folder[Symbol.dispose]();
  });
  const files = (name: string, ca = "ca") =>
    linkTls(
      {
        ca: join(folder.path, `${ca}.pem`),
        cert: join(folder.path, `${name}.pem`),
        key: join(folder.path, `${name}.key`),
      },
      {},
    );
  const listen = async () => {
    const transport = openTransport("listen+tls://127.0.0.1:0", { tls: files("lane") }) as ListeningTransport;
    const opening = transport.open(abort.signal);
    // Where no peer came, the end of the test aborts it.
    opening.catch(() => {});
    await until("the port", 5_000, () => transport.port !== null);
    return { opening, port: transport.port ?? 0 };
  };
  const text = async (link: Link) => {
    const reader = link.source.getReader();
    const { value } = await reader.read();
    reader.releaseLock();
    return new TextDecoder().decode(value);
  };
  const say = async (link: Link, words: string) => {
    const writer = link.sink.getWriter();
    await writer.write(new TextEncoder().encode(words));
    writer.releaseLock();
  };

  test("bytes go both ways between peers that both show a certificate", async () => {
    const { opening, port } = await listen();
    const dialled = await openTransport(`tls://127.0.0.1:${port}`, { tls: files("scanner") }).open(
      abort.signal,
    );
    const accepted = await opening;
    await say(dialled, "from the scanner");
    expect(await text(accepted)).toBe("from the scanner");
    await say(accepted, "from the lane");
    expect(await text(dialled)).toBe("from the lane");
    expect(dialled.peer).toBe(`tls 127.0.0.1:${port}`);
    await Promise.all([dialled.close(), accepted.close()]);
  });

  test("a stranger, a plain peer and one without a certificate are no link; the right one still is", async () => {
    const { opening, port } = await listen();
    let opened = false;
    void opening.then(
      () => {
        opened = true;
      },
      () => {},
    );
    const plain = connect(port, "127.0.0.1");
    plain.on("error", () => {});
    plain.write("not a handshake");
    for (const tls of [files("intruder"), async () => ({ ca: readFileSync(join(folder.path, "ca.pem")) })]) {
      // In TLS 1.3 the refusal comes after the dialler has finished: its link opens and ends.
      const link = await openTransport(`tls://127.0.0.1:${port}`, { tls })
        .open(abort.signal)
        .catch(() => null);
      if (link === null) continue;
      const { done } = await link.source
        .getReader()
        .read()
        .catch(() => ({ done: true }));
      expect(done).toBe(true);
    }
    await until("the plain peer's end", 5_000, () => plain.destroyed);
    expect(opened).toBe(false);
    const right = await openTransport(`tls://127.0.0.1:${port}`, { tls: files("scanner") }).open(
      abort.signal,
    );
    const accepted = await opening;
    await Promise.all([right.close(), accepted.close()]);
  });

  test("a device with a stranger's certificate is not spoken to", async () => {
    const { port } = await listen();
    const tls = files("scanner", "stranger");
    await expect(openTransport(`tls://127.0.0.1:${port}`, { tls }).open(abort.signal)).rejects.toMatchObject({
      code: "LYN_LINK_UNREACHABLE",
    });
  });

  test("files that cannot be used are said", async () => {
    await expect(openTransport("listen+tls://127.0.0.1:0").open(abort.signal)).rejects.toMatchObject({
      code: "LYN_TLS_MATERIAL",
    });
    const wrong = async () => ({ cert: new TextEncoder().encode("no PEM"), key: new Uint8Array(8) });
    for (const url of ["listen+tls://127.0.0.1:0", "tls://127.0.0.1:9"])
      await expect(openTransport(url, { tls: wrong }).open(abort.signal)).rejects.toMatchObject({
        code: "LYN_TLS_MATERIAL",
      });
  });
});
