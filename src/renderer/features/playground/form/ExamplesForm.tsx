import { ActionIcon, Checkbox, NativeSelect, Textarea, TextInput } from '@mantine/core';
import { useState } from 'react';
import type { ExampleFeature } from '../../../../shared/contract/playground.ts';
import { dtypeLabel } from '../../../../shared/tensor/dtype.ts';
import { elementCount } from '../../../../shared/tensor/tensorData.ts';
import { Icon } from '../../../ui/Icon.tsx';
import { featureType, firstExample, type Example, type Examples } from './fieldInput.ts';
import { useFormWords } from './formWords.ts';
import { Stepper } from './Stepper.tsx';
import styles from './form.module.css';

type Feature = Example[string];

export interface ExamplesFormProps {
  readonly name: string;
  readonly features: readonly ExampleFeature[];
  readonly examples: Examples;
  readonly onChange: (examples: Examples) => void;
}

/** tf.Examples by the features that the graph reads: one is shown at a time; what has a default may be left out. */
export function ExamplesForm({ name, features, examples, onChange }: ExamplesFormProps) {
  const words = useFormWords();
  const [place, setPlace] = useState(0);
  const at = Math.min(place, examples.length - 1);
  const example = examples[at] ?? {};
  const put = (feature: string, value: Feature | null): void => {
    const rest = Object.entries(example).filter(([key]) => key !== feature);
    const changed = value === null ? Object.fromEntries(rest) : { ...example, [feature]: value };
    onChange(examples.map((one, index) => (index === at ? changed : one)));
  };
  // What was given by JSON and is no feature of the graph is shown too.
  const strange = Object.keys(example).filter((key) => !features.some((one) => one.name === key));
  return (
    <div className={styles['stack']}>
      <div className={styles['row']}>
        <span className={styles['caption']}>{words('exampleOf', { count: examples.length })}</span>
        {examples.length === 1 ? null : (
          <Stepper label={words('example')} value={at + 1} least={1} most={examples.length} onChange={(next) => setPlace(next - 1)} />
        )}
        <span className={styles['space']} />
        <button
          type="button"
          className={styles['link']}
          onClick={() => {
            onChange([...examples, firstExample(features)]);
            setPlace(examples.length);
          }}
        >
          {words('addExample')}
        </button>
        {examples.length === 1 ? null : (
          <ActionIcon
            size={24}
            aria-label={words('removeExample', { number: at + 1 })}
            onClick={() => onChange(examples.filter((_, index) => index !== at))}
          >
            <Icon name="close" size={14} />
          </ActionIcon>
        )}
      </div>
      <ul className={styles['features']} aria-label={words('featuresOf', { name })}>
        {features.map((feature) => (
          <li key={`${at} ${feature.name}`}>
            <FeatureField feature={feature} value={example[feature.name] ?? null} onChange={(value) => put(feature.name, value)} />
          </li>
        ))}
        {strange.map((key) => (
          <li key={key}>
            <span className={styles['strong']}>{key}</span> <span className={styles['caption']}>{words('strangeFeature')}</span>
            <ActionIcon size={24} aria-label={words('removeFeature', { name: key })} onClick={() => put(key, null)}>
              <Icon name="close" size={14} />
            </ActionIcon>
          </li>
        ))}
      </ul>
    </div>
  );
}

/** Values of numbers stand beside each other, of text a line each. */
const valuesOf = (typed: string, isText: boolean, single: boolean): readonly string[] => {
  if (isText) return single ? [typed] : typed === '' ? [] : typed.split('\n');
  return typed.split(/[\s,;[\]]+/).filter((part) => part !== '');
};

function FeatureField({
  feature,
  value,
  onChange,
}: {
  readonly feature: ExampleFeature;
  readonly value: Feature | null;
  readonly onChange: (value: Feature | null) => void;
}) {
  const words = useFormWords();
  const [typed, setTyped] = useState<string | null>(null);
  const { name, dtype, shape, kind, defaults } = feature;
  const type = featureType(dtype);
  const isText = type === 'text';
  const size = kind === 'fixed' && shape !== null ? elementCount(shape) : null;
  const single = size === 1;
  const values = value?.values ?? [];
  const shown = typed ?? values.join(isText ? '\n' : ', ');
  const wrong =
    value !== null && size !== null && values.length !== size ? words('featureSize', { wanted: size, got: values.length }) : null;
  const bad = isText
    ? null
    : (values.find((one) => !(type === 'int64' ? /^-?\d+$/ : /^-?(?:\d+\.?\d*(?:[eE][+-]?\d+)?|\.\d+|Inf(?:inity)?)$|^NaN$/).test(one)) ??
      null);
  const error = wrong ?? (bad === null ? null : words('featureType', { value: bad, type: dtypeLabel(dtype) }));
  const put = (text: string): void => {
    setTyped(text);
    onChange({ type: value?.type ?? type, values: valuesOf(text, isText, single) });
  };
  const common = {
    'aria-label': name,
    value: shown,
    error,
    disabled: value === null,
    placeholder: value === null ? defaultWords(defaults) : '',
    onBlur: () => setTyped(null),
  };
  return (
    <>
      <span className={styles['featureName']}>
        <b>{name}</b>
        <code className={styles['chip']}>{dtypeLabel(dtype)}</code>
        <code className={styles['chip']}>[{shape === null ? '…' : shape.map((dim) => (dim < 0 ? '?' : dim)).join(', ')}]</code>
        <span className={styles['space']} />
        {defaults === null ? null : (
          <Checkbox
            size="xs"
            label={words('given')}
            aria-label={words('givenNamed', { name })}
            checked={value !== null}
            onChange={(event) => {
              setTyped(null);
              onChange(event.currentTarget.checked ? { type, values: defaults.length > 0 ? defaults : firstValues(type, size) } : null);
            }}
          />
        )}
      </span>
      {isText ? (
        <div className={styles['row']}>
          <Textarea
            {...common}
            className={styles['grow'] ?? ''}
            autosize
            minRows={1}
            maxRows={6}
            onChange={(event) => put(event.currentTarget.value)}
          />
          <NativeSelect
            size="xs"
            aria-label={words('writtenAs', { label: name })}
            disabled={value === null}
            value={value?.type === 'base64' ? 'base64' : 'text'}
            data={[
              { value: 'text', label: words('way.text') },
              { value: 'base64', label: words('way.base64') },
            ]}
            onChange={(event) => onChange({ type: event.currentTarget.value as 'text' | 'base64', values })}
          />
        </div>
      ) : (
        <TextInput {...common} inputMode="decimal" onChange={(event) => put(event.currentTarget.value)} />
      )}
    </>
  );

  function defaultWords(texts: readonly string[] | null): string {
    if (texts === null) return '';
    return texts.length === 0 ? words('leftEmpty') : words('leftDefault', { value: texts.slice(0, 8).join(', ') });
  }
}

function firstValues(type: 'int64' | 'float' | 'text', size: number | null): readonly string[] {
  return Array.from({ length: size ?? 1 }, () => (type === 'text' ? '' : '0'));
}
