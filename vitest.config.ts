import { defineConfig } from "vitest/config";
import { ClosingReporter } from "./test/setup/closing-reporter.ts";

export default defineConfig({
  test: {
    include: ["test/**/*.test.ts"],
    environment: "node",
    pool: "forks",
    maxWorkers: 2,
    testTimeout: 120_000,
    hookTimeout: 120_000,
    reporters: ["default", new ClosingReporter()],
  },
});
