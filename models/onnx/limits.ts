/** What a graph may be made of. A model is data from outside: it is judged before the runtime, which is native code, sees it. */
import { LynceusError } from "../../protocols/errors.ts";
import { type GraphFacts, inspectGraph } from "./inspect.ts";
import { WireFault } from "./wire.ts";

/** Most nodes of a graph: thirty times the largest of the project's own. */
export const MAX_NODES = 20_000;
/** Most bytes that the stored tensors of a file may claim together. */
export const MAX_TENSOR_BYTES = 256 * 1024 * 1024;
/** Versions of the standard operators, and of those for tables, that the runtime on board knows. */
export const MAX_OPSETS: Readonly<Record<string, number>> = { "": 23, "ai.onnx": 23, "ai.onnx.ml": 5 };
/** Oldest standard operators: before them shapes could not be inferred. */
export const MIN_OPSET = 9;
/** Most inputs, and most outputs. */
export const MAX_ENDS = 16;

/**
 * Operators a package may use: arithmetic on tensors. Left out are those that repeat or branch (`Loop`, `Scan`, `If`: a graph
 * must end), draw at random, or handle texts, sequences and maps.
 */
const STANDARD: ReadonlySet<string> = new Set(
  `Abs Acos Acosh Add And ArgMax ArgMin Asin Asinh Atan Atanh AveragePool BatchNormalization BitShift Cast CastLike Ceil Celu Clip
  Compress Concat Constant ConstantOfShape Conv ConvInteger ConvTranspose Cos Cosh CumSum DepthToSpace DequantizeLinear Div Dropout
  DynamicQuantizeLinear Einsum Elu Equal Erf Exp Expand EyeLike Flatten Floor GRU Gather GatherElements GatherND Gelu Gemm
  GlobalAveragePool GlobalMaxPool Greater GreaterOrEqual GridSample GroupNormalization HardSigmoid HardSwish Hardmax Identity
  InstanceNormalization IsInf IsNaN LRN LSTM LayerNormalization LeakyRelu Less LessOrEqual Log LogSoftmax LpNormalization LpPool
  MatMul MatMulInteger Max MaxPool Mean MeanVarianceNormalization Min Mish Mod Mul Neg NonMaxSuppression NonZero Not OneHot Or PRelu
  Pad Pow QLinearConv QLinearMatMul QuantizeLinear Range Reciprocal ReduceL1 ReduceL2 ReduceLogSum ReduceLogSumExp ReduceMax
  ReduceMean ReduceMin ReduceProd ReduceSum ReduceSumSquare Relu Reshape Resize RoiAlign Round ScatterElements ScatterND Selu Shape
  Shrink Sigmoid Sign Sin Sinh Size Slice Softmax Softplus Softsign SpaceToDepth Split Sqrt Squeeze Sub Sum Tan Tanh ThresholdedRelu
  Tile TopK Transpose Trilu Unique Unsqueeze Upsample Where Xor`.split(/\s+/),
);
/** Those of the domain `ai.onnx.ml`: trees and tables, for packages of task `tabular`. */
const TABLES: ReadonlySet<string> = new Set(
  "ArrayFeatureExtractor Binarizer Imputer LabelEncoder LinearClassifier LinearRegressor Normalizer Scaler TreeEnsemble TreeEnsembleClassifier TreeEnsembleRegressor".split(
    " ",
  ),
);
const OPERATORS: Readonly<Record<string, ReadonlySet<string>>> = {
  "": STANDARD,
  "ai.onnx": STANDARD,
  "ai.onnx.ml": TABLES,
};

/**
 * Holds a model file to the bounds: standard operators only, nothing outside of the file, no functions, no control flow, sizes
 * within reason.
 * @param label names the package in the error.
 * @throws LynceusError LYN_MODEL_GRAPH
 */
export function checkGraph(file: Uint8Array, label: string): GraphFacts {
  const facts = inspect(file, label);
  const fault = faultOf(facts);
  if (fault !== null) throw refused(label, fault);
  return facts;
}

function inspect(file: Uint8Array, label: string): GraphFacts {
  try {
    return inspectGraph(file);
  } catch (cause) {
    if (cause instanceof WireFault)
      throw refused(label, `model.onnx is no ONNX file: ${cause.message}`, cause);
    throw cause;
  }
}

/** What is wrong with a graph, in words; null when nothing is. */
function faultOf({ opsets, nodes, tensors, inputs, outputs, functions }: GraphFacts): string | null {
  const outside = tensors.find(({ external }) => external);
  if (outside !== undefined) return `the values of ${outside.name || "a tensor"} lie outside of model.onnx`;
  if (functions > 0) return "it brings functions or training graphs of its own";
  for (const [domain, version] of opsets) {
    const highest = MAX_OPSETS[domain];
    if (highest === undefined) return `it asks for operators of ${domain}, which is not a standard domain`;
    if (version > highest || (domain !== "ai.onnx.ml" && version < MIN_OPSET))
      return `it asks for version ${version} of the operators${domain && ` of ${domain}`}; ${MIN_OPSET} to ${highest} are known`;
  }
  if (nodes.length > MAX_NODES) return `${nodes.length} nodes, the limit is ${MAX_NODES}`;
  for (const { domain, operator } of nodes) {
    if (!OPERATORS[domain]?.has(operator))
      return `the operator ${domain && `${domain}.`}${operator} is not allowed`;
  }
  if (inputs.length > MAX_ENDS || outputs.length > MAX_ENDS)
    return `${inputs.length} inputs and ${outputs.length} outputs, the limit is ${MAX_ENDS} each`;
  const claimed = tensors.reduce((sum, { claimedBytes }) => sum + claimedBytes, 0);
  return claimed <= MAX_TENSOR_BYTES
    ? null
    : `its tensors claim ${claimed} bytes, the limit is ${MAX_TENSOR_BYTES}`;
}

function refused(label: string, message: string, cause?: unknown): LynceusError {
  return new LynceusError("LYN_MODEL_GRAPH", `${label}: ${message}`, {
    remedy:
      "Do not use this package. Ask its provider for a graph of standard operators that holds all it needs.",
    ...(cause === undefined ? {} : { cause }),
  });
}
