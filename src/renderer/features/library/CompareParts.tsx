import { Button } from '@mantine/core';
import { useState } from 'react';
import type { ComparedRow, Comparison } from '../../../shared/contract/library.ts';
import { useText } from '../../app/i18n.tsx';
import { Icon } from '../../ui/Icon.tsx';
import { SeriesSwatch, seriesOf, shortNames } from './compareSeries.tsx';
import styles from './compare.module.css';

interface PartProps<T> {
  readonly name: string;
  readonly rows: readonly ComparedRow<T>[];
  readonly text: (value: T) => string;
  readonly comparison: Comparison;
  readonly right?: boolean;
  readonly mono?: boolean;
}

const maxRows = 200;

/** The rest, each part closed by a line that says whether it differs. */
export function CompareParts({ comparison }: { readonly comparison: Comparison }) {
  const { t, number } = useText();
  const { tags, details, ops, assets, files } = comparison;
  const notes = { name: t('compare.note'), values: comparison.versions.map(({ note }) => (note === '' ? null : note)) };
  const said = [
    ...tags,
    ...(notes.values.some((note) => note !== null) ? [{ ...notes, same: notes.values.every((note) => note === notes.values[0]) }] : []),
  ];
  return (
    <section className={styles['parts']} aria-label={t('compare.sum')}>
      <Part name={t('compare.tags')} rows={said} text={(value) => value || t('compare.present')} comparison={comparison} />
      <Part name={t('compare.words')} rows={details} text={(value) => value} comparison={comparison} />
      <Part name={t('compare.ops')} rows={ops} text={number.count} comparison={comparison} right mono />
      <Part name={t('compare.assets')} rows={assets} text={() => t('compare.present')} comparison={comparison} mono />
      <Part name={t('compare.files')} rows={files} text={number.bytes} comparison={comparison} right mono />
    </section>
  );
}

function Part<T>({ name, rows, text, comparison, right = false, mono = false }: PartProps<T>) {
  const { t } = useText();
  const [open, setOpen] = useState(false);
  const [all, setAll] = useState(false);
  if (rows.length === 0) return null;
  const differing = rows.filter(({ same }) => !same);
  const chosen = all || differing.length === 0 ? rows : differing;
  const shown = chosen.slice(0, maxRows);
  const names = shortNames(comparison);
  return (
    <div className={styles['part']}>
      <button type="button" className={styles['partButton']} aria-expanded={open} onClick={() => setOpen(!open)}>
        <Icon name={open ? 'down' : 'right'} size={14} />
        <strong>{name}</strong>
        <span className={styles['dim']}>
          {differing.length === 0 ? t('compare.partSame') : t('compare.partDiffer', { differing: differing.length, all: rows.length })}
        </span>
      </button>
      {open ? (
        <>
          <div className={styles['wide']} tabIndex={0} role="region" aria-label={name}>
            <table className={styles['table']} data-compact>
              <thead>
                <tr>
                  <th scope="col">
                    <span className="sl-hidden">{name}</span>
                  </th>
                  {names.map((one, index) => (
                    <th key={one} scope="col" data-right={right || undefined}>
                      <SeriesSwatch role={seriesOf(index, names.length)} /> {one}
                    </th>
                  ))}
                </tr>
              </thead>
              <tbody>
                {shown.map((row) => (
                  <tr key={row.name} data-differs={!row.same || undefined}>
                    <th scope="row">{mono ? <code>{row.name}</code> : row.name}</th>
                    {row.values.map((value, index) => (
                      <td key={names[index]} data-right={right || undefined}>
                        {value === null ? '' : text(value)}
                      </td>
                    ))}
                  </tr>
                ))}
              </tbody>
            </table>
          </div>
          {shown.length < chosen.length ? (
            <p className={styles['caption']}>{t('compare.cut', { count: shown.length, all: chosen.length })}</p>
          ) : null}
          {differing.length > 0 && differing.length < rows.length && !all ? (
            <Button size="xs" variant="subtle" onClick={() => setAll(true)}>
              {t('compare.showSame')}
            </Button>
          ) : null}
        </>
      ) : null}
    </div>
  );
}
