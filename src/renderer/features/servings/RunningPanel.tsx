import { Button } from '@mantine/core';
import { useHotkeys } from '@mantine/hooks';
import { useState, type ReactNode } from 'react';
import type { Serving } from '../../../shared/contract/serving.ts';
import { useText } from '../../app/i18n.tsx';
import { useMirror } from '../../app/store.ts';
import { quantityOf } from '../../ui/quantity.ts';
import { TimeChart } from '../../ui/TimeChart.tsx';
import { spanSeconds } from './figureHistory.ts';
import { useFigures } from './useFigures.ts';
import styles from './serving.module.css';

/** The machine use of a running serving: three quantities over the last five minutes, as plots or, by T, as tables. */
export function RunningPanel({ serving }: { readonly serving: Serving }) {
  const { t, number, time } = useText();
  const [asTable, setAsTable] = useState(false);
  const cpus = useMirror((state) => state.engine.cpus);
  const history = useFigures(serving.id, true, serving.containerId);
  useHotkeys([['T', () => setAsTable((before) => !before)]]);

  const { latest, times } = history;
  if (latest === null) return <p className={styles['dim']}>{t('figures.awaited')}</p>;
  const cpu = number.percent(Math.round(latest.cpuPercent * 10) / 10);
  const memory = number.bytes(latest.memoryBytes);
  const incoming = number.bytes(history.inPerSecond.at(-1) ?? 0);
  const outgoing = number.bytes(history.outPerSecond.at(-1) ?? 0);
  const shared = { times, spanSeconds, asTable, timeWord: t('figures.time'), formatTime: (seconds: number) => time.clock(seconds * 1_000) };

  return (
    <section aria-label={t('figures.title')} className={styles['figures']}>
      <div className={styles['sectionHead']}>
        <h2>{t('figures.title')}</h2>
        <span className={styles['caption']}>{t('figures.span')}</span>
        <span className={styles['space']} />
        <Button variant="subtle" size="xs" aria-pressed={asTable} aria-keyshortcuts="T" onClick={() => setAsTable(!asTable)}>
          {t('figures.asTable')}
        </Button>
      </div>
      <TimeChart
        {...shared}
        name={t('figures.cpu')}
        now={<Now value={quantityOf(cpu).value} unit={cpus === null || cpus < 2 ? '%' : t('figures.cpuUnit', { cpus })} />}
        series={[{ role: 's3', name: t('figures.cpu'), values: history.cpuPercent }]}
        leastTop={10}
        format={(value) => number.percent(value)}
        label={t('figures.cpuLabel', { value: cpu })}
      />
      <TimeChart
        {...shared}
        name={t('figures.memory')}
        now={
          <Now
            value={quantityOf(memory).value}
            unit={
              latest.memoryLimitBytes > 0
                ? t('figures.memoryUnit', { unit: quantityOf(memory).unit, limit: number.binaryBytes(latest.memoryLimitBytes) })
                : quantityOf(memory).unit
            }
          />
        }
        series={[{ role: 's3', name: t('figures.memory'), values: history.memoryBytes }]}
        leastTop={64e6}
        format={(value) => number.bytes(value)}
        label={t('figures.memoryLabel', { value: memory })}
      />
      <TimeChart
        {...shared}
        name={t('figures.network')}
        now={<Now value={quantityOf(outgoing).value} unit={t('figures.networkUnit', { unit: quantityOf(outgoing).unit })} />}
        series={[
          { role: 's1', name: t('figures.out'), values: history.outPerSecond },
          { role: 's2', name: t('figures.in'), values: history.inPerSecond },
        ]}
        leastTop={2_000}
        format={(value) => t('pull.speed', { speed: number.bytes(value) })}
        label={t('figures.networkLabel', { incoming: incoming, outgoing: outgoing })}
      />
    </section>
  );
}

function Now({ value, unit }: { readonly value: string; readonly unit: string }): ReactNode {
  return (
    <span className={styles['figure']}>
      {value} <small>{unit}</small>
    </span>
  );
}
