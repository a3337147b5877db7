import { expect, it } from "vitest";
import { type Running, until } from "../fixtures/processes.ts";
import { createSite } from "../fixtures/site.ts";

it("a gateway waits for the one that still has the spool open, as after a quick restart", async () => {
  const site = await createSite();
  const first = site.gateway();
  try {
    await until("the first to be ready", 30_000, () => first.stderr().includes('"msg":"ready"'));
    const waits = (gateway: Running) =>
      until("it to wait", 30_000, () => gateway.stderr().includes("another process has the spool open"));
    const other = site.gateway();
    await waits(other);
    other.child.kill("SIGTERM");
    expect(await other.exited).toBe(0);
    // It waits for twelve seconds: the first ends as soon as it does.
    const second = site.gateway();
    await waits(second);
    first.child.kill("SIGTERM");
    expect(await first.exited).toBe(0);
    await until("the second to be ready", 30_000, () => second.stderr().includes('"msg":"ready"'));
    second.child.kill("SIGTERM");
    expect(await second.exited).toBe(0);
  } finally {
    first.child.kill("SIGKILL");
    site.remove();
  }
});
