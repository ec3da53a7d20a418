import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { TensorSummary } from '../../src/shared/contract/predict.ts';
import { areNormalised, detectionOf, sidesOf } from '../../src/renderer/features/playground/output/detection.ts';
import { encodedPicture } from '../../src/renderer/features/playground/output/encodedPicture.ts';
import { largestOf, numbersOf } from '../../src/renderer/features/playground/output/numbersOf.ts';
import {
  classShares,
  endsOf,
  guessRange,
  heatPixels,
  maskOf,
  maskPixels,
  picturePixels,
} from '../../src/renderer/features/playground/output/pixels.ts';
import { sliceOf } from '../../src/renderer/features/playground/output/sliceOf.ts';
import { fft, frameSamples, spectrogramOf, wavOf } from '../../src/renderer/features/playground/output/spectrum.ts';
import { viewRank, viewsOf } from '../../src/renderer/features/playground/output/viewsOf.ts';
import { createWireHex, createWireText, type WireText } from '../../src/renderer/features/playground/output/wireText.ts';

function output(name: string, shape: readonly number[], part: Partial<TensorSummary> = {}): TensorSummary {
  const size = shape.reduce((product, one) => product * one, 1);
  const first = Array.from({ length: Math.min(size, 1_000) }, (_, index) => String((index % 7) - 3.5));
  const base = { name, dtype: 'DT_FLOAT', shape, size, first, min: '-3.5', max: '2.5', mean: '0', sum: '0' } as const;
  return { ...base, nans: 0, infinities: 0, histogram: null, ...part };
}

/** Rows of so many classes that are 1 together. */
const probable = (size: number, classes: number): readonly string[] =>
  Array.from({ length: Math.min(size, 1_000) }, () => String(1 / classes));

describe('the views of an output', () => {
  const boxes = output('boxes', [6, 4]);
  const scores = output('scores', [6]);
  const cases: readonly (readonly [what: string, one: TensorSummary, others: readonly TensorSummary[], views: string])[] = [
    ['one number', output('price', [1, 1]), [], 'number table'],
    ['probabilities', output('y', [1, 10], { first: probable(10, 10) }), [], 'classes table sequence'],
    ['probabilities of a batch', output('y', [3, 10], { first: probable(30, 10) }), [], 'classes table sequence heatmap'],
    ['logits by their name', output('logits', [2, 6, 100]), [], 'classes table sequence heatmap'],
    ['a column of numbers', output('y', [3, 1]), [], 'table'],
    ['two numbers', output('forecast', [1, 2]), [], 'table classes'],
    ['a long vector', output('y', [300]), [], 'sequence table classes'],
    ['a series of channels', output('y', [2, 50, 3]), [], 'sequence table classes heatmap'],
    ['a picture', output('decoded', [1, 64, 64, 3]), [], 'image mask table classes heatmap'],
    ['bytes of pixels', output('inverted', [2, 3, 3], { dtype: 'DT_UINT8' }), [], 'image table heatmap'],
    ['classes of pixels', output('y', [1, 16, 16, 4], { first: probable(1_024, 4) }), [], 'mask image table classes heatmap'],
    ['a mask of ids', output('segmentation', [1, 64, 64], { dtype: 'DT_INT32', min: '0', max: '20' }), [], 'mask heatmap table sequence'],
    ['boxes', boxes, [scores], 'boxes table sequence heatmap'],
    ['scores of boxes', scores, [boxes], 'table sequence classes'],
    ['attention', output('attention', [1, 4, 12, 12]), [], 'heatmap table classes'],
    ['sound', output('audio', [1, 16_000]), [], 'waveform spectrogram sequence table'],
    ['a mel spectrogram', output('mel', [1, 40, 64]), [], 'heatmap table classes sequence'],
    ['strings', output('names', [2], { dtype: 'DT_STRING', min: null }), [], 'text table'],
    ['nothing', output('y', [0, 3]), [], 'table'],
    ['bools', output('mask', [4], { dtype: 'DT_BOOL', min: null }), [], 'table'],
    ['complex numbers', output('z', [4], { dtype: 'DT_COMPLEX64', min: null }), [], 'table'],
  ];
  it.each(cases)('begin with the best for %s, and offer what makes sense', (_, one, others, views) => {
    expect(viewsOf(one, others).join(' ')).toBe(views);
  });

  it('take the last dimensions whole and leave the others to be chosen', () => {
    const image = output('y', [2, 3, 8, 8, 3]);
    expect([viewRank('image', image), viewRank('heatmap', image), viewRank('classes', image)]).toEqual([3, 2, 1]);
    expect(sliceOf(image.shape, 3, [1, 2])).toEqual({ from: 5 * 192, count: 192 });
    // An index of a larger answer before stays within this one.
    expect(sliceOf([2, 4], 1, [7])).toEqual({ from: 4, count: 4 });
  });
});

