import { SaxesParser } from "saxes";

/** Bounds of a document: a larger or deeper one is refused before it costs memory. */
export interface XmlLimits {
  /** Characters of the whole text. */
  readonly bytes: number;
  /** Elements within one another. */
  readonly depth: number;
  readonly elements: number;
  /** Of one element. */
  readonly attributes: number;
  /** Characters of text of all elements together. */
  readonly text: number;
}

/** An element: local names only, since senders write namespaces that nobody defined. */
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
 * Reads a well-formed document into elements. Document types are refused: nothing is expanded or fetched.
 *
 * @param refuse makes the error that is thrown for what is no XML or beyond the limits; it is told why.
 */
export function readXmlDocument(text: string, limits: XmlLimits, refuse: (why: string) => Error): XmlElement {
  if (text.length > limits.bytes) throw refuse(`it is larger than ${limits.bytes} bytes`);
  const parser = new SaxesParser({ position: false });
  const open: Building[] = [];
  let root: XmlElement | null = null;
  let elements = 0;
  let texts = 0;
  parser.on("error", (error) => {
    throw refuse(error.message.slice(0, 100));
  });
  parser.on("doctype", () => {
    throw refuse("it has a document type, which is not read");
  });
  parser.on("opentag", ({ name, attributes }) => {
    elements += 1;
    if (elements > limits.elements) throw refuse(`it has more than ${limits.elements} elements`);
    if (open.length >= limits.depth) throw refuse(`it is deeper than ${limits.depth} elements`);
    const entries = Object.entries(attributes);
    if (entries.length > limits.attributes) throw refuse("an element has too many attributes");
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
    if (texts > limits.text) throw refuse("it has too much text");
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
  if (root === null) throw refuse("it has no element");
  return root;
}

function localName(name: string): string {
  return name.slice(name.indexOf(":") + 1);
}
