import { Button, Menu } from '@mantine/core';
import { useHotkeys } from '@mantine/hooks';
import { useEffect, useRef } from 'react';
import type { PreparedInputs } from '../../../../shared/contract/predict.ts';
import { dtypeSizeBytes, valueDtype } from '../../../../shared/tensor/dtype.ts';
import { chooseMode } from '../../../../shared/tensor/requestMode.ts';
import { useText } from '../../../app/i18n.tsx';
import { useClient } from '../../../app/store.ts';
import { StateGlyph } from '../../../ui/StateMark.tsx';
import type { Choices } from '../choices.ts';
import type { Refusal } from '../remedies.ts';
import { SendBar } from '../SendBar.tsx';
import type { SendOptions } from '../sendOptions.ts';
import type { AskedSignature, Asking } from '../usePlayground.ts';
import { FieldCard } from './FieldCard.tsx';
import { filled, hasBatch, rowsOf, withRows, type FieldInput } from './fieldInput.ts';
import { FillItems, fillOf, type FillKind } from './FillItems.tsx';
import { useFormWords } from './formWords.ts';
import { PaneHead } from './PaneHead.tsx';
import { RequestOptions } from './RequestOptions.tsx';
import { Stepper } from './Stepper.tsx';
import { useChecks, type FieldChecks } from './useChecks.ts';
import styles from './form.module.css';

export interface FormInputProps {
  readonly choices: Choices;
  readonly asked: AskedSignature;
  readonly inputs: PreparedInputs;
  readonly onChange: (inputs: PreparedInputs) => void;
  readonly options: SendOptions;
  readonly onOptions: (options: SendOptions) => void;
  readonly asking: Asking;
  /** Why nothing can be asked; null where it can. */
  readonly blocked: string | null;
  /** What the server said last of one of these inputs. */
  readonly refusal: Refusal | null;
}

