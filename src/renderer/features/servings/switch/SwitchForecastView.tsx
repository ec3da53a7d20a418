import type { ErrorReport } from '../../../../shared/contract/errors.ts';
import { answeringVersion } from '../../../../shared/contract/servedState.ts';
import type { SwitchForecast } from '../../../../shared/contract/switching.ts';
import { useText } from '../../../app/i18n.tsx';
import { ErrorNote } from '../../../ui/ErrorNote.tsx';
import { versionList } from './switchWords.ts';
import styles from './switch.module.css';

/** What a switch would do, before it is done. `cases` is how many the model has saved. */
export function SwitchForecastView({
  forecast,
  cases,
}: {
  readonly forecast: SwitchForecast | ErrorReport | null;
  readonly cases: number | null;
}) {
  const { t, number } = useText();
  if (forecast === null) return <p className={styles['dim']}>{t('switch.forecasting')}</p>;
  if ('code' in forecast) return <ErrorNote problem={forecast} />;
  const { load, keep, unload, memory, problem, from, to } = forecast;
  const isTried = from.mode === 'guarded' && to.mode === 'guarded';
  const rows = [
    ...(load.length > 0 ? [t('switch.willLoad', { versions: versionList(load) })] : []),
    ...(load.length > 0 && isTried ? [t('switch.willTry', { versions: versionList(load), cases: cases ?? 0 })] : []),
    ...(answeringVersion(from) === answeringVersion(to) ? [] : [t('switch.willAnswer', { version: answeringVersion(to) ?? '' })]),
    ...(keep.length > 0 ? [t('switch.willKeep', { versions: versionList(keep) })] : []),
    ...(unload.length > 0 ? [t('switch.willUnload', { versions: versionList(unload) })] : []),
    memory.addedBytes === 0
      ? t('switch.memoryNone')
      : t('switch.memoryLine', {
          used: number.bytes(memory.usedBytes ?? 0),
          added: number.bytes(memory.addedBytes),
          limit: number.binaryBytes(memory.limitBytes),
        }),
  ];
  return (
    <>
      <ul className={styles['forecast']} aria-label={t('switch.forecast')}>
        {rows.map((row) => (
          <li key={row}>{row}</li>
        ))}
      </ul>
      <ErrorNote problem={problem} />
    </>
  );
}
