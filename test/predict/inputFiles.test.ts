import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { SignatureInfo } from '../../src/shared/contract/savedModel.ts';
import { dtypeEnum, type Dtype } from '../../src/shared/tensor/dtype.ts';
import type { Tensor } from '../../src/shared/tensor/tensor.ts';
import { decodeImage } from '../../src/main/predict/decodeImage.ts';
import { inputOf } from '../../src/main/predict/inputFile.ts';
import { readNpz } from '../../src/main/predict/readNpz.ts';
import { tensorJson } from '../../src/shared/tensor/tensorJson.ts';

const { signal } = new AbortController();
const files = join(import.meta.dirname, 'files');
const read = (name: string): Buffer => readFileSync(join(files, name));

function signature(inputs: Readonly<Record<string, readonly [Dtype, readonly number[] | null]>>): SignatureInfo {
  const infos = Object.entries(inputs).map(
    ([name, [dtype, shape]]) => [name, { name, dtype, dtype_enum: dtypeEnum(dtype), shape, unknown_rank: shape === null }] as const,
  );
  return { method_name: 'tensorflow/serving/predict', inputs: Object.fromEntries(infos), outputs: {} };
}

/** What a file becomes for a signature, written as JSON, and what was said; or the words of the refusal. */
async function sent(
  file: string,
  of: SignatureInfo,
  {
    bytes = read(file),
    scale,
    insist = false,
  }: { readonly bytes?: Buffer; readonly scale?: readonly [number, number]; readonly insist?: boolean } = {},
): Promise<{ readonly tensors?: Record<string, string>; readonly said?: readonly string[]; readonly refused?: string }> {
  const input = inputOf(bytes, file, { signal });
  if (input.kind === 'json') throw new Error('taken for JSON');
  const said: string[] = [];
  try {
    const tensors = await input.tensors({ signature: of, say: (note) => said.push(note), insist, scale });
    return {
      tensors: Object.fromEntries(Object.entries(tensors).map(([name, tensor]) => [name, [...tensorJson(name, tensor)].join('')])),
      said,
    };
  } catch (error) {
    const { data } = error as { readonly data: { readonly detail: string } };
    return { refused: data.detail };
  }
}

