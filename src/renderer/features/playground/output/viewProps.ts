import type { TensorSummary } from '../../../../shared/contract/predict.ts';
import type { Tensor } from '../../../../shared/tensor/tensor.ts';

/** What each view gets: the tensor, and which part of it is looked at. */
export interface ViewProps {
  readonly name: string;
  readonly tensor: Tensor;
  readonly summary: TensorSummary;
  /** Where the shown part begins, and how many elements it has; its shape is the last `shape.length` dimensions. */
  readonly from: number;
  readonly count: number;
  readonly shape: readonly number[];
}
