import { Anchor } from '@mantine/core';
import { useEffect, useState } from 'react';
import type { InputSource } from '../../../../shared/contract/predict.ts';
import type { ImageStep, InputStep, PixelScale } from '../../../../shared/contract/processing.ts';
import type { TensorInfo } from '../../../../shared/contract/savedModel.ts';
import { valueDtype } from '../../../../shared/tensor/dtype.ts';
import { useText } from '../../../app/i18n.tsx';
import { Icon } from '../../../ui/Icon.tsx';
import type { FieldInput } from './fieldInput.ts';
import { useFormWords, type FormWords } from './formWords.ts';
import type { FieldCheck } from './useChecks.ts';
import styles from './form.module.css';

type Files = Extract<InputSource, { kind: 'files' }>['files'];

/** More pictures are a number. */
const shownPictures = 4;

export interface FilesViewProps {
  readonly name: string;
  readonly info: TensorInfo;
  readonly input: FieldInput;
  readonly files: Files;
  /** What was made of them; null while that is under way. */
  readonly check: FieldCheck | null;
  readonly onSteps: () => void;
}

/** Files as an input: pictures beside what the model gets of them, others by name and by what was done to them. */
export function FilesView({ name, info, input, files, check, onSteps }: FilesViewProps) {
  const words = useFormWords();
  const { number } = useText();
  const prepared = check?.prepared ?? null;
  const made = prepared?.pictures ?? [];
  const steps = input.steps ?? [];
  const isPicture = made.length > 0 || files.some(({ data }) => data.type.startsWith('image/'));
  const change = (
    <Anchor component="button" type="button" size="xs" className={styles['change'] ?? ''} onClick={onSteps}>
      {words('changeSteps')}
    </Anchor>
  );
  if (!isPicture)
    return (
      <div className={styles['stack']}>
        <ul className={styles['files']}>
          {files.slice(0, 8).map((file) => (
            <li key={file.name}>
              <Icon name="file" size={14} /> <span>{file.name}</span>{' '}
              <span className={styles['caption']}>{number.bytes(file.data.size)}</span>
            </li>
          ))}
          {files.length > 8 ? <li className={styles['caption']}>{words('moreFiles', { count: files.length - 8 })}</li> : null}
        </ul>
        {prepared === null ? null : <Done name={name} notes={prepared.notes} />}
        {change}
      </div>
    );
  return (
    <div className={styles['stack']}>
      <div className={styles['imageCard']}>
        <div className={styles['pictures']}>
          {files.slice(0, shownPictures).map((file, index) => (
            <Pair key={`${index} ${file.name}`} file={file} made={made[index] ?? null} shape={prepared?.summary.shape ?? null} />
          ))}
        </div>
        <div className={styles['facts']}>
          {made.length > 0 ? (
            <ImageFacts step={steps.find((one) => one.kind === 'image') ?? null} info={info} shape={prepared?.summary.shape ?? []} />
          ) : prepared === null ? null : (
            <Done name={name} notes={prepared.notes.slice(0, 2)} />
          )}
          <OtherSteps steps={steps} />
          {change}
        </div>
      </div>
      {files.length > shownPictures ? (
        <p className={styles['caption']}>{words('moreFiles', { count: files.length - shownPictures })}</p>
      ) : null}
    </div>
  );
}

/** What was done, without the field's name before it. */
function Done({ name, notes }: { readonly name: string; readonly notes: readonly string[] }) {
  return (
    <ul className={styles['notes']}>
      {notes.slice(0, 6).map((note, index) => (
        <li key={index}>{note.startsWith(`${name}: `) ? note.slice(name.length + 2) : note}</li>
      ))}
    </ul>
  );
}

function useUrl(blob: Blob | null): string | null {
  const [url, setUrl] = useState<string | null>(null);
  useEffect(() => {
    if (blob === null) {
      setUrl(null);
      return undefined;
    }
    const made = URL.createObjectURL(blob);
    setUrl(made);
    return () => URL.revokeObjectURL(made);
  }, [blob]);
  return url;
}

