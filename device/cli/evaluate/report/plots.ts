/** Plots as SVG text: no script, no font, nothing fetched, so that a report is one file that any reader shows. */

const SIZE = 320;
const MARGIN = 50;
const INNER = SIZE - MARGIN - 28;
const COLOURS = [
  "#0b6e99",
  "#c2410c",
  "#15803d",
  "#7e22ce",
  "#b91c1c",
  "#0f766e",
  "#a16207",
  "#4338ca",
  "#be185d",
];

export interface Series {
  readonly name: string;
  /** 0..1 each. */
  readonly points: readonly { readonly x: number; readonly y: number }[];
  /** Points drawn as discs of this area (0..1) instead of a line. */
  readonly sizes?: readonly number[];
}

export interface Plot {
  readonly title: string;
  readonly x: string;
  readonly y: string;
  readonly series: readonly Series[];
  /** The line of perfect calibration. */
  readonly diagonal?: boolean;
  /** What the ends of the axes stand for, where it is not 1; points stay 0..1. */
  readonly most?: { readonly x?: number; readonly y?: number };
}

const left = (x: number) => (MARGIN + x * INNER).toFixed(1);
const top = (y: number) => (SIZE - MARGIN - y * INNER).toFixed(1);

/** A plot on axes from 0 to 1. */
export function plot({ title, x, y, series, diagonal = false, most = {} }: Plot): string {
  const legend = series.length > 1 ? series.map(legendOf).join("") : "";
  const width = SIZE + (series.length > 1 ? 170 : 0);
  return `<svg xmlns="http://www.w3.org/2000/svg" font-family="sans-serif" font-size="11" viewBox="0 0 ${width} ${SIZE}" width="${width}" height="${SIZE}" role="img" aria-label="${escaped(title)}">
<text x="${SIZE / 2}" y="14" text-anchor="middle" font-weight="bold">${escaped(title)}</text>
${axes(x, y, most)}
${diagonal ? `<line x1="${left(0)}" y1="${top(0)}" x2="${left(1)}" y2="${top(1)}" stroke="#999" stroke-dasharray="4 4"/>` : ""}
${series.map(drawn).join("\n")}
${legend}
</svg>`;
}

function axes(x: string, y: string, most: NonNullable<Plot["most"]>): string {
  const text = (at: number, end = 1) => Number((at * end).toPrecision(3));
  const ticks = [0, 0.25, 0.5, 0.75, 1].map(
    (at) => `<line x1="${left(at)}" y1="${top(0)}" x2="${left(at)}" y2="${top(1)}" stroke="#e5e5e5"/>
<line x1="${left(0)}" y1="${top(at)}" x2="${left(1)}" y2="${top(at)}" stroke="#e5e5e5"/>
<text x="${left(at)}" y="${SIZE - MARGIN + 14}" text-anchor="middle">${text(at, most.x)}</text>
<text x="${MARGIN - 6}" y="${Number(top(at)) + 4}" text-anchor="end">${text(at, most.y)}</text>`,
  );
  return `${ticks.join("\n")}
<text x="${MARGIN + INNER / 2}" y="${SIZE - 8}" text-anchor="middle">${escaped(x)}</text>
<text transform="translate(12 ${SIZE - MARGIN - INNER / 2}) rotate(-90)" text-anchor="middle">${escaped(y)}</text>`;
}

function drawn({ points, sizes }: Series, n: number): string {
  const colour = COLOURS[n % COLOURS.length];
  const line = `<polyline fill="none" stroke="${colour}" stroke-width="1.8" points="${points.map(({ x, y }) => `${left(x)},${top(y)}`).join(" ")}"/>`;
  if (sizes === undefined) return line;
  const discs = points.map(
    ({ x, y }, at) =>
      `<circle cx="${left(x)}" cy="${top(y)}" r="${(3 + 9 * Math.sqrt(sizes[at] ?? 0)).toFixed(1)}" fill="${colour}" fill-opacity="0.6"/>`,
  );
  return `${line}${discs.join("")}`;
}

function legendOf({ name }: Series, n: number): string {
  const y = 40 + 18 * n;
  return `<rect x="${SIZE + 4}" y="${y - 9}" width="10" height="10" fill="${COLOURS[n % COLOURS.length]}"/><text x="${SIZE + 18}" y="${y}">${escaped(name)}</text>`;
}

/** Text that stands for itself in HTML and SVG. */
export function escaped(text: string): string {
  const entities: Readonly<Record<string, string>> = {
    "&": "&amp;",
    "<": "&lt;",
    ">": "&gt;",
    '"': "&quot;",
  };
  return text.replaceAll(/[&<>"]/g, (found) => entities[found] ?? found);
}
