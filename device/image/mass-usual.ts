import type { MassCalibration } from "./mass-calibration.ts";

/**
 * What a usual 160 kV sandwich machine makes of a step wedge (written by `test/bench/mass/usual.ts`): good for an order of
 * magnitude on a machine that nobody calibrated.
 */
export const USUAL_MASS: MassCalibration = {
  schema: "lynceus-mass/1",
  curves: [
    {
      material: "nylon",
      points: [
        { attenuation: 0.027286, ratio: 1.1547, density: 5.9836 },
        { attenuation: 0.10952, ratio: 1.1588, density: 5.9627 },
        { attenuation: 0.24603, ratio: 1.1593, density: 5.9724 },
        { attenuation: 0.43684, ratio: 1.1576, density: 5.9799 },
        { attenuation: 0.68171, ratio: 1.1552, density: 5.9874 },
        { attenuation: 0.98042, ratio: 1.1522, density: 5.9949 },
        { attenuation: 1.3321, ratio: 1.1487, density: 6.0056 },
        { attenuation: 1.7354, ratio: 1.1447, density: 6.0211 },
        { attenuation: 2.1893, ratio: 1.1401, density: 6.0405 },
        { attenuation: 2.6902, ratio: 1.1348, density: 6.069 },
        { attenuation: 3.2326, ratio: 1.1273, density: 6.1112 },
        { attenuation: 3.8038, ratio: 1.1174, density: 6.1807 },
      ],
    },
    {
      material: "aluminium",
      points: [
        { attenuation: 0.027789, ratio: 1.7825, density: 5.508 },
        { attenuation: 0.11162, ratio: 1.7308, density: 5.4851 },
        { attenuation: 0.25024, ratio: 1.671, density: 5.5049 },
        { attenuation: 0.44269, ratio: 1.6086, density: 5.532 },
        { attenuation: 0.688, ratio: 1.5504, density: 5.5618 },
        { attenuation: 0.98488, ratio: 1.4971, density: 5.5948 },
        { attenuation: 1.3314, ratio: 1.4502, density: 5.633 },
        { attenuation: 1.7262, ratio: 1.4088, density: 5.6749 },
        { attenuation: 2.1682, ratio: 1.3722, density: 5.718 },
        { attenuation: 2.6569, ratio: 1.3396, density: 5.761 },
        { attenuation: 3.1903, ratio: 1.3106, density: 5.8053 },
      ],
    },
    {
      material: "steel",
      points: [
        { attenuation: 0.038318, ratio: 3.2141, density: 2.1304 },
        { attenuation: 0.15007, ratio: 2.8372, density: 2.1758 },
        { attenuation: 0.32659, ratio: 2.5051, density: 2.2496 },
        { attenuation: 0.55779, ratio: 2.2474, density: 2.3416 },
        { attenuation: 0.8352, ratio: 2.0483, density: 2.4435 },
        { attenuation: 1.152, ratio: 1.8922, density: 2.551 },
        { attenuation: 1.5027, ratio: 1.7674, density: 2.6619 },
        { attenuation: 1.8841, ratio: 1.6643, density: 2.7729 },
        { attenuation: 2.2927, ratio: 1.5772, density: 2.8841 },
        { attenuation: 2.7273, ratio: 1.5002, density: 2.9932 },
      ],
    },
  ],
};
