import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { TensorInfo } from '../../src/shared/contract/savedModel.ts';
import type { DtypeName } from '../../src/shared/tensor/dtype.ts';
import { applyFix, fittedCells } from '../../src/renderer/features/playground/form/applyFix.ts';
import { tableOfText } from '../../src/renderer/features/playground/form/tableOfText.ts';
import { cellsOf, elementOf, isElement, resizeCells, textOfCells } from '../../src/renderer/features/playground/form/cells.ts';
import { inputsOfBody } from '../../src/renderer/features/playground/form/convertDraft.ts';
import { filled, firstInput, rowsOf, withRows, type FieldInput } from '../../src/renderer/features/playground/form/fieldInput.ts';

const info = (dtype: DtypeName, shape: readonly number[] | null): TensorInfo => ({
  name: 'x:0',
  dtype,
  dtype_enum: 0,
  shape,
  unknown_rank: shape === null,
});
const floats = info('DT_FLOAT', [-1, 4]);
const json = (text: string): FieldInput => ({ source: { kind: 'json', text } });

describe('cells', () => {
  it('are the elements of typed lists as they were typed, and become the same lists again', () => {
    const shapes = fc.array(fc.integer({ min: 1, max: 4 }), { maxLength: 4 });
    fc.assert(
      fc.property(shapes, (shape) => {
        const texts = Array.from({ length: shape.reduce((product, size) => product * size, 1) }, (_, index) => `${index}.50`);
        const text = textOfCells({ shape, texts });
        expect(cellsOf(json(text), floats)).toEqual({ shape, texts });
      }),
    );
  });

  it('are none where lists are ragged, broken or too many', () => {
    expect([
      cellsOf(json('[[1, 2], [3]]'), floats),
      cellsOf(json('[[1, [2]]]'), floats),
      cellsOf(json('[1, 2'), floats),
      cellsOf({ source: { kind: 'fill', fill: { kind: 'zeros' }, shape: [2, 224, 224, 3] } }, floats),
    ]).toEqual([null, null, null, null]);
  });

  it('keep what is there when they are resized: what is added repeats the last', () => {
    const cells = { shape: [2, 2], texts: ['1', '2', '3', '4'] };
    expect(resizeCells(cells, [3, 3], 'DT_INT32').texts).toEqual(['1', '2', '2', '3', '4', '4', '3', '4', '4']);
    expect(resizeCells(cells, [1, 1], 'DT_INT32').texts).toEqual(['1']);
    expect(resizeCells({ shape: [0, 2], texts: [] }, [1, 2], 'DT_INT32').texts).toEqual(['0', '0']);
  });

  it.each([
    ['1.', 'DT_FLOAT', '1.0'],
    ['.5', 'DT_FLOAT', '0.5'],
    ['-inf', 'DT_FLOAT', '-Infinity'],
    ['nan', 'DT_FLOAT', 'NaN'],
    ['-0.0', 'DT_FLOAT', '-0.0'],
    ['−3', 'DT_INT32', '-3'],
    ['007', 'DT_INT32', '7'],
    ['9223372036854775807', 'DT_INT64', '9223372036854775807'],
    ['yes', 'DT_BOOL', 'true'],
    ['five', 'DT_FLOAT', '"five"'],
    ['', 'DT_DOUBLE', '0.0'],
    ['a "b"', 'DT_STRING', '"a \\"b\\""'],
  ] as const)('%j typed for %s is the element %s', (typed, dtype, element) => {
    expect(elementOf(typed, dtype)).toBe(element);
  });

  it('are told from values that a type has not', () => {
    expect([isElement('128', 'DT_INT8'), isElement('127', 'DT_INT8'), isElement('1.5', 'DT_INT32'), isElement('"x"', 'DT_FLOAT')]).toEqual([
      false,
      true,
      false,
      false,
    ]);
  });

  it('are pasted from a spreadsheet by tabs, from text by commas, from JSON without its brackets', () => {
    expect([tableOfText('1\t2\r\n3\t\r\n'), tableOfText('1, 2; 3'), tableOfText('[[1, 2],\n [3, 4]]')]).toEqual([
      [
        ['1', '2'],
        ['3', ''],
      ],
      [['1', '2', '3']],
      [
        ['1', '2'],
        ['3', '4'],
      ],
    ]);
  });
});

