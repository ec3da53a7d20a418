import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { SignatureInfo } from '../../src/shared/contract/savedModel.ts';
import type { Dtype } from '../../src/shared/tensor/dtype.ts';
import { readPredictRequest } from '../../src/main/tfserving/predictRequest.ts';
import { writePredictResponse } from '../../src/main/tfserving/predictResponse.ts';
import { StatusError } from '../../src/main/tfserving/status.ts';

const signature = (inputs: Readonly<Record<string, Dtype>>): SignatureInfo => ({
  method_name: 'tensorflow/serving/predict',
  inputs: Object.fromEntries(
    Object.entries(inputs).map(([name, dtype]) => [name, { name: `${name}:0`, dtype, dtype_enum: 0, shape: null, unknown_rank: true }]),
  ),
  outputs: {},
});

const read = (body: string, inputs: Readonly<Record<string, Dtype>>): ReturnType<typeof readPredictRequest> =>
  readPredictRequest(Buffer.from(body), () => signature(inputs));

/** The one-pass reader takes only plain bodies: a name that it does not know leads past it. */
const carefully = (body: string): string => body.replace(/^\{/, '{"unknown":0,');

const elements = ({ inputs }: ReturnType<typeof readPredictRequest>): unknown =>
  Object.fromEntries(
    Object.entries(inputs).map(([name, { dtype, shape, data }]) => [name, { dtype, shape, data: Array.from(data as ArrayLike<unknown>) }]),
  );

/** Nested lists of one shape. */
const nested = (element: fc.Arbitrary<string>): fc.Arbitrary<string> =>
  fc
    .array(fc.integer({ min: 0, max: 4 }), { maxLength: 4 })
    .chain((shape) =>
      shape.reduceRight<fc.Arbitrary<string>>(
        (inner, size) => fc.array(inner, { minLength: size, maxLength: size }).map((items) => `[${items.join(' ,')}]`),
        element,
      ),
    );

const numberTexts: Readonly<Partial<Record<Dtype, fc.Arbitrary<string>>>> = {
  DT_FLOAT: fc.oneof(
    fc.double({ noNaN: true, noDefaultInfinity: true }).map(String),
    fc.float({ noNaN: true, noDefaultInfinity: true }).map(String),
    fc.integer().map((value) => `${value}.5e-7`),
    fc.constantFrom('NaN', 'Infinity', '-Infinity', 'Inf', '0', '-0.0', '1E5', '0.1234567890123456789', '123456789012345678901234567890'),
  ),
  DT_DOUBLE: fc.double({ noNaN: true, noDefaultInfinity: true }).map(String),
  DT_INT32: fc.integer().map(String),
  DT_INT8: fc.integer().map(String),
  DT_UINT8: fc.integer().map(String),
  DT_UINT32: fc.integer({ min: 0, max: 4_294_967_295 }).map(String),
  DT_INT64: fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }).map(String),
  DT_UINT64: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }).map(String),
  DT_BOOL: fc.constantFrom('true', 'false'),
};

