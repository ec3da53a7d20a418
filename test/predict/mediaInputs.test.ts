import { execFileSync } from 'node:child_process';
import { encode } from 'fast-png';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { AppError } from '../../src/shared/contract/errors.ts';
import type { TensorInfo } from '../../src/shared/contract/savedModel.ts';
import { imageStep, audioStep, type ImageStep } from '../../src/shared/contract/processing.ts';
import { dtypeEnum, type Dtype } from '../../src/shared/tensor/dtype.ts';
import { fillTensor } from '../../src/shared/tensor/fillTensor.ts';
import { filesTensor } from '../../src/main/predict/filesTensor.ts';
import { imageTensor } from '../../src/main/predict/imageTensor.ts';
import { picturesOf } from '../../src/main/predict/pictures.ts';
import { decodeImage } from '../../src/main/predict/decodeImage.ts';
import { readNpy } from '../../src/main/predict/readNpy.ts';
import { processSound, readWav, resample } from '../../src/main/predict/wavAudio.ts';
import { readNpz } from '../../src/main/predict/readNpz.ts';
import { writeNpz } from '../../src/main/predict/writeNpz.ts';
import { writeNpy } from '../../src/main/predict/writeNpy.ts';
import { echoTypes } from './echoModel.ts';

const signal = new AbortController().signal;
const info = (dtype: Dtype, shape: readonly number[] | null): TensorInfo => ({
  name: 'x:0',
  dtype,
  dtype_enum: dtypeEnum(dtype),
  shape,
  unknown_rank: shape === null,
});

/** A PNG of these RGB values, row by row. */
const png = (width: number, height: number, ...data: readonly number[]): Buffer =>
  Buffer.from(encode({ width, height, channels: 3, depth: 8, data: Uint8Array.from(data) }));
const redBlue = png(2, 1, 255, 0, 0, 0, 0, 255);

async function image(
  bytes: Buffer,
  of: TensorInfo,
  step: Partial<ImageStep>,
): Promise<readonly [readonly number[], readonly number[], string]> {
  const { tensor, note } = await imageTensor(bytes, 'a.png', 'x', of, { ...imageStep.parse({ kind: 'image' }), ...step });
  return [tensor.shape, Array.from(tensor.data as Float32Array, (value) => Number(value.toFixed(3))), note];
}

describe('a picture', () => {
  test.each([
    ['0..1', { scale: { kind: 'unit' } }, [1, 0, 0, 0, 0, 1]],
    ['-1..1', { scale: { kind: 'signed' } }, [1, -1, -1, -1, -1, 1]],
    ['ImageNet', { scale: { kind: 'imagenet' } }, [2.249, -2.036, -1.804, -2.118, -2.036, 2.64]],
    ['Caffe, blue first', { scale: { kind: 'caffe' } }, [-103.939, -116.779, 131.32, 151.061, -116.779, -123.68]],
    ['blue first', { order: 'bgr' }, [0, 0, 1, 1, 0, 0]],
    ['0..255', { scale: { kind: 'none' } }, [255, 0, 0, 0, 0, 255]],
  ] as const)('is scaled as %s wants it', async (_, step, want) => {
    expect((await image(redBlue, info('DT_FLOAT', [-1, 1, 2, 3]), step)).slice(0, 2)).toEqual([[1, 1, 2, 3], want]);
  });

  test('is laid out in planes where the signature has channels first', async () => {
    expect(await image(redBlue, info('DT_FLOAT', [1, 3, 1, 2]), {})).toEqual([
      [1, 3, 1, 2],
      [1, 0, 0, 0, 0, 1],
      'x: 2×1, RGB, channels first, values 0..1',
    ]);
  });

  const row = png(4, 2, ...Array.from({ length: 24 }, (_, index) => Math.floor((index % 12) / 3) * 80));
  test.each([
    ['stretched to the nearest', { method: 'nearest', fit: 'stretch' }, [1, 2, 2], [80, 240, 80, 240]],
    ['stretched by areas', { method: 'area', fit: 'stretch' }, [1, 2, 2], [40, 200, 40, 200]],
    ['cut in the middle', { method: 'nearest', fit: 'crop' }, [1, 2, 2], [80, 160, 80, 160]],
    ['given a border', { method: 'area', fit: 'pad', padValue: 7 }, [1, 4, 2], [7, 7, 40, 200, 7, 7, 7, 7]],
  ] as const)('is %s', async (_, step, shape, want) => {
    const [height, width] = [shape[1], shape[2]];
    const size = { height, width };
    const made = await image(row, info('DT_FLOAT', [-1, -1, -1]), { ...step, size, scale: { kind: 'none' }, layout: 'hw' });
    expect(made.slice(0, 2)).toEqual([shape, want]);
  });

  test('that the model gets is drawn again as it was', async () => {
    const of = info('DT_FLOAT', [-1, 1, 2, 3]);
    const step = { ...imageStep.parse({ kind: 'image' }), scale: { kind: 'imagenet' as const }, order: 'bgr' as const };
    const { tensor, picture } = await imageTensor(redBlue, 'a.png', 'x', of, step);
    const [drawn] = picturesOf(tensor, picture);
    const { data } = await decodeImage(drawn ?? Buffer.alloc(0), 'drawn');
    expect([...data]).toEqual([255, 0, 0, 0, 0, 255]);
  });
});