describe('arrays', () => {
  test('NumPy’s arrays of every type and order are read exactly', async () => {
    const arrays = await readNpz(read('numpy.npz'), { signal });
    const text = ([name, tensor]: readonly [string, Tensor]) => [name, tensor.dtype, tensor.shape, [...tensorJson(name, tensor)].join('')];
    expect(Object.entries(arrays).map(text)).toEqual([
      ['f16', 'DT_HALF', [6], '[1.5, -0.0, Infinity, NaN, 5.960464477539063e-8, 65504.0]'],
      [
        'f32_fortran',
        'DT_FLOAT',
        [2, 3, 4],
        '[[[0.0, 1.0, 2.0, 3.0], [4.0, 5.0, 6.0, 7.0], [8.0, 9.0, 10.0, 11.0]], [[12.0, 13.0, 14.0, 15.0], [16.0, 17.0, 18.0, 19.0], [20.0, 21.0, 22.0, 23.0]]]',
      ],
      ['f64_big_endian', 'DT_DOUBLE', [1, 2], '[[0.1, -2.5]]'],
      ['i64', 'DT_INT64', [2], '[9007199254740993, -9223372036854775808]'],
      ['u64', 'DT_UINT64', [1], '[18446744073709551615]'],
      ['i16_big_endian', 'DT_INT16', [2], '[1, -2]'],
      ['b1', 'DT_BOOL', [2], '[true, false]'],
      ['scalar', 'DT_INT32', [], '7'],
      ['empty', 'DT_FLOAT', [0, 3], '[]'],
      ['bytes', 'DT_STRING', [3], '["a", "", {"b64": "/wAQ"}]'],
      ['text', 'DT_STRING', [3], '["hé", "", "𝄞x"]'],
      ['c64', 'DT_COMPLEX64', [1], '[{"real": 1.0, "imag": 2.0}]'],
      ['c128_big_endian', 'DT_COMPLEX128', [1], '[{"real": 1.0, "imag": 2.0}]'],
      ['bf16', 'DT_BFLOAT16', [3], '[1.0, -2.5, 0.10009765625]'],
    ]);
  });

  test('an array is fitted to the signature, and what was done to it is said', async () => {
    const { tensors, said } = await sent('digit.npy', signature({ x: ['DT_FLOAT', [-1, 8, 8, 1]] }));
    expect([tensors?.['x']?.slice(0, 28), said]).toEqual([
      '[[[[0.0], [0.015873017], [0.',
      ['x: [8, 8, 1] is sent as a batch of one, [1, 8, 8, 1]', 'x: float64 → float32'],
    ]);
  });

  test.each([
    ['digit.npy', signature({ x: ['DT_FLOAT', [-1, 8, 9, 1]] }), 'x has 3 dimensions, [8, 8, 1]; the model wants 4, [?, 8, 9, 1].'],
    ['digit.npy', signature({ x: ['DT_FLOAT', [8, 4, 1]] }), 'Dimension 2 of x is 8; the model wants 4.'],
    ['digit.npy', signature({ x: ['DT_INT32', [8, 8, 1]] }), 'x is int32, the file holds float64. Round it yourself: a.astype("int32").'],
    ['digit.npy', signature({ x: ['DT_STRING', [8, 8, 1]] }), 'x is string, the file holds float64.'],
    [
      'digit.npy',
      signature({ x: ['DT_FLOAT', [-1]], y: ['DT_FLOAT', [-1]] }),
      'An .npy file is one tensor; the signature has x, y. Give an .npz file with all of them.',
    ],
    [
      'objects.npy',
      signature({ x: ['DT_FLOAT', [-1]] }),
      'It holds Python objects; save it with a type of its own, such as array.astype("S") for strings.',
    ],
    ['numpy.npz', signature({ f16: ['DT_HALF', [6]], other: ['DT_HALF', [6]] }), 'The .npz file lacks other; it holds f16, f32_fortran, '],
  ])('%s is refused in words: %#', async (file, of, words) => {
    const { refused } = await sent(file, of);
    expect(refused).toContain(words);
  });

  test('whole numbers are converted only where each fits', async () => {
    const i64 = await sent('numpy.npz', signature({ i64: ['DT_INT32', [-1]] }));
    const i16 = await sent('numpy.npz', signature({ i16_big_endian: ['DT_INT64', [-1]], f16: ['DT_BFLOAT16', [-1]] }));
    expect([i64.refused, i16.tensors]).toEqual([
      'i64 is int32: 9007199254740993 is not a number from -2147483648 to 2147483647.',
      { i16_big_endian: '[1, -2]', f16: '[1.5, -0.0, Infinity, NaN, 5.960464477539063e-8, 65536.0]' },
    ]);
  });

  test.each([
    ['cut within its data', (bytes: Buffer) => bytes.subarray(0, 200), 'It ends too early for the shape [8, 8, 1].'],
    ['cut within its header', (bytes: Buffer) => bytes.subarray(0, 60), 'It ends within its header.'],
    ['a text of that name', () => Buffer.from('hello, this is text'), 'It is no .npy file.'],
  ])('an array that is broken, %s, is told', async (_, broken, words) => {
    const { refused } = await sent('a.npy', signature({ x: ['DT_FLOAT', null] }), { bytes: broken(read('digit.npy')) });
    expect(refused).toBe(words);
  });
});

