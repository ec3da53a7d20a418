import type { PullProgress } from '../../../shared/contract/serving.ts';
import { useText } from '../../app/i18n.tsx';
import styles from './serving.module.css';

/** An image on its way: bytes, speed, time left, and each layer by itself. */
export function PullPanel({ pull }: { readonly pull: PullProgress }) {
  const { t, number } = useText();
  const here = pull.layers.filter(({ state }) => state === 'exists').length;
  const arriving = pull.layers.filter(({ state }) => state !== 'exists');
  const { part: done, whole: total } = number.bytesOf(pull.currentBytes, pull.totalBytes);
  const sum = t('pull.ofTotal', { done, total });
  return (
    <div className={styles['pull']}>
      <div className={styles['pullHead']}>
        <span className={styles['figure']}>
          {pull.totalBytes > 0 ? done : ''} <small>{pull.totalBytes > 0 ? t('pull.of', { total }) : ''}</small>
        </span>
        <span className={styles['dim']}>{speedWords(pull)}</span>
      </div>
      <div
        className={styles['bar']}
        role="progressbar"
        aria-label={t('pull.label', { image: pull.image })}
        aria-valuemin={0}
        aria-valuemax={100}
        aria-valuenow={percent(pull.currentBytes, pull.totalBytes)}
        aria-valuetext={sum}
      >
        <i style={{ width: `${percent(pull.currentBytes, pull.totalBytes)}%` }} />
      </div>
      <table className={styles['layers']} aria-label={t('pull.layers')}>
        <tbody>
          {arriving.map((layer) => (
            <tr key={layer.id}>
              <td>
                <code>{layer.id}</code>
              </td>
              <td className={styles['layerBar']}>
                <div className={styles['thinBar']} data-done={layer.state === 'done' || undefined}>
                  <i style={{ width: `${layer.state === 'done' ? 100 : percent(layer.currentBytes, layer.totalBytes)}%` }} />
                </div>
              </td>
              <td>{layerWords(layer)}</td>
            </tr>
          ))}
        </tbody>
      </table>
      <p className={styles['caption']}>
        {here > 0 ? `${t('pull.here', { layers: here })} ` : ''}
        {t('pull.keeps')}
      </p>
    </div>
  );

  function speedWords({ bytesPerSecond, secondsLeft }: PullProgress): string {
    if (bytesPerSecond <= 0) return '';
    const speed = t('pull.speed', { speed: number.bytes(bytesPerSecond) });
    return secondsLeft === null ? speed : `${speed} · ${t('pull.left', { left: number.duration(secondsLeft * 1_000) })}`;
  }

  function layerWords({ state, currentBytes, totalBytes }: PullProgress['layers'][number]): string {
    if (state === 'waiting') return t('pull.waiting');
    if (state === 'extracting') return t('pull.extracting');
    if (state === 'done') return totalBytes > 0 ? number.bytes(totalBytes) : t('pull.done');
    const { part, whole } = number.bytesOf(currentBytes, totalBytes);
    return `${part} / ${whole}`;
  }
}

function percent(part: number, whole: number): number {
  return whole <= 0 ? 0 : Math.min(100, Math.round((part / whole) * 100));
}
