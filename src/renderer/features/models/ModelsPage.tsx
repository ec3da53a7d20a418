import { Button, TextInput } from '@mantine/core';
import { useState } from 'react';
import { Link, useLocation } from 'wouter';
import type { Model } from '../../../shared/contract/state.ts';
import { useFolderPicker } from '../../app/FolderPicker.tsx';
import { useText, type Text } from '../../app/i18n.tsx';
import { useClient, useMirror } from '../../app/store.ts';
import { useCall } from '../../app/useCall.ts';
import { Icon } from '../../ui/Icon.tsx';
import noteStyles from '../../ui/Note.module.css';
import { StateGlyph, StateMark } from '../../ui/StateMark.tsx';
import { servingMark, servingWord } from '../servings/servingWords.ts';
import { EmptyModels } from './EmptyModels.tsx';
import { signatureLine, signaturesOf } from './shapes.ts';
import styles from './models.module.css';

/** What a model is at the moment: its serving's state, or its own. */
export function ModelState({ model }: { readonly model: Model }) {
  const text = useText();
  const serving = useMirror((state) => state.servings.find(({ modelId, state: { kind } }) => modelId === model.id && kind !== 'stopped'));
  if (serving !== undefined) return <StateMark mark={servingMark(serving)} word={servingWord(serving, text)} />;
  if (!model.present) return <StateMark mark="attention" word={text.t('models.gone')} />;
  const wrong = model.versions[0]?.problems.some(({ severity }) => severity !== 'note') === true;
  return <StateMark mark={wrong ? 'attention' : 'ready'} word={text.t(wrong ? 'models.attention' : 'models.ready')} />;
}

function EngineNote() {
  const { t, errorWords } = useText();
  const client = useClient();
  const call = useCall();
  const [, go] = useLocation();
  const engine = useMirror((state) => state.engine);
  if (engine.state !== 'away') return null;
  // Where Slipway looked is a click away; only what the person can mend is said at once.
  const advice = engine.problem === null || engine.problem.code === 'DOCKER_NOT_RUNNING' ? '' : errorWords(engine.problem).advice;
  return (
    <div className={noteStyles['note']}>
      <StateGlyph mark="note" />
      <div>
        <strong>{t('models.away.title')}</strong> {t('models.away.text')} <span className={styles['dim']}>{advice}</span>
      </div>
      <Button size="xs" variant="subtle" onClick={() => go('/settings')}>
        {t('models.away.where', { count: engine.candidates.length })}
      </Button>
      <Button
        size="xs"
        loading={call.busy}
        leftSection={<Icon name="refresh" size={14} />}
        onClick={() => void call.run(() => client.engine.lookAgain())}
      >
        {t('bar.engine.lookAgain')}
      </Button>
    </div>
  );
}

const searched = (model: Model): string =>
  `${model.name} ${signaturesOf(model.versions[0])
    .map(([name, info]) => `${name} ${signatureLine(info).join(' ')}`)
    .join(' ')}`.toLowerCase();

function Row({ model, text: { number, time } }: { readonly model: Model; readonly text: Text }) {
  const [latest] = model.versions;
  const [signature] = signaturesOf(latest);
  return (
    <tr>
      <td>
        <Link href={`/models/${model.id}`} className={styles['name']}>
          {model.name}
        </Link>
      </td>
      <td>
        <ModelState model={model} />
      </td>
      <td>{number.count(model.versions.length)}</td>
      <td className={styles['cut']}>{signature === undefined ? null : <code>{signatureLine(signature[1]).join(' → ')}</code>}</td>
      <td className={styles['right']}>{latest === undefined ? '' : number.bytes(latest.size_bytes)}</td>
      <td className={styles['past']}>
        <time dateTime={model.addedAt} title={time.absolute(model.addedAt)}>
          {time.relative(model.addedAt)}
        </time>
      </td>
    </tr>
  );
}

export function ModelsPage() {
  const text = useText();
  const { t } = text;
  const { pick } = useFolderPicker();
  const models = useMirror((state) => state.models);
  const [words, setWords] = useState('');
  const found = models.filter((model) => searched(model).includes(words.trim().toLowerCase()));
  return (
    <>
      <div className={styles['head']}>
        <h1>{t('models.title')}</h1>
        {models.length === 0 ? null : (
          <>
            <TextInput
              size="xs"
              w={220}
              leftSection={<Icon name="search" size={14} />}
              placeholder={t('models.search')}
              aria-label={t('models.search')}
              value={words}
              onChange={(event) => setWords(event.currentTarget.value)}
            />
            <Button leftSection={<Icon name="plus" />} onClick={pick}>
              {t('models.add')}
            </Button>
          </>
        )}
      </div>
      <EngineNote />
      {models.length === 0 ? (
        <EmptyModels />
      ) : (
        <table className={styles['table']} aria-label={t('models.title')}>
          <thead>
            <tr>
              <th>{t('models.column.model')}</th>
              <th>{t('models.column.state')}</th>
              <th>{t('models.column.versions')}</th>
              <th>{t('models.column.signature')}</th>
              <th className={styles['right']}>{t('models.column.size')}</th>
              <th>{t('models.column.added')}</th>
            </tr>
          </thead>
          <tbody>
            {found.map((model) => (
              <Row key={model.id} model={model} text={text} />
            ))}
          </tbody>
        </table>
      )}
      {models.length > 0 && found.length === 0 ? <p className={styles['dim']}>{t('models.nothingFound', { text: words })}</p> : null}
    </>
  );
}