describe('a detection', () => {
  it('is found by the names of TensorFlow’s detectors', () => {
    const found = detectionOf([
      output('raw_detection_boxes', [1, 50, 4]),
      output('detection_boxes', [1, 20, 4]),
      output('detection_scores', [1, 20]),
      output('detection_classes', [1, 20]),
      output('num_detections', [1]),
    ]);
    expect(found).toEqual({ boxes: 'detection_boxes', scores: 'detection_scores', classes: 'detection_classes', count: 'num_detections' });
    expect(detectionOf([output('boxes', [6, 4]), output('scores', [6]), output('count', [])])).toEqual({
      boxes: 'boxes',
      scores: 'scores',
      classes: null,
      count: 'count',
    });
    expect(detectionOf([output('y', [6, 4]), output('scores', [6])])).toBeNull();
  });

  it('tells corners in any order, and parts of the sides from pixels', () => {
    const box = [1, 2, 3, 5];
    expect([sidesOf(box, 0, 'yxyx'), sidesOf(box, 0, 'xyxy'), sidesOf(box, 0, 'xywh'), sidesOf(box, 0, 'cxcywh')]).toEqual([
      { top: 1, left: 2, bottom: 3, right: 5 },
      { left: 1, top: 2, right: 3, bottom: 5 },
      { left: 1, top: 2, right: 4, bottom: 7 },
      { left: -0.5, top: -0.5, right: 2.5, bottom: 4.5 },
    ]);
    expect([areNormalised([0.1, 0.2, 1.02, 0.9]), areNormalised([3, 11, 4, 12])]).toEqual([true, false]);
  });
});

describe('values as pixels', () => {
  it('are spread over the range that they look like', () => {
    expect([guessRange([0, 0.5, 1], false), guessRange([-1, 0.5], false), guessRange([3, 250], false), guessRange([-9, 3], false)]).toEqual(
      ['unit', 'signed', 'bytes', 'own'],
    );
    expect(endsOf('own', [-9, NaN, Infinity, 3])).toEqual([-9, 3]);
    expect([...picturePixels([0, 0.5, NaN], [1, 3, 1], [0, 1]).data]).toEqual([0, 0, 0, 255, 128, 128, 128, 255, 0, 0, 0, 0]);
    expect([...picturePixels([-1, 0, 1], [1, 1, 3], [-1, 1]).data]).toEqual([0, 128, 255, 255]);
  });

  it('are masked by the largest channel, or by a threshold', () => {
    const classes = maskOf([0.1, 0.7, 0.2, 0.9, 0.05, 0.05], 3, 0);
    expect([[...classes], classShares([1, 0, 1, 2])[0]]).toEqual([[1, 0], { index: 1, pixels: 2 }]);
    expect([...maskOf([0.2, 0.5, 0.9], 1, 0.5)]).toEqual([0, 1, 1]);
    const alpha = ({ data }: { readonly data: Uint8ClampedArray }): readonly number[] => [...data].filter((__, at) => at % 4 === 3);
    expect(alpha(maskPixels([0, 1, 2], [1, 3], new Set([1])))).toEqual([255, 0, 255]);
  });

  it('rise in lightness with the value, and are empty where there is none', () => {
    const { data } = heatPixels([0, 1, 2, NaN], [1, 4], [0, 2], 1);
    const light = [0, 1, 2].map(
      (pixel) => 0.2126 * (data[pixel * 4] ?? 0) + 0.7152 * (data[pixel * 4 + 1] ?? 0) + 0.0722 * (data[pixel * 4 + 2] ?? 0),
    );
    expect([light.toSorted((a, b) => a - b), data[15]]).toEqual([light, 0]);
  });
});

describe('the largest values', () => {
  it('are those that sorting finds, the first of equals first', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 20 })), fc.integer({ min: 1, max: 8 }), (values, count) => {
        const sorted = values.map((value, index) => ({ value, index })).toSorted((a, b) => b.value - a.value || a.index - b.index);
        expect(largestOf(values, count)).toEqual(sorted.slice(0, count).map(({ index }) => index));
      }),
    );
  });

  it('take whole numbers of 64 bits, halves and what is no number', () => {
    const int64 = numbersOf({ dtype: 'DT_INT64', shape: [2], data: BigInt64Array.of(5n, -7n) });
    const half = numbersOf({ dtype: 'DT_HALF', shape: [2], data: Uint16Array.of(0x3c00, 0xc000) });
    expect([Array.from(int64), Array.from(half), largestOf([NaN, 1, NaN, 2], 4)]).toEqual([
      [5, -7],
      [1, -2],
      [3, 1, 0, 2],
    ]);
  });
});

