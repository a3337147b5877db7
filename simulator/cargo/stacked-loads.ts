import type { MaterialName } from "../physics/materials.ts";
import type { Random } from "../random.ts";
import type { Solid } from "./canvas.ts";
import { block, type Room } from "./carrier.ts";
import { units, wooden } from "./stacking.ts";

/**
 * Loads in units of one size: cartons, sacks, drums, bundles, pallets. All solids are marked as load by the caller. Heights differ
 * from unit to unit, gaps are left as hands and forklifts leave them, and nothing leaves the room.
 */

/** Cartons of one consignment: floor-loaded or on pallets, of one size, some heavier, a stepped top. */
export function cartons(least: number, most: number) {
  return (room: Room, random: Random): Solid[] => {
    const density = Math.exp(random.range(Math.log(least), Math.log(most)));
    const material = random.pick<MaterialName>([
      "cotton",
      "cellulose",
      "abs",
      "polyethylene",
      "paper",
      "meat",
    ]);
    const palletised = random.chance(0.4);
    const size = { x: random.range(28, 75), y: random.range(18, 55) };
    const gap = random.range(0.2, 1.5);
    const height = (room.y1 - room.y0) * random.range(palletised ? 0.5 : 0.75, 0.98);
    const out: Solid[] = [];
    const stacks = palletised
      ? units(room, random.range(80, 125), [1, 9], random)
      : ([[room.x0, room.x1]] as const);
    for (const [x0, x1] of stacks) {
      if (palletised) out.push(...wooden([x0, x1], room));
      const base = room.y0 + (palletised ? 14.5 : 0);
      const top = room.y0 + height * (palletised ? random.range(0.85, 1) : 1);
      out.push(
        ...carton(
          { ...room, x0, x1, y0: base, y1: Math.min(room.y1, top) },
          size,
          gap,
          density,
          material,
          random,
        ),
      );
    }
    return out;
  };
}

function carton(
  room: Room,
  size: { readonly x: number; readonly y: number },
  gap: number,
  density: number,
  material: MaterialName,
  random: Random,
): Solid[] {
  const out: Solid[] = [];
  const across = Math.max(1, Math.round((room.x1 - room.x0) / size.x));
  const up = Math.max(1, Math.floor((room.y1 - room.y0) / size.y));
  const stepX = (room.x1 - room.x0) / across;
  const spread = random.range(0.02, 0.18);
  for (let i = 0; i < across; i++) {
    const levels = up - (random.chance(0.08) ? 1 : 0);
    const x0 = room.x0 + i * stepX + gap * random.float();
    for (let j = 0; j < levels; j++) {
      const y0 = room.y0 + j * size.y;
      const own = density * Math.max(0.3, 1 + spread * random.normal());
      const depth = (room.z1 - room.z0) * (random.chance(0.06) ? random.range(0.4, 0.9) : 0.98);
      out.push(
        block(
          material,
          own,
          [x0, room.x0 + (i + 1) * stepX - gap * random.float()],
          [y0, Math.min(room.y1, y0 + size.y - 0.5)],
          [room.z0 + 1, room.z0 + 1 + depth],
        ),
      );
    }
  }
  return out;
}

/** Pallets or slips of sacks: rounded ends, bulging layers, a domed top. */
export function sacks(room: Room, random: Random): Solid[] {
  const material = random.pick<MaterialName>(["sugar", "coffee", "flour", "polyethylene", "detergent"]);
  const density = random.range(0.5, 0.85);
  const height = (room.y1 - room.y0) * random.range(0.4, 0.85);
  const layer = random.range(11, 19);
  const gap = random.range(2, 12);
  const out: Solid[] = [];
  for (const [x0, x1] of units(room, random.range(85, 130), [gap * 0.4, gap], random)) {
    out.push(...wooden([x0, x1], room));
    const lean = random.range(-4, 4);
    const top = room.y0 + 14 + height * random.range(0.82, 1.05);
    for (let y = room.y0 + 14; y + layer * 0.5 < Math.min(top, room.y1 - 2); y += layer) {
      const shift = (lean * (y - room.y0)) / height;
      const left = Math.max(room.x0, x0 + shift + random.range(-3, 3));
      const right = Math.min(room.x1, x1 + shift + random.range(-3, 3));
      const y1 = Math.min(y + layer, room.y1 - 1);
      out.push({
        ...block(
          material,
          density * random.range(0.92, 1.08),
          [left, right],
          [y, y1],
          [room.z0 + 4, room.z1 - 4],
        ),
        weight: (x) => {
          const u = Math.min(x - left, right - x) / 9;
          return u >= 1 ? 1 : Math.sqrt(Math.max(0.05, u * (2 - u)));
        },
      });
    }
  }
  return out;
}

