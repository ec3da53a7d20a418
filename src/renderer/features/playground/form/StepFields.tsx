import { Checkbox, NativeSelect, NumberInput, TextInput } from '@mantine/core';
import { useState } from 'react';
import { dtypeLabel, type Dtype } from '../../../../shared/tensor/dtype.ts';
import type { FieldInput } from './fieldInput.ts';
import { useFormWords } from './formWords.ts';
import { scaleWords } from './FilesView.tsx';
import styles from './form.module.css';

type StepIn = NonNullable<FieldInput['steps']>[number];
type Of<K extends StepIn['kind']> = Extract<StepIn, { kind: K }>;

const castable: readonly Dtype[] = [
  'DT_FLOAT',
  'DT_DOUBLE',
  'DT_HALF',
  'DT_BFLOAT16',
  'DT_INT8',
  'DT_INT16',
  'DT_INT32',
  'DT_INT64',
  'DT_UINT8',
  'DT_UINT16',
  'DT_UINT32',
  'DT_UINT64',
  'DT_BOOL',
  'DT_STRING',
];

/** A step as it is when it is added. */
export function firstStep(kind: StepIn['kind']): StepIn {
  switch (kind) {
    case 'cast':
      return { kind, dtype: 'DT_FLOAT' };
    case 'reshape':
      return { kind, shape: [1, -1] };
    case 'transpose':
      return { kind, order: [1, 0] };
    case 'one-hot':
      return { kind, depth: 10 };
    case 'affine':
      return { kind, multiply: 1, add: 0 };
    default:
      return { kind };
  }
}

export interface StepFieldsProps<K extends StepIn['kind'] = StepIn['kind']> {
  readonly step: Of<K>;
  readonly onChange: (step: StepIn) => void;
}

/** What can be set of one step. */
export function StepFields({ step, onChange }: StepFieldsProps) {
  const words = useFormWords();
  switch (step.kind) {
    case 'image':
      return <ImageFields step={step} onChange={onChange} />;
    case 'audio':
      return <AudioFields step={step} onChange={onChange} />;
    case 'text':
      return (
        <div className={styles['row']}>
          <Checkbox
            label={words('lines')}
            checked={step.lines ?? false}
            onChange={(event) => onChange({ ...step, lines: event.currentTarget.checked })}
          />
          <Checkbox
            label={words('lower')}
            checked={step.lower ?? false}
            onChange={(event) => onChange({ ...step, lower: event.currentTarget.checked })}
          />
        </div>
      );
    case 'cast':
      return (
        <NativeSelect
          aria-label={words('step.cast')}
          value={step.dtype}
          data={castable.map((value) => ({ value, label: dtypeLabel(value) }))}
          onChange={(event) => onChange({ ...step, dtype: event.currentTarget.value as Dtype })}
        />
      );
    case 'reshape':
      return (
        <Numbers label={words('shapeRest')} values={step.shape} least={-1} onChange={(shape) => onChange({ ...step, shape: [...shape] })} />
      );
    case 'transpose':
      return (
        <Numbers label={words('order')} values={step.order} least={0} onChange={(order) => onChange({ ...step, order: [...order] })} />
      );
    case 'one-hot':
      return (
        <NumberInput
          label={words('depth')}
          min={1}
          value={step.depth}
          onChange={(value) => onChange({ ...step, depth: Math.max(1, Number(value)) })}
        />
      );
    case 'affine':
      return (
        <div className={styles['fields']}>
          <NumberInput
            label={words('multiply')}
            value={step.multiply}
            onChange={(value) => onChange({ ...step, multiply: Number(value) })}
          />
          <NumberInput label={words('add')} value={step.add} onChange={(value) => onChange({ ...step, add: Number(value) })} />
        </div>
      );
    default:
      return <p className={styles['caption']}>{words(`about.${step.kind}`)}</p>;
  }
}

/** Whole numbers with commas between. */
function Numbers({
  label,
  values,
  least,
  onChange,
}: {
  readonly label: string;
  readonly values: readonly number[];
  readonly least: number;
  readonly onChange: (values: readonly number[]) => void;
}) {
  const [typed, setTyped] = useState<string | null>(null);
  const read = (text: string): readonly number[] | null => {
    const parts = text.split(/[\s,×x[\]]+/).filter((part) => part !== '');
    const numbers = parts.map(Number);
    return numbers.every((number) => Number.isInteger(number) && number >= least) ? numbers : null;
  };
  const shown = typed ?? values.join(', ');
  return (
    <TextInput
      label={label}
      value={shown}
      error={read(shown) === null}
      onChange={(event) => {
        setTyped(event.currentTarget.value);
        const numbers = read(event.currentTarget.value);
        if (numbers !== null) onChange(numbers);
      }}
      onBlur={() => setTyped(null)}
    />
  );
}

const scales = ['auto', 'none', 'unit', 'signed', 'imagenet', 'caffe', 'custom'] as const;

