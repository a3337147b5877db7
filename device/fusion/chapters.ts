import { GOODS_GROUP_CHAPTERS, goodsGroupOfChapter } from "../../protocols/vocabulary.ts";
import type { Case } from "./case.ts";

/** An HS chapter that image and text together suggest; score 0..1. */
export interface SuggestedChapter {
  /** Two digits. */
  readonly chapter: string;
  readonly score: number;
}

/** Within a group the image sees, the part of the score that goes to the chapters the declaration names. */
const DECLARED_PART = 0.8;
/** Score of a chapter that is declared for certain, and of which the image says nothing. */
const TEXT_ALONE = 0.5;
/** Chapters with less are left out: an even spread over a large group suggests nothing. */
const REPORT_FROM = 0.1;
const MOST_CHAPTERS = 10;
/** Chapter 77 is reserved by the Harmonized System: no goods have it. */
const RESERVED = "77";

/**
 * Joins the goods groups seen with the chapters that HS codes and words of the declaration name. An image cannot tell the
 * chapters of a group apart: its score is spread over them, most of it over those the declaration names, by how surely.
 */
export function suggestChapters({ analysed, input, goods }: Case): readonly SuggestedChapter[] {
  const named = goods?.suggested ?? new Map<string, number>();
  const scores = new Map<string, number>();
  const seen = new Set<string>();
  for (const { group, score } of analysed ? (input.analysis?.contents ?? []) : []) {
    if (!(group in GOODS_GROUP_CHAPTERS) || !(score >= 0 && score <= 1)) continue;
    seen.add(group);
    for (const [chapter, part] of partsOf(chaptersOf(group as keyof typeof GOODS_GROUP_CHAPTERS), named))
      scores.set(chapter, Math.max(scores.get(chapter) ?? 0, score * part));
  }
  for (const [chapter, chance] of named) {
    const group = goodsGroupOfChapter(chapter);
    if (group !== null && !seen.has(group)) scores.set(chapter, TEXT_ALONE * chance);
  }
  return [...scores]
    .filter(([, score]) => score >= REPORT_FROM)
    .map(([chapter, score]) => ({ chapter, score }))
    .sort((one, other) => other.score - one.score || (one.chapter < other.chapter ? -1 : 1))
    .slice(0, MOST_CHAPTERS);
}

/** How a group's score is spread over its chapters; the parts add up to 1. */
function partsOf(
  chapters: readonly string[],
  named: ReadonlyMap<string, number>,
): readonly (readonly [string, number])[] {
  const total = chapters.reduce((sum, chapter) => sum + (named.get(chapter) ?? 0), 0);
  const others = chapters.filter((chapter) => !named.has(chapter)).length;
  const sure = others === 0 ? 1 : DECLARED_PART * Math.min(1, total);
  return chapters.map((chapter): readonly [string, number] => {
    const chance = named.get(chapter);
    return [chapter, chance === undefined ? (1 - sure) / others : (sure * chance) / total];
  });
}

function chaptersOf(group: keyof typeof GOODS_GROUP_CHAPTERS): readonly string[] {
  const { first, last } = GOODS_GROUP_CHAPTERS[group];
  const chapters = Array.from({ length: last - first + 1 }, (_, at) => String(first + at).padStart(2, "0"));
  return chapters.filter((chapter) => chapter !== RESERVED);
}