/** Flexible intermediate bulk containers: narrow at the foot, domed at the top, one or two levels. */
export function bigBags(room: Room, random: Random): Solid[] {
  const material = random.pick<MaterialName>([
    "detergent",
    "stone",
    "sugar",
    "salt",
    "polyethylene",
    "plaster",
  ]);
  const density = random.range(0.6, 1.1);
  const tall = (room.y1 - room.y0) * random.range(0.45, 0.75);
  const dome = random.range(0.06, 0.3);
  const out: Solid[] = [];
  for (const [x0, x1] of units(room, random.range(85, 120), [0, random.range(1, 12)], random)) {
    const levels = random.chance(0.15) && tall < 120 ? 2 : 1;
    const own = tall * random.range(0.9, 1.06);
    for (let level = 0; level < levels; level++) {
      const y0 = room.y0 + level * own;
      out.push({
        material,
        density: density * random.range(0.95, 1.05),
        from: x0,
        to: x1,
        section: (x) => {
          const u = (2 * (x - x0)) / (x1 - x0) - 1;
          const rise = own * (1 - dome * Math.abs(u) ** 2.4);
          const foot = Math.abs(u) > 0.9 ? own * 0.3 * (Math.abs(u) - 0.9) * 10 : 0;
          const y1 = Math.min(room.y1, y0 + rise);
          return y1 <= y0 + foot
            ? null
            : { kind: "box", y0: y0 + foot, y1, z0: room.z0 + 3, z1: room.z1 - 3 };
        },
        weight: (x) => Math.sqrt(Math.max(0.2, 1 - ((2 * (x - x0)) / (x1 - x0) - 1) ** 6)),
      });
    }
  }
  return out;
}

/** Upright cylinders side by side, `rows` deep: chords of all of a row as one factor. */
function uprights(
  room: Room,
  radius: number,
  height: number,
  levels: number,
  make: (x: number, y0: number, y1: number) => Solid,
  random: Random,
): Solid[] {
  const out: Solid[] = [];
  const pitch = radius * 2 + random.range(0.2, 2);
  const staggered = random.chance(0.5);
  for (let level = 0; level < levels; level++) {
    const y0 = room.y0 + level * (height + 2);
    if (y0 + height > room.y1) break;
    for (let x = room.x0 + radius; x + radius <= room.x1; x += pitch) {
      if (level > 0 && random.chance(0.06)) continue;
      out.push(make(x, y0, y0 + height));
      if (staggered && x + 2 * radius + pitch / 2 <= room.x1) out.push(make(x + pitch / 2, y0, y0 + height));
    }
  }
  const factor = staggered ? 0.5 : 1;
  return out.map((solid) => ({ ...solid, density: solid.density * factor }));
}

function roundWeight(centre: number, radius: number): (x: number) => number {
  return (x) => Math.sqrt(Math.max(0, 1 - ((x - centre) / radius) ** 2));
}

/** Steel or plastic drums of 200 l, filled, up to three levels. */
export function drums(room: Room, random: Random): Solid[] {
  const height = Math.min(88, (room.y1 - room.y0) * 0.95);
  const contents = random.pick<MaterialName>(["water", "oil", "spirits", "detergent"]);
  const filled = random.range(0.75, 0.95);
  const shell = random.chance(0.7);
  const levels = random.int(1, Math.max(1, Math.floor((room.y1 - room.y0) / 92)));
  const z: [number, number] = [room.z0 + 2, room.z1 - 2];
  const bodies = uprights(
    room,
    29,
    height,
    levels,
    (x, y0, y1) => ({
      ...block(contents, 0.9, [x - 29, x + 29], [y0, y0 + (y1 - y0) * filled], z),
      weight: roundWeight(x, 29),
    }),
    random,
  );
  if (!shell) return bodies;
  const lids = bodies.map(({ from, to, section, density }) => {
    const at = section as { readonly y0: number; readonly y1: number };
    const y1 = at.y0 + height;
    return [
      block("steel", 0.12 * (density / 0.9), [from, to], [at.y0, y1], z),
      block("steel", 1.2 * (density / 0.9), [from, to], [y1 - 1.2, y1], z),
    ];
  });
  return [...bodies, ...lids.flat()];
}

