import { ActionIcon, Button, Menu } from '@mantine/core';
import { useHotkeys } from '@mantine/hooks';
import { Fragment, lazy, Suspense, useEffect, useState } from 'react';
import { Link, useLocation } from 'wouter';
import { again } from '../../app/again.ts';
import type { ErrorReport } from '../../../shared/contract/errors.ts';
import type { Comparison, ExportFormat, VersionRef } from '../../../shared/contract/library.ts';
import { useText } from '../../app/i18n.tsx';
import { saveFile } from '../../app/saveFile.ts';
import { reportOf, useClient, useMirror } from '../../app/store.ts';
import { useCall } from '../../app/useCall.ts';
import { ErrorNote } from '../../ui/ErrorNote.tsx';
import { Icon } from '../../ui/Icon.tsx';
import { CompareMetrics } from './CompareMetrics.tsx';
import { CompareParts } from './CompareParts.tsx';
import { ComparePlot } from './ComparePlot.tsx';
import { CompareVerdict } from './CompareVerdict.tsx';
import { SeriesSwatch, seriesOf } from './compareSeries.tsx';
import { CompareSwitch } from './CompareSwitch.tsx';
import { VersionPicker } from './VersionPicker.tsx';
import { comparePath, refsOf, sameRef } from './versionRefs.ts';
import styles from './compare.module.css';

const AskBoth = lazy(async () => ({ default: (await again(() => import('../playground/compare/AskBoth.tsx'))).AskBoth }));

const formats: readonly (readonly [ExportFormat, string])[] = [
  ['csv', 'CSV'],
  ['json', 'JSON'],
  ['markdown', 'Markdown'],
];

/** Compares again whenever one of the models changes; what was compared stays until then. */
function useComparison(text: string): {
  readonly comparison: Comparison | null;
  readonly problem: ErrorReport | null;
  readonly again: () => void;
} {
  const client = useClient();
  const versions = refsOf(text);
  const known = useMirror((state) => state.models);
  const [comparison, setComparison] = useState<Comparison | null>(null);
  const [problem, setProblem] = useState<ErrorReport | null>(null);
  const [round, setRound] = useState(0);
  useEffect(() => {
    const asked = refsOf(text);
    if (asked.length < 2) return undefined;
    let live = true;
    client.library.compare({ versions: [...asked] }).then(
      (found) => {
        if (!live) return;
        setComparison(found);
        setProblem(null);
      },
      (error: unknown) => (live ? setProblem(reportOf(error)) : undefined),
    );
    return () => {
      live = false;
    };
  }, [client, text, known, round]);
  // Of other versions than those that are asked for nothing is shown.
  const fits =
    comparison !== null &&
    comparison.versions.length === versions.length &&
    comparison.versions.every((one, index) => sameRef(one, versions[index] ?? one));
  return { comparison: fits ? comparison : null, problem, again: () => setRound((last) => last + 1) };
}

/** Versions beside each other: what a client meets, metrics, and all that differs. */
export function ComparePage({ refs }: { readonly refs: string }) {
  const { t } = useText();
  const client = useClient();
  const [, go] = useLocation();
  const exporting = useCall();
  const versions = refsOf(refs);
  const models = useMirror((state) => state.models);
  const { comparison, problem, again } = useComparison(refs);
  const show = (next: readonly VersionRef[]): void => go(comparePath(next), { replace: true });
  const nameOf = ({ modelId, version }: VersionRef): string => `${models.find(({ id }) => id === modelId)?.name ?? '?'} v${version}`;
  const first = models.find(({ id }) => id === versions[0]?.modelId);
  const swap = (): void => show(versions.toReversed());
  useHotkeys([['X', swap]]);

  return (
    <>
      <div className={styles['crumb']}>
        <Link href="/models">{t('models.title')}</Link>
        {first === undefined ? null : (
          <>
            {' / '}
            <Link href={`/models/${first.id}`}>{first.name}</Link>
          </>
        )}
      </div>
      <div className={styles['head']}>
        <h1>{t('compare.title')}</h1>
        {versions.map((version, index) => (
          <Fragment key={`${version.modelId}@${version.version}`}>
            {index === 1 ? (
              <ActionIcon size={26} aria-label={t('compare.swap')} title={`${t('compare.swap')} (X)`} aria-keyshortcuts="X" onClick={swap}>
                <Icon name="arrow" />
              </ActionIcon>
            ) : null}
            <VersionPicker
              label={t('compare.instead', { version: nameOf(version) })}
              beside={version}
              taken={versions}
              onPick={(next) => show(versions.map((one, at) => (at === index ? next : one)))}
              {...(versions.length > 2
                ? {
                    onRemove: () => show(versions.filter((_, at) => at !== index)),
                    removeLabel: t('compare.remove', { version: nameOf(version) }),
                  }
                : {})}
            >
              <SeriesSwatch role={seriesOf(index, versions.length)} />
              <strong>{nameOf(version)}</strong>
            </VersionPicker>
          </Fragment>
        ))}
        {versions.length < 8 ? (
          <VersionPicker
            label={t('compare.add')}
            beside={versions.at(-1) ?? null}
            taken={versions}
            subtle
            onPick={(next) => show([...versions, next])}
          >
            <Icon name="plus" />
            {t('compare.add')}
          </VersionPicker>
        ) : null}
        <span className={styles['space']} />
        {comparison === null ? null : (
          <Menu position="bottom-end" withinPortal>
            <Menu.Target>
              <Button loading={exporting.busy} rightSection={<Icon name="down" size={14} />}>
                {t('compare.export')}
              </Button>
            </Menu.Target>
            <Menu.Dropdown>
              {formats.map(([format, name]) => (
                <Menu.Item
                  key={format}
                  onClick={() =>
                    void exporting.run(async () => saveFile(await client.library.exportComparison({ versions: [...versions], format })))
                  }
                >
                  {name}
                </Menu.Item>
              ))}
            </Menu.Dropdown>
          </Menu>
        )}
        <CompareSwitch versions={versions} />
      </div>
      <ErrorNote problem={exporting.problem} />
      <ErrorNote problem={problem}>
        <Button size="xs" mt="sm" onClick={again}>
          {t('retry')}
        </Button>
      </ErrorNote>
      {versions.length < 2 ? <p className={styles['dim']}>{t('compare.none')}</p> : null}
      {comparison === null ? (
        problem === null && versions.length > 1 ? (
          <p className={styles['dim']} role="status">
            {t('compare.loading')}
          </p>
        ) : null
      ) : (
        <Compared comparison={comparison} />
      )}
    </>
  );
}

function Compared({ comparison }: { readonly comparison: Comparison }) {
  return (
    <>
      <CompareVerdict comparison={comparison} />
      <div className={styles['two']}>
        <CompareMetrics comparison={comparison} />
        <ComparePlot comparison={comparison} />
      </div>
      <AskBothOf comparison={comparison} />
      <CompareParts comparison={comparison} />
    </>
  );
}

/** The first and the last, whatever stands between them. */
function AskBothOf({ comparison: { versions } }: { readonly comparison: Comparison }) {
  const [first, last] = [versions[0], versions.at(-1)];
  if (first === undefined || last === undefined) return null;
  const refOf = ({ modelId, version }: VersionRef): VersionRef => ({ modelId, version });
  return (
    <Suspense fallback={null}>
      <AskBoth key={`${first.modelId} ${first.version} ${last.modelId} ${last.version}`} first={refOf(first)} second={refOf(last)} />
    </Suspense>
  );
}
