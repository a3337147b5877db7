import type { Random } from "../random.ts";
import type { Solid } from "./canvas.ts";
import { block, type Carrier, CONTAINER_WIDTH, type Room, wheel } from "./carrier.ts";

export const CONTAINER_KINDS = ["dry20", "dry40", "highcube40", "reefer20", "reefer40", "tank20"] as const;
export type ContainerKind = (typeof CONTAINER_KINDS)[number];

const STEEL = 7.85;
/** Period of the corrugation of side walls, cm, and the part of it that is slanted. */
const CORRUGATION = 27.8;
const SLANTED = 0.45;

interface Shell {
  readonly length: number;
  readonly height: number;
  readonly near: number;
  readonly far: number;
}

/** A container of `kind` at `near` cm from the source, its doors at the right or the left end. */
export function buildContainer(kind: ContainerKind, near: number, random: Random): Carrier {
  const length = kind.endsWith("20") ? 605.8 : 1219.2;
  const height = kind === "highcube40" || kind === "reefer40" ? 289.6 : random.chance(0.15) ? 243.8 : 259.1;
  const shell = { length, height, near, far: near + CONTAINER_WIDTH };
  const built = kind.startsWith("reefer")
    ? reefer(shell, random)
    : kind === "tank20"
      ? tank(shell, random)
      : dry(shell, random);
  const solids = random.chance(0.5) ? built.solids : built.solids.map((one) => mirrored(one, length));
  const room =
    solids === built.solids
      ? built.room
      : { ...built.room, x0: length - built.room.x1, x1: length - built.room.x0 };
  const tareKg =
    (length > 700 ? 3800 : 2250) * (kind.startsWith("reefer") ? 1.25 : kind === "tank20" ? 1.6 : 1);
  return { name: kind, ...shell, room, tareKg: tareKg * random.range(0.95, 1.05), solids };
}

interface Built {
  readonly solids: readonly Solid[];
  readonly room: Room;
}

function dry(shell: Shell, random: Random): Built {
  const { length, height, near, far } = shell;
  const floorTop = random.range(15.5, 17.5);
  const solids = [
    ...frame(shell, random),
    ...floor(shell, floorTop, random),
    ...walls(shell, random.range(0.15, 0.2), random),
    ...doors(shell, random),
    block("steel", 0.35, [0.5, 5], [14, height - 6], [near, far]),
  ];
  return {
    solids,
    room: { x0: 6, x1: length - 7, y0: floorTop, y1: height - 11, z0: near + 4.5, z1: far - 4.5 },
  };
}

/** Posts, rails, corner castings. */
function frame({ length, height, near, far }: Shell, random: Random): Solid[] {
  const sides = [near, far - 6] as const;
  const post = random.range(9, 16);
  const out: Solid[] = [];
  for (const z of sides) {
    out.push(block("steel", STEEL * 0.28, [0, length], [height - 6, height], [z, z + 6]));
    out.push(block("steel", STEEL * 0.12, [0, length], [0, 16], [z, z + 5]));
    for (const x of [0, length - post]) {
      out.push(
        block(
          "steel",
          STEEL * 0.2,
          [x, x + post],
          [0, height],
          [z - (z === near ? 0 : 9), z + 15 - (z === near ? 0 : 9)],
        ),
      );
      const corner = x === 0 ? 0 : length - 17.8;
      for (const y of [0, height - 11.8])
        out.push(
          block(
            "steel",
            STEEL * 0.45,
            [corner, corner + 17.8],
            [y, y + 11.8],
            [z === near ? z : z - 10.2, z === near ? z + 16.2 : z + 6],
          ),
        );
    }
  }
  for (const x of [2, length - 14])
    for (const y of [2, height - 10])
      out.push(block("steel", STEEL * 0.1, [x, x + 12], [y, y + 8], [near, far]));
  return out;
}

