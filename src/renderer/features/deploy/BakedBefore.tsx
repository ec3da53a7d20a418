import { Button } from '@mantine/core';
import type { BakedBefore as Baked } from '../../../shared/contract/deploy.ts';
import { useText } from '../../app/i18n.tsx';
import { versionList } from '../servings/servingWords.ts';
import styles from './deploy.module.css';

/** What was baked of a model and is on this machine: run, pushed or saved as what has just been baked. */
export function BakedBefore({ baked, onOpen }: { readonly baked: readonly Baked[]; readonly onOpen: (id: string) => void }) {
  const { t, number, time } = useText();
  if (baked.length === 0) return null;
  return (
    <section className={styles['baked']} aria-label={t('bake.before')}>
      <span className={styles['label']}>{t('bake.before')}</span>
      <ul>
        {baked.map(({ id, reference, versions, sizeBytes, createdAt }) => (
          <li key={id}>
            <Button variant="subtle" size="xs" onClick={() => onOpen(id)}>
              <code>{reference}</code>
            </Button>
            <span className={styles['caption']}>
              {`${versionList(versions)} · ${number.bytes(sizeBytes)} · `}
              <time dateTime={createdAt} title={time.absolute(createdAt)}>
                {time.relative(createdAt)}
              </time>
            </span>
          </li>
        ))}
      </ul>
    </section>
  );
}
