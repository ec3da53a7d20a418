import { TextInput } from '@mantine/core';
import { useEffect, useState } from 'react';
import type { SignatureInfo } from '../../../../shared/contract/savedModel.ts';
import { dtypeLabel } from '../../../../shared/tensor/dtype.ts';
import { useText } from '../../../app/i18n.tsx';
import { shapeText } from '../shapeText.ts';
import { CellGrid, widthFor } from './CellGrid.tsx';
import { assignColumn, columnsText, readColumns } from '../../../../shared/tensor/columnPlaces.ts';
import type { OpenedTable } from './openedTable.ts';
import styles from './table.module.css';

export interface ColumnsFormProps {
  readonly info: SignatureInfo;
  readonly opened: OpenedTable;
  readonly onChange: (columns: OpenedTable['columns']) => void;
}

/** The first rows, and which of their columns are which input: above each column, or as numbers beside each input. */
export function ColumnsForm({ info, opened: { view, name, columns }, onChange }: ColumnsFormProps) {
  const { t } = useText();
  const inputs = Object.keys(info.inputs);
  const ownerOf = (place: number): string => inputs.find((input) => columns[input]?.includes(place) === true) ?? '';
  const heads = view.columns.map(({ name: column, kind }, place) => ({
    id: String(place),
    right: kind === 'number',
    width: Math.max(116, widthFor([column, ...view.first.slice(0, 20).map((row) => row[place] ?? '')])),
    head: (
      <>
        <span className={styles['columnName']} title={column}>
          <small>{place + 1}</small> {column}
        </span>
        <select
          aria-label={t('rows.inputOf', { column })}
          value={ownerOf(place)}
          onChange={(event) => onChange(assignColumn(columns, place, event.currentTarget.value === '' ? null : event.currentTarget.value))}
        >
          <option value="">{t('rows.unused')}</option>
          {inputs.map((input) => (
            <option key={input} value={input}>
              {input}
            </option>
          ))}
        </select>
      </>
    ),
  }));
  return (
    <>
      <CellGrid
        label={t('rows.preview', { name })}
        columns={heads}
        count={view.first.length}
        cellAt={(row, column) => view.first[row]?.[column]}
        headHeight={56}
        mostHeight={206}
      />
      <ul className={styles['mapping']} aria-label={t('rows.mapping')}>
        {Object.entries(info.inputs).map(([input, { dtype, shape }]) => (
          <li key={input}>
            <b>{input}</b>
            <code className={styles['chip']}>{dtypeLabel(dtype)}</code>
            <code className={styles['chip']}>{shapeText(shape)}</code>
            <PlacesField
              label={t('rows.columns', { input })}
              places={columns[input] ?? []}
              count={view.columns.length}
              onChange={(places) => onChange({ ...columns, [input]: places })}
            />
            <span className={styles['names']}>{namesText((columns[input] ?? []).map((place) => view.columns[place]?.name ?? ''))}</span>
          </li>
        ))}
      </ul>
    </>
  );
}

const namesText = (names: readonly string[]): string =>
  names.length <= 5 ? names.join(', ') : `${names.slice(0, 2).join(', ')} … ${names.at(-1) ?? ''}`;

/** Numbers of columns, taken over as far as they are understood. */
function PlacesField({
  label,
  places,
  count,
  onChange,
}: {
  readonly label: string;
  readonly places: readonly number[];
  readonly count: number;
  readonly onChange: (places: readonly number[]) => void;
}) {
  const { t } = useText();
  const [text, setText] = useState(() => columnsText(places));
  const known = columnsText(places);
  // Chosen elsewhere: what is typed here may stand for the same.
  useEffect(() => setText((now) => (columnsText(readColumns(now, count) ?? [-1]) === known ? now : known)), [known, count]);
  const wrong = readColumns(text, count) === null;
  return (
    <TextInput
      size="xs"
      className={styles['places'] ?? ''}
      aria-label={label}
      placeholder={t('rows.columnsHint')}
      value={text}
      error={wrong ? t('rows.columnsWrong', { count }) : null}
      onChange={(event) => {
        const next = event.currentTarget.value;
        setText(next);
        const read = readColumns(next, count);
        if (read !== null) onChange(read);
      }}
    />
  );
}
