import type { PredictAnswer } from '../../../../shared/contract/predict.ts';
import { useText } from '../../../app/i18n.tsx';
import { useAnswerWords } from './answerWords.ts';
import styles from './output.module.css';

/** Where the time of a request went, and how much went over the wire. The server's own part only where it tells it. */
export function TimeSplit({ answer }: { readonly answer: PredictAnswer }) {
  const { t, number } = useText();
  const words = useAnswerWords();
  const { encodeMs, networkMs, serverMs, decodeMs } = answer;
  const parts = [
    { key: 'encode', ms: encodeMs, role: 's5' },
    ...(serverMs === null
      ? [{ key: 'both', ms: networkMs, role: 's1' } as const]
      : [
          { key: 'network', ms: Math.max(0, networkMs - serverMs), role: 's2' } as const,
          { key: 'server', ms: serverMs, role: 's1' } as const,
        ]),
    { key: 'decode', ms: decodeMs, role: 's5' },
  ] as const;
  const told = parts.map(({ key, ms }) => words(`time.${key}`, { ms: number.ms(ms) }));
  return (
    <section className={styles['timing']}>
      <div className={styles['row']}>
        <h3>{words('time.title')}</h3>
        <span className={styles['space']} />
        <span className={styles['caption']}>
          {t('playground.bytes', { sent: number.bytes(answer.requestBytes), received: number.bytes(answer.responseBytes) })}
        </span>
      </div>
      <div className={styles['split']} role="img" aria-label={told.join(', ')}>
        {parts.map(({ key, ms, role }) => (
          <i key={key} data-role={role} style={{ flexGrow: Math.max(ms, 0.001) }} />
        ))}
      </div>
      <div className={styles['splitKeys']}>
        {parts.map(({ key, role }, index) => (
          <span key={key}>
            <i data-role={role} /> {told[index]}
          </span>
        ))}
      </div>
    </section>
  );
}
