import { Slider } from '@mantine/core';
import { useMemo, useState } from 'react';
import { useText } from '../../../app/i18n.tsx';
import { useAnswerWords } from './answerWords.ts';
import { Canvas, pictureSize } from './Canvas.tsx';
import { extentOf, numbersOf, part } from './numbersOf.ts';
import { classColor, classShares, cssColor, maskOf, maskPixels } from './pixels.ts';
import { shorten } from './shorten.ts';
import { useInputPicture } from './useInputPicture.ts';
import type { ViewProps } from './viewProps.ts';
import styles from './output.module.css';

export interface MaskViewProps extends ViewProps {
  readonly exchange: string;
  /** Which of the batch is shown, as the request counted them. */
  readonly index: number;
  readonly labels: readonly string[] | null;
}

const mostClasses = 24;

/**
 * [height, width, channels] as the class of each pixel, the largest channel or one channel against a threshold; [height, width] of
 * whole numbers as classes themselves. Over the request's picture where it had one.
 */
export function MaskView({ tensor, from, count, shape, exchange, index, labels }: MaskViewProps) {
  const { number } = useText();
  const words = useAnswerWords();
  const [opacity, setOpacity] = useState(0.6);
  const [hidden, setHidden] = useState<ReadonlySet<number>>(new Set());
  const [height = 1, width = 1, channels = 0] = shape;
  const values = useMemo(() => part(numbersOf(tensor), from, count), [tensor, from, count]);
  const [least, largest] = useMemo(() => extentOf(values), [values]);
  const [chosen, setChosen] = useState<number | null>(null);
  const threshold = chosen ?? (least >= 0 && largest <= 1 ? 0.5 : (least + largest) / 2);
  const classes = useMemo(() => (channels === 0 ? values : maskOf(values, channels, threshold)), [values, channels, threshold]);
  const shares = useMemo(() => classShares(classes), [classes]);
  const pixels = useMemo(() => maskPixels(classes, [height, width], hidden), [classes, height, width, hidden]);
  const picture = useInputPicture(exchange, index);
  const size = pictureSize(width, height);
  const named = (one: number): string =>
    channels === 1 && one === 1
      ? words('mask.above', { threshold: shorten(threshold.toPrecision(3)) })
      : (labels?.[one] ?? words('mask.class', { index: one }));
  const share = (pixelCount: number): string => number.percentOf(pixelCount / (width * height));
  const told = shares.slice(0, mostClasses);
  const toggle = (one: number): void => {
    const next = new Set(hidden);
    if (!next.delete(one)) next.add(one);
    setHidden(next);
  };
  return (
    <div className={styles['pictured']}>
      <div
        className={styles['layers']}
        style={size}
        role="img"
        aria-label={words('mask.label', {
          width,
          height,
          classes: told.map(({ index: one, pixels: pixelCount }) => `${named(one)} ${share(pixelCount)}`).join(', '),
        })}
      >
        {picture === null ? null : <Canvas pixels={picture.pixels} style={size} />}
        <Canvas pixels={pixels} style={{ ...size, opacity: picture === null ? 1 : opacity }} />
      </div>
      <div className={styles['side']}>
        {picture === null ? (
          <p className={styles['caption']}>{words('mask.alone')}</p>
        ) : (
          <>
            <p className={styles['caption']}>{words('mask.over', { name: picture.name })}</p>
            <LabelledSlider
              label={words('opacity')}
              min={0}
              max={1}
              step={0.01}
              value={opacity}
              onChange={setOpacity}
              text={number.percent(Math.round(opacity * 100))}
            />
          </>
        )}
        {channels === 1 ? (
          <LabelledSlider
            label={words('threshold')}
            min={least}
            max={largest === least ? least + 1 : largest}
            step={(largest - least) / 200 || 0.01}
            value={threshold}
            onChange={setChosen}
            text={shorten(threshold.toPrecision(3))}
          />
        ) : null}
        <ul className={styles['legend']} aria-label={words('mask.legend')}>
          {told.map(({ index: one, pixels: pixelCount }) => (
            <li key={one}>
              <button type="button" aria-pressed={!hidden.has(one)} onClick={() => toggle(one)}>
                <i style={{ background: cssColor(classColor(one)) }} />
                <span>{named(one)}</span>
                <span className={styles['dim']}>{share(pixelCount)}</span>
              </button>
            </li>
          ))}
        </ul>
      </div>
    </div>
  );
}

interface LabelledSliderProps {
  readonly label: string;
  readonly min: number;
  readonly max: number;
  readonly step: number;
  readonly value: number;
  readonly text: string;
  readonly onChange: (value: number) => void;
}

/** A slider under its name and its value. */
export function LabelledSlider({ label, text, ...slider }: LabelledSliderProps) {
  return (
    <div className={styles['slider']}>
      <span>{label}</span>
      <span>{text}</span>
      <Slider size="xs" thumbSize={14} label={null} thumbLabel={label} thumbProps={{ 'aria-valuetext': text }} {...slider} />
    </div>
  );
}
