import { useEffect, useState } from 'react';
import type { TensorSummary } from '../../../../shared/contract/predict.ts';
import type { Tensor } from '../../../../shared/tensor/tensor.ts';
import { elementCount, isStrings } from '../../../../shared/tensor/tensorData.ts';
import { useClient } from '../../../app/store.ts';
import { encodedPicture } from './encodedPicture.ts';
import { numbersOf, part } from './numbersOf.ts';
import { readWhole } from './readWhole.ts';
import { endsOf, guessRange, picturePixels, type Pixels } from './pixels.ts';

/** The picture that a request held, as the model got it. */
export interface InputPicture {
  readonly name: string;
  readonly pixels: Pixels;
}

/** The input that is a picture: [height, width, channels] or a batch of such, else strings, which may be files of pictures. */
function pictureInput(inputs: readonly TensorSummary[]): TensorSummary | null {
  const shaped = inputs.find(({ shape, dtype }) => {
    const [height = 0, width = 0, channels = 0] = shape.slice(-3);
    return dtype !== 'DT_STRING' && (shape.length === 3 || shape.length === 4) && height >= 2 && width >= 2 && [1, 3, 4].includes(channels);
  });
  return shaped ?? inputs.find(({ dtype, size }) => dtype === 'DT_STRING' && size > 0) ?? null;
}

async function pixelsOf({ dtype, shape, data }: Tensor, index: number): Promise<Pixels | null> {
  if (isStrings(data)) {
    const picture = encodedPicture(data[Math.min(index, data.length - 1)] ?? new Uint8Array());
    if (picture === null) return null;
    using undo = new DisposableStack();
    const bitmap = await createImageBitmap(picture);
    undo.defer(() => bitmap.close());
    const { width, height } = bitmap;
    const context = new OffscreenCanvas(width, height).getContext('2d');
    context?.drawImage(bitmap, 0, 0);
    const drawn = context?.getImageData(0, 0, width, height);
    return drawn === undefined ? null : { width, height, data: new Uint8ClampedArray(drawn.data) };
  }
  const [height = 1, width = 1, channels = 1] = shape.slice(-3);
  const whole = numbersOf({ dtype, shape, data });
  const count = height * width * channels;
  const batch = elementCount(shape.slice(0, -3));
  const values = part(whole, Math.min(index, batch - 1) * count, count);
  // The range of all: a dark picture of a batch stays dark.
  const range = guessRange(whole, dtype === 'DT_UINT8');
  return picturePixels(values, [height, width, channels], endsOf(range, whole));
}

/** The picture of a request's batch at an index; null until it is here, and where there is none. */
export function useInputPicture(exchange: string, index: number): InputPicture | null {
  const client = useClient();
  const [found, setFound] = useState<{ readonly of: string; readonly picture: InputPicture | null } | null>(null);
  const of = `${exchange} ${index}`;
  useEffect(() => {
    const end = new AbortController();
    const options = { signal: end.signal };
    const read = async (): Promise<InputPicture | null> => {
      const input = pictureInput(await client.playground.inputs({ exchange }, options));
      if (input === null) return null;
      const tensor = await readWhole((part) => client.playground.input({ exchange, name: input.name, part }, options));
      const pixels = await pixelsOf(tensor, index);
      return pixels === null ? null : { name: input.name, pixels };
    };
    // What cannot be drawn is left out: the answer is shown without it.
    read().then(
      (picture) => (end.signal.aborted ? undefined : setFound({ of, picture })),
      () => (end.signal.aborted ? undefined : setFound({ of, picture: null })),
    );
    return () => end.abort();
  }, [client, exchange, index, of]);
  return found?.of === of ? found.picture : null;
}
