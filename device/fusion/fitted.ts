import type { Calibration } from "./calibration.ts";

/** Fitted by `npm run evaluate:fusion -- --write-fit FILE`; not written by hand. */
export const FITTED_CALIBRATION: Calibration = {
  name: "standard season, seed 1, first third",
  sources: {
    image: {
      slope: 1.25,
      offset: -0.25,
      discount: 1,
    },
    contents: {
      slope: 1.4675,
      offset: 0.0935,
      discount: 1,
    },
    documents: {
      slope: 2,
      offset: -0.2432,
      discount: 1,
    },
    mass: {
      slope: 1.278,
      offset: -0.1177,
      discount: 0.9659,
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
      discount: 0.0521,
    },
    value: {
      slope: 1.8608,
      offset: 0,
      discount: 0.7474,
    },
    splitting: {
      slope: 1.4083,
      offset: 0,
      discount: 0.8004,
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
      discount: 0.6752,
    },
    central: {
      slope: 1.1829,
      offset: -0.0721,
      discount: 0.8751,
    },
  },
};
