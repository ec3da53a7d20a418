import { ActionIcon } from '@mantine/core';
import { useState, type ReactNode } from 'react';
import type { ComparedAnswers, ComparedOutput, ComparedSide } from '../../../../shared/contract/compareAnswers.ts';
import type { TensorSummary } from '../../../../shared/contract/predict.ts';
import { dtypeLabel } from '../../../../shared/tensor/dtype.ts';
import { useText, type Text } from '../../../app/i18n.tsx';
import { ErrorNote } from '../../../ui/ErrorNote.tsx';
import { Icon } from '../../../ui/Icon.tsx';
import { StateGlyph } from '../../../ui/StateMark.tsx';
import { SeriesSwatch, seriesOf } from '../../library/compareSeries.tsx';
import { classRows, signedText, type ClassRow } from './classRows.ts';
import styles from './sideBySide.module.css';

/** The same input to two targets: the verdict, who answered and when, then each output with both values and their difference. */
export function SideBySide({
  compared: { sides, outputs },
  children,
}: {
  readonly compared: ComparedAnswers;
  /** What can be done, beside the heading. */
  readonly children?: ReactNode;
}) {
  const text = useText();
  const { t } = text;
  const names = sideNames(sides, text);
  const both = sides.every(({ answer }) => answer?.ok === true);
  return (
    <section className={styles['compared']} aria-label={t('sideBySide.title')}>
      <div className={styles['head']}>
        <h3>{t('sideBySide.title')}</h3>
        <span className={styles['caption']}>{timesWords(sides, text)}</span>
        {children}
      </div>
      {both ? (
        <p className={styles['verdict']} role="status">
          <Verdict outputs={outputs} />
        </p>
      ) : null}
      {sides.map((side, index) => (
        <Side key={names[index]} side={side} name={names[index] ?? ''} index={index} />
      ))}
      {outputs.map((output) => (
        <Output key={`${output.name} ${sides[0].answer?.exchange ?? ''}`} output={output} sides={sides} names={names} />
      ))}
    </section>
  );
}

/** `v3` and `v4`; where the version is the same, by what differs between the two. */
function sideNames(sides: ComparedAnswers['sides'], { t }: Text): readonly [string, string] {
  const [first, second] = sides;
  const oneModel = first.model === second.model;
  const oneServing = first.serving === null || second.serving === null || first.serving === second.serving;
  const prefix = (side: ComparedSide): string => (!oneModel ? `${side.model} ` : oneServing ? '' : `${side.serving ?? ''} `);
  const protocol = ({ answer }: ComparedSide): string => (answer?.mode === 'grpc' ? 'gRPC' : 'REST');
  const nameOf = (side: ComparedSide): string => {
    const own = `${prefix(side)}${side.version === null ? (side.label ?? '') : `v${side.version}`}`;
    if (first.version !== second.version || !oneModel || !oneServing) return own;
    return first.backend === second.backend ? protocol(side) : t(side.backend === 'embedded' ? 'playground.embedded' : 'sideBySide.docker');
  };
  return [nameOf(first), nameOf(second)];
}

const totalMs = ({ answer }: ComparedSide): number => (answer === null ? 0 : answer.encodeMs + answer.networkMs + answer.decodeMs);

/** `both over REST, 1.3 and 1.2 ms`. */
function timesWords(sides: ComparedAnswers['sides'], { t, number }: Text): string {
  const [first, second] = sides;
  if (first.answer === null || second.answer === null) return '';
  const [one, other] = sides.map(({ answer }) => (answer?.mode === 'grpc' ? 'gRPC' : 'REST'));
  const [a, b] = sides.map((side) => number.ms(totalMs(side)));
  const change = totalMs(first) === 0 ? 0 : totalMs(second) / totalMs(first) - 1;
  const percent = `${change < 0 ? '−' : '+'}${number.percent(Math.round(Math.abs(change) * 100))}`;
  return one === other
    ? t('sideBySide.times', { protocol: one ?? '', first: a ?? '', second: b ?? '', percent })
    : t('sideBySide.timesOf', { one: one ?? '', first: a ?? '', other: other ?? '', second: b ?? '', percent });
}

function Verdict({ outputs }: { readonly outputs: readonly ComparedOutput[] }) {
  const { t, number } = useText();
  const changed = outputs.flatMap(({ classes }) => classes ?? []).find((one) => one.changed > 0);
  const different = outputs.filter((one) => one.different > 0 || one.problem !== null);
  if (different.length === 0)
    return (
      <>
        <StateGlyph mark="done" /> <b>{t('sideBySide.same')}</b>
      </>
    );
  const [row] = changed?.first ?? [];
  const largest = Math.max(...different.map((one) => one.largest ?? 0));
  const head =
    changed === undefined || row === undefined
      ? outputs.some(({ classes }) => classes !== null)
        ? t('sideBySide.sameClasses')
        : t('sideBySide.differ', { count: different.reduce((sum, one) => sum + one.different, 0) })
      : changed.rows === 1
        ? t('sideBySide.classChanged', { first: row.classes[0], second: row.classes[1] })
        : t('sideBySide.classesChanged', { count: changed.changed, rows: number.count(changed.rows) });
  return (
    <>
      <StateGlyph mark={changed === undefined ? 'note' : 'attention'} /> <b>{head}</b>
      {largest === 0 ? null : <span className={styles['dim']}>{t('sideBySide.largest', { largest: differenceText(largest) })}</span>}
    </>
  );
}

