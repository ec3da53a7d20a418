import { NativeSelect } from '@mantine/core';
import { useMemo, useState } from 'react';
import { useAnswerWords } from './answerWords.ts';
import { Canvas, pictureSize } from './Canvas.tsx';
import { extentOf, numbersOf, part } from './numbersOf.ts';
import { endsOf, guessRange, picturePixels, valueRanges, type ValueRange } from './pixels.ts';
import { shorten } from './shorten.ts';
import type { ViewProps } from './viewProps.ts';
import styles from './output.module.css';

/** [height, width, channels] as a picture; how its values become light is guessed, said and can be chosen. */
export function ImageView({ name, tensor, from, count, shape }: ViewProps) {
  const words = useAnswerWords();
  const [chosen, setChosen] = useState<ValueRange | null>(null);
  const [height = 1, width = 1, channels = 1] = shape;
  const whole = numbersOf(tensor);
  const guessed = useMemo(() => guessRange(whole, tensor.dtype === 'DT_UINT8'), [whole, tensor.dtype]);
  const range = chosen ?? guessed;
  const pixels = useMemo(
    () => picturePixels(part(whole, from, count), [height, width, channels], endsOf(range, whole)),
    [whole, from, count, height, width, channels, range],
  );
  const [least, largest] = useMemo(() => extentOf(whole), [whole]);
  const ends = { min: shorten(String(least)), max: shorten(String(largest)) };
  return (
    <div className={styles['pictured']}>
      <Canvas pixels={pixels} label={words('image.label', { name, width, height, channels })} style={pictureSize(width, height)} />
      <NativeSelect
        size="xs"
        label={words('range.label')}
        value={range}
        onChange={(event) => setChosen(valueRanges.find((one) => one === event.currentTarget.value) ?? null)}
        data={valueRanges.map((value) => ({ value, label: words(`range.${value}`, ends) }))}
      />
    </div>
  );
}
