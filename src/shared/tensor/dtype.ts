/**
 * TensorFlow's element types as SavedModels and TensorFlow Serving name them.
 * Source: the DataType enumeration of TensorFlow's types.proto; reference types are the enum + 100.
 */
const dtypeTable = {
  DT_INVALID: [0, 'invalid', 0],
  DT_FLOAT: [1, 'float32', 4],
  DT_DOUBLE: [2, 'float64', 8],
  DT_INT32: [3, 'int32', 4],
  DT_UINT8: [4, 'uint8', 1],
  DT_INT16: [5, 'int16', 2],
  DT_INT8: [6, 'int8', 1],
  DT_STRING: [7, 'string', 0],
  DT_COMPLEX64: [8, 'complex64', 8],
  DT_INT64: [9, 'int64', 8],
  DT_BOOL: [10, 'bool', 1],
  DT_QINT8: [11, 'qint8', 1],
  DT_QUINT8: [12, 'quint8', 1],
  DT_QINT32: [13, 'qint32', 4],
  DT_BFLOAT16: [14, 'bfloat16', 2],
  DT_QINT16: [15, 'qint16', 2],
  DT_QUINT16: [16, 'quint16', 2],
  DT_UINT16: [17, 'uint16', 2],
  DT_COMPLEX128: [18, 'complex128', 16],
  DT_HALF: [19, 'float16', 2],
  DT_RESOURCE: [20, 'resource', 0],
  DT_VARIANT: [21, 'variant', 0],
  DT_UINT32: [22, 'uint32', 4],
  DT_UINT64: [23, 'uint64', 8],
  DT_FLOAT8_E5M2: [24, 'float8_e5m2', 1],
  DT_FLOAT8_E4M3FN: [25, 'float8_e4m3fn', 1],
  DT_INT4: [29, 'int4', 1],
  DT_UINT4: [30, 'uint4', 1],
} as const satisfies Record<string, readonly [number, string, number]>;

/** A value type's name in TensorFlow's own spelling, such as `DT_FLOAT`. */
export type Dtype = keyof typeof dtypeTable;
/** A value or reference type's name; `DT_FLOAT_REF` is enum 101. */
export type DtypeName = Dtype | `${Dtype}_REF`;

/** All value types, for schemas. */
export const dtypeNames = Object.keys(dtypeTable) as readonly Dtype[];

const byEnum = new Map<number, Dtype>(Object.entries(dtypeTable).map(([name, [number]]) => [number, name as Dtype]));

/** The type of a DataType enum value, reference types included; undefined for a number TensorFlow does not use. */
export function dtypeOfEnum(number: number): DtypeName | undefined {
  if (number > 100) {
    const base = byEnum.get(number - 100);
    return base === undefined ? undefined : `${base}_REF`;
  }
  return byEnum.get(number);
}

/** The value type behind a possible reference type. */
export function valueDtype(dtype: DtypeName): Dtype {
  return (dtype.endsWith('_REF') ? dtype.slice(0, -4) : dtype) as Dtype;
}

/** The enum number of a type; reference types are their base + 100. */
export function dtypeEnum(dtype: DtypeName): number {
  return dtypeTable[valueDtype(dtype)][0] + (dtype.endsWith('_REF') ? 100 : 0);
}

/** The name data scientists know, such as `float32`. */
export function dtypeLabel(dtype: DtypeName): string {
  return dtypeTable[valueDtype(dtype)][1];
}

/** Bytes of one element; 0 where elements have no fixed size (string, resource, variant). */
export function dtypeSizeBytes(dtype: DtypeName): number {
  return dtypeTable[valueDtype(dtype)][2];
}