/** Cross members, planks, and the forklift pockets or the gooseneck tunnel. */
function floor({ length, near, far }: Shell, top: number, random: Random): Solid[] {
  const plank = random.range(2.4, 3);
  const pitch = random.range(25, 34);
  const web = random.range(0.35, 0.5);
  const out = [block("wood", 0.75, [5, length - 5], [top - plank, top], [near + 3, far - 3])];
  for (let x = 10; x < length - 8; x += pitch) {
    out.push(block("steel", STEEL, [x, x + web], [1, top - plank], [near + 3, far - 3]));
    for (const y of [1, top - plank - 0.4])
      out.push(block("steel", STEEL, [x, x + 4.5], [y, y + 0.4], [near + 3, far - 3]));
  }
  if (length < 700 && random.chance(0.8)) {
    const half = random.range(95, 105);
    for (const centre of [length / 2 - half, length / 2 + half])
      out.push(block("steel", STEEL * 0.05, [centre - 18, centre + 18], [1, 11.5], [near, far]));
  } else if (random.chance(0.6)) {
    out.push(block("steel", STEEL * 0.04, [5, random.range(300, 345)], [1, 12], [near + 70, far - 70]));
  }
  return out;
}

/** Corrugated side walls and the roof. */
function walls({ length, height, near, far }: Shell, thickness: number, random: Random): Solid[] {
  const slanted = random.range(1.25, 1.55);
  const side = (z: number): Solid => {
    const phase = random.float();
    return {
      ...block("steel", STEEL, [4, length - 4], [14, height - 5], [z, z + thickness]),
      weight: (x) => {
        const place = (x / CORRUGATION + phase) % 1;
        return place < SLANTED ? slanted : 1;
      },
    };
  };
  const roof = block("steel", STEEL, [2, length - 2], [height - 1, height - 1 + 0.2], [near, far]);
  const pressed = random.range(0.05, 0.2);
  return [
    side(near + 2),
    side(far - 2 - thickness),
    { ...roof, weight: (x) => 1 + pressed * Math.sin((2 * Math.PI * x) / 21) },
  ];
}

/** Two leaves seen edge-on with lock rods, hinges and handles, at the right end. */
function doors({ length, height, near, far }: Shell, random: Random): Solid[] {
  const out = [block("steel", 0.4, [length - 6, length - 1.5], [12, height - 8], [near + 3, far - 3])];
  for (const z of [0.16, 0.4, 0.6, 0.84]) {
    const at = near + z * CONTAINER_WIDTH;
    out.push(block("steel", STEEL * 0.4, [length - 1.5, length + 2], [8, height - 6], [at, at + 3.4]));
  }
  for (let i = 0; i < 4; i++) {
    const y = 30 + (i * (height - 60)) / 3 + random.range(-3, 3);
    for (const z of [near, far - 8])
      out.push(block("steel", STEEL * 0.6, [length - 7, length + 1], [y, y + 7], [z, z + 8]));
  }
  return out;
}

/** Insulated walls with posts, aluminium T-floor, and the refrigeration unit at the left end. */
function reefer(shell: Shell, random: Random): Built {
  const { length, height, near, far } = shell;
  const skin = random.range(0.08, 0.12);
  const foam = random.range(6, 8);
  const out: Solid[] = [...frame(shell, random), ...doors(shell, random)];
  for (const z of [near, far - foam]) {
    out.push(block("foam", 0.06, [2, length - 2], [14, height - 4], [z, z + foam]));
    out.push(block("aluminium", 2.7, [2, length - 2], [12, height - 4], [z, z + skin]));
    out.push(block("stainless", 7.9, [4, length - 4], [14, height - 8], [z + foam - skin, z + foam]));
  }
  out.push(block("stainless", 7.9, [2, length - 2], [height - 9, height - 8.9], [near, far]));
  out.push(block("foam", 0.06, [2, length - 2], [height - 9, height - 1], [near, far]));
  out.push(block("aluminium", 2.7, [2, length - 2], [height - 0.6, height - 0.5], [near, far]));
  const pitch = random.range(55, 110);
  const strength = random.range(0.15, 0.5);
  for (let x = random.range(30, 70); x < length - 20; x += pitch)
    for (const z of [near + 1, far - 5])
      out.push(block("steel", STEEL * strength, [x, x + random.range(2, 4.5)], [14, height - 8], [z, z + 4]));
  const floorTop = random.range(20, 24);
  out.push(block("aluminium", 0.5, [4, length - 4], [floorTop - 6, floorTop], [near + foam, far - foam]));
  out.push(block("foam", 0.06, [4, length - 4], [8, floorTop - 6], [near + 3, far - 3]));
  for (let x = 12; x < length - 8; x += random.range(38, 62))
    out.push(block("steel", STEEL, [x, x + 0.5], [1, 10], [near + 3, far - 3]));
  const depth = random.range(28, 46);
  out.push(...refrigeration(shell, depth, random));
  return {
    solids: out,
    room: { x0: depth + 6, x1: length - 9, y0: floorTop, y1: height - 18, z0: near + foam, z1: far - foam },
  };
}

