import { SaxesParser } from "saxes";
import { LynceusError } from "../errors.ts";

/** Bounds of a document: a larger or deeper one is refused before it costs memory. */
export const N42_LIMITS = {
  bytes: 8_000_000,
  depth: 32,
  elements: 200_000,
  attributes: 16,
  text: 4_000_000,
} as const;

/** An element: local names only, since devices write namespaces that nobody defined. */
export interface XmlElement {
  readonly name: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly children: readonly XmlElement[];
  /** Its own text, blanks at both ends taken off. */
  readonly text: string;
}

interface Building {
  readonly name: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly children: XmlElement[];
  text: string;
}

/**
 * Reads a document into elements. Document types are refused: nothing is expanded or fetched.
 * @throws LynceusError `LYN_N42` for what is no XML or beyond {@link N42_LIMITS}.
 */
export function readXml(text: string): XmlElement {
  if (text.length > N42_LIMITS.bytes) throw unreadable(`it is larger than ${N42_LIMITS.bytes} bytes`);
  const parser = new SaxesParser({ position: false });
  const open: Building[] = [];
  let root: XmlElement | null = null;
  let elements = 0;
  let texts = 0;
  parser.on("error", (error) => {
    throw unreadable(error.message.slice(0, 100));
  });
  parser.on("doctype", () => {
    throw unreadable("it has a document type, which is not read");
  });
  parser.on("opentag", ({ name, attributes }) => {
    elements += 1;
    if (elements > N42_LIMITS.elements) throw unreadable(`it has more than ${N42_LIMITS.elements} elements`);
    if (open.length >= N42_LIMITS.depth) throw unreadable(`it is deeper than ${N42_LIMITS.depth} elements`);
    const entries = Object.entries(attributes);
    if (entries.length > N42_LIMITS.attributes) throw unreadable("an element has too many attributes");
    open.push({
      name: localName(name),
      attributes: Object.fromEntries(entries.map(([key, value]) => [localName(key), String(value)])),
      children: [],
      text: "",
    });
  });
  const onText = (more: string) => {
    const current = open.at(-1);
    texts += more.length;
    if (texts > N42_LIMITS.text) throw unreadable("it has too much text");
    if (current !== undefined) current.text += more;
  };
  parser.on("text", onText);
  parser.on("cdata", onText);
  parser.on("closetag", () => {
    const done = open.pop();
    if (done === undefined) return;
    const element = { ...done, text: done.text.trim() };
    const parent = open.at(-1);
    if (parent === undefined) root = element;
    else parent.children.push(element);
  });
  parser.write(text).close();
  if (root === null) throw unreadable("it has no element");
  return root;
}

function localName(name: string): string {
  return name.slice(name.indexOf(":") + 1);
}

export function childOf(element: XmlElement, name: string): XmlElement | undefined {
  return element.children.find((child) => child.name === name);
}

export function childrenOf(element: XmlElement, name: string): readonly XmlElement[] {
  return element.children.filter((child) => child.name === name);
}

/** Text of the child, null where there is none or it is empty. */
export function textOf(element: XmlElement | undefined, name: string): string | null {
  const text = element === undefined ? undefined : childOf(element, name)?.text;
  return text === undefined || text === "" ? null : text;
}

/** All elements of a name below `element`, in document order. */
export function descendants(element: XmlElement, name: string): readonly XmlElement[] {
  return element.children.flatMap((child) => [
    ...(child.name === name ? [child] : []),
    ...descendants(child, name),
  ]);
}

export function unreadable(why: string): LynceusError {
  return new LynceusError("LYN_N42", `Not an N42 document: ${why}`, {
    remedy: "Check that the device writes ANSI N42.42 (2006 or 2012)",
  });
}
