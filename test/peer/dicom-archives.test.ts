import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { reportsSchema } from "../../device/config/dicom.ts";
import { Archive, type ArchiveOptions } from "../../device/dicom-out/archive.ts";
import { reportsOf } from "../../device/dicom-out/of-config.ts";
import { FolderQueue } from "../../device/dicom-out/queue.ts";
import { SILENT_LOG } from "../../device/log.ts";
import { TAG } from "../../protocols/dicom/tags.ts";
import { dxOf, fileOf, uidOf } from "../fixtures/dicom.ts";
import { testArchive } from "../fixtures/dicom-archive.ts";
import { dicomLane } from "../fixtures/dicom-lane.ts";
import { freePort, type Running, startProcess, until } from "../fixtures/processes.ts";

const WAIT_MS = 60_000;
/** A journal without hits: what goes out is queued by the tests. */
const NO_HITS = {
  journal: crypto.randomUUID(),
  hitsAfter: async () => [],
  scan: async () => null,
  onCommitted: () => () => undefined,
  takesBulk: () => true,
};
const TIMINGS = { baseMs: 50, maxMs: 500, lingerMs: 300 };

describe("an archive as destination", () => {
  let folder: string;
  const running: Running[] = [];
  const closing: (() => Promise<unknown>)[] = [];

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "lynceus-archive-"));
  });
  afterEach(async () => {
    for (const close of closing.splice(0).reverse()) await close();
    for (const { child, exited } of running.splice(0)) {
      child.kill("SIGTERM");
      await exited;
    }
    rmSync(folder, { recursive: true, force: true });
  });

  const alerts: string[] = [];
  async function archiveAt(port: number, more: Partial<ArchiveOptions> = {}): Promise<Archive> {
    alerts.length = 0;
    const archive = new Archive({
      id: "pacs",
      address: { host: "127.0.0.1", port },
      called: "ARCHIVE",
      calling: "LYNCEUS",
      commitment: false,
      queue: new FolderQueue(join(folder, "queue")),
      log: SILENT_LOG,
      alert: ({ code }) => alerts.push(code),
      timings: TIMINGS,
      ...more,
    });
    await archive.start();
    closing.push(() => archive.stop());
    return archive;
  }
  const image = (name: string) => fileOf(dxOf(name, { energy: "single", energies: { number: 0, count: 1 } }));
  const waiting = (state: string) => readdirSync(join(folder, "queue", state));

  it("Orthanc stores what is sent and commits to it on an association of its own", async () => {
    const [port, http, listen] = [await freePort(), await freePort(), await freePort()];
    mkdirSync(join(folder, "db"));
    writeFileSync(
      join(folder, "orthanc.json"),
      JSON.stringify({
        StorageDirectory: join(folder, "db"),
        IndexDirectory: join(folder, "db"),
        DicomAet: "ARCHIVE",
        DicomPort: port,
        HttpPort: http,
        AuthenticationEnabled: false,
        RemoteAccessAllowed: false,
        UnknownSopClassAccepted: true,
        DicomModalities: { gateway: ["LYNCEUS", "127.0.0.1", listen] },
        Plugins: [],
      }),
    );
    const orthanc = startProcess("/usr/sbin/Orthanc", [join(folder, "orthanc.json")]);
    running.push(orthanc);
    const api = (path: string) =>
      fetch(`http://127.0.0.1:${http}${path}`).then((answer) => answer.json() as Promise<unknown>);
    await until("Orthanc", WAIT_MS, () => api("/system").catch(() => null));
    const other = await testArchive();
    closing.push(() => other.close());
    const config = reportsSchema.parse({
      archives: [
        { id: "pacs", address: `127.0.0.1:${port}`, aeTitle: "ARCHIVE", commitment: true },
        { id: "other", address: `127.0.0.1:${other.port}`, aeTitle: "OTHER", commitment: true },
      ],
      commitment: { listen: `127.0.0.1:${listen}` },
    });
    const alerts: string[] = [];
    const reports = await reportsOf(config, {
      spoolPath: folder,
      site: "NLRTM-EX",
      gateway: "gw-01",
      env: {},
      spool: NO_HITS,
      alerts: { raise: async ({ code }) => void alerts.push(code) },
      clock: Date.now,
      log: SILENT_LOG,
      timings: TIMINGS,
    });
    await reports.start();
    closing.push(() => reports.stop());
    for (const name of ["one", "two", "three"])
      for (const destination of reports.output.destinations)
        await destination.put({ name: `${name}.dcs`, order: "1", content: { bytes: image(name) } });
    const names = ["one", "two", "three"].map((name) => uidOf(`${name} 0 single instance`)).sort();
    const stateOf = async (id: string) => (await reports.output.states()).find((one) => one.id === id);
    const settled = { state: "idle", sent: 3, waiting: 0, committing: 0, failed: 0 };
    const pacs = await until("commitment", WAIT_MS, async () => {
      const state = await stateOf("pacs");
      return state?.sent === 3 && state.committing === 0 && state.state === "idle" ? state : null;
    });
    expect(pacs).toMatchObject(settled);
    // What Orthanc commits to is nothing to the archive beside it, which has said nothing.
    const silent = await until("the other to have all", WAIT_MS, async () => {
      const state = await stateOf("other");
      return state?.sent === 3 && state.waiting === 0 && state;
    });
    expect(silent).toMatchObject({ committing: 3 });
    const instances = (await api("/instances?expand")) as { MainDicomTags: { SOPInstanceUID: string } }[];
    expect(instances.map((one) => one.MainDicomTags.SOPInstanceUID).sort()).toEqual(names);
    expect(alerts).toEqual([]);
  });

  it("an archive that turns associations away is told of, and what waits stays", async () => {
    const port = await freePort();
    running.push(startProcess("storescp", ["-od", folder, "--refuse", String(port)]));
    const archive = await archiveAt(port);
    await archive.queue.put("a.dcs", image("refused"));
    archive.wake();
    await until("the alert", WAIT_MS, () => alerts.includes("ARCHIVE_UNREACHABLE"));
    expect(archive.state.state).toBe("unreachable");
    expect(waiting("waiting")).toEqual(["a.dcs"]);
  });

  it("an object that the archive answers with a final status is put aside, others still go", async () => {
    const lane = await dicomLane({ maxScanBytes: 64e6 });
    closing.push(() => lane.stop());
    const archive = await archiveAt(lane.port);
    const dataset = dxOf("final", { energy: "single", energies: { number: 0, count: 1 } });
    const cut = { elements: dataset.elements.filter(({ tag }) => tag !== TAG.scanUid) };
    await archive.queue.put("a.dcs", fileOf(cut));
    await archive.queue.put("b.dcs", image("good"));
    archive.wake();
    await until("both dealt with", WAIT_MS, () => waiting("waiting").length === 0);
    expect(waiting("failed")).toEqual(["a.dcs"]);
    expect(alerts).toEqual(["ARCHIVE_REFUSES"]);
    await until("the scan", WAIT_MS, () => lane.taken.length === 1);
  });

  it("talks TLS both ways, and not to a peer without a certificate of the authority", async () => {
    const pem = (name: string) => join(folder, `${name}.pem`);
    const openssl = (...args: readonly string[]) =>
      execFileSync("openssl", args, { stdio: "ignore", cwd: folder });
    openssl(
      "req",
      "-x509",
      "-newkey",
      "rsa:2048",
      "-nodes",
      "-days",
      "2",
      "-subj",
      "/CN=localhost",
      "-addext",
      "subjectAltName=DNS:localhost",
      "-keyout",
      pem("key"),
      "-out",
      pem("cert"),
    );
    const [cert, key] = [readFileSync(pem("cert")), readFileSync(pem("key"))];
    const lane = await dicomLane({ tls: { cert, key, ca: cert } });
    closing.push(() => lane.stop());
    const address = { host: "127.0.0.1", port: lane.port };
    const stranger = await archiveAt(lane.port, {
      address: { ...address, tls: { ca: cert, serverName: "localhost" } },
    });
    await stranger.queue.put("a.dcs", image("secret"));
    stranger.wake();
    await until("three tries in vain", WAIT_MS, () => alerts.includes("ARCHIVE_UNREACHABLE"));
    expect(lane.taken).toEqual([]);
    await stranger.stop();
    await archiveAt(lane.port, {
      address: { ...address, tls: { ca: cert, cert, key, serverName: "localhost" } },
    });
    await until("the scan", WAIT_MS, () => lane.taken.length === 1);
  });
});