describe('tables', () => {
  const csv = (text: string, of: SignatureInfo, insist = false) => sent('rows.csv', of, { bytes: Buffer.from(text), insist });

  test('columns are the inputs by their names, in any order; others are left out and said', async () => {
    const of = signature({ id: ['DT_INT64', [-1]], text: ['DT_STRING', [-1, 1]], v: ['DT_FLOAT', [-1, 2]], ok: ['DT_BOOL', [-1]] });
    expect(await csv('\uFEFFv_0,text,note,id,v_1,ok\n1.5,"a, ""b""",n,9007199254740993,-0,true\n2,,n,-1,NaN,0\n', of)).toEqual({
      tensors: {
        id: '[9007199254740993, -1]',
        text: '[["a, \\"b\\""], [""]]',
        v: '[[1.5, -0.0], [2.0, NaN]]',
        ok: '[true, false]',
      },
      said: ['left out: note'],
    });
  });

  test('the sole input takes the features in order, with a header or without', async () => {
    const of = signature({ x: ['DT_FLOAT', [-1, 2]] });
    expect([await csv('a,b,label\n1,2,9\n3,4,9\n', of), await csv('1,2\n3,4\n', of)]).toEqual([
      { tensors: { x: '[[1.0, 2.0], [3.0, 4.0]]' }, said: ['x is columns a, b; left out: label'] },
      { tensors: { x: '[[1.0, 2.0], [3.0, 4.0]]' }, said: [] },
    ]);
    expect((await csv('1,2,3,4\n', signature({ x: ['DT_FLOAT', [-1, 2, 2, 1]] }))).tensors).toEqual({
      x: '[[[[1.0], [2.0]], [[3.0], [4.0]]]]',
    });
  });

  test.each([
    ['1,2,3\n', signature({ x: ['DT_FLOAT', [-1, 2]] }), 'Dimension 2 of x is 3; the model wants 2.'],
    ['a\n1\n2\n', signature({ x: ['DT_FLOAT', [3, 1]] }), 'Dimension 1 of x is 2; the model wants 3.'],
    ['x,y\n1,2.5\n', signature({ x: ['DT_FLOAT', [-1]], y: ['DT_INT32', [-1]] }), 'Row 1, column y: "2.5" is not int32.'],
    ['x\n1\n""\n', signature({ x: ['DT_FLOAT', [-1]] }), 'Row 2, column x: nothing is not float32.'],
    ['x\n300\n', signature({ x: ['DT_UINT8', [-1]] }), 'Row 1, column x: "300" is not uint8.'],
    [
      'x,z\n1,2\n',
      signature({ x: ['DT_FLOAT', [-1]], y: ['DT_FLOAT', [-1]] }),
      'The CSV has no column for y. A header must name the inputs: x, y.',
    ],
    ['1,2\n3\n', signature({ x: ['DT_FLOAT', [-1, 2]] }), 'This is no CSV: Invalid Record Length'],
  ])('a table that does not fit is refused in words: %#', async (text, of, words) => {
    const { refused } = await csv(text, of);
    expect(refused).toContain(words);
  });
});

