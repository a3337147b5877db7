import type { Rectangle } from "./draw.ts";

/** What may be marked in a rendering: one box of a detection. */
export interface Mark extends Rectangle {
  readonly class: string;
  /** 0..1 */
  readonly score: number;
  /** 0..1: the score from which it alarms. */
  readonly threshold: number;
  /** Whether the score reaches the class's threshold: others are drawn thin. */
  readonly alarm: boolean;
}

/** Marks drawn on one picture: more would hide it. The payload still names every detection. */
const MAX_ALARMS = 20;
const MAX_NOTICES = 6;
/** Below its threshold a detection is worth a look from this part of it on. */
const NOTICE_FROM = 0.6;
/** Share of the smaller box that lies in the other from which two boxes of a class mark the same thing. */
const SAME = 0.5;

/**
 * The marks that help whoever looks: every alarm, and the few best of what nearly is one; of boxes of one class on top of
 * each other the best. Most important first.
 */
export function selectMarks(marks: readonly Mark[]): readonly Mark[] {
  const best = [...marks].sort((a, b) => Number(b.alarm) - Number(a.alarm) || b.score - a.score);
  const chosen: Mark[] = [];
  for (const mark of best) {
    if (!mark.alarm && mark.score < NOTICE_FROM * mark.threshold) continue;
    if (chosen.some((other) => other.class === mark.class && covered(mark, other) > SAME)) continue;
    if (
      chosen.filter((other) => other.alarm === mark.alarm).length >= (mark.alarm ? MAX_ALARMS : MAX_NOTICES)
    )
      continue;
    chosen.push(mark);
  }
  return chosen;
}

/** Overlap of two boxes as a share of the smaller one. */
function covered(a: Rectangle, b: Rectangle): number {
  const width = Math.min(a.x + a.width, b.x + b.width) - Math.max(a.x, b.x);
  const height = Math.min(a.y + a.height, b.y + b.height) - Math.max(a.y, b.y);
  if (width <= 0 || height <= 0) return 0;
  return (width * height) / Math.min(a.width * a.height, b.width * b.height);
}
