import { ActionIcon, Button, FileButton, Menu, Modal, NativeSelect, NumberInput, Textarea } from '@mantine/core';
import { useState } from 'react';
import type { TensorSummary } from '../../../../shared/contract/predict.ts';
import type { LabelSource, OutputStep } from '../../../../shared/contract/processing.ts';
import { useText } from '../../../app/i18n.tsx';
import { useCall } from '../../../app/useCall.ts';
import { ErrorNote } from '../../../ui/ErrorNote.tsx';
import { Icon } from '../../../ui/Icon.tsx';
import { useAnswerWords } from './answerWords.ts';
import { largestOf, numbersOf, part } from './numbersOf.ts';
import type { AnswerPlace } from './OutputView.tsx';
import { shorten } from './shorten.ts';
import { useLabels, type Labels } from './useLabels.ts';
import type { OutputRecipe } from './useRecipe.ts';
import { useTensor } from './useTensor.ts';
import styles from './output.module.css';

export interface StepsDialogProps {
  readonly place: AnswerPlace;
  readonly summary: TensorSummary;
  readonly steps: readonly OutputStep[];
  /** The names that are shown now, chosen or found. */
  readonly found: Labels | null;
  readonly recipe: OutputRecipe;
  readonly onClose: () => void;
}

type Kind = OutputStep['kind'];

const kinds: readonly Kind[] = ['softmax', 'sigmoid', 'affine', 'threshold', 'top'];

/** The postprocessing of one output: a chain of steps with its result beside it, saved with the model. */
export function StepsDialog({ place, summary, steps: saved, found, recipe, onClose }: StepsDialogProps) {
  const { t } = useText();
  const words = useAnswerWords();
  const [steps, setSteps] = useState<readonly OutputStep[]>(saved);
  const saving = useCall();
  const replace = (at: number, step: OutputStep): void => setSteps(steps.map((one, index) => (index === at ? step : one)));
  const made = (kind: Kind): OutputStep => {
    if (kind === 'affine') return { kind, multiply: 1, add: 0 };
    if (kind === 'threshold') return { kind, value: 0.5 };
    if (kind !== 'top') return { kind };
    const labels: LabelSource = found === null || found.file === null ? { kind: 'none' } : { kind: 'asset', path: found.file };
    return { kind, count: 10, labels };
  };
  // The largest end the chain.
  const add = (kind: Kind): void =>
    setSteps([...steps, made(kind)].toSorted((a, b) => Number(a.kind === 'top') - Number(b.kind === 'top')));
  const swap = (at: number): void =>
    setSteps(steps.map((one, index) => (index === at ? (steps[at - 1] ?? one) : index === at - 1 ? (steps[at] ?? one) : one)));
  const save = async (): Promise<void> => {
    if (await saving.run(() => recipe.save(summary.name, steps))) onClose();
  };
  const offered = kinds.filter((kind) => kind !== 'top' || !steps.some((step) => step.kind === 'top'));
  return (
    <Modal
      opened
      onClose={onClose}
      title={words('steps.title', { name: summary.name })}
      size={560}
      closeButtonProps={{ 'aria-label': t('close') }}
    >
      <form
        className={styles['form']}
        onSubmit={(event) => {
          event.preventDefault();
          void save();
        }}
      >
        <p className={styles['dim']}>{words('steps.text')}</p>
        {steps.length === 0 ? <p>{words('steps.none')}</p> : null}
        <ol className={styles['steps']}>
          {steps.map((step, at) => {
            const name = words(`step.${step.kind}`);
            return (
              <li key={at}>
                <div className={styles['stepHead']}>
                  <b>{name}</b>
                  <StepNumbers step={step} onChange={(next) => replace(at, next)} />
                  <span className={styles['space']} />
                  {at === 0 || step.kind === 'top' ? null : (
                    <ActionIcon aria-label={words('steps.up', { at: at + 1, step: name })} onClick={() => swap(at)}>
                      <span className={styles['up']}>
                        <Icon name="down" size={14} />
                      </span>
                    </ActionIcon>
                  )}
                  <ActionIcon
                    aria-label={words('steps.remove', { at: at + 1, step: name })}
                    onClick={() => setSteps(steps.filter((_, index) => index !== at))}
                  >
                    <Icon name="close" size={14} />
                  </ActionIcon>
                </div>
                {step.kind === 'top' ? (
                  <LabelChoice
                    source={step.labels}
                    assets={place.assets}
                    classes={summary.shape.at(-1) ?? 0}
                    onChange={(labels) => replace(at, { ...step, labels })}
                  />
                ) : null}
              </li>
            );
          })}
        </ol>
        <Menu position="bottom-start">
          <Menu.Target>
            <Button size="xs" leftSection={<Icon name="plus" size={14} />} className={styles['start'] ?? ''} data-autofocus>
              {words('steps.add')}
            </Button>
          </Menu.Target>
          <Menu.Dropdown>
            {offered.map((kind) => (
              <Menu.Item key={kind} onClick={() => add(kind)}>
                {words(`step.${kind}`)}
              </Menu.Item>
            ))}
          </Menu.Dropdown>
        </Menu>
        <Result place={place} summary={summary} steps={steps} />
        <ErrorNote problem={saving.problem} />
        <div className={styles['end']}>
          <Button onClick={onClose}>{words('steps.cancel')}</Button>
          <Button type="submit" variant="filled" loading={saving.busy}>
            {words('steps.keep')}
          </Button>
        </div>
      </form>
    </Modal>
  );
}

