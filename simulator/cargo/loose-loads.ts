import type { MaterialName } from "../physics/materials.ts";
import type { Random } from "../random.ts";
import type { Solid } from "./canvas.ts";
import { block, type Room, wheel } from "./carrier.ts";
import { units } from "./stacking.ts";

/**
 * Loads of single, unlike or flowing things: machines, cars, coils, bulk, scrap. All solids are marked as load by the caller. Heights differ
 * from unit to unit, gaps are left as hands and forklifts leave them, and nothing leaves the room.
 */

/** Steel coils with the eye across or along the lane, in the middle of the floor on skids. */
export function coils(room: Room, random: Random): Solid[] {
  const out: Solid[] = [];
  const middle = (room.z0 + room.z1) / 2;
  const radius = Math.min(random.range(38, 75), (room.y1 - room.y0) * 0.45);
  const wide = random.range(40, 75);
  for (let x = room.x0 + radius + 4; x + radius < room.x1; x += 2 * radius + random.range(4, 60)) {
    const centre = { x, y: room.y0 + radius + 8 };
    const z: [number, number] = [middle - wide, middle + wide];
    out.push(
      wheel("steel", 7.2, centre, radius, z),
      wheel("steel", -7.2, centre, radius * random.range(0.35, 0.5), z),
    );
    out.push(block("wood", 0.6, [x - radius, x + radius], [room.y0, room.y0 + 9], z));
  }
  return out;
}

/** Machines on skids, crated or bare: housings, motors, shafts, plates with air between. */
export function machinery(room: Room, random: Random): Solid[] {
  const out: Solid[] = [];
  const tall = room.y1 - room.y0;
  for (const [x0, x1] of units(room, random.range(110, 320), [8, 60], random)) {
    const width = x1 - x0;
    const height = tall * random.range(0.35, 0.9);
    out.push(block("wood", 0.4, [x0, x1], [room.y0, room.y0 + 10], [room.z0 + 20, room.z1 - 20]));
    if (random.chance(0.6)) {
      for (const z of [room.z0 + 12, room.z1 - 14])
        out.push(block("wood", 0.55, [x0, x1], [room.y0 + 10, room.y0 + height], [z, z + 2]));
      for (let x = x0; x < x1; x += random.range(50, 90))
        out.push(
          block("wood", 0.5, [x, x + 8], [room.y0 + 10, room.y0 + height], [room.z0 + 10, room.z0 + 18]),
        );
    }
    const parts = random.int(9, 22);
    for (let i = 0; i < parts; i++) {
      const size = {
        x: width * random.range(0.05, 0.5),
        y: height * random.range(0.05, 0.5),
        z: random.range(8, 110),
      };
      const x = random.range(x0 + 2, Math.max(x0 + 2, x1 - size.x - 2));
      const y = random.range(room.y0 + 10, Math.max(room.y0 + 10, room.y0 + height - size.y));
      const z = random.range(room.z0 + 22, Math.max(room.z0 + 22, room.z1 - size.z - 22));
      const density = random.pick([0.25, 0.6, 1.5, 3.5, 7.8]);
      const material = random.pick<MaterialName>(["steel", "steel", "aluminium", "copper"]);
      if (random.chance(0.35)) {
        const radius = Math.min(size.x, size.y) / 2;
        out.push(wheel(material, density, { x: x + radius, y: y + radius }, radius, [z, z + size.z]));
      } else out.push(block(material, density, [x, x + size.x], [y, y + size.y], [z, z + size.z]));
    }
  }
  return out;
}

