import type { Command } from "commander";

/** `lynceus enroll`, as `cli.md` has it. */
export function registerEnroll(program: Command): void {
  program
    .command("enroll")
    .description(
      "One-time token → keys, made here → signing requests → short-lived certificates for the broker",
    )
    .requiredOption("--authority <url>", "where the authority answers, https://HOST:PORT")
    .requiredOption("--token <file>", "the one-time token that the authority made for this gateway")
    .option("--out <folder>", "where keys and certificates go; name it as broker.tls.enrolment", "enrolment")
    .option("--json", "print one JSON document")
    .action(async (options: { authority: string; token: string; out: string; json?: true }) => {
      const [{ resolve }, { enrol, readToken }, { EnrolmentFolder, ROLES }] = await Promise.all([
        import("node:path"),
        import("../enrol/enrol.ts"),
        import("../enrol/folder.ts"),
      ]);
      const folder = resolve(options.out);
      const token = await readToken(options.token);
      const interrupted = new AbortController();
      const { site, gateway, authority } = await enrol(token, {
        folder,
        authority: options.authority,
        signal: interrupted.signal,
      });
      const enrolled = new EnrolmentFolder({ path: folder });
      const { to } = await enrolled.validity("hit");
      const notAfter = new Date(to).toISOString();
      if (options.json === true) {
        process.stdout.write(
          `${JSON.stringify({ site, gateway, authority, folder, roles: ROLES, notAfter })}\n`,
        );
        return;
      }
      process.stdout.write(
        `${site}/${gateway} is enrolled: certificates for ${ROLES.join(", ")} until ${notAfter}, renewed by the gateway itself.\n` +
          `Name the folder in the configuration:\n\n  broker: { url: "mqtts://…", tls: { enrolment: ${folder} } }\n\n` +
          `The token is used up: delete ${options.token}.\n`,
      );
    });
}
