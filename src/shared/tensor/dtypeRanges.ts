import type { Dtype } from './dtype.ts';

/** Types that TensorFlow Serving's JSON cannot carry; gRPC can. */
export const notOverRest: ReadonlySet<Dtype> = new Set<Dtype>(['DT_HALF', 'DT_BFLOAT16', 'DT_UINT16', 'DT_COMPLEX64', 'DT_COMPLEX128']);

/** The least and the largest value of each whole type. */
export const wholeRanges: Partial<Readonly<Record<Dtype, readonly [bigint, bigint]>>> = {
  DT_INT8: [-128n, 127n],
  DT_UINT8: [0n, 255n],
  DT_INT16: [-32_768n, 32_767n],
  DT_INT32: [-2_147_483_648n, 2_147_483_647n],
  DT_UINT16: [0n, 65_535n],
  DT_UINT32: [0n, 4_294_967_295n],
  DT_INT64: [-9_223_372_036_854_775_808n, 9_223_372_036_854_775_807n],
  DT_UINT64: [0n, 18_446_744_073_709_551_615n],
};
