import { Table } from '@mantine/core';
import type { EngineComparison, PredictAnswer } from '../../../shared/contract/predict.ts';
import { useText } from '../../app/i18n.tsx';
import styles from './playground.module.css';

/** A difference of floats: `1.2e−7`, `0.015`, `0`. */
const differenceText = (value: number | null): string =>
  value === null ? '' : value === 0 ? '0' : value < 1e-4 ? value.toExponential(1).replace('-', '−') : value.toPrecision(2);

/** The same input to the serving and to the embedded engine: the verdict first, then each output. */
export function ComparedEngines({
  comparison: { serving, embedded, outputs },
  totalMs,
}: {
  readonly comparison: EngineComparison;
  readonly totalMs: (answer: PredictAnswer) => number;
}) {
  const { t, number } = useText();
  const problem = outputs.find((one) => one.problem !== null)?.problem ?? null;
  const largest = Math.max(0, ...outputs.map((one) => one.largest ?? 0));
  const same = outputs.every(({ different }) => different === 0);
  const verdict = problem ?? (same ? t('playground.compared.same') : t('playground.compared.differ', { largest: differenceText(largest) }));
  return (
    <section className={styles['output']} aria-label={t('playground.compared')}>
      <h3>{t('playground.compared')}</h3>
      <p role="status">{verdict}</p>
      <Table>
        <Table.Thead>
          <Table.Tr>
            <Table.Th>{t('playground.compared.output')}</Table.Th>
            <Table.Th ta="right">{t('playground.compared.values')}</Table.Th>
            <Table.Th ta="right">{t('playground.compared.different')}</Table.Th>
            <Table.Th ta="right">{t('playground.compared.largest')}</Table.Th>
            <Table.Th ta="right">{t('playground.compared.relative')}</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {outputs.map((one) => (
            <Table.Tr key={one.name}>
              <Table.Td>{one.name}</Table.Td>
              <Table.Td ta="right">{number.count(one.size)}</Table.Td>
              <Table.Td ta="right">{number.count(one.different)}</Table.Td>
              <Table.Td ta="right">{differenceText(one.largest)}</Table.Td>
              <Table.Td ta="right">{differenceText(one.largestRelative)}</Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
      <p className={styles['caption']}>
        {t('playground.compared.times', { serving: number.ms(totalMs(serving)), embedded: number.ms(totalMs(embedded)) })}
      </p>
    </section>
  );
}
