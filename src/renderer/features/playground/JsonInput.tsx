import { Button } from '@mantine/core';
import { useHotkeys } from '@mantine/hooks';
import { useDeferredValue, useId, useMemo } from 'react';
import type { SignatureInfo } from '../../../shared/contract/savedModel.ts';
import { dtypeLabel } from '../../../shared/tensor/dtype.ts';
import { parseJson } from '../../../shared/tensor/json.ts';
import type { Misfit } from '../../../shared/tensor/requestCheck.ts';
import { fixBody, type TensorFix } from '../../../shared/tensor/tensorFix.ts';
import { useText, type Text } from '../../app/i18n.tsx';
import { JsonEditor } from '../../ui/JsonEditor.tsx';
import { StateGlyph } from '../../ui/StateMark.tsx';
import type { Choices } from './choices.ts';
import { checkBody, type BodyCheck } from './checkBody.ts';
import { PaneHead } from './form/PaneHead.tsx';
import { RequestOptions } from './form/RequestOptions.tsx';
import { formatJson } from './formatJson.ts';
import { fixWords } from './requestWords.ts';
import { SendBar } from './SendBar.tsx';
import type { SendOptions } from './sendOptions.ts';
import { shapeText } from './shapeText.ts';
import type { AskedSignature, Asking } from './usePlayground.ts';
import styles from './playground.module.css';

export interface JsonInputProps {
  readonly choices: Choices;
  readonly asked: AskedSignature | null;
  readonly body: string;
  readonly setBody: (body: string) => void;
  readonly options: SendOptions;
  readonly onOptions: (options: SendOptions) => void;
  readonly asking: Asking;
  /** Why nothing can be asked; null where it can. */
  readonly blocked: string | null;
}

/** The request as text: what the signature takes, its JSON, whether it fits, and the button that sends it. */
export function JsonInput({ choices, asked, body, setBody, options, onOptions, asking, blocked }: JsonInputProps) {
  const text = useText();
  const { t, number } = text;
  const overGrpc = options.mode === 'grpc';
  const problemId = useId();
  const seen = useDeferredValue(body);
  const check = useMemo(() => (asked === null ? null : checkBody(seen, asked.info, overGrpc)), [seen, asked, overGrpc]);
  const bytes = useMemo(() => new TextEncoder().encode(seen).length, [seen]);
  const misfit = check !== null && check.kind !== 'fits';
  const reason = blocked ?? (misfit ? t(check.kind === 'no-json' ? 'playground.noJson' : 'playground.doesNotFit') : null);
  const ready = reason === null && !asking.busy;
  const fix = misfit && asked !== null && seen === body ? fixOf(check.misfit, asked.info, body) : null;
  const submit = (): void => {
    if (ready) asking.ask(false);
  };
  const fill = (): void => {
    if (asked !== null) setBody(asked.template);
  };
  useHotkeys([['F', fill]]);

  return (
    <>
      <PaneHead>
        <Button size="xs" variant="subtle" disabled={!isJson(check)} onClick={() => setBody(formatJson(body))}>
          {t('playground.format')}
        </Button>
        <Button size="xs" aria-keyshortcuts="F" disabled={asked === null || body === asked.template} onClick={fill}>
          {t('playground.fill')}
        </Button>
      </PaneHead>
      {asked === null ? null : <Wanted info={asked.info} check={check} />}
      <div className={styles['editor']} data-wrong={misfit || undefined}>
        <JsonEditor
          value={body}
          onChange={setBody}
          label={t('playground.body')}
          invalid={misfit}
          {...(misfit ? { describedBy: problemId, marks: check.marks } : {})}
          onSubmit={submit}
        />
      </div>
      <div className={styles['misfit']}>
        <div id={problemId} role="status">
          {misfit ? (
            <>
              <StateGlyph mark="failed" />
              <div>
                <span className={styles['strong']}>{misfitWords(check.misfit, text)}</span>
                <br />
                <span className={styles['dim']}>{t('playground.nothingSent')}</span>
              </div>
            </>
          ) : null}
        </div>
        {fix === null ? null : (
          <Button size="xs" onClick={() => setBody(fix.fixed)}>
            {fixWords(fix.change, text.language)}
          </Button>
        )}
        {check?.kind === 'misfit' && blocked === null && !asking.busy ? (
          <Button size="xs" onClick={() => asking.ask(true)}>
            {t('playground.sendAnyway')}
          </Button>
        ) : null}
      </div>
      <SendBar
        asking={asking}
        ready={ready}
        reason={reason}
        mark={blocked === null ? 'failed' : 'ready'}
        caption={t(check?.kind === 'fits' ? `playground.size.${check.form}` : 'playground.size.plain', { size: number.bytes(bytes) })}
        onSubmit={submit}
        options={<RequestOptions choices={choices} options={options} onChange={onOptions} automatic={null} />}
      />
    </>
  );
}

/** A wrong dimension in this language; anything else in the words of the check. */
function misfitWords({ input, dimension, expected, got, message }: Misfit, { t }: Text): string {
  return input === null || dimension === null ? message : t('playground.wrongDimension', { input, dimension, expected, got });
}

/** The tensors that the signature takes; the one that does not fit is marked. */
function Wanted({ info, check }: { readonly info: SignatureInfo; readonly check: BodyCheck | null }) {
  const { t } = useText();
  return (
    <ul className={styles['wanted']} aria-label={t('playground.takes')}>
      {Object.entries(info.inputs).map(([name, input]) => (
        <li key={name} data-wrong={(check?.kind === 'misfit' && check.misfit.input === name) || undefined}>
          <b>{name}</b>
          <code className={styles['chip']}>{dtypeLabel(input.dtype)}</code>
          <code className={styles['chip']}>{shapeText(input.shape)}</code>
        </li>
      ))}
    </ul>
  );
}

/** The request with the change that would make it fit; null where none is offered. */
function fixOf(
  { input, fix: change }: Misfit,
  info: SignatureInfo,
  body: string,
): { readonly change: TensorFix; readonly fixed: string } | null {
  return input === null || change === null ? null : { change, fixed: formatJson(fixBody(info, parseJson(body), input, change)) };
}

function isJson(check: BodyCheck | null): boolean {
  return check !== null && check.kind !== 'no-json';
}