describe('images', () => {
  const pillow = JSON.parse(read('images.json').toString()) as {
    readonly size: readonly [number, number];
    readonly decoded: Readonly<Record<string, readonly number[]>>;
    readonly resized5x4: readonly number[];
  };

  test.each(Object.keys(pillow.decoded))('%s has the pixels that Pillow sees', async (file) => {
    const { width, height, channels, data } = await decodeImage(read(file), file);
    const want = pillow.decoded[file] ?? [];
    const shown = want.length / (width * height);
    const apart = want.map((value, index) => Math.abs(value - (data[Math.floor(index / shown) * channels + (index % shown)] ?? NaN)));
    // Two decoders of JPEG may round differently.
    expect([[width, height], Math.max(...apart) <= (file.endsWith('.jpg') ? 3 : 0)]).toEqual([pillow.size, true]);
  });

  test('an image is resized as Pillow does it, and the steps are said', async () => {
    const { tensors, said } = await sent('rgb.png', signature({ x: ['DT_FLOAT', [-1, 4, 5, 3]] }), { scale: [0, 255] });
    const got = (JSON.parse(tensors?.['x'] ?? '') as number[][][][]).flat(3);
    expect([got.length, Math.max(...got.map((value, index) => Math.abs(value - (pillow.resized5x4[index] ?? NaN)))) <= 1, said]).toEqual([
      60,
      true,
      ['x: resized 14×10 → 5×4, RGB, values 0..255'],
    ]);
  });

  test.each([
    ['rgb.png', signature({ x: ['DT_UINT8', [-1, -1, -1, 3]] }), 'x: 14×10, RGB, values 0..255'],
    ['rgb.png', signature({ x: ['DT_FLOAT', [-1, 10, 14, 1]] }), 'x: 14×10, grey, values 0..1'],
    ['grey.png', signature({ x: ['DT_FLOAT', [10, 14, 3]] }), 'x: 14×10, RGB, values 0..1'],
    ['grey.jpg', signature({ x: ['DT_FLOAT', [-1, 10, 14]] }), 'x: 14×10, grey, values 0..1'],
    ['rgba.png', signature({ x: ['DT_FLOAT', [-1, 3, 8, 8]] }), 'x: resized 14×10 → 8×8, RGB, channels first, values 0..1'],
  ])('%s takes the layout of the signature: %#', async (file, of, words) => {
    const { said, tensors } = await sent(file, of);
    expect([said, tensors === undefined]).toEqual([[words], false]);
  });

  test('channels first are planes', async () => {
    const last = JSON.parse((await sent('rgb.png', signature({ x: ['DT_UINT8', [10, 14, 3]] }))).tensors?.['x'] ?? '') as number[][][];
    const first = JSON.parse((await sent('rgb.png', signature({ x: ['DT_UINT8', [3, 10, 14]] }))).tensors?.['x'] ?? '') as number[][][];
    expect(first).toEqual([0, 1, 2].map((channel) => last.map((row) => row.map((pixel) => pixel[channel]))));
  });

  test('a string input gets the file’s own bytes', async () => {
    const { tensors, said } = await sent('grey.png', signature({ png: ['DT_STRING', [-1]] }));
    expect([tensors, said]).toEqual([{ png: `[{"b64": "${read('grey.png').toString('base64')}"}]` }, ['png: the file’s own 96 bytes']]);
  });

  test.each([
    ['cut.png', () => read('rgb.png').subarray(0, 60), signature({ x: ['DT_FLOAT', [-1, 4, 5, 3]] }), /^It is no whole PNG: /],
    ['a.gif', () => Buffer.from('GIF89a…'), signature({ x: ['DT_FLOAT', [-1, 4, 5, 3]] }), /^It is a GIF: save it as PNG or JPEG\.$/],
    ['a.png', () => Buffer.from('text'), signature({ x: ['DT_FLOAT', [-1, 4, 5, 3]] }), /^It is no image that is known/],
    [
      'a.png',
      () => read('rgb.png'),
      signature({ x: ['DT_FLOAT', [-1, 4]], y: ['DT_FLOAT', [-1]] }),
      /^An image is one tensor; the signature has x, y\./,
    ],
    ['a.png', () => read('rgb.png'), signature({ x: ['DT_FLOAT', [-1, 9, 5, 7]] }), /^x is \[\?, 9, 5, 7\]: an image needs/],
  ])('%s is refused in words: %#', async (file, bytes, of, words) => {
    expect((await sent(file, of, { bytes: bytes() })).refused).toMatch(words);
  });

  test('a picture that claims more than it may is refused before it is decoded', async () => {
    const bytes = Buffer.from(read('rgb.png'));
    bytes.writeUInt32BE(100_000, 16);
    bytes.writeUInt32BE(100_000, 20);
    const { refused } = await sent('a.png', signature({ x: ['DT_FLOAT', [-1, 4, 5, 3]] }), { bytes });
    expect(refused).toBe('It is cut short or has more than 100 megapixels.');
  });
});