/** A WAV file of these frames, a number a channel. */
function wav(rate: number, tag: 1 | 3, bits: number, frames: readonly (readonly number[])[]): Buffer {
  const channels = frames[0]?.length ?? 1;
  const width = bits / 8;
  const data = Buffer.alloc(frames.length * channels * width);
  for (const [index, value] of frames.flat().entries()) {
    const at = index * width;
    if (tag === 3 && bits === 32) data.writeFloatLE(value, at);
    else if (tag === 3) data.writeDoubleLE(value, at);
    else if (bits === 8) data.writeUInt8(Math.round(value * 128) + 128, at);
    else data.writeIntLE(Math.round(value * 2 ** (bits - 1)), at, width);
  }
  const head = Buffer.alloc(44);
  head.write('RIFF', 0, 'latin1');
  head.writeUInt32LE(36 + data.length, 4);
  head.write('WAVEfmt ', 8, 'latin1');
  head.writeUInt32LE(16, 16);
  head.writeUInt16LE(tag, 20);
  head.writeUInt16LE(channels, 22);
  head.writeUInt32LE(rate, 24);
  head.writeUInt32LE(rate * channels * width, 28);
  head.writeUInt16LE(channels * width, 32);
  head.writeUInt16LE(bits, 34);
  head.write('data', 36, 'latin1');
  head.writeUInt32LE(data.length, 40);
  return Buffer.concat([head, data]);
}

