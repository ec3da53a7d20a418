import { Button, Checkbox, NativeSelect, NumberInput, Popover, Textarea, TextInput } from '@mantine/core';
import { useState } from 'react';
import type { ModeReason } from '../../../../shared/contract/predict.ts';
import type { Choices } from '../choices.ts';
import { modeReasonWords } from '../requestWords.ts';
import { useText } from '../../../app/i18n.tsx';
import type { SendOptions } from '../sendOptions.ts';
import { useFormWords } from './formWords.ts';
import styles from './form.module.css';

export interface RequestOptionsProps {
  readonly choices: Choices;
  readonly options: SendOptions;
  readonly onChange: (options: SendOptions) => void;
  /** What would be sent by itself, and why; null where that is not known yet. */
  readonly automatic: { readonly mode: 'row' | 'columnar' | 'grpc'; readonly reason: ModeReason } | null;
}

const headerLine = /^\s*([A-Za-z0-9!#$%&'*+.^_`|~-]{1,128})\s*:\s*([\x20-\x7e\t]{0,8192}?)\s*$/;

/** Lines of `Name: value`; null where a line is none. */
function readHeaders(text: string): Readonly<Record<string, string>> | null {
  const lines = text.split('\n').filter((line) => line.trim() !== '');
  const pairs = lines.map((line) => headerLine.exec(line));
  return pairs.every((pair) => pair !== null) ? Object.fromEntries(pairs.map(([, name = '', value = '']) => [name, value])) : null;
}

/** How the request goes: form and protocol with the reason, which version, how long, what goes along. */
export function RequestOptions({ choices, options, onChange, automatic }: RequestOptionsProps) {
  const words = useFormWords();
  const { language } = useText();
  const [headers, setHeaders] = useState<string | null>(null);
  const { mode, backend, label, timeoutMs, gzip } = options;
  const written = Object.entries(options.headers)
    .map(([name, value]) => `${name}: ${value}`)
    .join('\n');
  const labels = Object.keys(choices.serving?.plan.served?.labels ?? {});
  const chosen = backend === 'embedded' ? 'embedded' : mode;
  const isUsual = chosen === 'auto' && label === null && timeoutMs === 30_000 && !gzip && written === '';
  const reason = automatic === null ? null : modeReasonWords(automatic.reason, language);
  return (
    <Popover position="bottom-start" width={340} trapFocus withinPortal>
      <Popover.Target>
        <Button size="xs" variant="subtle">
          {words(isUsual ? 'options' : 'optionsChanged')}
        </Button>
      </Popover.Target>
      <Popover.Dropdown className={styles['options'] ?? ''} aria-label={words('options')}>
        <NativeSelect
          label={words('sentBy')}
          value={chosen}
          data={[
            { value: 'auto', label: words('mode.auto') },
            { value: 'row', label: words('mode.row') },
            { value: 'columnar', label: words('mode.columnar') },
            { value: 'grpc', label: 'gRPC' },
            ...(choices.serving?.engine === 'docker' ? [{ value: 'embedded', label: words('mode.embedded') }] : []),
          ]}
          {...(chosen === 'auto' && automatic !== null
            ? { description: words('autoBecause', { mode: words(`mode.${automatic.mode}`), reason: reason ?? '' }) }
            : {})}
          onChange={(event) => {
            const value = event.currentTarget.value;
            onChange(
              value === 'embedded'
                ? { ...options, backend: 'embedded', mode: 'auto' }
                : { ...options, backend: 'serving', mode: value as 'auto' },
            );
          }}
        />
        <TextInput
          label={words('label')}
          placeholder={labels.length === 0 ? words('noLabel') : labels.join(', ')}
          value={label ?? ''}
          error={label !== null && !/^[^/:\s]{1,256}$/.test(label)}
          description={words('labelText')}
          onChange={(event) => onChange({ ...options, label: event.currentTarget.value === '' ? null : event.currentTarget.value })}
        />
        <NumberInput
          label={words('timeout')}
          min={0.001}
          max={3_600}
          suffix=" s"
          value={timeoutMs / 1000}
          onChange={(value) => {
            const seconds = Number(value);
            if (seconds >= 0.001 && seconds <= 3_600) onChange({ ...options, timeoutMs: Math.round(seconds * 1000) });
          }}
        />
        <Checkbox label={words('gzip')} checked={gzip} onChange={(event) => onChange({ ...options, gzip: event.currentTarget.checked })} />
        <Textarea
          label={words('headers')}
          placeholder="X-Request-Id: 1"
          autosize
          minRows={1}
          maxRows={6}
          classNames={{ input: styles['mono'] ?? '' }}
          value={headers ?? written}
          error={headers !== null && readHeaders(headers) === null ? words('headersWrong') : null}
          onChange={(event) => {
            setHeaders(event.currentTarget.value);
            const read = readHeaders(event.currentTarget.value);
            if (read !== null) onChange({ ...options, headers: read });
          }}
          onBlur={() => setHeaders(null)}
        />
      </Popover.Dropdown>
    </Popover>
  );
}
