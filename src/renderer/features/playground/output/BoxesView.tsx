import { NativeSelect } from '@mantine/core';
import { useMemo, useState } from 'react';
import type { TensorSummary } from '../../../../shared/contract/predict.ts';
import { useText } from '../../../app/i18n.tsx';
import { useAnswerWords } from './answerWords.ts';
import { Canvas, pictureSize } from './Canvas.tsx';
import { areNormalised, cornerOrders, sidesOf, type Box, type CornerOrder, type Detection } from './detection.ts';
import { LabelledSlider } from './MaskView.tsx';
import { extentOf, numbersOf, part } from './numbersOf.ts';
import { classColor, cssColor } from './pixels.ts';
import { useInputPicture } from './useInputPicture.ts';
import { useTensor, type Wanted } from './useTensor.ts';
import type { ViewProps } from './viewProps.ts';
import styles from './output.module.css';

export interface BoxesViewProps extends ViewProps {
  readonly exchange: string;
  readonly detection: Detection;
  /** All outputs of the answer. */
  readonly outputs: readonly TensorSummary[];
  readonly index: number;
  readonly labels: readonly string[] | null;
}

const mostDrawn = 300;
const orderNames: Readonly<Record<CornerOrder, string>> = {
  yxyx: 'y₁ x₁ y₂ x₂',
  xyxy: 'x₁ y₁ x₂ y₂',
  xywh: 'x y w h',
  cxcywh: 'cx cy w h',
};

/** An output's part that belongs to the boxes; of a batch the one at `index`. */
function useBeside(
  name: string | null,
  { exchange, outputs, index, boxes }: Pick<BoxesViewProps, 'exchange' | 'outputs' | 'index'> & { readonly boxes: number },
): ArrayLike<number> | null {
  const summary = outputs.find((one) => one.name === name);
  const wanted: Wanted | null = summary === undefined ? null : { exchange, side: 'outputs', summary, steps: [] };
  const fetched = useTensor(wanted);
  return useMemo(() => (fetched.kind === 'here' ? part(numbersOf(fetched.tensor), index * boxes, boxes) : null), [fetched, index, boxes]);
}

/** An object detector's boxes over the request's picture, from a least score on. */
export function BoxesView({ tensor, from, count, exchange, detection, outputs, index, labels }: BoxesViewProps) {
  const { number } = useText();
  const words = useAnswerWords();
  const values = useMemo(() => part(numbersOf(tensor), from, count), [tensor, from, count]);
  const boxes = count / 4;
  const of = { exchange, outputs, index, boxes };
  const scores = useBeside(detection.scores, of);
  const classes = useBeside(detection.classes, of);
  const told = useBeside(detection.count, { ...of, boxes: 1 });
  const picture = useInputPicture(exchange, index);
  const [order, setOrder] = useState<CornerOrder>('yxyx');
  const [normalised, setNormalised] = useState(() => areNormalised(values));
  const [chosen, setChosen] = useState<number | null>(null);
  const most = Math.min(boxes, told?.[0] ?? boxes);
  const [, best] = useMemo(() => extentOf(scores ?? []), [scores]);
  const threshold = chosen ?? (best >= 0.5 ? 0.5 : 0);
  const all = useMemo<readonly Box[]>(
    () =>
      Array.from({ length: most }, (_, at) => ({
        index: at,
        ...sidesOf(values, at * 4, order),
        score: scores?.[at] ?? null,
        class: classes?.[at] ?? null,
      })).toSorted((a, b) => (b.score ?? 0) - (a.score ?? 0)),
    [most, values, order, scores, classes],
  );
  const shown = all.filter(({ score }) => score === null || score >= threshold).slice(0, mostDrawn);
  const extent = all.reduce((sum, box) => Math.max(sum, box.right, box.bottom), 1);
  const [width, height] = picture === null ? (normalised ? [1, 1] : [extent, extent]) : [picture.pixels.width, picture.pixels.height];
  const size = pictureSize(width, height);
  const [across, down] = [size.width / (normalised ? 1 : width), size.height / (normalised ? 1 : height)];
  const named = (one: Box): string => (one.class === null ? '' : (labels?.[one.class] ?? words('boxes.class', { index: one.class })));
  const color = (one: Box): string => cssColor(classColor(one.class ?? one.index));
  const scored = (one: Box): string => (one.score === null ? '' : number.fixed(one.score, 2));
  return (
    <div className={styles['pictured']}>
      <div
        className={styles['layers']}
        style={size}
        role="img"
        aria-label={words('boxes.label', { count: shown.length, threshold: number.fixed(threshold, 2) })}
      >
        {picture === null ? null : <Canvas pixels={picture.pixels} style={size} />}
        <svg width={size.width} height={size.height} aria-hidden="true">
          {shown.toReversed().map((one) => {
            const [x, y] = [one.left * across, one.top * down];
            const sides = { x, y, width: Math.max(1, (one.right - one.left) * across), height: Math.max(1, (one.bottom - one.top) * down) };
            return (
              <g key={one.index}>
                <rect {...sides} fill="none" stroke="#fff" strokeWidth={4} strokeOpacity={0.8} />
                <rect {...sides} fill="none" stroke={color(one)} strokeWidth={2} />
                <text x={Math.max(2, Math.min(x, size.width - 28))} y={y < 16 ? y + sides.height + 13 : y - 4}>
                  {[labels === null ? '' : named(one), scored(one)].filter(Boolean).join(' ') || one.index}
                </text>
              </g>
            );
          })}
        </svg>
      </div>
      <div className={styles['side']}>
        {scores === null ? null : (
          <LabelledSlider
            label={words('boxes.threshold')}
            min={0}
            max={1}
            step={0.01}
            value={threshold}
            onChange={setChosen}
            text={number.fixed(threshold, 2)}
          />
        )}
        <div className={styles['pair']}>
          <NativeSelect
            size="xs"
            label={words('boxes.corners')}
            value={order}
            onChange={(event) => setOrder(cornerOrders.find((one) => one === event.currentTarget.value) ?? 'yxyx')}
            data={cornerOrders.map((value) => ({ value, label: orderNames[value] }))}
          />
          <NativeSelect
            size="xs"
            label={words('boxes.units')}
            value={normalised ? 'normalised' : 'pixels'}
            onChange={(event) => setNormalised(event.currentTarget.value === 'normalised')}
            data={(['normalised', 'pixels'] as const).map((value) => ({ value, label: words(`boxes.${value}`) }))}
          />
        </div>
        <p className={styles['caption']}>{words('boxes.shown', { shown: shown.length, all: most })}</p>
        <ol className={styles['boxList']} aria-label={words('boxes.list')} tabIndex={0}>
          {shown.map((one) => (
            <li key={one.index}>
              <i style={{ background: color(one) }} />
              <span>{named(one) || one.index}</span>
              <span>{scored(one)}</span>
              <span className={styles['dim']}>
                {[one.left, one.top, one.right, one.bottom].map((side) => number.fixed(side, normalised ? 3 : 1)).join(' ')}
              </span>
            </li>
          ))}
        </ol>
        {picture === null ? <p className={styles['caption']}>{words('mask.alone')}</p> : null}
      </div>
    </div>
  );
}
