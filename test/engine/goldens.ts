import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import { decodeFloat16, encodeFloat16, isFloat16 } from '../../src/main/engine/float16.ts';
import type { Dtype } from '../../src/shared/tensor/dtype.ts';
import type { Tensor, TensorData } from '../../src/shared/tensor/tensor.ts';

/** A tensor as the corpus writes it; see its README, "goldens.json". */
export interface GoldenTensor {
  readonly dtype: Dtype;
  readonly shape: readonly number[];
  readonly data?: unknown;
  readonly npy?: string;
  readonly formula?: { readonly kind: string; readonly seed: number; readonly lo: number; readonly hi: number };
}

export interface GoldenCase {
  readonly name: string;
  readonly signature: string;
  readonly feeds: Readonly<Record<string, GoldenTensor>>;
  readonly outputs?: Readonly<Record<string, GoldenTensor>>;
  readonly error?: unknown;
  readonly tolerance?: { readonly rtol: number; readonly atol: number };
}

const sizeOf = (shape: readonly number[]): number => shape.reduce((size, dim) => size * dim, 1);

/** The generator of the corpus's README. */
function mulberry32(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state | 0) + 0x6d2b79f5;
    state |= 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

const makers: Readonly<Partial<Record<Dtype, (values: readonly number[]) => TensorData>>> = {
  DT_FLOAT: (values) => Float32Array.from(values),
  DT_DOUBLE: (values) => Float64Array.from(values),
  DT_COMPLEX64: (values) => Float32Array.from(values),
  DT_COMPLEX128: (values) => Float64Array.from(values),
  DT_INT8: (values) => Int8Array.from(values),
  DT_UINT8: (values) => Uint8Array.from(values),
  DT_INT16: (values) => Int16Array.from(values),
  DT_UINT16: (values) => Uint16Array.from(values),
  DT_INT32: (values) => Int32Array.from(values),
  DT_UINT32: (values) => Uint32Array.from(values),
  DT_BOOL: (values) => Uint8Array.from(values),
  DT_HALF: (values) => encodeFloat16('DT_HALF', values),
  DT_BFLOAT16: (values) => encodeFloat16('DT_BFLOAT16', values),
};

function flat(data: unknown): readonly unknown[] {
  return Array.isArray(data) ? data.flatMap(flat) : [data];
}

function bytesOf(value: unknown): Uint8Array {
  return typeof value === 'string' ? Buffer.from(value) : Buffer.from((value as { readonly b64: string }).b64, 'base64');
}

/** Numbers of a NumPy file, version 1, C order. */
function readNpy(path: string): { readonly kind: string; readonly bytes: Buffer } {
  const file = readFileSync(path);
  const headerLength = file.readUInt16LE(8);
  const header = file.toString('latin1', 10, 10 + headerLength);
  return { kind: /'descr': '([^']+)'/.exec(header)?.[1] ?? '', bytes: Buffer.from(file.subarray(10 + headerLength)) };
}

function npyData(dtype: Dtype, path: string): TensorData {
  const { kind, bytes } = readNpy(path);
  const whole = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length);
  if (dtype === 'DT_BFLOAT16') return encodeFloat16(dtype, new Float32Array(whole));
  const views: Readonly<Record<string, (buffer: ArrayBuffer) => TensorData>> = {
    '<f4': (buffer) => new Float32Array(buffer),
    '<f8': (buffer) => new Float64Array(buffer),
    '<f2': (buffer) => new Uint16Array(buffer),
    '<i4': (buffer) => new Int32Array(buffer),
    '<i8': (buffer) => new BigInt64Array(buffer),
    '<u8': (buffer) => new BigUint64Array(buffer),
    '|u1': (buffer) => new Uint8Array(buffer),
    '|b1': (buffer) => new Uint8Array(buffer),
    '|i1': (buffer) => new Int8Array(buffer),
    '<c8': (buffer) => new Float32Array(buffer),
  };
  const view = views[kind];
  if (view === undefined) throw new Error(`NumPy type ${kind}`);
  return view(whole as ArrayBuffer);
}

