/**
 * Measures goods text on phrases with their goods group.
 *
 *     npm run evaluate:goods-text -- [--phrases FOLDER_OR_FILE] [--json] [--wrong]
 *     npm run evaluate:goods-text -- --text "Handyhülle Silikon"
 *
 * A file is named after its language (`de.txt`): a line `[group]` and below it the phrases of that group, `unclear` for those
 * that name no goods. Without `--phrases` the project's own in `test/fixtures/goods-text`.
 */
import { readdirSync, readFileSync, statSync } from "node:fs";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { GOODS_GROUPS } from "../../protocols/vocabulary.ts";
import { GoodsText } from "../goods-text/goods-text.ts";

/** Class of phrases that name no goods. */
export const UNCLEAR = "unclear";

export interface LabelledPhrase {
  readonly text: string;
  readonly group: string;
}

export interface LanguageFigures {
  readonly phrases: number;
  /** Mean of the F1 scores of all classes that the phrases have, `unclear` among them. */
  readonly macroF1: number;
  readonly accuracy: number;
  readonly f1: Readonly<Record<string, number>>;
}

/** Phrases of a file; a line `[group]` names the group of those below. */
export function parsePhrases(text: string): readonly LabelledPhrase[] {
  let group = UNCLEAR;
  const phrases: LabelledPhrase[] = [];
  for (const line of text.split("\n").map((one) => one.trim())) {
    const [, heading] = /^\[(.+)\]$/.exec(line) ?? [];
    if (heading !== undefined) group = heading;
    else if (line !== "" && !line.startsWith("#")) phrases.push({ text: line, group });
  }
  const known: ReadonlySet<string> = new Set([...GOODS_GROUPS, UNCLEAR]);
  const strange = phrases.find((phrase) => !known.has(phrase.group));
  if (strange !== undefined) throw new Error(`[${strange.group}] is no goods group`);
  return phrases;
}

/** Precision and recall of each class in one figure, and their mean. */
export function figuresOf(phrases: readonly LabelledPhrase[], told: readonly string[]): LanguageFigures {
  const f1: Record<string, number> = {};
  for (const group of new Set(phrases.map((phrase) => phrase.group))) {
    const right = phrases.filter((phrase, at) => phrase.group === group && told[at] === group).length;
    const named = told.filter((one) => one === group).length;
    const there = phrases.filter((phrase) => phrase.group === group).length;
    f1[group] = (2 * right) / (named + there);
  }
  const values = Object.values(f1);
  return {
    phrases: phrases.length,
    macroF1: values.reduce((sum, value) => sum + value, 0) / values.length,
    accuracy: phrases.filter((phrase, at) => told[at] === phrase.group).length / phrases.length,
    f1,
  };
}

/** What the text classifier says of each phrase. */
export function tell(goods: GoodsText, phrases: readonly LabelledPhrase[]): readonly string[] {
  return phrases.map(({ text }) => goods.classify(text).group ?? UNCLEAR);
}

function main(): number {
  const { values } = parseArgs({
    options: {
      phrases: { type: "string" },
      text: { type: "string" },
      json: { type: "boolean", default: false },
      wrong: { type: "boolean", default: false },
    },
  });
  const goods = GoodsText.open();
  if (values.text !== undefined) {
    process.stdout.write(`${JSON.stringify(goods.classify(values.text), null, 2)}\n`);
    return 0;
  }
  const path = values.phrases ?? fileURLToPath(new URL("../../test/fixtures/goods-text", import.meta.url));
  const files = statSync(path).isDirectory()
    ? readdirSync(path)
        .filter((name) => name.endsWith(".txt"))
        .sort()
        .map((name) => join(path, name))
    : [path];
  const report: Record<string, LanguageFigures> = {};
  for (const file of files) {
    const phrases = parsePhrases(readFileSync(file, "utf8"));
    const told = tell(goods, phrases);
    report[basename(file, ".txt")] = figuresOf(phrases, told);
    if (!values.wrong) continue;
    phrases.forEach((phrase, at) => {
      if (told[at] !== phrase.group)
        process.stdout.write(`${basename(file)}: ${phrase.text}: ${phrase.group}, told ${told[at]}\n`);
    });
  }
  if (values.json) process.stdout.write(`${JSON.stringify(report)}\n`);
  else
    for (const [language, { phrases, macroF1, accuracy }] of Object.entries(report))
      process.stdout.write(
        `${language}  ${phrases} phrases  macro F1 ${macroF1.toFixed(3)}  accuracy ${accuracy.toFixed(3)}\n`,
      );
  return 0;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) process.exitCode = main();
