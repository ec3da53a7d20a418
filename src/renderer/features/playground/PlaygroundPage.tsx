import { Button, Menu, SegmentedControl } from '@mantine/core';
import { useMemo, useState, type ReactNode } from 'react';
import { useLocation } from 'wouter';
import { useText } from '../../app/i18n.tsx';
import { useMirror } from '../../app/store.ts';
import { Icon } from '../../ui/Icon.tsx';
import { StateGlyph } from '../../ui/StateMark.tsx';
import { servingMark } from '../servings/servingWords.ts';
import { AnswerPane } from './AnswerPane.tsx';
import { choose, whichOf, type Choices, type Wished } from './choices.ts';
import { requestOf } from './draft.ts';
import { useReplay } from './history/useReplay.ts';
import { InputPane } from './InputPane.tsx';
import { refusalOf, remedyAct } from './remedies.ts';
import { usualOptions, type SendOptions } from './sendOptions.ts';
import { ManyRows } from './table/ManyRows.tsx';
import { useAsking, useDraft, useSignature } from './usePlayground.ts';
import styles from './playground.module.css';

/** Left asks, right answers: one request to one signature of one serving. */
export function PlaygroundPage({ servingId }: { readonly servingId?: string }) {
  const { t } = useText();
  const servings = useMirror((state) => state.servings);
  const models = useMirror((state) => state.models);
  const [wished, setWished] = useState<Pick<Wished, 'version' | 'signature'>>({ version: null, signature: null });
  const [sending, setOptions] = useState<SendOptions>(usualOptions);
  const choices = choose({ ...wished, label: sending.label, servingId: servingId ?? null }, servings, models);
  const { asked, problem } = useSignature(choices);
  const [draft, setDraft] = useDraft(asked);
  const options: SendOptions = choices.serving?.engine === 'docker' ? sending : { ...sending, backend: 'serving' };
  const asking = useAsking(choices, asked, { draft, options });

  const wish = ({ label, ...part }: Partial<Wished>): void => {
    if (label !== undefined) setOptions((before) => ({ ...before, label }));
    setWished((before) => ({ ...before, ...part }));
  };
  const which = whichOf({ version: choices.version, label: options.label });
  const replay = useReplay({ choices, asked, draft, setDraft, options, setOptions, wish, ask: asking.ask });

  const request = useMemo(
    () =>
      asked === null || choices.serving === null || choices.signature === null
        ? null
        : {
            servingId: choices.serving.id,
            signature: choices.signature,
            ...requestOf(draft),
            ...whichOf({ version: choices.version, label: options.label }),
          },
    // The serving's id alone: its state changes while it serves.
    // eslint-disable-next-line react-hooks/exhaustive-deps
    [asked, choices.serving?.id, choices.signature, choices.version, options.label, draft],
  );

  if (choices.serving === null) return <PlaygroundEmpty />;
  return (
    <div className={styles['page']}>
      <header className={styles['head']}>
        <h1>{t('playground.title')}</h1>
        <ChoiceRow choices={choices} wish={wish} />
        <SegmentedControl
          aria-label={t('playground.protocol')}
          value={options.backend === 'embedded' ? 'embedded' : options.mode === 'grpc' ? 'grpc' : 'rest'}
          onChange={(value) =>
            setOptions({ ...options, mode: value === 'grpc' ? 'grpc' : 'auto', backend: value === 'embedded' ? 'embedded' : 'serving' })
          }
          data={[
            { value: 'rest', label: 'REST' },
            { value: 'grpc', label: 'gRPC' },
            ...(choices.serving.engine === 'docker' ? [{ value: 'embedded', label: t('playground.embedded') }] : []),
          ]}
        />
        <ManyRows choices={choices} asked={asked} options={options} onBody={(body) => setDraft({ kind: 'json', body })} />
      </header>
      <div className={styles['panes']}>
        <InputPane
          choices={choices}
          asked={asked}
          signatureProblem={problem}
          draft={draft}
          setDraft={setDraft}
          options={options}
          onOptions={setOptions}
          refusal={refusalOf(asking.finished, draft)}
          asking={asking}
        />
        <AnswerPane
          finished={asking.finished}
          draft={draft}
          signatureKey={asked?.key ?? null}
          serving={choices.serving}
          remedy={(one) => remedyAct(one, { asked, draft, setDraft, options, setOptions, wish, asking })}
          request={request}
          replay={replay}
          compare={asking.compare}
          target={{ servingId: choices.serving.id, backend: options.backend, mode: options.mode === 'grpc' ? 'grpc' : 'auto', ...which }}
        />
      </div>
    </div>
  );
}

