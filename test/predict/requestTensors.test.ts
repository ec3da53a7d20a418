import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { SignatureInfo } from '../../src/shared/contract/savedModel.ts';
import { dtypeEnum, type Dtype } from '../../src/shared/tensor/dtype.ts';
import { smallFloat } from '../../src/shared/tensor/smallFloat.ts';
import type { Tensor } from '../../src/shared/tensor/tensor.ts';
import { MalformedProto, ProtoReader, ProtoWriter } from '../../src/main/protobuf/wire.ts';
import { requestTensors } from '../../src/shared/tensor/requestTensors.ts';
import { readTensor, writeTensor } from '../../src/main/tfserving/tensorMessage.ts';

function signature(inputs: Readonly<Record<string, readonly [Dtype, readonly number[] | null]>>): SignatureInfo {
  const infos = Object.entries(inputs).map(
    ([name, [dtype, shape]]) => [name, { name, dtype, dtype_enum: dtypeEnum(dtype), shape, unknown_rank: shape === null }] as const,
  );
  return { method_name: 'tensorflow/serving/predict', inputs: Object.fromEntries(infos), outputs: {} };
}

const of = (inputs: Parameters<typeof signature>[0], text: string): unknown => requestTensors(signature(inputs), text, { insist: false });

describe('typed JSON as tensors', () => {
  test('rows and columns are the same tensors', () => {
    const inputs = { x: ['DT_FLOAT', [-1, 2]], n: ['DT_INT64', [-1]] } as const;
    const want = {
      x: { dtype: 'DT_FLOAT', shape: [2, 2], data: Float32Array.of(1, -0, NaN, -Infinity) },
      n: { dtype: 'DT_INT64', shape: [2], data: BigInt64Array.of(9007199254740993n, -9223372036854775808n) },
    };
    const rows = '{"instances": [{"x": [1, -0], "n": 9007199254740993}, {"n": -9223372036854775808, "x": [NaN, -Inf]}]}';
    const columns = '{"inputs": {"x": [[1, -0], [NaN, -Infinity]], "n": [9007199254740993, -9223372036854775808]}}';
    expect([of(inputs, rows), of(inputs, columns)]).toEqual([want, want]);
  });

  test('a sole input needs no name; bytes and text are bytes', () => {
    const want = { s: { dtype: 'DT_STRING', shape: [2], data: [Uint8Array.of(255, 0), new TextEncoder().encode('hé')] } };
    const inputs = { s: ['DT_STRING', [-1]] } as const;
    expect([of(inputs, '{"instances": [{"b64": "/wA="}, "hé"]}'), of(inputs, '{"inputs": {"s": [{"b64": "/wA"}, "hé"]}}')]).toEqual([
      want,
      want,
    ]);
  });

  test('types that JSON over REST cannot carry, scalars, empty lists', () => {
    const inputs = { h: ['DT_HALF', [2]], b: ['DT_BFLOAT16', []], c: ['DT_COMPLEX64', [-1]], e: ['DT_FLOAT', [-1, 3]] } as const;
    expect(of(inputs, '{"inputs": {"h": [2.0, 0.1], "b": 0.3, "c": [1], "e": []}}')).toEqual({
      h: { dtype: 'DT_HALF', shape: [2], data: Uint16Array.of(0x4000, 0x2e66) },
      b: { dtype: 'DT_BFLOAT16', shape: [], data: Uint16Array.of(0x3e9a) },
      c: { dtype: 'DT_COMPLEX64', shape: [1], data: Float32Array.of(1, 0) },
      e: { dtype: 'DT_FLOAT', shape: [0, 3], data: new Float32Array() },
    });
  });

  test.each([
    ['{"instances": [[1, 2, 3]]}', 'Dimension 2 of x is 3; the model wants 2.'],
    ['{"instances": [[1, 2], [3]]}', 'Dimension 2 of x is 1; the model wants 2.'],
    ['{"instances": [["a", 2]]}', 'x is float32: "a" is not a number.'],
    ['{"instances": [[1, 2]]', 'This is no JSON: a comma or } is missing.'],
    ['{"examples": [{}]}', 'Examples go over REST. Over gRPC give "inputs": serialized tf.Example messages as {"b64": "…"}.'],
  ])('%s is refused', (text, words) => {
    expect(() => of({ x: ['DT_FLOAT', [-1, 2]] }, text)).toThrow(expect.objectContaining({ data: { detail: words } }) as Error);
  });

  test('insisting sends another shape, but no ragged one', () => {
    const insist = (text: string): unknown => requestTensors(signature({ x: ['DT_FLOAT', [-1, 2]] }), text, { insist: true });
    expect(insist('{"inputs": [1, 2, 3]}')).toEqual({ x: { dtype: 'DT_FLOAT', shape: [3], data: Float32Array.of(1, 2, 3) } });
    expect(() => insist('{"inputs": [[1, 2], [3]]}')).toThrow(expect.objectContaining({ code: 'REQUEST_MISMATCH' }) as Error);
  });
});

