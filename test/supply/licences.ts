import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "../fixtures/project.ts";
import { lockedPackages } from "./lockfile.ts";
import { licenceTable } from "./rules.ts";

/** `npm run licences`: writes the list that goes to sites. */
writeFileSync(join(ROOT, "device/deploy/LICENCES.md"), licenceTable(lockedPackages()));