/** Who answered in whose stead, and what was refused. */
function Side({ side, name, index }: { readonly side: ComparedSide; readonly name: string; readonly index: number }) {
  const { t } = useText();
  const { answer, problem, standsIn } = side;
  const refusal = answer !== null && !answer.ok ? answer : null;
  if (!standsIn && problem === null && refusal === null) return null;
  return (
    <div className={styles['side']}>
      <SeriesSwatch role={seriesOf(index, 2)} />
      <div className={styles['grow']}>
        {standsIn ? (
          <p>
            {side.serving === null
              ? t('sideBySide.unserved', { version: name })
              : t('sideBySide.standsIn', { version: name, serving: side.serving })}
          </p>
        ) : null}
        {refusal === null ? null : (
          <p role="alert">
            <b>{t('sideBySide.refused', { name, status: refusal.grpcStatus ?? refusal.status })}</b> {refusal.error}
          </p>
        )}
        <ErrorNote problem={problem} />
      </div>
    </div>
  );
}

interface OutputProps {
  readonly output: ComparedOutput;
  readonly sides: ComparedAnswers['sides'];
  readonly names: readonly [string, string];
}

function Output({ output, sides, names }: OutputProps) {
  const { t, number } = useText();
  const summaries = sides.map(({ answer }) => answer?.outputs.find(({ name }) => name === output.name)) as [
    TensorSummary | undefined,
    TensorSummary | undefined,
  ];
  const [first] = summaries;
  const { problem, different, size, largest, largestRelative, mean } = output;
  return (
    <section className={styles['output']} aria-label={output.name}>
      <div className={styles['row']}>
        <b>{output.name}</b>
        {first?.dtype == null ? null : <code className={styles['chip']}>{dtypeLabel(first.dtype)}</code>}
        {first === undefined ? null : <code className={styles['chip']}>[{first.shape.join(', ')}]</code>}
        <span className={styles['space']} />
        <span className={styles['caption']}>
          {problem !== null
            ? null
            : different === 0
              ? t('sideBySide.allEqual', { size: number.count(size) })
              : t('sideBySide.notEqual', { different: number.count(different), size: number.count(size) })}
        </span>
      </div>
      {problem === null ? null : <p className={styles['dim']}>{problem}</p>}
      {output.classes === null || problem !== null ? (
        <Elements output={output} names={names} />
      ) : (
        <ByClass output={output} summaries={summaries} names={names} />
      )}
      {largest === null || different === 0 ? null : (
        <p className={styles['caption']}>
          {t('sideBySide.distances', {
            largest: differenceText(largest),
            mean: mean === null ? 'NaN' : differenceText(mean),
            relative: differenceText(largestRelative ?? 0),
          })}
        </p>
      )}
    </section>
  );
}

function TableHead({ what, names }: { readonly what: string; readonly names: readonly [string, string] }) {
  const { t } = useText();
  return (
    <thead>
      <tr>
        <th scope="col">{what}</th>
        {names.map((name, index) => (
          <th key={name} scope="col" data-number>
            <SeriesSwatch role={seriesOf(index, 2)} /> {name}
          </th>
        ))}
        <th scope="col" className={styles['bar']}>
          {t('sideBySide.change')}
        </th>
        <th scope="col" data-number>
          {names[1]} − {names[0]}
        </th>
      </tr>
    </thead>
  );
}

/** A bar from the middle: right where the second is larger. */
function ChangeBar({ change, widest }: { readonly change: number; readonly widest: number }) {
  const width = widest === 0 || !Number.isFinite(change) ? 0 : Math.min(50, (Math.abs(change) / widest) * 50);
  return (
    <span className={styles['track']} aria-hidden="true">
      <i
        data-role={change < 0 ? 's2' : 's1'}
        style={change < 0 ? { right: '50%', width: `${width}%` } : { left: '50%', width: `${width}%` }}
      />
    </span>
  );
}

const firstClasses = 5;

