import { useEffect, useState } from 'react';
import { useText } from '../../app/i18n.tsx';
import { ProgressBar } from '../../ui/ProgressBar.tsx';
import styles from './models.module.css';

interface Arrival {
  readonly bytes: number;
  readonly at: number;
  /** Of the last two looks that differ; null before the second. */
  readonly bytesPerSecond: number | null;
}

/** A file on its way into the folder: how much of it is there, and how fast it grows between two looks. */
export function ArrivingBar({ file, found, expected }: { readonly file: string; readonly found: number; readonly expected: number }) {
  const { t, number } = useText();
  const [seen, setSeen] = useState<Arrival>(() => ({ bytes: found, at: Date.now(), bytesPerSecond: null }));
  useEffect(() => {
    setSeen((before) => {
      if (found === before.bytes) return before;
      const at = Date.now();
      const speed = ((found - before.bytes) * 1_000) / Math.max(1, at - before.at);
      return { bytes: found, at, bytesPerSecond: speed > 0 ? speed : null };
    });
  }, [found]);
  const fraction = expected > 0 ? Math.min(1, found / expected) : 0;
  const speed = seen.bytesPerSecond;
  const both = number.bytesOf(found, expected);
  const words = [
    number.percent(Math.floor(fraction * 100)),
    ...(speed === null
      ? []
      : [
          t('pull.speed', { speed: number.bytes(speed) }),
          t('pull.left', { left: number.duration(Math.ceil((expected - found) / speed) * 1_000) }),
        ]),
  ];
  return (
    <div className={styles['arriving']}>
      <ProgressBar value={fraction} label={file} words={t('import.arriving', { found: both.part, expected: both.whole })} />
      <span className={styles['caption']}>{words.join(' · ')}</span>
    </div>
  );
}