export function paperRolls(room: Room, random: Random): Solid[] {
  const radius = random.range(42, 62);
  const height = Math.min((room.y1 - room.y0) * 0.98, random.range(80, 235));
  const levels = Math.floor((room.y1 - room.y0) / (height + 2));
  const density = random.range(0.6, 0.9);
  const z: [number, number] = [room.z0 + 2, room.z1 - 2];
  return uprights(
    room,
    radius,
    height,
    Math.max(1, levels),
    (x, y0, y1) => ({
      ...block("paper", density, [x - radius, x + radius], [y0, y1], z),
      weight: roundWeight(x, radius),
    }),
    random,
  );
}

/** Strapped bundles of sawn timber with bearers between the layers. */
export function timber(room: Room, random: Random): Solid[] {
  const length = Math.min(room.x1 - room.x0, random.range(240, 580));
  const bundle = random.range(45, 110);
  const density = random.range(0.38, 0.6);
  const out: Solid[] = [];
  for (const [x0, x1] of units(room, length, [4, 30], random)) {
    const levels = Math.max(1, Math.floor(((room.y1 - room.y0) * random.range(0.55, 1)) / (bundle + 9)));
    for (let level = 0; level < levels; level++) {
      const y0 = room.y0 + level * (bundle + 9) + 8;
      if (y0 + bundle > room.y1) break;
      const ragged = random.range(0, 14);
      const layers = Math.max(3, Math.round(bundle / 6));
      for (let i = 0; i < layers; i++)
        out.push(
          block(
            "wood",
            density * random.range(0.9, 1.1),
            [x0 + ragged * random.float(), x1 - ragged * random.float()],
            [y0 + (i * bundle) / layers, y0 + ((i + 0.93) * bundle) / layers],
            [room.z0 + 6, room.z1 - 10],
          ),
        );
      for (let x = x0 + 30; x < x1 - 20; x += random.range(70, 110))
        out.push(block("wood", 0.5, [x, x + 8], [y0 - 8, y0], [room.z0 + 6, room.z1 - 10]));
    }
  }
  return out;
}

/** Low, heavy pallets: tiles, ingots, stone. */
export function densePallets(room: Room, random: Random): Solid[] {
  const material = random.pick<MaterialName>(["ceramic", "stone", "aluminium", "glass"]);
  const density = random.range(1, 1.9);
  const out: Solid[] = [];
  for (const x of units(room, random.range(80, 120), [2, 16], random)) {
    out.push(...wooden(x, room));
    const top = room.y0 + 14 + (room.y1 - room.y0 - 14) * random.range(0.2, 0.45);
    const layers = random.int(3, 12);
    for (let i = 0; i < layers; i++) {
      const step = (top - room.y0 - 14) / layers;
      const y0 = room.y0 + 14 + i * step;
      out.push(
        block(
          material,
          density * random.range(0.93, 1.07),
          x,
          [y0, y0 + step * 0.96],
          [room.z0 + 10, room.z1 - 10],
        ),
      );
    }
  }
  return out;
}

/** Crates of bottles or cans: a fine grain of glass and liquid, layer pads. */
export function bottles(room: Room, random: Random): Solid[] {
  const glass = random.chance(0.5);
  const grain = random.range(6, 10);
  const layer = random.range(20, 34);
  const out: Solid[] = [];
  for (const [x0, x1] of units(room, random.range(80, 120), [1, 8], random)) {
    out.push(...wooden([x0, x1], room));
    const top = room.y0 + 14 + (room.y1 - room.y0 - 14) * random.range(0.55, 0.95);
    const weight = (x: number) => 0.8 + 0.35 * Math.sin((Math.PI * (x - x0)) / grain) ** 2;
    for (let y = room.y0 + 14; y + layer <= top; y += layer) {
      const body: [number, number] = [y + 0.6, y + layer * 0.72];
      out.push({ ...block("water", 0.6, [x0, x1], body, [room.z0 + 4, room.z1 - 4]), weight });
      if (glass) out.push({ ...block("glass", 0.35, [x0, x1], body, [room.z0 + 4, room.z1 - 4]), weight });
      out.push({
        ...block("water", 0.15, [x0, x1], [body[1], y + layer], [room.z0 + 4, room.z1 - 4]),
        weight,
      });
    }
  }
  return out;
}
