import fc from 'fast-check';
import { expect, test } from 'vitest';
import { decodeJpeg } from '../../src/main/engine/jpeg/decodeJpeg.ts';
import { MalformedJpeg } from '../../src/main/engine/jpeg/readJpeg.ts';
import { readOpGoldens } from './opGoldens.ts';

/** The files of the goldens that TensorFlow decodes. */
const files = (readOpGoldens().ops.get('DecodeJpeg') ?? []).flatMap(({ in: [contents], out }) => {
  const [encoded] = contents?.[2] ?? [];
  return out === undefined ? [] : [Buffer.from((encoded as { readonly b64: string }).b64, 'base64')];
});

const decoded = (bytes: Uint8Array): ReturnType<typeof decodeJpeg> | null => {
  try {
    return decodeJpeg(bytes, { channels: 0, method: 'fast', isSmooth: true });
  } catch (error) {
    expect(error).toBeInstanceOf(MalformedJpeg);
    return null;
  }
};

test('a damaged JPEG is decoded or refused, whatever is wrong with it', () => {
  const damage = fc.array(fc.tuple(fc.nat(), fc.integer({ min: 0, max: 255 })), { minLength: 1, maxLength: 6 });
  fc.assert(
    fc.property(fc.constantFrom(...files), damage, fc.option(fc.nat()), (file, changes, end) => {
      const bytes = Buffer.from(file);
      for (const [at, value] of changes) bytes[2 + (at % (bytes.length - 2))] = value;
      const image = decoded(end === null ? bytes : bytes.subarray(0, end % bytes.length));
      expect(image?.data.length).toBe(image === null ? undefined : image.width * image.height * image.channels);
    }),
    { numRuns: 1500, seed: 3 },
  );
});

test('a JPEG that claims more pixels than its bytes can hold is refused before memory is taken', () => {
  const [file] = files;
  const bytes = Buffer.from(file ?? []);
  const frame = bytes.indexOf(Buffer.from([0xff, 0xc0]));
  bytes.writeUInt16BE(9000, frame + 5);
  bytes.writeUInt16BE(9000, frame + 7);
  expect(decoded(bytes)).toBeNull();
});
