import { Button } from '@mantine/core';
import { lazy, Suspense, useMemo, useRef, useState } from 'react';
import { again } from '../../app/again.ts';
import { AppError, type ErrorReport } from '../../../shared/contract/errors.ts';
import type { PreparedInputs } from '../../../shared/contract/predict.ts';
import { useText, type Text } from '../../app/i18n.tsx';
import { reportOf, useClient } from '../../app/store.ts';
import { ErrorNote } from '../../ui/ErrorNote.tsx';
import { saveFile } from '../../ui/saveFile.ts';
import { ActProblem } from '../servings/ActProblem.tsx';
import type { Choices } from './choices.ts';
import type { Draft } from './draft.ts';
import { inputsOfBody } from './form/convertDraft.ts';
import { useFormWords } from './form/formWords.ts';
import { InputWayContext, type InputWay } from './form/PaneHead.tsx';
import { formatJson } from './formatJson.ts';
import { JsonInput } from './JsonInput.tsx';
import type { Refusal } from './remedies.ts';
import type { SendOptions } from './sendOptions.ts';
import type { AskedSignature, Asking } from './usePlayground.ts';
import styles from './playground.module.css';

const FormInput = lazy(async () => ({ default: (await again(() => import('./form/FormInput.tsx'))).FormInput }));

export interface InputPaneProps {
  readonly choices: Choices;
  readonly asked: AskedSignature | null;
  readonly signatureProblem: ErrorReport | null;
  readonly draft: Draft;
  readonly setDraft: (draft: Draft) => void;
  readonly options: SendOptions;
  readonly onOptions: (options: SendOptions) => void;
  readonly asking: Asking;
  readonly refusal: Refusal | null;
}

/** A longer text is not edited here, but can be saved. */
const editedBytes = 1_000_000;
/** Text up to here is laid out in lines. */
const laidOutChars = 100_000;

/** The request, by fields or as JSON; each is made from the other. */
export function InputPane({ choices, asked, signatureProblem, draft, setDraft, options, onOptions, asking, refusal }: InputPaneProps) {
  const text = useText();
  const words = useFormWords();
  const client = useClient();
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<ErrorReport | null>(null);
  const [tooLong, setTooLong] = useState<Blob | null>(null);
  /** The fields that a text was made of: they come back whole while the text is as it was. */
  const madeOf = useRef<{ readonly body: string; readonly inputs: PreparedInputs } | null>(null);
  const blocked = blockedBecause({ choices, asked }, text);

  const toJson = async ({ modelId, version, signature }: AskedSignature, inputs: PreparedInputs): Promise<void> => {
    setBusy(true);
    setProblem(null);
    setTooLong(null);
    try {
      const blob = await client.playground.body({ modelId, version, signature, inputs });
      if (blob.size > editedBytes) {
        setTooLong(blob);
        return;
      }
      const plain = await blob.text();
      const body = plain.length > laidOutChars ? plain : formatJson(plain);
      madeOf.current = { body, inputs };
      setDraft({ kind: 'json', body });
    } catch (error) {
      setProblem(reportOf(error));
    } finally {
      setBusy(false);
    }
  };
  const toForm = ({ info, features, template }: AskedSignature, body: string): void => {
    const kept = madeOf.current?.body === body ? madeOf.current.inputs : null;
    const inputs = kept ?? inputsOfBody(info, features, body.trim() === '' ? template : body);
    setProblem(inputs === null ? new AppError('BAD_INPUT', { detail: words('noFields') }).report() : null);
    if (inputs !== null) setDraft({ kind: 'form', inputs });
  };
  const way = useMemo<InputWay>(
    () => ({
      shown: draft.kind,
      busy,
      show: (wanted) => {
        if (asked === null || wanted === draft.kind) return;
        if (draft.kind === 'form') void toJson(asked, draft.inputs);
        else toForm(asked, draft.body);
      },
    }),
    // The two conversions are made anew with each render and hold nothing else.
    // eslint-disable-next-line react-hooks/exhaustive-deps
    [asked, busy, draft],
  );

  return (
    <InputWayContext value={way}>
      <section className={styles['input']} aria-label={text.t('playground.input')}>
        <ActProblem problem={signatureProblem} />
        {draft.kind === 'json' || asked === null ? (
          <JsonInput
            choices={choices}
            asked={asked}
            body={draft.kind === 'json' ? draft.body : ''}
            setBody={(body) => setDraft({ kind: 'json', body })}
            options={options}
            onOptions={onOptions}
            asking={asking}
            blocked={blocked}
          />
        ) : (
          <Suspense fallback={null}>
            <FormInput
              key={asked.key}
              choices={choices}
              asked={asked}
              inputs={draft.inputs}
              onChange={(inputs) => setDraft({ kind: 'form', inputs })}
              options={options}
              onOptions={onOptions}
              asking={asking}
              blocked={blocked}
              refusal={refusal}
            />
          </Suspense>
        )}
        <ErrorNote problem={problem} />
        {tooLong === null ? null : (
          <div className={styles['row']} role="status">
            <span>{words('tooLong', { size: text.number.bytes(tooLong.size) })}</span>
            <Button
              size="xs"
              onClick={() => {
                saveFile('request.json', tooLong);
                setTooLong(null);
              }}
            >
              {words('saveJson')}
            </Button>
          </div>
        )}
      </section>
    </InputWayContext>
  );
}

function blockedBecause({ choices, asked }: Pick<InputPaneProps, 'choices' | 'asked'>, { t }: Text): string | null {
  const { serving, signature } = choices;
  if (serving === null || serving.state.kind !== 'serving') return t('playground.notServing', { name: serving?.name ?? '' });
  if (signature === null) return t('playground.noSignature');
  return asked === null ? t('playground.reading') : null;
}
