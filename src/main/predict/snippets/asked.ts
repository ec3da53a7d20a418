import type { SignatureInfo } from '../../../shared/contract/savedModel.ts';
import type { Tensor } from '../../../shared/tensor/tensor.ts';

/** One request, ready to be written as a program. */
export interface Asked {
  /** `http://127.0.0.1:8501/v1/models/digits/versions/3:predict` */
  readonly url: string;
  /** `127.0.0.1:8500` */
  readonly grpcAddress: string;
  readonly model: string;
  readonly version: string | undefined;
  readonly label: string | undefined;
  readonly signatureName: string;
  readonly signature: SignatureInfo;
  /** TensorFlow Serving's JSON as it was typed. */
  readonly body: string;
  /** The same as tensors; null where it has no such form. */
  readonly inputs: Readonly<Record<string, Tensor>> | null;
}

/** A body that is longer is read from a file, so that the program can be read. */
export const inlineChars = 2_000;
/** Tensors with more elements are read from files. */
export const inlineElements = 200;

export const requestFile = 'request.json';
export const isInline = ({ body }: Asked): boolean => body.length <= inlineChars;

/** Which field of TensorProto holds the values of a type, and numpy's name of the type. */
const valueFields = {
  DT_FLOAT: ['float_val', 'float32'],
  DT_DOUBLE: ['double_val', 'float64'],
  DT_INT8: ['int_val', 'int8'],
  DT_INT16: ['int_val', 'int16'],
  DT_INT32: ['int_val', 'int32'],
  DT_UINT8: ['int_val', 'uint8'],
  DT_UINT16: ['int_val', 'uint16'],
  DT_INT64: ['int64_val', 'int64'],
  DT_UINT32: ['uint32_val', 'uint32'],
  DT_UINT64: ['uint64_val', 'uint64'],
  DT_BOOL: ['bool_val', 'bool_'],
  DT_HALF: ['half_val', 'float16'],
  DT_BFLOAT16: ['half_val', 'uint16'],
  DT_STRING: ['string_val', 'object_'],
} as const;

/** The field and numpy's type; undefined for a type that no program here carries (complex, quantized). */
export const valueField = (dtype: string): (typeof valueFields)[keyof typeof valueFields] | undefined =>
  Object.hasOwn(valueFields, dtype) ? valueFields[dtype as keyof typeof valueFields] : undefined;
