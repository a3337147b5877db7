import type { Calibration } from "./calibration.ts";

/** Fitted by `npm run evaluate:fusion -- --write-fit FILE`; not written by hand. */
export const FITTED_CALIBRATION: Calibration = {
  name: "standard season, seed 1, first third",
  sources: {
    image: {
      slope: 1.4,
      offset: -0.65,
      discount: 1,
    },
    contents: {
      slope: 1.4782,
      offset: 0.0925,
      discount: 1,
    },
    documents: {
      slope: 2,
      offset: -0.2983,
      discount: 1,
    },
    mass: {
      slope: 1.278,
      offset: -0.1177,
      discount: 0.9699,
    },
    "xray-mass": {
      slope: 2,
      offset: -0.034,
      discount: 1,
    },
    radiation: {
      slope: 1.9031,
      offset: 0,
      discount: 1,
    },
    quality: {
      slope: 0.9963,
      offset: 0,
      discount: 0.122,
    },
    value: {
      slope: 1.8608,
      offset: 0,
      discount: 0.75,
    },
    splitting: {
      slope: 1.4083,
      offset: 0,
      discount: 0.8048,
    },
    similar: {
      slope: 2,
      offset: 0,
      discount: 1,
    },
    "watch-list": {
      slope: 0.9611,
      offset: 0,
      discount: 1,
    },
    risk: {
      slope: 1.527,
      offset: -0.0332,
      discount: 0.6812,
    },
    central: {
      slope: 1.1829,
      offset: -0.0721,
      discount: 0.8849,
    },
  },
};