function ChoiceRow({ choices, wish }: { readonly choices: Choices; readonly wish: (part: Partial<Wished>) => void }) {
  const { t } = useText();
  const [, go] = useLocation();
  const { serving, servings, versions, version, labels, label, answering, signatures, signature } = choices;
  if (serving === null) return null;
  return (
    <>
      <Choice
        label={t('playground.serving')}
        value={serving.id}
        shown={
          <>
            <StateGlyph mark={servingMark(serving)} />
            <b>{serving.name}</b>
          </>
        }
        options={servings.map(({ id, name }) => ({ value: id, label: name }))}
        onChoose={(id) => go(`/playground/${id}`)}
      />
      <Choice
        label={t('playground.version')}
        value={label ?? version ?? ''}
        shown={
          <>
            <span className={styles['dim']}>{t('playground.version')}</span> {versionWords(label === null ? version : answering)}{' '}
            {label === null ? null : <span className={styles['label']}>{label}</span>}
          </>
        }
        options={[
          { value: '', label: versionWords(null) },
          ...labels.map((one) => ({ value: one.label, label: t('playground.labelNow', one) })),
          ...versions.map((one) => ({ value: one, label: `v${one}` })),
        ]}
        onChoose={(value) =>
          wish(
            labels.some((one) => one.label === value)
              ? { version: null, label: value }
              : { version: value === '' ? null : value, label: null },
          )
        }
      />
      <Choice
        label={t('playground.signature')}
        value={signature ?? ''}
        shown={
          <>
            <span className={styles['dim']}>{t('playground.signature')}</span> {signature ?? t('playground.none')}
          </>
        }
        options={signatures.map((name) => ({ value: name, label: name }))}
        onChoose={(name) => wish({ signature: name })}
      />
    </>
  );

  function versionWords(one: string | null): string {
    if (one !== null) return `v${one}`;
    const newest = versions[0];
    return newest === undefined ? t('playground.latest') : t('playground.latestNow', { version: newest });
  }
}

interface ChoiceProps {
  readonly label: string;
  readonly value: string;
  readonly shown: ReactNode;
  readonly options: readonly { readonly value: string; readonly label: string }[];
  readonly onChoose: (value: string) => void;
}

/** A button that says what is chosen and opens the other choices. */
function Choice({ label, value, shown, options, onChoose }: ChoiceProps) {
  return (
    <Menu position="bottom-start">
      <Menu.Target>
        <Button rightSection={<Icon name="down" size={14} />} className={styles['choice']} disabled={options.length === 0}>
          <span className={styles['hidden']}>{label}: </span>
          <span className={styles['chosen']}>{shown}</span>
        </Button>
      </Menu.Target>
      <Menu.Dropdown>
        {options.map((option) => (
          <Menu.RadioItem
            key={option.value}
            value={option.value}
            checked={option.value === value}
            closeMenuOnClick
            checkIcon={<Icon name="check" size={14} />}
            onChange={() => onChoose(option.value)}
          >
            {option.label}
          </Menu.RadioItem>
        ))}
      </Menu.Dropdown>
    </Menu>
  );
}

function PlaygroundEmpty() {
  const { t } = useText();
  const [, go] = useLocation();
  const models = useMirror((state) => state.models.length);
  return (
    <section className={styles['empty']}>
      <h1>{t('playground.title')}</h1>
      <h2 className={styles['hero']}>{t('playground.empty.title')}</h2>
      <p className={styles['dim']}>{t('playground.empty.text')}</p>
      <Button variant="filled" onClick={() => go('/models')}>
        {models === 0 ? t('servings.empty.addModel') : t('servings.empty.chooseModel')}
      </Button>
    </section>
  );
}