function Pair({
  file,
  made,
  shape,
}: {
  readonly file: Files[number];
  readonly made: Blob | null;
  readonly shape: readonly number[] | null;
}) {
  const words = useFormWords();
  const [source, drawn] = [useUrl(file.data), useUrl(made)];
  const [size, setSize] = useState('');
  const [drawnSize, setDrawnSize] = useState('');
  return (
    <div className={styles['pair']}>
      <figure>
        {source === null ? null : (
          <img
            src={source}
            alt={file.name}
            onLoad={({ currentTarget: { naturalWidth, naturalHeight } }) => setSize(`${naturalWidth} × ${naturalHeight}`)}
          />
        )}
        <figcaption>
          <span title={file.name}>{file.name}</span>
          <span>{size}</span>
        </figcaption>
      </figure>
      {drawn === null ? null : (
        <>
          <span className={styles['arrow']}>
            <Icon name="arrow" />
          </span>
          <figure>
            <img
              data-pixels
              src={drawn}
              alt={words('modelGetsOf', { file: file.name, shape: shape?.join(' × ') ?? '' })}
              onLoad={({ currentTarget: { naturalWidth, naturalHeight } }) => setDrawnSize(`${naturalWidth} × ${naturalHeight}`)}
            />
            <figcaption>
              <span>{words('modelGets')}</span>
              <span>{drawnSize}</span>
            </figcaption>
          </figure>
        </>
      )}
    </div>
  );
}

const floats = new Set(['DT_FLOAT', 'DT_DOUBLE', 'DT_HALF', 'DT_BFLOAT16']);

/** What 0 and 255 become, in a few signs. */
export function scaleWords(scale: PixelScale, words: FormWords): string {
  switch (scale.kind) {
    case 'none':
      return '0 … 255';
    case 'unit':
      return '0 … 1';
    case 'signed':
      return '−1 … 1';
    case 'custom':
      return `${scale.low} … ${scale.high}${scale.low > scale.high ? ` (${words('inverted')})` : ''}`;
    case 'imagenet':
      return 'ImageNet';
    case 'caffe':
      return words('caffe');
  }
}

/** How a picture becomes numbers: the step's own choices, or what the signature asks for. */
function ImageFacts({
  step,
  info,
  shape,
}: {
  readonly step: ImageStepIn | null;
  readonly info: TensorInfo;
  readonly shape: readonly number[];
}) {
  const words = useFormWords();
  const scale: PixelScale = step?.scale ?? { kind: floats.has(valueDtype(info.dtype)) ? 'unit' : 'none' };
  const last = shape.at(-1) ?? 0;
  const layout =
    step?.layout ?? ([1, 3, 4].includes(last) ? 'hwc' : [1, 3, 4].includes(shape.at(-3) ?? 0) && shape.length >= 3 ? 'chw' : 'hw');
  const channels = layout === 'hw' ? 1 : layout === 'hwc' ? last : (shape.at(-3) ?? 0);
  const isBgr = step?.order === 'bgr' || scale.kind === 'caffe';
  const facts = [
    [words('fact.resize'), `${words(`method.${step?.method ?? 'bilinear'}`)}, ${words(`fit.${step?.fit ?? 'stretch'}`)}`],
    [
      words('fact.channels'),
      channels === 1 ? words('grey') : channels === 3 ? (isBgr ? 'BGR' : 'RGB') : channels === 4 ? 'RGBA' : String(channels),
    ],
    [words('fact.scale'), scaleWords(scale, words)],
    [words('fact.layout'), layout.toUpperCase()],
  ] as const;
  return (
    <dl>
      {facts.map(([fact, value]) => (
        <div key={fact}>
          <dt>{fact}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}

type StepIn = NonNullable<FieldInput['steps']>[number];
type ImageStepIn = Extract<StepIn, { kind: 'image' }>;

/** Steps after the one that makes numbers of a file. */
function OtherSteps({ steps }: { readonly steps: readonly StepIn[] }) {
  const words = useFormWords();
  const rest = steps.filter(({ kind }) => kind !== 'image' && kind !== 'bytes');
  return rest.length === 0 ? null : <p className={styles['caption']}>{rest.map((step) => stepWords(step, words)).join(', ')}</p>;
}

/** A step in a few words. */
export function stepWords(step: StepIn | InputStep | ImageStep, words: FormWords): string {
  switch (step.kind) {
    case 'cast':
      return `${words('step.cast')} ${step.dtype.slice(3).toLowerCase()}`;
    case 'reshape':
      return `${words('step.reshape')} [${step.shape.join(', ')}]`;
    case 'transpose':
      return `${words('step.transpose')} [${step.order.join(', ')}]`;
    case 'one-hot':
      return `${words('step.one-hot')} ${step.depth}`;
    case 'affine':
      return `× ${step.multiply} ${step.add < 0 ? '−' : '+'} ${Math.abs(step.add)}`;
    default:
      return words(`step.${step.kind}`);
  }
}