describe('floats of 16 bits', () => {
  test('a half has the bits that the machine gives it, and reads back', () => {
    const Machine = Reflect.get(globalThis, 'Float16Array') as unknown as Float32ArrayConstructor;
    fc.assert(
      fc.property(
        fc.oneof(fc.double(), fc.float(), fc.double({ min: -1e-4, max: 1e-4 }), fc.double({ min: 65_000, max: 66_000 })),
        (value) => {
          const machine = Machine.of(value);
          const bits = new Uint16Array(machine.buffer)[0] ?? 0;
          const { bits: mine, value: back } = smallFloat.DT_HALF;
          expect(Number.isNaN(value) || mine(value) === bits).toBe(true);
          expect(Object.is(back(bits), machine[0])).toBe(true);
        },
      ),
      { numRuns: 20_000 },
    );
  });

  test('a bfloat16 is the nearest upper half of a float, ties to even', () => {
    const { bits, value } = smallFloat.DT_BFLOAT16;
    const upper = (pattern: number): number => new Float32Array(Uint32Array.of(pattern * 65_536).buffer)[0] ?? NaN;
    const all = Array.from({ length: 65_536 }, (_, pattern) => pattern);
    expect(all.filter((pattern) => !Object.is(value(pattern), upper(pattern)))).toEqual([]);
    expect(all.filter((pattern) => !Number.isNaN(upper(pattern)) && bits(upper(pattern)) !== pattern)).toEqual([]);
    const between = (low: number, high: number): number => (upper(low) + upper(high)) / 2;
    expect([bits(between(0x3f80, 0x3f81)), bits(between(0x3f81, 0x3f82)), bits(3.4e38), bits(1e39)]).toEqual([
      0x3f80, 0x3f82, 0x7f80, 0x7f80,
    ]);
  });
});