function ImageFields({ step, onChange }: StepFieldsProps<'image'>) {
  const words = useFormWords();
  const scale = step.scale ?? null;
  const size = step.size ?? null;
  const auto = { value: '', label: words('asSignature') };
  const setSize = (part: 'height' | 'width', value: number | string): void => {
    const number = typeof value === 'number' ? value : Number(value);
    const other = size ?? { height: number, width: number };
    onChange({ ...step, size: value === '' || number < 1 ? null : { ...other, [part]: number } });
  };
  return (
    <div className={styles['fields']}>
      <NativeSelect
        label={words('fact.resize')}
        value={step.method ?? 'bilinear'}
        data={(['bilinear', 'nearest', 'bicubic', 'area'] as const).map((value) => ({ value, label: words(`method.${value}`) }))}
        onChange={(event) => onChange({ ...step, method: event.currentTarget.value as 'bilinear' })}
      />
      <NativeSelect
        label={words('fact.fit')}
        value={step.fit ?? 'stretch'}
        data={(['stretch', 'crop', 'pad'] as const).map((value) => ({ value, label: words(`fit.${value}`) }))}
        onChange={(event) => onChange({ ...step, fit: event.currentTarget.value as 'stretch' })}
      />
      <NumberInput
        label={words('height')}
        placeholder={words('asSignature')}
        min={1}
        value={size?.height ?? ''}
        onChange={(value) => setSize('height', value)}
      />
      <NumberInput
        label={words('width')}
        placeholder={words('asSignature')}
        min={1}
        value={size?.width ?? ''}
        onChange={(value) => setSize('width', value)}
      />
      {step.fit === 'pad' ? (
        <NumberInput
          label={words('padValue')}
          min={0}
          max={255}
          value={step.padValue ?? 0}
          onChange={(value) => onChange({ ...step, padValue: Number(value) })}
        />
      ) : null}
      <NativeSelect
        label={words('fact.channels')}
        value={step.channels ?? ''}
        data={[auto, { value: 'grey', label: words('grey') }, { value: 'rgb', label: 'RGB' }, { value: 'rgba', label: 'RGBA' }]}
        onChange={(event) => onChange({ ...step, channels: (event.currentTarget.value || null) as 'rgb' | null })}
      />
      <NativeSelect
        label={words('channelOrder')}
        value={step.order ?? 'rgb'}
        data={[
          { value: 'rgb', label: 'RGB' },
          { value: 'bgr', label: 'BGR' },
        ]}
        onChange={(event) => onChange({ ...step, order: event.currentTarget.value as 'rgb' })}
      />
      <NativeSelect
        label={words('fact.scale')}
        value={scale?.kind ?? 'auto'}
        data={scales.map((value) => ({
          value,
          label: value === 'auto' ? words('asSignature') : value === 'custom' ? words('custom') : scaleWords({ kind: value }, words),
        }))}
        onChange={(event) => {
          const kind = event.currentTarget.value as (typeof scales)[number];
          onChange({ ...step, scale: kind === 'auto' ? null : kind === 'custom' ? { kind, low: 1, high: 0 } : { kind } });
        }}
      />
      <NativeSelect
        label={words('fact.layout')}
        value={step.layout ?? ''}
        data={[auto, ...['hwc', 'chw', 'hw'].map((value) => ({ value, label: value.toUpperCase() }))]}
        onChange={(event) => onChange({ ...step, layout: (event.currentTarget.value || null) as 'hwc' | null })}
      />
      {scale?.kind === 'custom' ? (
        <>
          <NumberInput
            label={words('black')}
            value={scale.low}
            onChange={(value) => onChange({ ...step, scale: { ...scale, low: Number(value) } })}
          />
          <NumberInput
            label={words('white')}
            value={scale.high}
            onChange={(value) => onChange({ ...step, scale: { ...scale, high: Number(value) } })}
          />
        </>
      ) : null}
    </div>
  );
}

function AudioFields({ step, onChange }: StepFieldsProps<'audio'>) {
  const words = useFormWords();
  const window = step.window ?? null;
  return (
    <div className={styles['fields']}>
      <NumberInput
        label={words('rate')}
        placeholder={words('asFile')}
        min={1_000}
        max={384_000}
        clampBehavior="blur"
        value={step.rate ?? ''}
        onChange={(value) => onChange({ ...step, rate: value === '' || Number(value) < 1_000 ? null : Number(value) })}
      />
      <NativeSelect
        label={words('fact.scale')}
        value={step.scale ?? 'unit'}
        data={[
          { value: 'unit', label: '−1 … 1' },
          { value: 'pcm16', label: '−32768 … 32767' },
        ]}
        onChange={(event) => onChange({ ...step, scale: event.currentTarget.value as 'unit' })}
      />
      <NumberInput
        label={words('samples')}
        placeholder={words('asSignature')}
        min={1}
        value={window?.samples ?? ''}
        onChange={(value) =>
          onChange({ ...step, window: value === '' || Number(value) < 1 ? null : { samples: Number(value), at: window?.at ?? 'start' } })
        }
      />
      <NativeSelect
        label={words('windowAt')}
        disabled={window === null}
        value={window?.at ?? 'start'}
        data={(['start', 'middle', 'end'] as const).map((value) => ({ value, label: words(`at.${value}`) }))}
        onChange={(event) =>
          onChange({ ...step, window: window === null ? null : { ...window, at: event.currentTarget.value as 'start' } })
        }
      />
      <Checkbox
        label={words('mono')}
        checked={step.mono ?? true}
        onChange={(event) => onChange({ ...step, mono: event.currentTarget.checked })}
      />
    </div>
  );
}