describe('sound', () => {
  it('is transformed as the definition of the transform has it', () => {
    const size = 16;
    const samples = Array.from({ length: size }, (_, at) => Math.sin(at * 1.3) + at / 9);
    const [real, imaginary] = [Float64Array.from(samples), new Float64Array(size)];
    fft(real, imaginary);
    for (let bin = 0; bin < size; bin += 1) {
      const sum = (part: (angle: number) => number): number =>
        samples.reduce((total, value, at) => total + value * part((-2 * Math.PI * bin * at) / size), 0);
      expect(real[bin]).toBeCloseTo(sum(Math.cos), 9);
      expect(imaginary[bin]).toBeCloseTo(sum(Math.sin), 9);
    }
  });

  it('has its loudest row at the frequency of a tone', () => {
    // 32 periods a frame: bin 32 of 257, counted from below.
    const samples = Float32Array.from({ length: 4_096 }, (_, at) => Math.sin((2 * Math.PI * 32 * at) / frameSamples));
    const { values, bins, frames } = spectrogramOf(samples, 100);
    const column = Array.from({ length: bins }, (_, row) => values[row * frames + 3] ?? 0);
    expect([bins - 1 - column.indexOf(Math.max(...column)), frames]).toEqual([32, 15]);
  });

  it('becomes a WAV file whose header says what it holds', async () => {
    const bytes = new DataView(await wavOf([0, 1, -1, 2], 8_000).arrayBuffer());
    expect([
      bytes.byteLength,
      bytes.getUint32(24, true),
      bytes.getUint32(40, true),
      bytes.getInt16(50, true),
      bytes.getInt16(46, true),
    ]).toEqual([52, 8_000, 8, 32_767, 16_383]);
  });
});

/** Reads a body in parts of a size. */
function readIn(text: WireText, bytes: Uint8Array, size: number): WireText {
  for (let at = 0; at < Math.max(1, bytes.length); at += size) text.push(bytes.subarray(at, at + size), at + size >= bytes.length);
  return text;
}

describe('a body in rows', () => {
  const body = fc.string({ unit: fc.constantFrom('a', 'b', '\n', '好', '😀', ' ', '"'), maxLength: 200 });

  it('is whole, in rows that fit, however its bytes come', () => {
    fc.assert(
      fc.property(body, fc.integer({ min: 1, max: 40 }), fc.integer({ min: 4, max: 30 }), (text, size, columns) => {
        const wire = readIn(createWireText(columns), new TextEncoder().encode(text), size);
        const rows = Array.from({ length: wire.rowCount }, (_, row) => wire.rowAt(row));
        expect(wire.whole()).toBe(text);
        expect(rows.map((row) => row.text).join('')).toBe(text.replaceAll('\n', ''));
        for (const row of rows) expect(row.text.length).toBeLessThanOrEqual(columns + 1);
        expect(rows.map(({ start }) => wire.rowOf(start))).toEqual(rows.map((__, row) => row));
      }),
    );
  });

  it('is searched as one text, also where a match lies across its parts', () => {
    fc.assert(
      fc.property(body, fc.integer({ min: 1, max: 20 }), fc.constantFrom('a', 'ab', 'ba"', '好a'), (text, size, wanted) => {
        const wire = readIn(createWireText(8), new TextEncoder().encode(text), size);
        const found: number[] = [];
        for (let piece = 0; piece < wire.pieceCount; piece += 1)
          for (const place of wire.find(new RegExp(wanted, 'gi'), wanted.length, piece))
            if (place > (found.at(-1) ?? -1)) found.push(place);
        expect(found).toEqual(Array.from(text.matchAll(new RegExp(wanted, 'gi')), ({ index }) => index));
      }),
    );
  });

  it('that is no text is shown as its bytes', () => {
    const bytes = Uint8Array.from({ length: 18 }, (_, at) => 60 + at);
    const wire = readIn(createWireHex(), bytes, 5);
    expect(Array.from({ length: wire.rowCount }, (_, row) => wire.rowAt(row).text)).toEqual([
      '00000000  3c 3d 3e 3f 40 41 42 43 44 45 46 47 48 49 4a 4b  <=>?@ABCDEFGHIJK',
      `00000010  4c 4d${' '.repeat(42)}  LM`,
    ]);
  });
});

it('files of pictures are known by how they begin', () => {
  const file = (...start: readonly number[]): Uint8Array => Uint8Array.from({ length: 64 }, (_, at) => start[at] ?? 0);
  expect([
    encodedPicture(file(0xff, 0xd8, 0xff))?.type,
    encodedPicture(file(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a))?.type,
  ]).toEqual(['image/jpeg', 'image/png']);
  expect([encodedPicture(file(1, 2, 3)), encodedPicture(Uint8Array.of(0xff, 0xd8, 0xff))]).toEqual([null, null]);
});