describe('tensors as messages', () => {
  const written = (tensor: Tensor): Uint8Array => {
    const writer = new ProtoWriter();
    writeTensor(writer, tensor);
    return writer.finish();
  };

  test.each<Tensor>([
    { dtype: 'DT_FLOAT', shape: [2, 1], data: Float32Array.of(1.5, NaN) },
    { dtype: 'DT_INT64', shape: [], data: BigInt64Array.of(-9007199254740993n) },
    { dtype: 'DT_UINT64', shape: [1], data: BigUint64Array.of(18446744073709551615n) },
    { dtype: 'DT_HALF', shape: [3], data: Uint16Array.of(1, 0x7c00, 0x8000) },
    { dtype: 'DT_BFLOAT16', shape: [1], data: Uint16Array.of(0x3e9a) },
    { dtype: 'DT_BOOL', shape: [2], data: Uint8Array.of(1, 0) },
    { dtype: 'DT_COMPLEX128', shape: [1], data: Float64Array.of(1, -2) },
    { dtype: 'DT_STRING', shape: [2], data: [Uint8Array.of(255, 0), new Uint8Array()] },
    { dtype: 'DT_FLOAT', shape: [0, 3], data: new Float32Array() },
  ])('$dtype $shape comes back as it was', (tensor) => {
    expect(readTensor(new ProtoReader(written(tensor)))).toEqual(tensor);
  });

  const shaped = (dtype: number, size: number): ProtoWriter =>
    new ProtoWriter().varint(1, dtype).message(2, (dims) => dims.message(2, (dim) => dim.varint(1, size)));
  const packed = (...values: number[]): Uint8Array => Uint8Array.from(values);

  test.each<readonly [string, ProtoWriter, Tensor]>([
    [
      'float_val, its last repeated',
      shaped(1, 3).float(5, 1).float(5, 2),
      { dtype: 'DT_FLOAT', shape: [3], data: Float32Array.of(1, 2, 2) },
    ],
    [
      'double_val, packed',
      shaped(2, 1).bytes(6, new Uint8Array(Float64Array.of(0.1).buffer)),
      { dtype: 'DT_DOUBLE', shape: [1], data: Float64Array.of(0.1) },
    ],
    ['int_val, negative', shaped(6, 2).varint(7, -1).varint(7, 127), { dtype: 'DT_INT8', shape: [2], data: Int8Array.of(-1, 127) }],
    [
      'int_val, packed',
      shaped(3, 2).bytes(7, packed(0xac, 2, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1)),
      { dtype: 'DT_INT32', shape: [2], data: Int32Array.of(300, -1) },
    ],
    [
      'int64_val, packed',
      shaped(9, 1).bytes(10, packed(0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f)),
      { dtype: 'DT_INT64', shape: [1], data: BigInt64Array.of(72057594037927935n) },
    ],
    ['uint64_val', shaped(23, 1).varint(17, -1n), { dtype: 'DT_UINT64', shape: [1], data: BigUint64Array.of(18446744073709551615n) }],
    ['uint32_val', shaped(22, 1).varint(16, 4294967295), { dtype: 'DT_UINT32', shape: [1], data: Uint32Array.of(4294967295) }],
    ['half_val', shaped(19, 2).bytes(13, packed(0x80, 0x78)), { dtype: 'DT_HALF', shape: [2], data: Uint16Array.of(0x3c00, 0x3c00) }],
    ['bool_val', shaped(10, 2).bytes(11, packed(1, 0)), { dtype: 'DT_BOOL', shape: [2], data: Uint8Array.of(1, 0) }],
    ['scomplex_val', shaped(8, 2).float(9, 1).float(9, 2), { dtype: 'DT_COMPLEX64', shape: [2], data: Float32Array.of(1, 2, 1, 2) }],
    ['no values at all', shaped(1, 2), { dtype: 'DT_FLOAT', shape: [2], data: Float32Array.of(0, 0) }],
  ])('%s', (_, message, want) => {
    expect(readTensor(new ProtoReader(message.finish()))).toEqual(want);
  });

  test('a message is a tensor or malformed, whatever it claims', () => {
    expect(() => readTensor(new ProtoReader(shaped(1, 2 ** 40).finish()))).toThrow(MalformedProto);
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), fc.integer({ min: 0, max: 32 }), (bytes, dtype) => {
        const message = Buffer.concat([new ProtoWriter().varint(1, dtype).finish(), bytes]);
        try {
          readTensor(new ProtoReader(message));
        } catch (error) {
          if (!(error instanceof MalformedProto)) throw error;
        }
      }),
      { numRuns: 3_000 },
    );
  });
});

test('large bytes within messages within messages arrive in their order', () => {
  const [large, small] = [Uint8Array.from({ length: 100_000 }, (_, index) => index % 251), Uint8Array.of(1, 2, 3)];
  const written = new ProtoWriter()
    .bytes(1, small)
    .message(2, (one) => one.bytes(1, large).message(2, (two) => two.bytes(1, small).bytes(2, large).string(3, 'end')))
    .bytes(3, large)
    .finish();
  const found: unknown[] = [];
  const walk = (reader: ProtoReader, depth: number): void => {
    while (reader.next()) {
      if (reader.field === 2 && depth < 2) walk(reader.message(), depth + 1);
      else {
        const bytes = reader.bytes();
        found.push([depth, reader.field, bytes.length, Buffer.compare(bytes, bytes.length === large.length ? large : bytes)]);
      }
    }
  };
  walk(new ProtoReader(written), 0);
  expect(found).toEqual([
    [0, 1, 3, 0],
    [1, 1, 100_000, 0],
    [2, 1, 3, 0],
    [2, 2, 100_000, 0],
    [2, 3, 3, 0],
    [0, 3, 100_000, 0],
  ]);
});