/** Motor cars nose to tail: shell with roof line, engine, gearbox, axles, wheels, seats, tank. */
export function vehicles(room: Room, random: Random): Solid[] {
  const out: Solid[] = [];
  const [z0, z1] = [room.z0 + 28, room.z1 - 28];
  for (let x0 = room.x0 + 4; ; ) {
    const length = random.range(390, 480);
    if (x0 + length > room.x1) break;
    const y = room.y0 + random.range(1, 40);
    const tall = Math.min(random.range(138, 172), room.y1 - y - 2);
    const front = random.chance(0.5);
    const at = (u: number) => x0 + (front ? u : 1 - u) * length;
    const box = (
      material: MaterialName,
      density: number,
      u: readonly [number, number],
      v: readonly [number, number],
      z: readonly [number, number],
    ) =>
      block(
        material,
        density,
        [Math.min(at(u[0]), at(u[1])), Math.max(at(u[0]), at(u[1]))],
        [y + v[0] * tall, y + v[1] * tall],
        z,
      );
    const start = x0;
    const roof = (x: number) => {
      const u = front ? (x - start) / length : 1 - (x - start) / length;
      if (u < 0.28) return 0.55 + 0.1 * (u / 0.28);
      if (u < 0.4) return 0.65 + (0.35 * (u - 0.28)) / 0.12;
      if (u < 0.75) return 1;
      return u < 0.9 ? 1 - (0.35 * (u - 0.75)) / 0.15 : 0.65;
    };
    for (const z of [z0, z1 - 0.4])
      out.push({
        material: "steel",
        density: 7.85,
        from: x0,
        to: x0 + length,
        section: (x) => ({
          kind: "box",
          y0: y + 0.2 * tall,
          y1: y + 0.62 * tall * Math.min(1, roof(x) / 0.62),
          z0: z,
          z1: z + 0.3,
        }),
      });
    out.push({
      material: "steel",
      density: 0.5,
      from: x0,
      to: x0 + length,
      section: (x) => ({ kind: "box", y0: y + roof(x) * tall - 3, y1: y + roof(x) * tall, z0, z1 }),
    });
    out.push(box("steel", 0.25, [0.02, 0.98], [0.14, 0.22], [z0, z1]));
    out.push(box("aluminium", 1.5, [0.08, 0.2], [0.25, 0.58], [z0 + 40, z1 - 50]));
    out.push(box("steel", 3.2, [0.1, 0.17], [0.2, 0.48], [z0 + 50, z1 - 60]));
    out.push(box("aluminium", 0.7, [0.02, 0.035], [0.25, 0.55], [z0 + 20, z1 - 20]));
    for (const u of [0.46, 0.66]) {
      out.push(box("foam", 0.12, [u, u + 0.1], [0.25, 0.42], [z0 + 10, z1 - 10]));
      out.push(box("foam", 0.1, [u + 0.09, u + 0.12], [0.4, 0.8], [z0 + 10, z1 - 10]));
    }
    out.push(box("oil", 0.4, [0.72, 0.84], [0.16, 0.3], [z0 + 30, z1 - 30]));
    for (const u of [0.17, 0.8]) {
      const centre = { x: at(u), y: y + 31 };
      for (const z of [z0, z1 - 20]) {
        out.push(wheel("rubber", 0.5, centre, 31, [z, z + 20]));
        out.push(wheel("aluminium", 0.9, centre, 19, [z, z + 18]));
        out.push(wheel("steel", 5, centre, 12, [z + 5, z + 9]));
      }
      out.push(block("steel", 4, [centre.x - 3, centre.x + 3], [centre.y - 3, centre.y + 3], [z0, z1]));
    }
    x0 += length + random.range(15, 60);
  }
  return out.length > 0 ? out : machinery(room, random);
}

/** Loose bulk: a heap with a wavy, sloping top. */
export function bulk(room: Room, random: Random): Solid[] {
  const material = random.pick<MaterialName>(["flour", "sugar", "coffee", "salt", "stone"]);
  const heavy = material === "salt" || material === "stone";
  const level = (room.y1 - room.y0) * (heavy ? random.range(0.25, 0.5) : random.range(0.45, 0.85));
  const tilt = random.range(-0.2, 0.2);
  const wave = random.range(120, 420);
  const phase = random.range(0, 6.28);
  const swing = random.range(0.02, 0.1);
  const length = room.x1 - room.x0;
  const rest = random.range(0.4, 0.8);
  return [
    {
      material,
      density: heavy ? random.range(1.1, 1.5) : random.range(0.5, 0.8),
      from: room.x0,
      to: room.x1,
      section: (x) => {
        const u = (x - room.x0) / length - 0.5;
        const free = level * (1 + tilt * 2 * u + swing * Math.sin((x / wave) * 6.28 + phase));
        const edge = Math.min(x - room.x0, room.x1 - x) * rest + level * 0.25;
        const y1 = room.y0 + Math.min(free, edge, room.y1 - room.y0 - 3);
        return { kind: "box", y0: room.y0, y1, z0: room.z0, z1: room.z1 };
      },
    },
  ];
}

