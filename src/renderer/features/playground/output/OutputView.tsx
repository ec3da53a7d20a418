import { SegmentedControl } from '@mantine/core';
import { lazy, Suspense, useState, type ReactNode } from 'react';
import { again } from '../../../app/again.ts';
import type { TensorSummary } from '../../../../shared/contract/predict.ts';
import type { OutputStep } from '../../../../shared/contract/processing.ts';
import { dtypeLabel } from '../../../../shared/tensor/dtype.ts';
import { ErrorNote } from '../../../ui/ErrorNote.tsx';
import { useAnswerWords, type AnswerWords } from './answerWords.ts';
import { BoxesView } from './BoxesView.tsx';
import { ClassView } from './ClassView.tsx';
import { detectionOf } from './detection.ts';
import { HeatmapView } from './HeatmapView.tsx';
import { ImageView } from './ImageView.tsx';
import { MaskView } from './MaskView.tsx';
import { OutputActions } from './OutputActions.tsx';
import { OutputStats } from './OutputStats.tsx';
import { SequenceView } from './SequenceView.tsx';
import { shorten } from './shorten.ts';
import { SliceChoice } from './SliceChoice.tsx';
import { sliceOf } from './sliceOf.ts';
import { TableView } from './TableView.tsx';
import { TextView } from './TextView.tsx';
import { useLabels, type LabelPlace, type Labels } from './useLabels.ts';
import type { OutputRecipe } from './useRecipe.ts';
import { useTensor } from './useTensor.ts';
import { viewRank, viewsOf, type View } from './viewsOf.ts';
import { WaveView } from './WaveView.tsx';
import styles from './output.module.css';

const StepsDialog = lazy(async () => ({ default: (await again(() => import('./StepsDialog.tsx'))).StepsDialog }));

/** What all outputs of an answer have in common. */
export interface AnswerPlace extends LabelPlace {
  readonly exchange: string;
  readonly signature: string;
  readonly outputs: readonly TensorSummary[];
}

export interface OutputViewProps {
  readonly place: AnswerPlace;
  readonly summary: TensorSummary;
  readonly side: 'inputs' | 'outputs';
  /** null where nothing is done to it, as to an input. */
  readonly recipe: OutputRecipe | null;
}

/** The view that was chosen last, by model, signature and tensor: it outlives the page. */
const chosenViews = new Map<string, View>();
const usualMost = 10;

/** A chain in words: `softmax, top 5`. */
export function stepsText(steps: readonly OutputStep[], words: AnswerWords): string {
  return steps
    .map((step) => {
      if (step.kind === 'top') return words('step.top.short', { count: step.count });
      if (step.kind === 'affine') return `× ${step.multiply} + ${step.add}`;
      return step.kind === 'threshold' ? `≥ ${step.value}` : words(`step.${step.kind}`);
    })
    .join(', ');
}

