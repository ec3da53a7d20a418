import { Button } from '@mantine/core';
import { Link, useLocation } from 'wouter';
import type { Model } from '../../../shared/contract/state.ts';
import { useFolderPicker } from '../../app/FolderPicker.tsx';
import { useText } from '../../app/i18n.tsx';
import { useClient, useMirror } from '../../app/store.ts';
import { useCall } from '../../app/useCall.ts';
import { Icon } from '../../ui/Icon.tsx';
import noteStyles from '../../ui/Note.module.css';
import { RowGrid, type GridColumn } from '../../ui/RowGrid.tsx';
import { StateGlyph, StateMark } from '../../ui/StateMark.tsx';
import { FoundVersions } from '../library/FoundVersions.tsx';
import { LibraryMenu } from '../library/LibraryMenu.tsx';
import { commonMetrics } from '../library/metricText.ts';
import { MiniTrend } from '../library/MiniTrend.tsx';
import { SearchBar } from '../library/SearchBar.tsx';
import { TagList } from '../library/TagList.tsx';
import { useQuery, useSearch } from '../library/useSearch.ts';
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

/** All models, each in one line: what it is at the moment, its newest version, its first metric over versions. */
function AllModels({ models }: { readonly models: readonly Model[] }) {
  const { t, number, time } = useText();
  const [, go] = useLocation();
  const withMetrics = models.some(({ record }) => commonMetrics(record.versions.slice(0, 32)).length > 0);
  const withTags = models.some(({ record }) => record.tags.length > 0);
  const columns: readonly GridColumn<Model>[] = [
    {
      id: 'model',
      head: t('models.column.model'),
      width: 200,
      renderCell: ({ id, name }) => (
        <Link href={`/models/${id}`} tabIndex={-1} className={styles['name']} onClick={(event) => event.stopPropagation()}>
          {name}
        </Link>
      ),
    },
    { id: 'state', head: t('models.column.state'), width: 140, renderCell: (model) => <ModelState model={model} /> },
    {
      id: 'versions',
      head: t('models.column.versions'),
      width: 76,
      right: true,
      renderCell: ({ versions }) => number.count(versions.length),
    },
    ...(withMetrics
      ? [
          {
            id: 'trend',
            head: t('library.column.trend'),
            width: 132,
            from: 640 as const,
            renderCell: ({ record }: Model) => <MiniTrend records={record.versions} />,
          },
        ]
      : []),
    ...(withTags
      ? [
          {
            id: 'tags',
            head: t('library.column.tags'),
            width: 160,
            from: 960 as const,
            renderCell: ({ record }: Model) => <TagList tags={record.tags} />,
          },
        ]
      : []),
    {
      id: 'signature',
      head: t('models.column.signature'),
      renderCell: ({ versions }) => {
        const [signature] = signaturesOf(versions[0]);
        return signature === undefined ? null : <code>{signatureLine(signature[1]).join(' → ')}</code>;
      },
    },
    {
      id: 'size',
      head: t('models.column.size'),
      width: 80,
      right: true,
      from: 640,
      renderCell: ({ versions: [latest] }) => (latest === undefined ? '' : number.bytes(latest.size_bytes)),
    },
    {
      id: 'added',
      head: t('models.column.added'),
      width: 104,
      from: 840,
      renderCell: ({ addedAt }) => (
        <time className={styles['past']} dateTime={addedAt} title={time.absolute(addedAt)}>
          {time.relative(addedAt)}
        </time>
      ),
    },
  ];
  return (
    <RowGrid
      label={t('models.title')}
      columns={columns}
      count={models.length}
      rowAt={(index) => models[index]}
      keyOf={({ id }) => id}
      onOpen={({ id }) => go(`/models/${id}`)}
    />
  );
}

/** The library: every model, or the versions that fit what is looked for. */
function Library({ models }: { readonly models: readonly Model[] }) {
  const { t } = useText();
  const { pick } = useFolderPicker();
  const search = useSearch();
  const searching = useQuery((state) => state.query.trim() !== '');
  return (
    <>
      <div className={styles['head']}>
        <h1>{t('models.title')}</h1>
        <SearchBar answer={search.answer} />
        <Button leftSection={<Icon name="plus" />} onClick={pick}>
          {t('models.add')}
        </Button>
        <LibraryMenu />
      </div>
      <EngineNote />
      {searching ? <FoundVersions search={search} /> : <AllModels models={models} />}
    </>
  );
}

export function ModelsPage() {
  const { t } = useText();
  const models = useMirror((state) => state.models);
  if (models.length > 0) return <Library models={models} />;
  return (
    <>
      <div className={styles['head']}>
        <h1>{t('models.title')}</h1>
        <LibraryMenu />
      </div>
      <EngineNote />
      <EmptyModels />
    </>
  );
}