/** Bulkhead, compressor, condenser, evaporator, fans, electrics and pipes. */
function refrigeration({ height, near, far }: Shell, depth: number, random: Random): Solid[] {
  const out = [
    block("aluminium", 2.7, [depth, depth + 0.4], [14, height - 10], [near + 4, far - 4]),
    block("foam", 0.06, [depth - 6, depth], [14, height - 10], [near + 4, far - 4]),
    block("aluminium", 0.5, [6, depth - 8], [0.55 * height, 0.68 * height], [near + 30, far - 30]),
    block("copper", 0.35, [8, depth - 10], [0.72 * height, 0.88 * height], [near + 30, far - 30]),
    block("steel", 1.2, [6, depth - 6], [0.1 * height, 0.22 * height], [near + 20, near + 110]),
  ];
  for (let i = 0; i < 3; i++) {
    const centre = { x: random.range(12, depth - 10), y: random.range(0.2, 0.9) * height };
    out.push(wheel("steel", random.range(1.5, 4), centre, random.range(5, 12), [near + 40, near + 90]));
  }
  for (let i = 0; i < 6; i++) {
    const y = random.range(0.15, 0.9) * height;
    const x = random.range(4, depth - 6);
    out.push(
      block(
        "copper",
        3,
        [x, x + 1.6],
        [y, Math.min(height - 12, y + random.range(20, 90))],
        [near + 60, near + 64],
      ),
    );
  }
  return out;
}

/** A vessel in an open frame. Its room is the box around the vessel: the level fills it. */
function tank(shell: Shell, random: Random): Built {
  const { length, height, near, far } = shell;
  const radius = Math.min(height, CONTAINER_WIDTH) / 2 - random.range(5, 10);
  const y = height / 2 + random.range(0, 4);
  const z = (near + far) / 2;
  const x0 = random.range(22, 40);
  const x1 = length - x0;
  const thick = random.range(0.4, 0.7);
  const foam = random.range(4, 6);
  const ring = (outer: number, inner: number, material: Solid["material"], density: number): Solid[] =>
    [outer, inner].map((r, i) => ({
      material,
      density: i === 0 ? density : -density,
      from: x0,
      to: x1,
      section: dished(x0, x1, y, z, r),
    }));
  const out: Solid[] = [
    ...frame(shell, random),
    ...ring(radius, radius - foam, "foam", 0.06),
    ...ring(radius, radius - 0.08, "aluminium", 2.7),
    ...ring(radius - foam, radius - foam - thick, "stainless", 7.9),
    block("stainless", 3, [length / 2 - 28, length / 2 + 28], [y + radius - 3, height - 2], [z - 25, z + 25]),
    block("steel", 2, [x1 - 10, x1 + 14], [y - radius, y - radius + 25], [z - 12, z + 12]),
  ];
  for (const x of [0, length - 12])
    out.push(block("steel", STEEL * 0.05, [x, x + 12], [10, height - 10], [near + 60, far - 60]));
  const inner = radius - foam - thick;
  return {
    solids: out,
    room: { x0: x0 + foam, x1: x1 - foam, y0: y - inner, y1: y + inner, z0: z - inner, z1: z + inner },
  };
}

/** Section of a vessel along x with dished ends as deep as a quarter of its radius. */
export function dished(
  x0: number,
  x1: number,
  y: number,
  z: number,
  radius: number,
): Exclude<Solid["section"], { kind: "box" }> {
  const depth = radius * 0.25;
  return (x) => {
    const end = Math.min(x - x0, x1 - x);
    if (end <= 0) return null;
    const u = end >= depth ? 1 : Math.sqrt(1 - (1 - end / depth) ** 2);
    return { kind: "ellipse", y, z, ry: radius * u, rz: radius * u };
  };
}

function mirrored(solid: Solid, length: number): Solid {
  const { section, weight } = solid;
  return {
    ...solid,
    from: length - solid.to,
    to: length - solid.from,
    section: typeof section === "function" ? (x) => section(length - x) : section,
    ...(weight && { weight: (x: number) => weight(length - x) }),
  };
}