function StepNumbers({ step, onChange }: { readonly step: OutputStep; readonly onChange: (step: OutputStep) => void }) {
  const words = useAnswerWords();
  const field = (label: string, value: number, change: (value: number) => void, least?: number, most?: number) => (
    <NumberInput
      key={label}
      size="xs"
      className={styles['stepNumber'] ?? ''}
      aria-label={label}
      leftSection={<span className={styles['prefix']}>{label}</span>}
      leftSectionWidth={label.length * 8 + 16}
      value={value}
      {...(least === undefined ? {} : { min: least, max: most ?? least, allowDecimal: false, clampBehavior: 'strict' as const })}
      onChange={(next) => {
        if (typeof next === 'number') change(next);
      }}
    />
  );
  if (step.kind === 'affine')
    return (
      <>
        {field(words('step.multiply'), step.multiply, (multiply) => onChange({ ...step, multiply }))}
        {field(words('step.add'), step.add, (add) => onChange({ ...step, add }))}
      </>
    );
  if (step.kind === 'threshold') return field(words('step.least'), step.value, (value) => onChange({ ...step, value }));
  return step.kind === 'top' ? field(words('step.count'), step.count, (count) => onChange({ ...step, count }), 1, 1_000) : null;
}

interface LabelChoiceProps {
  readonly source: LabelSource;
  readonly assets: readonly string[];
  readonly classes: number;
  readonly onChange: (source: LabelSource) => void;
}

const linesOf = (text: string): readonly string[] => {
  const lines = text.replace(/^\uFEFF/, '').split(/\r?\n/);
  return lines.at(-1) === '' ? lines.slice(0, -1) : lines;
};

/** Where the names of classes come from: a file of the model, a file of the person's, or a typed list. */
function LabelChoice({ source, assets, classes, onChange }: LabelChoiceProps) {
  const { number } = useText();
  const words = useAnswerWords();
  const [typed, setTyped] = useState(source.kind === 'list' ? source.labels.join('\n') : '');
  const list = (text: string): void => {
    setTyped(text);
    onChange({ kind: 'list', labels: linesOf(text) });
  };
  return (
    <div className={styles['labels']}>
      <NativeSelect
        size="xs"
        label={words('step.labels')}
        value={source.kind}
        onChange={(event) => {
          const kind = event.currentTarget.value;
          if (kind === 'asset') onChange({ kind, path: assets[0] ?? '' });
          else if (kind === 'list') list(typed);
          else onChange({ kind: 'none' });
        }}
        data={(['none', 'asset', 'list'] as const).map((value) => ({
          value,
          label: words(`step.labels.${value}`),
          disabled: value === 'asset' && assets.length === 0,
        }))}
      />
      {source.kind === 'asset' ? (
        <NativeSelect
          size="xs"
          label={words('step.labels.which')}
          value={source.path}
          onChange={(event) => onChange({ kind: 'asset', path: event.currentTarget.value })}
          data={[...assets]}
        />
      ) : null}
      {source.kind === 'list' ? (
        <>
          <Textarea
            className={styles['whole'] ?? ''}
            size="xs"
            label={words('step.labels.typed')}
            value={typed}
            onChange={(event) => list(event.currentTarget.value)}
            minRows={3}
            maxRows={8}
            autosize
          />
          <div className={styles['foot']}>
            <span className={styles['caption']}>
              {words('step.labels.counted', { names: number.count(source.labels.length), classes: number.count(classes) })}
            </span>
            <span className={styles['space']} />
            <FileButton onChange={(file) => void file?.text().then(list)} accept=".txt,.csv,.names,.labels,text/plain">
              {(props) => (
                <Button size="xs" {...props}>
                  {words('step.labels.file')}
                </Button>
              )}
            </FileButton>
          </div>
        </>
      ) : null}
    </div>
  );
}

const mostTold = 3;

/** What the chain makes of this answer's first row. */
function Result({ place, summary, steps }: Pick<StepsDialogProps, 'place' | 'summary' | 'steps'>) {
  const words = useAnswerWords();
  const last = steps.at(-1);
  const top = last?.kind === 'top' ? last : null;
  const fetched = useTensor({ exchange: place.exchange, side: 'outputs', summary, steps: top === null ? steps : steps.slice(0, -1) });
  const labels = useLabels(place, top?.labels ?? { kind: 'none' }, 0);
  if (fetched.kind === 'failed') return <ErrorNote problem={fetched.problem} />;
  if (fetched.kind === 'waiting') return <p className={styles['waiting']}>{words('reading')}</p>;
  const { tensor, summary: made } = fetched;
  const row = part(numbersOf(tensor), 0, summary.shape.at(-1) ?? 1);
  const told =
    top === null
      ? made.first.slice(0, 5).map(shorten)
      : largestOf(row, Math.min(mostTold, top.count)).map(
          (index) => `${labels?.names[index] ?? index}: ${shorten(String(Number((row[index] as number).toPrecision(4))))}`,
        );
  return (
    <p className={styles['result']} role="status">
      <span className={styles['dim']}>{words('steps.result')}</span> <code>{told.join(', ')}</code>
    </p>
  );
}
