import { ActionIcon, Button } from '@mantine/core';
import { useState } from 'react';
import { Link, useLocation } from 'wouter';
import type { FoundVersion } from '../../../shared/contract/library.ts';
import { dtypeLabel } from '../../../shared/tensor/dtype.ts';
import { useText } from '../../app/i18n.tsx';
import { useMirror } from '../../app/store.ts';
import { ErrorNote } from '../../ui/ErrorNote.tsx';
import { Icon } from '../../ui/Icon.tsx';
import { RowGrid, type GridColumn } from '../../ui/RowGrid.tsx';
import { StateMark } from '../../ui/StateMark.tsx';
import { shapeText } from '../models/shapes.ts';
import { decimalsOf, metricOf, metricText, metricTitle } from './metricText.ts';
import { TagList } from './TagList.tsx';
import { Understood } from './SearchBar.tsx';
import { useQuery, type Search } from './useSearch.ts';
import { comparePath, olderFirst, sameRef } from './versionRefs.ts';
import styles from './library.module.css';

/** The metrics that a table of found versions has columns for: those that were asked for, then the commonest; two at most. */
function columnsOf({ understood, known }: NonNullable<Search['answer']>): readonly string[] {
  const asked = understood.flatMap((part) => (part.kind === 'number' && part.of === 'metric' ? [part.name.toLowerCase()] : []));
  const names = known.metrics.map(({ name }) => name);
  const wanted = asked.flatMap((part) => {
    const exact = names.find((name) => name.toLowerCase() === part);
    const fitting =
      exact ??
      names.find((name) =>
        name
          .toLowerCase()
          .split(/[^a-z0-9]+/)
          .some((word) => word.startsWith(part)),
      );
    return fitting === undefined ? [] : [fitting];
  });
  return [...new Set([...wanted, ...names])].slice(0, 2);
}

/** Whether a version answers requests now. */
function Served({ version }: { readonly version: FoundVersion }) {
  const { t } = useText();
  const served = useMirror((state) =>
    state.servings.some(
      ({ modelId, state: one }) => modelId === version.modelId && one.kind === 'serving' && one.versions.includes(version.version),
    ),
  );
  if (served) return <StateMark mark="serving" word={t('model.available')} />;
  const changed = version.record.changed !== null;
  return <StateMark mark={changed ? 'attention' : 'ready'} word={t(changed ? 'library.changed' : 'models.ready')} />;
}

