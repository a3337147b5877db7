import { expect, it } from "vitest";
import { until } from "../fixtures/processes.ts";
import { createSite } from "../fixtures/site.ts";

it("a gateway waits for the one that still has the spool open, as after a quick restart", async () => {
  const site = await createSite();
  const first = site.gateway();
  try {
    await until("the first to be ready", 30_000, () => first.stderr().includes('"msg":"ready"'));
    const second = site.gateway();
    await until("the second to wait", 30_000, () =>
      second.stderr().includes("another process has the spool open"),
    );
    const third = site.gateway();
    await until("the third to wait", 30_000, () =>
      third.stderr().includes("another process has the spool open"),
    );
    third.child.kill("SIGTERM");
    expect(await third.exited).toBe(0);
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