describe('a predict body', () => {
  test.each(Object.keys(numberTexts) as Dtype[])('of %s is read the same by the one-pass reader and by the careful one', (dtype) => {
    fc.assert(
      fc.property(nested(numberTexts[dtype] ?? fc.constant('0')), fc.constantFrom('inputs', 'instances'), (value, key) => {
        const body = `{"${key}": ${key === 'inputs' ? value : `[${value}, ${value}]`} }`;
        expect(elements(read(body, { x: dtype }))).toEqual(elements(read(carefully(body), { x: dtype })));
      }),
      { numRuns: 300 },
    );
  });

  test('of rows with several inputs is read the same by both', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.float({ noNaN: true }), fc.integer()), { minLength: 1, maxLength: 5 }), (rows) => {
        const body = `{"instances":[${rows.map(([a, b]) => `{"a":[${String(a)},1],"b":${b}}`).join(',')}]}`;
        const inputs = { a: 'DT_FLOAT', b: 'DT_INT32' } as const;
        expect(elements(read(body, inputs))).toEqual(elements(read(carefully(body), inputs)));
      }),
    );
  });

  test('is refused in the same words by both, whatever was done to it', () => {
    const outcome = (body: string): unknown => {
      try {
        return elements(read(body, { x: 'DT_FLOAT' }));
      } catch (error) {
        if (!(error instanceof StatusError)) throw error;
        // The unknown name moves what follows it, and is shown with the whole body.
        return error.message.replace(/offset: \d+/, 'offset').replace(/^JSON Value: \{[^]*/, 'JSON Value');
      }
    };
    fc.assert(
      fc.property(
        nested(fc.constantFrom('1', '2.5', '"a"', 'null', '{}', '01', '1.', '-', '[')),
        fc.nat(),
        fc.string({ maxLength: 2 }),
        (value, at, text) => {
          const whole = `{"instances":[${value}]}`;
          // Behind the first quotation mark: of an empty object the unknown name would make another body.
          const place = 2 + (at % (whole.length - 1));
          const body = whole.slice(0, place) + text + whole.slice(place);
          expect(outcome(body)).toEqual(outcome(carefully(body)));
        },
      ),
      { numRuns: 500 },
    );
  });

  test('of any bytes ends in a StatusError or in tensors that hold what their shapes say', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.uint8Array({ maxLength: 200 }),
          fc.json().map((text) => new TextEncoder().encode(text)),
        ),
        (bytes) => {
          const isRight = (): boolean => {
            try {
              const { inputs } = readPredictRequest(Buffer.from(bytes), () => signature({ x: 'DT_STRING' }));
              return Object.values(inputs).every(({ shape, data }) => data.length === shape.reduce((all, size) => all * size, 1));
            } catch (error) {
              return error instanceof StatusError;
            }
          };
          expect(isRight()).toBe(true);
        },
      ),
      { numRuns: 500 },
    );
  });

  test('keeps the last digits: floats to the nearest, int64 whole', () => {
    expect(elements(read('{"inputs":[0.1,16777217,3.4028235e38,1e-46,123456789.12345679]}', { x: 'DT_FLOAT' }))).toEqual({
      x: { dtype: 'DT_FLOAT', shape: [5], data: Array.from(Float32Array.of(0.1, 16777217, 3.4028235e38, 1e-46, 123456789.12345679)) },
    });
    expect(elements(read('{"inputs":[9223372036854775807,-9007199254740993,-1]}', { x: 'DT_INT64' }))).toEqual({
      x: { dtype: 'DT_INT64', shape: [3], data: [9_223_372_036_854_775_807n, -9_007_199_254_740_993n, -1n] },
    });
  });
});

describe('an answer', () => {
  const written = (value: number, dtype: 'DT_FLOAT' | 'DT_DOUBLE'): string =>
    writePredictResponse(
      { y: { dtype, shape: [], data: dtype === 'DT_FLOAT' ? Float32Array.of(value) : Float64Array.of(value) } },
      { rows: false },
    )
      .toString()
      .replace(/[^]*: (.*)\n\}$/, '$1');

  test('has floats that read back as the same, in six digits or nine', () => {
    fc.assert(
      fc.property(fc.float({ noNaN: true, noDefaultInfinity: true }), (value) => {
        const text = written(value, 'DT_FLOAT');
        expect(Math.fround(Number(text))).toBe(value);
        expect(text).toMatch(/[.e]/);
        expect(
          text
            .replace(/e.*$/, '')
            .replace(/^-?0?\.?0*/, '')
            .replaceAll(/\D/g, '').length,
        ).toBeLessThanOrEqual(10);
      }),
      { numRuns: 2000 },
    );
  });

  test('has doubles that read back as the same', () => {
    fc.assert(
      fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (value) => {
        expect(Number(written(value, 'DT_DOUBLE'))).toBe(value);
      }),
      { numRuns: 2000 },
    );
  });

  test.each([
    [0.1, '0.1'],
    [1e10, '1e+10'],
    [8388610, '8.38861e+06'],
    [474441.0625, '474441.062'],
    [-1507937.125, '-1507937.12'],
    [0.00001, '1e-05'],
    [100, '100.0'],
    [-0, '-0.0'],
    [Number.NaN, 'NaN'],
    [Number.NEGATIVE_INFINITY, '-Infinity'],
  ])('writes the float %d as C does: %s', (value, text) => {
    expect(written(value, 'DT_FLOAT')).toBe(text);
  });
});
