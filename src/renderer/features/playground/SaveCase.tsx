import { Button, Modal, NumberInput, Textarea, TextInput } from '@mantine/core';
import { useState } from 'react';
import type { PredictAnswer } from '../../../shared/contract/predict.ts';
import { useText } from '../../app/i18n.tsx';
import { useClient } from '../../app/store.ts';
import { useCall } from '../../app/useCall.ts';
import { ErrorNote } from '../../ui/ErrorNote.tsx';
import styles from './takeAway.module.css';

const namePattern = /^[A-Za-z0-9_][A-Za-z0-9_. -]{0,99}$/;

export interface SaveCaseProps {
  readonly modelId: string;
  readonly answer: PredictAnswer;
  /** A name that is free. */
  readonly suggested: string;
  readonly onClose: (saved: boolean) => void;
}

/** Asks for a name and a tolerance, and keeps the last exchange as a case. */
export function SaveCase({ modelId, answer, suggested, onClose }: SaveCaseProps) {
  const { t } = useText();
  const client = useClient();
  const [name, setName] = useState(suggested);
  const [note, setNote] = useState('');
  const [absolute, setAbsolute] = useState<number | string>(1e-6);
  const [relative, setRelative] = useState<number | string>(1e-5);
  const saving = useCall();
  const wrong = !namePattern.test(name);
  const tolerance = { absolute: Number(absolute), relative: Number(relative) };
  const valid = !wrong && tolerance.absolute >= 0 && tolerance.relative >= 0 && absolute !== '' && relative !== '';
  const save = async (replace: boolean): Promise<void> => {
    if (valid && (await saving.run(() => client.cases.save({ modelId, name, note, exchange: answer.exchange, tolerance, replace }))))
      onClose(true);
  };
  return (
    <Modal opened onClose={() => onClose(false)} title={t('cases.save.title')} closeButtonProps={{ 'aria-label': t('close') }}>
      <form
        className={styles['form']}
        onSubmit={(event) => {
          event.preventDefault();
          void save(false);
        }}
      >
        <p className={styles['dim']}>{t(answer.ok ? 'cases.save.text' : 'cases.save.refused')}</p>
        <TextInput
          label={t('cases.name')}
          value={name}
          onChange={(event) => setName(event.currentTarget.value)}
          error={wrong ? t('cases.name.wrong') : null}
          data-autofocus
        />
        <Textarea label={t('cases.note')} value={note} onChange={(event) => setNote(event.currentTarget.value)} autosize minRows={2} />
        {answer.ok ? (
          <div className={styles['pair']}>
            <NumberInput label={t('cases.absolute')} value={absolute} onChange={setAbsolute} min={0} step={1e-6} />
            <NumberInput label={t('cases.relative')} value={relative} onChange={setRelative} min={0} step={1e-5} />
          </div>
        ) : null}
        <ErrorNote problem={saving.problem}>
          {saving.problem?.code === 'CASE_EXISTS' ? (
            <Button size="xs" onClick={() => void save(true)}>
              {t('cases.replace')}
            </Button>
          ) : null}
        </ErrorNote>
        <div className={styles['end']}>
          <Button onClick={() => onClose(false)}>{t('cases.cancel')}</Button>
          <Button type="submit" variant="filled" disabled={!valid} loading={saving.busy}>
            {t('cases.keep')}
          </Button>
        </div>
      </form>
    </Modal>
  );
}
