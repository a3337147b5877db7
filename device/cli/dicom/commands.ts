import { open } from "node:fs/promises";
import { dumpLines, dumpPart10 } from "../../../protocols/dicom/dump.ts";
import { type Part10, readPart10 } from "../../../protocols/dicom/part10.ts";
import type { Finding } from "../../../protocols/dicom/rules/finding.ts";
import { checkReferences } from "../../../protocols/dicom/rules/set.ts";
import { validatePart10 } from "../../../protocols/dicom/rules/validate.ts";
import { TAG } from "../../../protocols/dicom/tags.ts";
import { objectKind, uidName } from "../../../protocols/dicom/uids.ts";
import { textOf } from "../../../protocols/dicom/values.ts";
import { isLynceusError, LynceusError } from "../../../protocols/errors.ts";
import { IMAGE_LIMITS } from "../../image/limits.ts";

/** The dump of a file as text or as a JSON document. @throws LYN_PATH_MISSING, LYN_IMAGE_SIZE, LYN_DICOM_… */
export async function dumpFile(path: string, json: boolean): Promise<string> {
  const file = await load(path);
  const elements = dumpPart10(file);
  if (json) return `${JSON.stringify({ file: path, transferSyntax: file.transferSyntax, elements })}\n`;
  const sopClass = textOf(file.dataset, TAG.sopClass) ?? "";
  const title = `${uidName(sopClass) ?? sopClass}, ${uidName(file.transferSyntax) ?? file.transferSyntax}`;
  return `${[title, ...dumpLines(elements)].join("\n")}\n`;
}

/** Findings on each file, and whether all are without errors. A file that cannot be read is a finding of its own. */
export async function validateFiles(
  paths: readonly string[],
  json: boolean,
): Promise<{ text: string; sound: boolean }> {
  const loaded = await Promise.all(paths.map(async (path) => ({ path, result: await attempt(path) })));
  const images = loaded.flatMap(({ result }) => {
    if (!("dataset" in result) || objectKind(textOf(result.dataset, TAG.sopClass) ?? "") === "tdr") return [];
    return [result.dataset];
  });
  let sound = true;
  let text = "";
  for (const { path, result } of loaded) {
    const findings =
      "dataset" in result
        ? [...validatePart10(result), ...checkReferences(result.dataset, images)]
        : [unreadable(result)];
    if (findings.some(({ level }) => level === "error")) sound = false;
    text += json ? `${JSON.stringify({ file: path, findings })}\n` : reportOf(path, findings);
  }
  return { text, sound };
}

function reportOf(path: string, findings: readonly Finding[]): string {
  if (findings.length === 0) return `${path}: nothing found\n`;
  const errors = findings.filter(({ level }) => level === "error").length;
  const lines = findings.map(({ rule, level, tag, message, remedy }) => {
    const where = tag === null ? "" : ` (${tag})`;
    return `  ${level.padEnd(7)} ${rule}${where} ${message}\n          ${remedy}`;
  });
  const counts = [counted(errors, "error"), counted(findings.length - errors, "warning")].join(", ");
  return `${path}: ${counts}\n${lines.join("\n")}\n`;
}

function unreadable({ code, message, remedy }: LynceusError): Finding {
  return { rule: code, level: "error", tag: null, message, remedy };
}

function counted(count: number, name: string): string {
  return `${count} ${name}${count === 1 ? "" : "s"}`;
}

async function attempt(path: string): Promise<Part10 | LynceusError> {
  try {
    return await load(path);
  } catch (error) {
    if (isLynceusError(error) && error.code !== "LYN_PATH_MISSING") return error;
    throw error;
  }
}

async function load(path: string): Promise<Part10> {
  await using handle = await open(path, "r").catch((cause: unknown) => {
    throw new LynceusError("LYN_PATH_MISSING", `${path} cannot be opened`, {
      remedy: "Check the path.",
      cause,
    });
  });
  const { size } = await handle.stat();
  if (size > IMAGE_LIMITS.maxFileBytes) {
    throw new LynceusError(
      "LYN_IMAGE_SIZE",
      `${path} has ${size} bytes, more than ${IMAGE_LIMITS.maxFileBytes}`,
      {
        remedy: "Check that the file is a DICOM object.",
      },
    );
  }
  return readPart10(await handle.readFile());
}