/** One tensor of an exchange in the views that make sense, the best one first, with what is always said of it. */
export function OutputView({ place, summary: answered, side, recipe }: OutputViewProps) {
  const words = useAnswerWords();
  const key = `${place.modelId} ${place.signature} ${side} ${answered.name}`;
  const [chosen, setChosen] = useState<View | null>(() => chosenViews.get(key) ?? null);
  const [at, setAt] = useState<readonly number[]>([]);
  const [editing, setEditing] = useState(false);
  const steps = recipe?.outputs?.[answered.name] ?? [];
  const last = steps.at(-1);
  const top = last?.kind === 'top' ? last : null;
  const made = top === null ? steps : steps.slice(0, -1);
  const fetched = useTensor({ exchange: place.exchange, side, summary: answered, steps: made });
  const summary = made.length > 0 && fetched.kind === 'here' ? fetched.summary : answered;
  const views = viewsOf(
    summary,
    place.outputs.filter(({ name }) => name !== answered.name),
  );
  const view = chosen !== null && views.includes(chosen) ? chosen : (views[0] ?? 'table');
  const labels = useLabels(place, top?.labels ?? null, view === 'boxes' ? 0 : (summary.shape.at(-1) ?? 0));
  const choose = (next: View): void => {
    chosenViews.set(key, next);
    setChosen(next);
  };
  const { shape } = summary;
  const rank = viewRank(view, summary);
  return (
    <section className={styles['output']} aria-label={answered.name}>
      <div className={styles['head']}>
        <b>{answered.name}</b>
        {answered.dtype === null ? null : <code className={styles['chip']}>{dtypeLabel(answered.dtype)}</code>}
        <code className={styles['chip']}>[{answered.shape.join(', ')}]</code>
        <span className={styles['space']} />
        {views.length > 1 ? (
          <SegmentedControl
            size="xs"
            aria-label={words('view.label')}
            value={view}
            onChange={(value) => choose(views.find((one) => one === value) ?? view)}
            data={views.map((value) => ({ value, label: words(`view.${value}`) }))}
          />
        ) : null}
      </div>
      {steps.length > 0 ? <p className={styles['caption']}>{words('steps.after', { steps: stepsText(steps, words) })}</p> : null}
      <SliceChoice shape={shape} rank={rank} at={at} onChange={setAt} />
      <div className={styles['body']} data-view={view}>
        {fetched.kind === 'failed' ? <ErrorNote problem={fetched.problem} /> : null}
        {fetched.kind === 'waiting' ? <p className={styles['waiting']}>{words('reading')}</p> : null}
        {fetched.kind === 'here' ? (
          <Shown
            {...{ place, view, labels, fetched }}
            most={top?.count ?? usualMost}
            slice={sliceOf(shape, rank, at)}
            rank={rank}
            onLabels={recipe === null ? null : () => setEditing(true)}
          />
        ) : null}
      </div>
      <OutputStats summary={summary} />
      {recipe === null ? null : <OutputActions exchange={place.exchange} summary={answered} onSteps={() => setEditing(true)} />}
      {editing && recipe !== null ? (
        <Suspense fallback={null}>
          <StepsDialog {...{ place, steps, recipe }} summary={answered} found={labels} onClose={() => setEditing(false)} />
        </Suspense>
      ) : null}
    </section>
  );
}

interface ShownProps {
  readonly place: AnswerPlace;
  readonly view: View;
  readonly fetched: Extract<ReturnType<typeof useTensor>, { kind: 'here' }>;
  readonly labels: Labels | null;
  readonly most: number;
  readonly rank: number;
  readonly slice: { readonly from: number; readonly count: number };
  readonly onLabels: (() => void) | null;
}

function Shown({ place, view, fetched: { tensor, summary }, labels, most, rank, slice, onLabels }: ShownProps): ReactNode {
  const words = useAnswerWords();
  const { name } = summary;
  const shape = summary.shape.slice(Math.max(0, summary.shape.length - rank));
  const props = { name, tensor, summary, shape, ...slice };
  const names = labels?.names ?? null;
  const index = Math.floor(slice.from / Math.max(1, slice.count));
  switch (view) {
    case 'number':
      return (
        <p className={styles['top']}>
          <span className={styles['hero']}>{shorten(summary.first[0] ?? '')}</span>
        </p>
      );
    case 'classes':
      return (
        <ClassView
          {...props}
          {...{ most, onLabels }}
          labels={names}
          labelsFrom={labels === null ? null : (labels.file?.replace(/^.*\//, '') ?? words('labelsTyped'))}
        />
      );
    case 'boxes': {
      const detection = detectionOf(place.outputs);
      return detection === null ? null : (
        <BoxesView {...props} {...{ detection, index }} exchange={place.exchange} outputs={place.outputs} labels={names} />
      );
    }
    case 'mask':
      return <MaskView {...props} exchange={place.exchange} index={index} labels={names} />;
    case 'image':
      return <ImageView {...props} />;
    case 'heatmap':
      return <HeatmapView {...props} />;
    case 'sequence':
      return <SequenceView {...props} />;
    case 'waveform':
    case 'spectrogram':
      return <WaveView {...props} as={view} />;
    case 'text':
      return <TextView {...props} />;
    case 'table':
      return <TableView {...props} labels={names} />;
  }
}
