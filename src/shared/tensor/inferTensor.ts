import type { TensorInfo } from '../contract/savedModel.ts';
import { base64Of, type Json } from './json.ts';
import { jsonTensor } from './requestTensors.ts';
import type { Tensor } from './tensor.ts';
import { AppError } from '../contract/errors.ts';

/** A tensor of nested lists whose type nobody told: whole numbers int64, others double, true and false bool, else strings. Null where it is none. */
export function inferTensor(name: string, json: Json): Tensor | null {
  const kinds = new Set<'whole' | 'float' | 'bool' | 'string' | 'none'>();
  const walk = (value: Json): void => {
    if (value.kind === 'list') for (const item of value.items) walk(item);
    else if (value.kind === 'number') kinds.add(/^-?\d+$/.test(value.text) ? 'whole' : 'float');
    else if (value.kind === 'string' || base64Of(value) !== undefined) kinds.add('string');
    else kinds.add(value.kind === 'bool' ? 'bool' : 'none');
  };
  walk(json);
  if (kinds.has('float')) kinds.delete('whole');
  const [kind = 'float', other] = kinds;
  if (kind === 'none' || other !== undefined) return null;
  const [dtype, dtype_enum] = (
    { whole: ['DT_INT64', 9], float: ['DT_DOUBLE', 2], bool: ['DT_BOOL', 10], string: ['DT_STRING', 7] } as const
  )[kind];
  const info: TensorInfo = { name, dtype, dtype_enum, shape: null, unknown_rank: true };
  try {
    return jsonTensor(name, json, info);
  } catch (error) {
    if (error instanceof AppError || error instanceof RangeError) return null;
    throw error;
  }
}
