import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { connect, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { Acceptor, type AcceptorOptions } from "../../device/dicom-net/acceptor.ts";
import { SILENT_LOG } from "../../device/log.ts";
import { Requestor } from "../../protocols/dicom/net/requestor.ts";
import { SYNTAX } from "../../protocols/dicom/uids.ts";

const SLOW_MS = 400;
const CONTEXT = { abstractSyntax: "1.2.3", transferSyntaxes: [SYNTAX.implicitLittle] };

describe("the listener for associations", () => {
  const sockets: Socket[] = [];
  const acceptors: Acceptor[] = [];

  afterEach(async () => {
    for (const socket of sockets.splice(0)) socket.destroy();
    for (const acceptor of acceptors.splice(0)) await acceptor.stop();
  });

  async function listen(more: Partial<AcceptorOptions> = {}): Promise<{ acceptor: Acceptor; port: number }> {
    const sink = {
      write: async () => null,
      end: () => new Promise<{ status: number }>((resolve) => setTimeout(resolve, SLOW_MS, { status: 0 })),
      abort: async () => undefined,
    };
    const acceptor = new Acceptor({
      host: "127.0.0.1",
      port: 0,
      from: () => true,
      maxAssociations: 4,
      idleMs: 60_000,
      requestMs: 60_000,
      handler: () => ({ admit: () => null, choose: (_, [first = ""]) => first, store: async () => sink }),
      log: SILENT_LOG,
      ...more,
    });
    await acceptor.start();
    acceptors.push(acceptor);
    return { acceptor, port: acceptor.address?.port ?? 0 };
  }
  function dial(port: number): Socket {
    const socket = connect({ host: "127.0.0.1", port });
    socket.on("error", () => undefined);
    socket.resume();
    sockets.push(socket);
    return socket;
  }

  it("stops while a scanner that was cut connects again", async () => {
    const { acceptor, port } = await listen();
    const socket = connect({ host: "127.0.0.1", port });
    sockets.push(socket.on("error", () => undefined));
    const write = (bytes: Uint8Array) => new Promise<void>((resolve) => socket.write(bytes, () => resolve()));
    const requestor = new Requestor({
      link: { source: socket, write },
      called: "A",
      calling: "B",
      contexts: [CONTEXT],
      implementationClass: "2.25.1",
      implementationVersion: "TEST",
    });
    await requestor.associate();
    const dataset = [new Uint8Array(100)];
    const item = {
      sopClass: "1.2.3",
      sopInstance: "1.2.3.4",
      transferSyntax: SYNTAX.implicitLittle,
      dataset,
    };
    const stored = requestor.store(item).catch(() => null);
    socket.once("close", () => dial(port));
    await new Promise((resolve) => setTimeout(resolve, SLOW_MS / 4));
    // Without the listener closed first this waits for the new link's time-out, a minute.
    await acceptor.stop();
    await stored;
  }, 120_000);

  describe("over TLS", () => {
    const folder = mkdtempSync(join(tmpdir(), "lynceus-tls-"));
    const pem = (name: string) => join(folder, `${name}.pem`);
    const subject = ["-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost"];
    const files = ["-keyout", pem("key"), "-out", pem("cert")];
    execFileSync("openssl", ["req", "-x509", ...subject, ...files], { stdio: "ignore" });
    const tls = { cert: readFileSync(pem("cert")), key: readFileSync(pem("key")) };
    rmSync(folder, { recursive: true });

    it("cuts a peer that never shakes hands", async () => {
      const { port } = await listen({ tls, requestMs: 200 });
      await once(dial(port), "close");
    });

    it("turns an address away before the handshake", async () => {
      const { port } = await listen({ tls, from: () => false });
      await once(dial(port), "close");
    });

    it("bounds the links that have not shaken hands", async () => {
      const { port } = await listen({ tls });
      const links = Array.from({ length: 30 }, () => dial(port));
      const open = new Set(links);
      await new Promise<void>((resolve) => {
        for (const link of links) {
          link.once("close", () => {
            open.delete(link);
            if (open.size <= 20) resolve();
          });
        }
      });
      expect(open.size).toBe(20); // 4 associations and 16 that are told that there is no room
    });

    it("stops with such peers on the line", async () => {
      const { acceptor, port } = await listen({ tls });
      const link = dial(port);
      const closed = once(link, "close");
      await once(link, "connect");
      await acceptor.stop();
      await closed;
    });
  });
});
