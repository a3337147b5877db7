import type { Calibration } from "./calibration.ts";

/** Fitted by `npm run evaluate:fusion -- --write-fit FILE`; not written by hand. */
export const FITTED_CALIBRATION: Calibration = {
  name: "standard season, seed 1, first third",
  sources: {
    image: {
      slope: 1.1,
      offset: -0.05,
      discount: 1,
    },
    contents: {
      slope: 1.5986,
      offset: 0.0788,
      discount: 1,
    },
    documents: {
      slope: 2,
      offset: 0.6767,
      discount: 1,
    },
    mass: {
      slope: 1.278,
      offset: -0.1177,
      discount: 1,
    },
    "xray-mass": {
      slope: 2,
      offset: -0.2495,
      discount: 0.9139,
    },
    radiation: {
      slope: 1.9031,
      offset: 0,
      discount: 1,
    },
    quality: {
      slope: 1.0634,
      offset: 0,
      discount: 0.3681,
    },
    value: {
      slope: 1.6722,
      offset: 0,
      discount: 0.7775,
    },
    splitting: {
      slope: 1.4315,
      offset: 0,
      discount: 0.7411,
    },
    similar: {
      slope: 2,
      offset: 0,
      discount: 0.986,
    },
    "watch-list": {
      slope: 0.9611,
      offset: 0,
      discount: 0.9421,
    },
    risk: {
      slope: 1.527,
      offset: -0.0332,
      discount: 0.5903,
    },
    central: {
      slope: 1.1829,
      offset: -0.0721,
      discount: 0.8902,
    },
  },
};