/** A golden's tensor; `folder` is where its `.npy` lies. */
export function tensorOfGolden({ dtype, shape, data, npy, formula }: GoldenTensor, folder: string): Tensor {
  if (npy !== undefined) return { dtype, shape, data: npyData(dtype, join(folder, npy)) };
  if (formula !== undefined) {
    const next = mulberry32(formula.seed);
    const whole = !['DT_FLOAT', 'DT_DOUBLE', 'DT_HALF', 'DT_BFLOAT16'].includes(dtype);
    const values = Array.from({ length: sizeOf(shape) }, () => {
      const value = formula.lo + (formula.hi - formula.lo) * next();
      return whole ? Math.floor(value) : value;
    });
    if (dtype === 'DT_INT64') return { dtype, shape, data: BigInt64Array.from(values, BigInt) };
    return { dtype, shape, data: makers[dtype]?.(values) ?? [] };
  }
  const items = sizeOf(shape) === 0 ? [] : flat(data);
  if (dtype === 'DT_STRING') return { dtype, shape, data: items.map(bytesOf) };
  if (dtype === 'DT_INT64') return { dtype, shape, data: BigInt64Array.from(items as number[], BigInt) };
  if (dtype === 'DT_UINT64') return { dtype, shape, data: BigUint64Array.from(items as number[], BigInt) };
  return { dtype, shape, data: makers[dtype]?.(items.map(Number)) ?? [] };
}

/** How far `got` is from `want` beyond the tolerance; empty where it fits. Integers, bools and strings are exact. */
export function difference(got: Tensor, want: Tensor, { rtol, atol }: { readonly rtol: number; readonly atol: number }): string {
  if (got.dtype !== want.dtype) return `dtype ${got.dtype}, wanted ${want.dtype}`;
  if (got.shape.join() !== want.shape.join()) return `shape [${got.shape.join()}], wanted [${want.shape.join()}]`;
  if (got.data.length !== want.data.length) return `${got.data.length} values, wanted ${want.data.length}`;
  if (got.dtype === 'DT_STRING') {
    const [a, b] = [got.data as readonly Uint8Array[], want.data as readonly Uint8Array[]];
    const at = a.findIndex((bytes, index) => Buffer.compare(bytes, b[index] ?? new Uint8Array()) !== 0);
    return at < 0 ? '' : `[${at}]: ${Buffer.from(a[at] ?? []).toString()}, wanted ${Buffer.from(b[at] ?? []).toString()}`;
  }
  const floating = /FLOAT|DOUBLE|HALF|COMPLEX/.test(got.dtype);
  const values = (tensor: Tensor): ArrayLike<number | bigint> =>
    isFloat16(tensor.dtype) ? decodeFloat16(tensor.dtype, tensor.data as Uint16Array) : (tensor.data as Float32Array);
  const [a, b] = [values(got), values(want)];
  for (let at = 0; at < a.length; at += 1) {
    const [x, y] = [a[at] ?? 0, b[at] ?? 0];
    const fits = floating
      ? Object.is(Number(x), Number(y)) || Number(x) === Number(y) || Math.abs(Number(x) - Number(y)) <= atol + rtol * Math.abs(Number(y))
      : x === y;
    if (!fits) return `[${at}]: ${x}, wanted ${y}`;
  }
  return '';
}

/** Expects every wanted output within tolerance, all told at once; null: a refusal, as its text. */
export function expectOutputs(
  got: Readonly<Record<string, Tensor>> | string,
  want: Readonly<Record<string, Tensor>> | null,
  tolerance = { rtol: 1e-4, atol: 1e-5 },
): void {
  if (want === null) {
    expect(got).toContain('StatusError');
    return;
  }
  const wrong = Object.entries(want).flatMap(([name, tensor]) => {
    const found = typeof got === 'string' ? undefined : got[name];
    const told = found === undefined ? (typeof got === 'string' ? got : 'missing') : difference(found, tensor, tolerance);
    return told === '' ? [] : [`${name}: ${told}`];
  });
  expect(wrong).toEqual([]);
}
