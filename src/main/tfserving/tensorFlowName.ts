import { dtypeLabel, type DtypeName } from '../../shared/tensor/dtype.ts';

const own: Readonly<Record<string, string>> = { float32: 'float', float64: 'double', float16: 'half' };

/** A type's name in TensorFlow's own messages: `float`, `half`, `int64`. */
export function tensorFlowName(dtype: DtypeName): string {
  const label = dtypeLabel(dtype);
  return own[label] ?? label;
}
