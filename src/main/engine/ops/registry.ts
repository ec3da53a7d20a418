import type { MakeKernel, OpFamily } from '../kernel.ts';
import { arrayOps } from './array.ts';
import { castOps } from './cast.ts';
import { decodeImageOps } from './decodeImage.ts';
import { elementwise } from './elementwise.ts';
import { gatherOps } from './gather.ts';
import { matrixOps } from './matrix.ts';
import { choleskyOps } from './cholesky.ts';
import { countingOps } from './counting.ts';
import { numberTextOps } from './numberText.ts';
import { partOps } from './parts.ts';
import { reduceOps } from './reduce.ts';
import { scatterOps } from './scatter.ts';
import { shapeOps } from './shape.ts';
import { stateOps } from './state.ts';
import { stridedSliceOps } from './stridedSlice.ts';
import { controlOps } from './control.ts';
import { convolutionOps } from './convolution.ts';
import { exampleOps } from './example.ts';
import { listOps } from './list.ts';
import { spaceOps } from './space.ts';
import { stringOps } from './string.ts';
import { tableOps } from './table.ts';
import { imageOps } from './image.ts';
import { imageTransformOps } from './imageTransform.ts';
import { signalOps } from './signal.ts';
import { sparseCrossOps } from './sparseCross.ts';
import { sparseOps } from './sparse.ts';
import { tensorArrayOps } from './tensorArray.ts';

const families: readonly OpFamily[] = [
  arrayOps,
  castOps,
  elementwise,
  gatherOps,
  matrixOps,
  choleskyOps,
  reduceOps,
  countingOps,
  scatterOps,
  shapeOps,
  partOps,
  stateOps,
  stridedSliceOps,
  controlOps,
  sparseOps,
  sparseCrossOps,
  signalOps,
  imageOps,
  imageTransformOps,
  convolutionOps,
  exampleOps,
  listOps,
  spaceOps,
  stringOps,
  numberTextOps,
  decodeImageOps,
  tensorArrayOps,
  tableOps,
];

/** Every op that the engine runs, by its type. */
export const opKernels: ReadonlyMap<string, MakeKernel> = new Map(families.flatMap((family) => Object.entries(family)));