/** A field for each tensor of the signature, its check beside it, and the button that sends them. */
export function FormInput({ choices, asked, inputs, onChange, options, onOptions, asking, blocked, refusal }: FormInputProps) {
  const words = useFormWords();
  const { number } = useText();
  const client = useClient();
  const { info, features, modelId, signature } = asked;
  const names = Object.keys(info.inputs);
  const checks = useChecks(asked, inputs);
  const seed = useRef(0);
  const nextSeed = (): number => {
    seed.current += 1;
    return seed.current - 1;
  };
  const form = useRef<HTMLDivElement>(null);

  const put = (name: string, input: FieldInput | undefined): void => {
    const rest = Object.fromEntries(Object.entries(inputs).filter(([one]) => one !== name));
    onChange(input === undefined ? rest : { ...rest, [name]: input });
  };
  const fillAll = (kind: FillKind): void => {
    const at = nextSeed();
    onChange(
      Object.fromEntries(
        Object.entries(info.inputs).map(([name, one], index) => {
          const before = inputs[name];
          // Features are told one by one.
          if (before?.source.kind === 'examples') return [name, before];
          return [name, filled(before, one, fillOf(kind, valueDtype(one.dtype), at + index))];
        }),
      ),
    );
  };
  useHotkeys([['F', () => fillAll('uniform')]]);

  const takeFiles = async (name: string, files: readonly File[]): Promise<void> => {
    const [only] = files;
    const ofInput = info.inputs[name];
    if (
      files.length === 1 &&
      only !== undefined &&
      /\.json$/i.test(only.name) &&
      ofInput !== undefined &&
      valueDtype(ofInput.dtype) !== 'DT_STRING'
    ) {
      put(name, { source: { kind: 'json', text: await only.text() } });
      return;
    }
    // A copy: the file on the disk may go.
    const held = await Promise.all(
      files.map(async (file) => ({ name: file.name, data: new Blob([await file.arrayBuffer()], { type: file.type }) })),
    );
    const recipe = await client.playground.recipe({ modelId, signature }).catch(() => null);
    put(name, { source: { kind: 'files', files: held }, steps: [...(recipe?.inputs[name] ?? [])] });
  };
  const take = useRef(takeFiles);
  useEffect(() => {
    take.current = takeFiles;
  });
  const firstName = names[0];
  useEffect(() => {
    // What is pasted where no field has the focus belongs to the first field.
    const onPaste = (event: ClipboardEvent): void => {
      const files = [...(event.clipboardData?.files ?? [])];
      if (event.defaultPrevented || files.length === 0 || firstName === undefined || document.querySelector('[role=dialog]') !== null)
        return;
      event.preventDefault();
      void take.current(firstName, files);
    };
    document.addEventListener('paste', onPaste);
    return () => document.removeEventListener('paste', onPaste);
  }, [firstName]);

  const batched = names.filter((name) => hasBatch(info.inputs[name] ?? noInfo));
  const batch = batched.flatMap((name) => {
    const input = inputs[name];
    const rows =
      input === undefined ? null : (rowsOf(input, info.inputs[name] ?? noInfo) ?? checks[name]?.prepared?.summary.shape[0] ?? null);
    return rows === null ? [] : [rows];
  });
  // Files are as many rows as they are.
  const resizes = batched.some((name) => !['files', 'tensor', undefined].includes(inputs[name]?.source.kind));
  const missing = names.filter((name) => inputs[name] === undefined && info.optional?.includes(name) !== true);
  const wrong = names.filter((name) => {
    const check = inputs[name] === undefined ? undefined : checks[name];
    return check !== undefined && (check.misfits.length > 0 || check.problem !== null);
  });
  const automatic = automaticMode(asked, inputs, checks);
  const differs =
    new Set(batched.flatMap((name) => (inputs[name] === undefined ? [] : (checks[name]?.prepared?.summary.shape[0] ?? [])))).size > 1;
  const reason = blocked ?? (wrong.length + missing.length > 0 ? words('fieldsWrong', { count: wrong.length + missing.length }) : null);
  const ready = reason === null && !asking.busy;
  const submit = (): void => {
    if (ready) asking.ask(false);
  };
  // From within a field too.
  useHotkeys([['mod+Enter', submit]], [], true);
  const sendAnyway = blocked === null && !asking.busy ? () => asking.ask(true) : null;
  const bytes = names.reduce((sum, name) => {
    const summary = checks[name]?.prepared?.summary;
    return sum + (summary === undefined ? 0 : summary.size * (summary.dtype === null ? 0 : dtypeSizeBytes(summary.dtype) || 16));
  }, 0);

  const go = (step: 1 | -1): void => {
    const cards = [...(form.current?.querySelectorAll<HTMLElement>('[data-field]') ?? [])];
    const at = cards.findIndex((card) => card.contains(document.activeElement));
    const next = cards[at + step];
    const body = next?.querySelector<HTMLElement>('textarea, [role=gridcell][tabindex="0"], input:not([type=file])');
    (body ?? next?.querySelector<HTMLElement>('button'))?.focus();
  };
  useHotkeys(
    [
      ['alt+ArrowDown', () => go(1)],
      ['alt+ArrowUp', () => go(-1)],
    ],
    [],
    true,
  );

  return (
    <>
      <PaneHead>
        {batched.length === 0 || batch[0] === undefined ? null : (
          <>
            <span className={styles['caption']}>{resizes ? words('batch') : `${words('batch')} ${batch[0]}`}</span>
            {resizes ? (
              <Stepper
                label={words('batch')}
                value={batch[0]}
                least={1}
                most={100_000}
                onChange={(rows) =>
                  onChange(
                    Object.fromEntries(
                      Object.entries(inputs).map(([name, input]) => [name, withRows(input, info.inputs[name] ?? noInfo, rows)]),
                    ),
                  )
                }
              />
            ) : null}
          </>
        )}
        <Menu position="bottom-end">
          <Menu.Target>
            <Button size="xs" aria-keyshortcuts="F" disabled={names.length === 0}>
              {words('fill')}
            </Button>
          </Menu.Target>
          <Menu.Dropdown>
            <FillItems onFill={fillAll} />
          </Menu.Dropdown>
        </Menu>
      </PaneHead>
      <div className={styles['fields-list']} ref={form}>
        {names.length === 0 ? <p className={styles['dim']}>{words('noInputs')}</p> : null}
        {names.map((name) => (
          <FieldCard
            key={name}
            asked={asked}
            name={name}
            info={info.inputs[name] ?? noInfo}
            features={features}
            input={inputs[name]}
            check={checks[name] ?? null}
            refusal={refusal?.input === name ? refusal : null}
            onChange={(input) => put(name, input)}
            onFiles={(files) => void takeFiles(name, files)}
            onSendAnyway={sendAnyway}
            nextSeed={nextSeed}
          />
        ))}
        {differs ? (
          <p className={styles['note']} role="status">
            <StateGlyph mark="attention" />{' '}
            {words('batchesDiffer', {
              rows: batched.map((name) => `${name} ${checks[name]?.prepared?.summary.shape[0] ?? '?'}`).join(', '),
            })}
          </p>
        ) : null}
      </div>
      <SendBar
        asking={asking}
        ready={ready}
        reason={reason}
        mark={blocked === null ? 'failed' : 'ready'}
        caption={
          automatic === null
            ? ''
            : words('sentAs', { mode: words(`mode.${options.mode === 'auto' ? automatic.mode : options.mode}`), size: number.bytes(bytes) })
        }
        onSubmit={submit}
        options={<RequestOptions choices={choices} options={options} onChange={onOptions} automatic={automatic} />}
      />
    </>
  );
}

const noInfo = { name: '', dtype: 'DT_INVALID', dtype_enum: 0, shape: null, unknown_rank: true } as const;

/** How the inputs go by themselves; null until all of them were looked at. */
function automaticMode({ info }: AskedSignature, inputs: PreparedInputs, checks: FieldChecks): ReturnType<typeof chooseMode> | null {
  const sized: Record<string, { shape: readonly number[]; bytes: number }> = {};
  for (const name of Object.keys(info.inputs)) {
    const summary = inputs[name] === undefined ? undefined : checks[name]?.prepared?.summary;
    if (inputs[name] === undefined && info.optional?.includes(name) === true) continue;
    if (summary === undefined) return null;
    sized[name] = { shape: summary.shape, bytes: summary.size * (summary.dtype === null ? 0 : dtypeSizeBytes(summary.dtype) || 16) };
  }
  return chooseMode(info, sized);
}
