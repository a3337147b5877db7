import { attributeOf, formatTag } from "./dictionary.ts";
import type { DataSet, DicomElement } from "./model.ts";
import type { Part10 } from "./part10.ts";
import { TAG } from "./tags.ts";
import { isDicos, uidName } from "./uids.ts";
import { charsetOf, isText, numbers, textOf, texts } from "./values.ts";

/** Characters of a value shown in a line. */
const SHOWN = 72;
/** Numbers and bytes of a value shown in a line. */
const SHOWN_NUMBERS = 12;

/** One attribute of an object, as `lynceus dicom dump --json` prints it. */
export interface DumpedElement {
  /** `gggg,eeee` in lower-case hex. */
  readonly tag: string;
  readonly vr: string;
  /** Keyword of the dictionary, as DICOS means it in a DICOS object; null unknown. */
  readonly name: string | null;
  /** Bytes of the value; for a sequence its items, for encapsulated pixel data its fragments. */
  readonly length: number;
  /** What it holds, cut to a line; null for a sequence. */
  readonly value: string | null;
  readonly items?: readonly (readonly DumpedElement[])[];
}

interface Context {
  readonly dicos: boolean;
  readonly charset: string;
}

/** All attributes of a file, meta information first. */
export function dumpPart10(file: Part10): readonly DumpedElement[] {
  const dicos = isDicos(textOf(file.dataset, TAG.sopClass) ?? "");
  const context = { dicos, charset: charsetOf(file.dataset) };
  return [...dumpSet(file.meta, context), ...dumpSet(file.dataset, context)];
}

/** The dump as lines of text, items indented under their sequence. */
export function dumpLines(elements: readonly DumpedElement[], indent = ""): readonly string[] {
  return elements.flatMap(({ tag, vr, name, length, value, items }) => {
    const what = value ?? `${length} item${length === 1 ? "" : "s"}`;
    const line = `${indent}(${tag}) ${vr} ${(name ?? "unknown").padEnd(34 - Math.min(indent.length, 20))} ${what}`;
    const inner = (items ?? []).flatMap((item, index) => [
      `${indent}  item ${index + 1}`,
      ...dumpLines(item, `${indent}    `),
    ]);
    return [line.trimEnd(), ...inner];
  });
}

function dumpSet(set: DataSet, context: Context): DumpedElement[] {
  return set.elements.map((element) => dumpElement(element, context));
}

function dumpElement(element: DicomElement, context: Context): DumpedElement {
  const { tag, vr, value } = element;
  const known = attributeOf(tag, context.dicos);
  const base = { tag: formatTag(tag).slice(1, -1), vr, name: known?.keyword ?? null };
  if (value.kind === "items") {
    const items = value.items.map((item) => dumpSet(item, context));
    return { ...base, length: items.length, value: null, items };
  }
  if (value.kind === "fragments") {
    const bytes = value.fragments.reduce((sum, { length }) => sum + length, 0);
    const count = value.fragments.length;
    return { ...base, length: count, value: `${count} fragments, ${bytes} bytes` };
  }
  return { ...base, length: value.bytes.length, value: shown(element, value.bytes, context) };
}

function shown(element: DicomElement, bytes: Uint8Array, { charset }: Context): string {
  if (bytes.length === 0) return "(empty)";
  if (isText(element.vr)) {
    const text = texts(element, charset).join("\\");
    const name = element.vr === "UI" ? uidName(text) : null;
    return printable(name === null ? text : `${text} = ${name}`);
  }
  const list = bytes.length <= 64 * 1024 && element.vr !== "OW" ? numbers(element) : [];
  if (list.length > 0) return cutList(list.slice(0, SHOWN_NUMBERS).map(plain), list.length, "\\");
  const hex = [...bytes.subarray(0, SHOWN_NUMBERS)].map((byte) => byte.toString(16).padStart(2, "0"));
  return `${bytes.length} bytes: ${cutList(hex, bytes.length, " ")}`;
}

function plain(value: number): string {
  return String(Number.isInteger(value) ? value : Number(value.toPrecision(8)));
}

function cutList(parts: readonly string[], all: number, separator: string): string {
  return parts.join(separator) + (all > parts.length ? " …" : "");
}

/** Nothing that a terminal would obey. */
function printable(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is taken out
  const clean = text.replace(/[\u0000-\u001f\u007f-\u009f]/g, "·");
  return clean.length > SHOWN ? `${clean.slice(0, SHOWN)} …` : clean;
}