/** Metal scrap: a heap of pieces of every size. */
export function scrap(room: Room, random: Random): Solid[] {
  const out: Solid[] = [];
  const length = room.x1 - room.x0;
  const level = (room.y1 - room.y0) * random.range(0.3, 0.75);
  const material = random.pick<MaterialName>(["steel", "aluminium", "copper"]);
  const count = Math.min(420, Math.round(length * 0.35));
  out.push(
    block(
      material,
      material === "steel" ? 0.35 : 0.25,
      [room.x0, room.x1],
      [room.y0, room.y0 + level * 0.8],
      [room.z0 + 4, room.z1 - 4],
    ),
  );
  for (let i = 0; i < count; i++) {
    const size = Math.min(length * 0.5, Math.exp(random.range(1.2, 4.2)));
    const x = random.range(room.x0, room.x1 - size);
    const y = room.y0 + random.float() ** 1.3 * level;
    const tall = Math.min(size * random.range(0.2, 1.3), room.y1 - y - 1);
    const z = random.range(room.z0, room.z1 - 40);
    out.push(
      block(material, random.range(0.4, 5), [x, x + size], [y, y + tall], [z, z + random.range(3, 36)]),
    );
  }
  return out;
}

/** Furniture in cartons and bare: light, hollow, boards edge-on. */
export function furniture(room: Room, random: Random): Solid[] {
  const out: Solid[] = [];
  for (const [x0, x1] of units(room, random.range(45, 190), [1, 14], random)) {
    const top = room.y0 + (room.y1 - room.y0) * random.range(0.55, 0.98);
    for (let y = room.y0; y < top - 12; ) {
      const y1 = Math.min(top, y + random.range(22, 95));
      out.push(
        block(
          random.pick<MaterialName>(["foam", "cotton", "wood"]),
          random.range(0.03, 0.12),
          [x0, x1],
          [y, y1],
          [room.z0 + 3, room.z1 - 3],
        ),
      );
      for (let i = random.int(1, 4); i > 0; i--) {
        const x = random.range(x0, x1 - 3);
        out.push(block("wood", 0.65, [x, x + 1.8], [y, y1], [room.z0 + 10, room.z1 - 60]));
      }
      out.push(block("wood", 0.65, [x0, x1], [y, y + 1.8], [room.z0 + 10, room.z1 - 40]));
      if (random.chance(0.3))
        out.push(block("steel", 1.5, [x0 + 3, x0 + 6], [y, y1], [room.z0 + 60, room.z0 + 90]));
      y = y1 + 1;
    }
  }
  return out;
}

/** Tyres stacked flat or laced: a light, ribbed texture. */
export function tyres(room: Room, random: Random): Solid[] {
  const radius = random.range(28, 52);
  const wide = random.range(17, 28);
  const out: Solid[] = [];
  const levels = Math.max(1, Math.floor(((room.y1 - room.y0) * random.range(0.6, 1)) / wide));
  for (let level = 0; level < levels; level++) {
    const y0 = room.y0 + level * wide;
    if (y0 + wide > room.y1) break;
    for (let x = room.x0 + radius + (level % 2) * 4; x + radius <= room.x1; x += 2 * radius + 1) {
      const inner = radius * 0.6;
      out.push({
        ...block(
          "rubber",
          random.range(0.22, 0.34),
          [x - radius, x + radius],
          [y0, y0 + wide * 0.96],
          [room.z0 + 3, room.z1 - 3],
        ),
        weight: (at) => {
          const d = Math.abs(at - x);
          const outside = Math.sqrt(Math.max(0, 1 - (d / radius) ** 2));
          const hole = d < inner ? (inner / radius) * Math.sqrt(1 - (d / inner) ** 2) : 0;
          return outside - 0.75 * hole;
        },
      });
    }
  }
  return out;
}