/** Scores of one row, class by class, those first that either side thinks most of. */
function ByClass({
  output,
  summaries,
  names,
}: {
  readonly output: ComparedOutput;
  readonly summaries: readonly (TensorSummary | undefined)[];
  readonly names: readonly [string, string];
}) {
  const { t } = useText();
  const { classes } = output;
  const [row, setRow] = useState(classes?.first[0]?.row ?? 0);
  const [all, setAll] = useState(false);
  const [first, second] = summaries;
  if (classes === null || first === undefined || second === undefined) return null;
  const width = first.shape.at(-1) ?? 1;
  const shownRows = Math.max(1, Math.min(classes.rows, Math.floor(Math.min(first.first.length, second.first.length) / width)));
  const rows = classRows(first.first, second.first, { row, width });
  const shown = all ? rows.slice(0, 100) : rows.slice(0, firstClasses);
  const widest = Math.max(...rows.map(({ change }) => Math.abs(change)));
  const changes = classes.first.filter((one) => one.row < shownRows);
  return (
    <>
      {classes.rows === 1 ? null : (
        <div className={styles['row']}>
          <ActionIcon
            variant="default"
            size={24}
            aria-label={t('sideBySide.rowBefore')}
            disabled={row === 0}
            onClick={() => setRow(row - 1)}
          >
            <Icon name="left" size={14} />
          </ActionIcon>
          <span role="status">{t('sideBySide.row', { row: row + 1, rows: classes.rows })}</span>
          <ActionIcon
            variant="default"
            size={24}
            aria-label={t('sideBySide.rowAfter')}
            disabled={row >= shownRows - 1}
            onClick={() => setRow(row + 1)}
          >
            <Icon name="right" size={14} />
          </ActionIcon>
          {changes.slice(0, 8).map((one) => (
            <button
              key={one.row}
              type="button"
              className={styles['changed']}
              aria-pressed={one.row === row}
              onClick={() => setRow(one.row)}
            >
              {t('sideBySide.changedRow', { row: one.row + 1, first: one.classes[0], second: one.classes[1] })}
            </button>
          ))}
          {classes.changed > 8 ? (
            <span className={styles['caption']}>{t('sideBySide.moreRows', { count: classes.changed - 8 })}</span>
          ) : null}
        </div>
      )}
      {rows.length === 0 ? (
        <Elements output={output} names={names} />
      ) : (
        <table className={styles['table']} aria-label={t('sideBySide.scores', { output: output.name })}>
          <TableHead what={t('sideBySide.class')} names={names} />
          <tbody>
            {shown.map((one) => (
              <ClassLine key={one.index} one={one} widest={widest} names={names} />
            ))}
          </tbody>
        </table>
      )}
      {rows.length > shown.length && !all ? (
        <button type="button" className={styles['link']} onClick={() => setAll(true)}>
          {t('sideBySide.moreClasses', { count: rows.length - shown.length })}
        </button>
      ) : null}
    </>
  );
}

function ClassLine({ one, widest, names }: { readonly one: ClassRow; readonly widest: number; readonly names: readonly [string, string] }) {
  const { t, number } = useText();
  const { index, values, change, tops } = one;
  const said = tops.flatMap((isTop, side) => (isTop ? [names[side] ?? ''] : []));
  return (
    <tr data-top={said.length > 0 || undefined}>
      <th scope="row">
        {index}
        {said.length === 1 ? <span className={styles['choice']}>{t('sideBySide.topOf', { name: said[0] ?? '' })}</span> : null}
      </th>
      {values.map((value, side) => (
        <td key={names[side]} data-number>
          {number.fixed(value, 4)}
        </td>
      ))}
      <td className={styles['bar']}>
        <ChangeBar change={change} widest={widest} />
      </td>
      <td data-number>{signedText(change)}</td>
    </tr>
  );
}

const firstElements = 6;

/** The elements that lie furthest apart, whatever the shape. */
function Elements({
  output: { name, furthest, different },
  names,
}: {
  readonly output: ComparedOutput;
  readonly names: readonly [string, string];
}) {
  const { t } = useText();
  const [all, setAll] = useState(false);
  if (furthest.length === 0) return null;
  const shown = all ? furthest : furthest.slice(0, firstElements);
  const widest = Math.max(...furthest.map(({ difference }) => Math.abs(Number(difference ?? 0))).filter(Number.isFinite), 0);
  return (
    <>
      <table className={styles['table']} aria-label={t('sideBySide.furthest', { output: name })}>
        <TableHead what={t('sideBySide.element')} names={names} />
        <tbody>
          {shown.map(({ at, values, difference }) => (
            <tr key={at.join()}>
              <th scope="row">
                <code>[{at.join(', ')}]</code>
              </th>
              {values.map((value, side) => (
                <td key={names[side]} data-number className={styles['value']} title={value}>
                  {value}
                </td>
              ))}
              <td className={styles['bar']}>{difference === null ? null : <ChangeBar change={Number(difference)} widest={widest} />}</td>
              <td data-number>{difference === null ? '' : difference.replace(/^(?=\d*[1-9.])/, '+').replace(/^-/, '−')}</td>
            </tr>
          ))}
        </tbody>
      </table>
      {shown.length < furthest.length ? (
        <button type="button" className={styles['link']} onClick={() => setAll(true)}>
          {t('sideBySide.moreElements', { count: furthest.length - shown.length })}
        </button>
      ) : all && different > furthest.length ? (
        <p className={styles['caption']}>{t('sideBySide.furthestOnly', { shown: furthest.length, different })}</p>
      ) : null}
    </>
  );
}

/** A distance: `1.2e−7`, `0.015`, `0`. */
function differenceText(value: number): string {
  if (!Number.isFinite(value)) return 'Infinity';
  return value !== 0 && value < 1e-4 ? value.toExponential(1).replace('-', '−') : String(Number(value.toPrecision(3)));
}
