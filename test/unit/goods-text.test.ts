import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { figuresOf, parsePhrases, tell } from "../../models/evaluate/goods-text.ts";
import { MAX_TEXT, MAX_TOKENS, stemOf, tokensOf } from "../../models/goods-text/features.ts";
import { GoodsText, MAX_KEPT } from "../../models/goods-text/goods-text.ts";
import { parseLexicon } from "../../models/goods-text/lexicon.ts";
import { MAX_WEIGHTS, readWeights } from "../../models/goods-text/model.ts";

const ROOT = join(import.meta.dirname, "../..");
const FIXTURES = join(ROOT, "test/fixtures/goods-text");
const goods = GoodsText.open();

describe("goods text", () => {
  it.each(readdirSync(FIXTURES).filter((name) => name.endsWith(".txt")))(
    "names the goods of the phrases in %s",
    (name) => {
      const phrases = parsePhrases(readFileSync(join(FIXTURES, name), "utf8"));
      expect(phrases.length).toBeGreaterThanOrEqual(300);
      const { macroF1 } = figuresOf(phrases, tell(goods, phrases));
      console.log(`${name}: ${phrases.length} phrases, macro F1 ${macroF1.toFixed(3)}`);
      expect(macroF1).toBeGreaterThanOrEqual(0.8);
    },
  );

  it.each(["de", "en", "es", "fr", "zh"])(
    "names the goods of phrases that were written without sight of its lexicon, in %s",
    (language) => {
      const text = readFileSync(join(FIXTURES, `../goods-text-second/${language}.txt`), "utf8");
      const phrases = parsePhrases(text);
      expect(phrases.length).toBeGreaterThanOrEqual(200);
      expect(figuresOf(phrases, tell(goods, phrases)).macroF1).toBeGreaterThanOrEqual(0.8);
    },
  );

  it("knows at least five languages", () => {
    expect(goods.languages).toEqual(["de", "en", "es", "fr", "zh"]);
  });

  it.each([
    "gift",
    "Ersatzteile",
    "effets personnels",
    "muestras",
    "样品",
    "order 48813",
    "",
    "12345",
    "???",
  ])("says that %j is unclear", (text) => {
    const said = goods.classify(text);
    expect(said.group).toBeNull();
    expect(said.unclear).toBeGreaterThan(0.4);
  });

  it("names the thing, not what it is for or made of", () => {
    expect(goods.classify("leather shoes").group).toBe("footwear");
    expect(goods.classify("screwdriver set for laptop and phone").group).toBe("metals");
    expect(goods.classify("coque de téléphone en silicone").group).toBe("plastics-rubber");
    expect(goods.classify("rice 5 kg bag").group).toBe("food-organic");
  });

  it("tells chapters that belong to its groups, with chances that add up to no more than 1", () => {
    const { chapters, groups, unclear, group } = goods.classify("silk necktie");
    expect(group).toBe("textiles");
    expect(chapters[0]?.chapter).toBe("62");
    for (const some of [chapters, groups]) {
      const sum = some.reduce((total, { score }) => total + score, 0);
      expect(sum + unclear).toBeLessThanOrEqual(1 + 1e-9);
    }
  });

  it("gives the same answer however the text is written", () => {
    const plain = goods.classify("handyhülle silikon");
    expect(goods.classify("HANDYHÜLLE  SILIKON!").groups).toEqual(plain.groups);
    expect(goods.classify("Handyhülle Silikon").groups).toEqual(plain.groups);
  });

  it("listens to the language the declaration states", () => {
    // Bread in Spanish, a pan in English.
    expect(goods.classify("pan", "es").group).toBe("food-organic");
  });

  it("reads no more than its bounds, and survives whatever comes", () => {
    expect(tokensOf("a ".repeat(10 * MAX_TEXT)).length).toBe(MAX_TOKENS);
    for (const text of [
      "\u0000\ud800",
      "a".repeat(1e6),
      "😀".repeat(600),
      "中".repeat(600),
      "\u0300".repeat(500),
    ])
      expect(() => goods.classify(text)).not.toThrow();
    for (let at = 0; at <= MAX_KEPT; at++) goods.classify(`shoes ${String.fromCodePoint(0x4e00 + at)}`);
    expect(goods.classify("shoes").group).toBe("footwear");
  });

  it("refuses weights of another layout", () => {
    for (const bytes of [new Uint8Array(3), gzipSync("{}\n"), gzipSync(new Uint8Array(MAX_WEIGHTS + 1))])
      expect(() => readWeights(new Uint8Array(bytes))).toThrow(
        expect.objectContaining({ code: "LYN_MODEL_MANIFEST_INVALID" }),
      );
  });
});

describe("the lexicon", () => {
  const folder = join(ROOT, "models/goods-text/lexicon");
  it.each(readdirSync(folder).filter((name) => /^[a-z]{2}\.txt$/.test(name)))(
    "has terms of every HS chapter in %s",
    (name) => {
      const lines = readFileSync(join(folder, name), "utf8").split("\n").filter(Boolean);
      const terms = parseLexicon(lines.join("\n"));
      expect(lines.every((line) => /^(\d\d|--) /.test(line))).toBe(true);
      const groups = new Set(terms.map(({ chapter }) => chapter));
      expect(groups.size).toBeGreaterThanOrEqual(90);
      expect(terms.length).toBeGreaterThan(2000);
    },
  );

  it("is shipped with the program", () => {
    const { files } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8")) as { files: string[] };
    for (const path of files.filter((one) => one.startsWith("models/")))
      expect(existsSync(join(ROOT, path))).toBe(true);
    expect(files).toContain("models/goods-text/lexicon");
    expect(files).toContain("models/goods-text/goods-text.bin");
  });

  it("compares words by the same stem, whatever their ending", () => {
    for (const [one, other] of [
      ["boxes", "box"],
      ["schrauben", "schraube"],
      ["batteries", "battery"],
      ["zapatos", "zapato"],
      ["chaussures", "chaussure"],
    ] as const)
      expect(stemOf(one)).toBe(stemOf(other));
  });
});