/** The versions that fit a search, of all models; some may be chosen and compared. */
export function FoundVersions({ search }: { readonly search: Search }) {
  const { t, number, time } = useText();
  const [, go] = useLocation();
  const { sort, descending } = useQuery();
  const [chosen, setChosen] = useState<readonly FoundVersion[]>([]);
  const { answer, problem, rowAt, want } = search;
  if (answer === null)
    return problem === null ? (
      <p className={styles['dim']} role="status">
        {t('library.searching')}
      </p>
    ) : (
      <ErrorNote problem={problem}>
        <Button size="xs" mt="sm" onClick={search.again}>
          {t('retry')}
        </Button>
      </ErrorNote>
    );

  const toggle = (version: FoundVersion): void =>
    setChosen((before) =>
      before.some((one) => sameRef(one, version)) ? before.filter((one) => !sameRef(one, version)) : [...before, version],
    );
  const sortBy = (wanted: string) => ({
    sort: sort === wanted ? (descending ? ('descending' as const) : ('ascending' as const)) : ('none' as const),
    onSort: () => useQuery.setState({ sort: wanted, descending: sort === wanted ? !descending : wanted !== 'name' }),
  });
  const metrics = columnsOf(answer);
  const columns: readonly GridColumn<FoundVersion>[] = [
    {
      id: 'choose',
      head: <span className="sl-hidden">{t('library.compareChosen')}</span>,
      width: 34,
      renderCell: (version) => (
        <input
          type="checkbox"
          tabIndex={-1}
          className={styles['check']}
          aria-label={t('library.choose', { version: `${version.model} v${version.version}` })}
          checked={chosen.some((one) => sameRef(one, version))}
          onClick={(event) => event.stopPropagation()}
          onChange={() => toggle(version)}
        />
      ),
    },
    {
      id: 'model',
      head: t('models.column.model'),
      ...sortBy('name'),
      renderCell: ({ modelId, model, version }) => (
        <Link href={`/models/${modelId}/${version}`} tabIndex={-1} className={styles['name']} onClick={(event) => event.stopPropagation()}>
          {model} <span className={styles['version']}>v{version}</span>
        </Link>
      ),
    },
    { id: 'state', head: t('models.column.state'), width: 116, renderCell: (version) => <Served version={version} /> },
    ...metrics.map((name): GridColumn<FoundVersion> => {
      const known = answer.known.metrics.find((one) => one.name === name);
      const decimals = decimalsOf(known === undefined ? [] : [known.max]);
      return {
        id: `metric ${name}`,
        head: metricTitle(name),
        width: 116,
        right: true,
        ...sortBy(`metric:${name}`),
        renderCell: ({ record }) => {
          const metric = metricOf(record, name);
          return metric === undefined ? null : metricText(metric.value, decimals, number);
        },
      };
    }),
    {
      id: 'tags',
      head: t('library.column.tags'),
      width: 190,
      from: 640,
      renderCell: ({ record, modelTags }) => <TagList tags={[...record.tags, ...modelTags]} />,
    },
    {
      id: 'inputs',
      head: t('library.column.inputs'),
      width: 150,
      from: 960,
      renderCell: ({ inputs }) => {
        const [first] = Object.values(inputs);
        return first === undefined ? null : (
          <code>
            {dtypeLabel(first.dtype)} {shapeText(first)}
          </code>
        );
      },
    },
    {
      id: 'size',
      head: t('model.column.size'),
      width: 82,
      right: true,
      from: 640,
      ...sortBy('size'),
      renderCell: ({ sizeBytes }) => number.bytes(sizeBytes),
    },
    {
      id: 'added',
      head: t('models.column.added'),
      width: 100,
      from: 840,
      ...sortBy('added'),
      renderCell: ({ record: { addedAt } }) => (
        <time className={styles['dim']} dateTime={addedAt} title={time.absolute(addedAt)}>
          {time.relative(addedAt)}
        </time>
      ),
    },
  ];

  return (
    <>
      <Understood answer={answer} />
      <ErrorNote problem={problem} />
      <div className={styles['foundHead']}>
        <span role="status" className={styles['caption']}>
          {answer.total === 0 ? '' : t('library.found', { versions: answer.total, models: answer.models })}
        </span>
        {chosen.length === 0 ? null : (
          <div className={styles['chosen']}>
            <span>{t('library.selected', { count: chosen.length })}</span>
            <ActionIcon size={24} aria-label={t('library.chooseNone')} onClick={() => setChosen([])}>
              <Icon name="close" size={14} />
            </ActionIcon>
            <Button
              size="xs"
              disabled={chosen.length < 2 || chosen.length > 8}
              title={chosen.length < 2 || chosen.length > 8 ? t('library.compareNeeds') : undefined}
              onClick={() => go(comparePath(olderFirst(chosen)))}
            >
              {t('library.compareChosen')}
            </Button>
          </div>
        )}
      </div>
      {answer.total === 0 ? (
        <div className={styles['nothing']}>
          <strong>{t('library.foundNone')}</strong>
          <p>{t('library.foundNoneHint')}</p>
        </div>
      ) : (
        <RowGrid
          label={t('library.found', { versions: answer.total, models: answer.models })}
          columns={columns}
          count={answer.total}
          rowAt={rowAt}
          keyOf={({ modelId, version }) => `${modelId}@${version}`}
          onOpen={({ modelId, version }) => go(`/models/${modelId}/${version}`)}
          onSelect={toggle}
          isSelected={(version) => chosen.some((one) => sameRef(one, version))}
          onRange={want}
        />
      )}
    </>
  );
}
