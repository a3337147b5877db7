/** `node models/release/main.ts COMMAND`: keys, archives and repositories of model packages. */
import { Command } from "commander";
import { LynceusError } from "../../protocols/errors.ts";
import { writeDigests } from "./digests.ts";
import { makeKeys, ROLES, type Role, readKey, readKeys } from "./keys.ts";
import { packPackage } from "./pack.ts";
import { addTargets, createRepository, type RepositoryOptions, renew, rotate } from "./repository.ts";

const USUAL_KEYS = ["root-1", "root-2", "root-3", "targets", "snapshot", "timestamp", "package"];

interface Places {
  readonly repository: string;
  readonly keys: string;
}

const program = new Command("release").description(
  "Model packages: keys, signed archives and the TUF repository they are served from",
);
const say = (text: string): void => void process.stdout.write(`${text}\n`);
const optionsOf = async ({ repository, keys }: Places): Promise<RepositoryOptions> => {
  return { folder: repository, keys: await readKeys(keys), now: Date.now() };
};

program
  .command("keys")
  .description(
    "Make the keys that are missing: root-1 to root-3, targets, snapshot, timestamp, and package for SIGNATURE",
  )
  .requiredOption(
    "--keys <dir>",
    "folder of the keys; keep root keys and targets.pem offline, in different hands",
  )
  .action(async ({ keys }: { keys: string }) => {
    for (const path of await makeKeys(keys, USUAL_KEYS)) say(path);
  });
program
  .command("pack <folder>")
  .description("Check and sign a package's folder NAME-VERSION, and pack it into NAME-VERSION.tar.gz")
  .requiredOption("--key <file>", "private key that gateways trust in trust.models")
  .requiredOption("--out <dir>", "where the archive is put")
  .action(async (folder: string, { key, out }: { key: string; out: string }) => {
    const { file, keyId } = await packPackage(folder, await readKey(key), out);
    say(`${file} signed by ${keyId}`);
  });
program
  .command("init")
  .description("Make an empty repository; give gateways metadata/1.root.json as trust.modelsRoot")
  .requiredOption("--repository <dir>", "folder of the repository")
  .requiredOption("--keys <dir>", "folder of the keys")
  .action(async (places: Places) => createRepository(await optionsOf(places)));
program
  .command("add <archive...>")
  .description("Add archives; signs targets, snapshot and timestamp anew")
  .requiredOption("--repository <dir>", "folder of the repository")
  .requiredOption("--keys <dir>", "folder of the keys")
  .action(async (files: string[], places: Places) => addTargets(await optionsOf(places), files));
program
  .command("renew")
  .description("Sign snapshot and timestamp anew: at least once a week")
  .requiredOption("--repository <dir>", "folder of the repository")
  .requiredOption("--keys <dir>", "folder of the keys")
  .action(async (places: Places) => renew(await optionsOf(places)));
program
  .command("rotate <role>")
  .description(`Replace the keys of a role (${ROLES.join(", ")}); needs two of the root keys`)
  .requiredOption("--repository <dir>", "folder of the repository")
  .requiredOption("--keys <dir>", "folder of the keys there are")
  .requiredOption("--next <dir>", "folder of the keys that take their place")
  .action(async (role: string, { next, ...places }: Places & { next: string }) => {
    const found = ROLES.find((one) => one === role) as Role | undefined;
    if (found === undefined) throw new Error(`no role ${role}: ${ROLES.join(", ")}`);
    await rotate(await optionsOf(places), found, (await readKeys(next))[found]);
  });
program
  .command("digests")
  .description(
    "Write models/packages/DIGESTS.json: the packages that come with the project are trusted by it",
  )
  .action(async () => {
    say(await writeDigests());
  });

try {
  await program.parseAsync();
} catch (error) {
  const remedy = error instanceof LynceusError ? `\n  remedy: ${error.remedy}` : "";
  process.stderr.write(`error: ${(error as Error).message}${remedy}\n`);
  process.exitCode = 1;
}