describe('an input', () => {
  it('begins with a batch of one that fits, and takes more rows', () => {
    const input = firstInput(info('DT_FLOAT', [-1, -1, -1, 3]), []);
    expect(input.source).toEqual({ kind: 'fill', fill: { kind: 'zeros' }, shape: [1, 32, 32, 3] });
    expect(withRows(input, info('DT_FLOAT', [-1, -1, -1, 3]), 2).source).toEqual({
      kind: 'fill',
      fill: { kind: 'zeros' },
      shape: [2, 32, 32, 3],
    });
    expect(withRows(json('[[1, 2, 3, 4]]'), floats, 2)).toEqual(json('[[1, 2, 3, 4], [1, 2, 3, 4]]'));
    expect(rowsOf(firstInput(info('DT_STRING', [-1]), []), info('DT_STRING', [-1]))).toBe(1);
    // A fixed first dimension is no batch.
    expect(withRows(json('[1, 2]'), info('DT_FLOAT', [2]), 3)).toEqual(json('[1, 2]'));
  });

  it('is filled in the shape that it has', () => {
    expect(filled(json('[[1, 2, 3, 4], [5, 6, 7, 8]]'), floats, { kind: 'ones' }).source).toEqual({
      kind: 'fill',
      fill: { kind: 'ones' },
      shape: [2, 4],
    });
  });

  it('is mended where it stands: numbers as they were typed, fills by their shape, files by a step', () => {
    expect(applyFix('x', json('[1.50, 2, 3, 4]'), floats, { kind: 'add-batch' })).toEqual(json('[[1.50, 2, 3, 4]]'));
    expect(
      applyFix('x', { source: { kind: 'fill', fill: { kind: 'ones' }, shape: [4, 2] } }, floats, { kind: 'transpose', order: [1, 0] })
        .source,
    ).toEqual({
      kind: 'fill',
      fill: { kind: 'ones' },
      shape: [2, 4],
    });
    const files: FieldInput = { source: { kind: 'files', files: [{ name: 'a.npy', data: new Blob() }] } };
    expect(applyFix('x', files, floats, { kind: 'add-batch' }).steps).toEqual([{ kind: 'add-batch' }]);
    expect(fittedCells(json('[[1, 2, 3]]'), floats)).toEqual({ input: json('[[1, 2, 3, 3]]'), shape: [1, 4] });
    expect(fittedCells(json('[[1, 2, 3, 4]]'), floats)).toBeNull();
  });
});

describe('a typed request', () => {
  const signature = { method_name: 'tensorflow/serving/predict', inputs: { a: floats, b: info('DT_INT64', [-1]) }, outputs: {} };

  it('becomes fields from rows and from columns, what is missing left out', () => {
    expect(inputsOfBody(signature, [], '{"instances": [{"a": [1, 2, 3, 4], "b": 9007199254740993}]}')).toEqual({
      a: json('[[1, 2, 3, 4]]'),
      b: json('[9007199254740993]'),
    });
    expect(inputsOfBody(signature, [], '{"inputs": {"b": [1]}}')).toEqual({ b: json('[1]') });
    expect([inputsOfBody(signature, [], '{"inputs": '), inputsOfBody(signature, [], '{}')]).toEqual([null, null]);
  });

  it('of examples becomes features of the graph’s types', () => {
    const one = { ...signature, inputs: { inputs: info('DT_STRING', [-1]) } };
    const feature = (name: string, dtype: 'DT_FLOAT' | 'DT_INT64' | 'DT_STRING') =>
      ({ name, dtype, kind: 'fixed', shape: [1], defaults: null }) as const;
    const features = [feature('age', 'DT_FLOAT'), feature('clicks', 'DT_INT64'), feature('city', 'DT_STRING')];
    expect(
      inputsOfBody(one, features, '{"examples": [{"age": 3, "clicks": [1, 2], "city": "Rome", "raw": {"b64": "/w=="}, "more": 0.5}]}'),
    ).toEqual({
      inputs: {
        source: {
          kind: 'examples',
          examples: [
            {
              age: { type: 'float', values: ['3'] },
              clicks: { type: 'int64', values: ['1', '2'] },
              city: { type: 'text', values: ['Rome'] },
              raw: { type: 'base64', values: ['/w=='] },
              more: { type: 'float', values: ['0.5'] },
            },
          ],
        },
      },
    });
  });
});
