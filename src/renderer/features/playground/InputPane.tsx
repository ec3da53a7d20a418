import { Button } from '@mantine/core';
import { useHotkeys } from '@mantine/hooks';
import { useDeferredValue, useId, useMemo } from 'react';
import type { ErrorReport } from '../../../shared/contract/errors.ts';
import type { SignatureInfo } from '../../../shared/contract/savedModel.ts';
import { dtypeLabel } from '../../../shared/tensor/dtype.ts';
import { parseJson } from '../../../shared/tensor/json.ts';
import type { Misfit } from '../../../shared/tensor/requestCheck.ts';
import { fixBody, type TensorFix } from '../../../shared/tensor/tensorFix.ts';
import { useText, type Text } from '../../app/i18n.tsx';
import { JsonEditor } from '../../ui/JsonEditor.tsx';
import { StateGlyph } from '../../ui/StateMark.tsx';
import { ActProblem } from '../servings/ActProblem.tsx';
import type { Choices } from './choices.ts';
import { checkBody, type BodyCheck } from './checkBody.ts';
import { formatJson } from './formatJson.ts';
import { fixWords } from './requestWords.ts';
import type { AskedSignature, Asking } from './usePlayground.ts';
import styles from './playground.module.css';

/** How it is asked: the serving over REST or gRPC, or the embedded engine in its stead. */
export type Protocol = 'rest' | 'grpc' | 'embedded';

export interface InputPaneProps {
  readonly choices: Choices;
  readonly asked: AskedSignature | null;
  readonly signatureProblem: ErrorReport | null;
  readonly body: string;
  readonly setBody: (body: string) => void;
  readonly protocol: Protocol;
  readonly asking: Asking;
}

const mac = /mac/i.test(navigator.userAgent);

/** The request: what the signature takes, its JSON, whether it fits, and the one button that sends it. */
export function InputPane({ choices, asked, signatureProblem, body, setBody, protocol, asking }: InputPaneProps) {
  const text = useText();
  const { t, number } = text;
  const problemId = useId();
  const reasonId = useId();
  const seen = useDeferredValue(body);
  const check = useMemo(() => (asked === null ? null : checkBody(seen, asked.info, protocol === 'grpc')), [seen, asked, protocol]);
  const bytes = useMemo(() => new TextEncoder().encode(seen).length, [seen]);
  const blocked = blockedBecause({ choices, asked }, text);
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
    <section className={styles['input']} aria-label={t('playground.input')}>
      <div className={styles['paneHead']}>
        <h2>{t('playground.input')}</h2>
        <span className={styles['space']} />
        <Button size="xs" variant="subtle" disabled={!isJson(check)} onClick={() => setBody(formatJson(body))}>
          {t('playground.format')}
        </Button>
        <Button size="xs" aria-keyshortcuts="F" disabled={asked === null || body === asked.template} onClick={fill}>
          {t('playground.fill')}
        </Button>
      </div>
      {asked === null ? null : <Wanted info={asked.info} check={check} />}
      <ActProblem problem={signatureProblem} />
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
      <div className={styles['send']}>
        <span id={reasonId} className={styles['reason']}>
          {reason === null ? null : (
            <>
              <StateGlyph mark={blocked === null ? 'failed' : 'ready'} /> {reason}
            </>
          )}
        </span>
        <span className={styles['space']} />
        <span className={styles['caption']}>
          {t(check?.kind === 'fits' ? `playground.size.${check.form}` : 'playground.size.plain', { size: number.bytes(bytes) })}
        </span>
        {choices.serving?.engine === 'docker' && ready ? (
          <Button size="md" variant="subtle" onClick={asking.compare}>
            {t('playground.compare')}
          </Button>
        ) : null}
        {asking.busy ? <Button onClick={asking.stop}>{t('playground.stop')}</Button> : null}
        <Button
          variant={ready ? 'filled' : 'default'}
          size="md"
          aria-disabled={ready ? undefined : true}
          {...(ready ? {} : { 'data-disabled': true })}
          aria-describedby={reasonId}
          aria-keyshortcuts="Control+Enter Meta+Enter"
          onClick={submit}
        >
          {asking.busy ? t('playground.predicting') : t('playground.predict')}
          <kbd className={styles['key']}>{mac ? '⌘↵' : 'Ctrl ↵'}</kbd>
        </Button>
      </div>
    </section>
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

/** `[batch, 8, 8, 1]`: the first unknown dimension is the batch, others are `?`. */
function shapeText(shape: readonly number[] | null): string {
  if (shape === null) return '[…]';
  return `[${shape.map((dim, index) => (dim >= 0 ? String(dim) : index === 0 ? 'batch' : '?')).join(', ')}]`;
}

function blockedBecause({ choices, asked }: Pick<InputPaneProps, 'choices' | 'asked'>, { t }: Text): string | null {
  const { serving, signature } = choices;
  if (serving === null || serving.state.kind !== 'serving') return t('playground.notServing', { name: serving?.name ?? '' });
  if (signature === null) return t('playground.noSignature');
  return asked === null ? t('playground.reading') : null;
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