describe('sound', () => {
  test.each([
    [1, 8],
    [1, 16],
    [1, 24],
    [1, 32],
    [3, 32],
    [3, 64],
  ] as const)('of coding %d with %d bits is read exactly', (tag, bits) => {
    const { rate, channels } = readWav(
      wav(8_000, tag, bits, [
        [0.5, -0.25],
        [-1, 0],
        [0, 0.75],
      ]),
      'a.wav',
    );
    expect([rate, channels.map((one) => [...one])]).toEqual([
      8_000,
      [
        [0.5, -1, 0],
        [-0.25, 0, 0.75],
      ],
    ]);
  });

  test('is mixed, cut or filled up, and said', () => {
    const sound = readWav(
      wav(8_000, 1, 16, [
        [0.5, 0],
        [0.25, 0.25],
      ]),
      'a.wav',
    );
    const of = (step: object, fixed: number | null): unknown => {
      const { channels, note } = processSound(sound, audioStep.parse({ kind: 'audio', ...step }), fixed);
      return [channels.map((one) => [...one]), note];
    };
    expect([of({}, 4), of({ window: { samples: 1, at: 'end' }, scale: 'pcm16' }, null)]).toEqual([
      [[[0.25, 0.25, 0, 0]], 'PCM 16, 2 × 2 samples at 8000 Hz, mixed to mono, 4 samples from the start'],
      [[[8192]], 'PCM 16, 2 × 2 samples at 8000 Hz, mixed to mono, 1 samples from the end'],
    ]);
  });

  test('at another rate is the same tone, and what is too high is gone', () => {
    const tone = (hertz: number, rate: number, samples: number): Float64Array =>
      Float64Array.from({ length: samples }, (_, index) => Math.sin((2 * Math.PI * hertz * index) / rate));
    const inner = (values: Float64Array): Float64Array => values.subarray(100, -100);
    const down = inner(resample(tone(440, 44_100, 8_820), 44_100, 16_000));
    const want = inner(tone(440, 16_000, 3_200));
    const gone = inner(resample(tone(12_000, 44_100, 8_820), 44_100, 16_000));
    const most = (values: Float64Array): number => values.reduce((a, b) => Math.max(a, Math.abs(b)), 0);
    expect([most(down.map((value, index) => value - (want[index] ?? 0))) < 0.01, most(gone) < 0.01]).toEqual([true, true]);
  });

  test('of any bytes ends in a refusal or a sound', () => {
    const good = wav(8_000, 1, 16, [[0.5], [0.25]]);
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(good.length - 1), fc.nat(255)), { maxLength: 8 }), fc.nat(good.length), (changes, length) => {
        const bytes = Buffer.from(good.subarray(0, length));
        for (const [at, value] of changes) if (at < bytes.length) bytes[at] = value;
        let outcome: unknown;
        try {
          outcome = readWav(bytes, 'a.wav').channels.length > 0;
        } catch (error) {
          outcome = error instanceof AppError && error.code === 'FILE_UNREADABLE';
        }
        expect(outcome).toBe(true);
      }),
    );
  });

  test('becomes the tensor that the signature wants, several a batch', async () => {
    const file = { name: 'a.wav', bytes: wav(16_000, 3, 32, [[0.5], [-0.5]]) };
    const made = await Promise.all(
      ([[-1, -1], [-1, 4], [-1, 2, 1], [-1]] as const).map(async (shape) => {
        const { tensor } = await filesTensor('x', [file], null, info('DT_FLOAT', shape), { signal });
        return [tensor.shape, [...(tensor.data as Float32Array)]];
      }),
    );
    const { tensor: batch } = await filesTensor('x', [file, file], null, info('DT_FLOAT', [-1, -1]), { signal });
    expect([made, batch.shape]).toEqual([
      [
        [
          [1, 2],
          [0.5, -0.5],
        ],
        [
          [1, 4],
          [0.5, -0.5, 0, 0],
        ],
        [
          [1, 2, 1],
          [0.5, -0.5],
        ],
        [[2], [0.5, -0.5]],
      ],
      [2, 2],
    ]);
  });
});

describe('.npy', () => {
  test.each(echoTypes.filter((one) => one !== 'DT_STRING'))('of %s is read again as it was written', (dtype) => {
    for (const shape of [[], [3], [2, 0], [2, 3]]) {
      const tensor = fillTensor({ kind: 'range', start: 0, step: 1 }, dtype, shape);
      expect(readNpy(writeNpy(tensor) ?? new Uint8Array())).toEqual(tensor);
    }
  });

  test('several in an .npz file are read again by their names', async () => {
    const tensors = {
      a: fillTensor({ kind: 'range', start: 0, step: 1 }, 'DT_INT64', [2, 2]),
      'b/c': fillTensor({ kind: 'ones' }, 'DT_HALF', []),
    };
    const read = await readNpz(await writeNpz(tensors), { signal });
    expect(read).toEqual({ a: tensors.a, b_c: tensors['b/c'] });
  });

  const hasNumpy = ((): boolean => {
    try {
      execFileSync('/usr/bin/python3', ['-c', 'import numpy'], { stdio: 'ignore' });
      return true;
    } catch {
      return false;
    }
  })();
  test.skipIf(!hasNumpy)('is read by NumPy', () => {
    const bytes = writeNpy({ dtype: 'DT_INT64', shape: [2, 1], data: BigInt64Array.of(9_007_199_254_740_993n, -1n) }) ?? Buffer.alloc(0);
    const script = 'import sys,io,numpy; a=numpy.load(io.BytesIO(sys.stdin.buffer.read())); print(a.dtype, a.shape, a.tolist())';
    expect(execFileSync('/usr/bin/python3', ['-c', script], { input: bytes }).toString().trim()).toBe(
      'int64 (2, 1) [[9007199254740993], [-1]]',
    );
  });
});
