import { asyncApiDocument } from "./asyncapi.ts";
import { schemaFiles } from "./schemas.ts";
import { vectorFiles } from "./vectors.ts";

/** The text of every file below `protocols/generated/`, by its path there: what `generate.ts` writes. */
export function generatedFiles(): ReadonlyMap<string, string> {
  const files: [string, unknown][] = [
    ...schemaFiles(),
    ["asyncapi.json", asyncApiDocument()],
    ...vectorFiles(),
  ];
  return new Map(files.map(([path, content]) => [path, `${JSON.stringify(content, null, 2)}\n`]));
}
