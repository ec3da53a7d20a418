import { useState } from 'react';
import { useText } from '../app/i18n.tsx';
import styles from './EngineDifferences.module.css';
import { Icon } from './Icon.tsx';

const points = ['numbers', 'ops', 'life', 'memory', 'server'] as const;

/** What the embedded engine does otherwise than TensorFlow Serving, one click away from where it is named. */
export function EngineDifferences() {
  const { t } = useText();
  const [opened, setOpened] = useState(false);
  return (
    <div className={styles['differences']}>
      <button type="button" className={styles['ask']} aria-expanded={opened} onClick={() => setOpened(!opened)}>
        <Icon name={opened ? 'down' : 'right'} size={14} />
        {t('engine.differs')}
      </button>
      {opened ? (
        <ul className={styles['points']}>
          {points.map((point) => (
            <li key={point}>{t(`engine.differs.${point}`)}</li>
          ))}
        </ul>
      ) : null}
    </div>
  );
}
