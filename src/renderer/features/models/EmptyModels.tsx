import { Button } from '@mantine/core';
import { useText, type TextKey } from '../../app/i18n.tsx';
import { useFolderPicker } from '../../app/FolderPicker.tsx';
import { useServeSample } from '../../app/useServeSample.ts';
import { CopyButton } from '../../ui/CopyButton.tsx';
import { ErrorNote } from '../../ui/ErrorNote.tsx';
import { Icon, type IconName } from '../../ui/Icon.tsx';
import styles from './models.module.css';

const lesson: readonly (readonly [level: number, icon: IconName, name: string, says: TextKey])[] = [
  [1, 'folder', 'digits/', 'empty.tree.base'],
  [2, 'folder', '1/', 'empty.tree.version'],
  [3, 'file', 'saved_model.pb', 'empty.tree.graph'],
  [3, 'folder', 'variables/', 'empty.tree.weights'],
  [3, 'folder', 'assets/', 'empty.tree.assets'],
  [2, 'folder', '2/', 'empty.tree.later'],
];

const formats = [
  ['Keras 3', '.keras', 'model.export("digits/1")'],
  ['Keras 2', '.h5', 'tf.saved_model.save(m, "digits/1")'],
] as const;

/** The first page of somebody who has no model here yet: the tree is the lesson, the sample always works. */
export function EmptyModels() {
  const { t, number } = useText();
  const { pick } = useFolderPicker();
  const { serveSample, call } = useServeSample();
  return (
    <div className={styles['two']}>
      <section aria-label={t('empty.title')}>
        <h2 className={styles['hero']}>{t('empty.title')}</h2>
        <p className={styles['dim']}>
          {t('empty.text')} <code>model.export()</code> {t('empty.textAfter')}
        </p>
        <ul className={styles['lesson']}>
          {lesson.map(([level, icon, name, says]) => (
            <li key={name} data-level={level}>
              <Icon name={icon} />
              <code>{name}</code>
              <span>{t(says)}</span>
            </li>
          ))}
        </ul>
        <div className={styles['row']}>
          <Button leftSection={<Icon name="folder" />} onClick={pick}>
            {t('empty.choose')}
          </Button>
          <span className={styles['dim']}>
            {t('empty.chooseKey')} <kbd>O</kbd> · {t('empty.chooseHint')}
          </span>
        </div>
      </section>
      <div className={styles['side']}>
        <section>
          <h2>{t('empty.sample.title')}</h2>
          <div className={styles['card']}>
            <div className={styles['row']}>
              <h3>digits</h3>
              <span className={styles['chip']}>{t('empty.sample.versions')}</span>
              <span className={styles['chip']}>{number.bytes(82_311)}</span>
            </div>
            <p className={styles['dim']}>{t('empty.sample.text')}</p>
            <div className={styles['code']}>
              <div>
                <span className={styles['dim']}>in </span> image{'          '}float32 [?, 8, 8, 1]
              </div>
              <div>
                <span className={styles['dim']}>out</span> probabilities{'  '}float32 [?, 10]
              </div>
            </div>
            <div className={styles['row']}>
              <Button variant="filled" leftSection={<Icon name="play" />} loading={call.busy} onClick={() => void serveSample()}>
                {t('empty.sample.serve')}
              </Button>
              <span className={styles['caption']}>{t('empty.sample.hint')}</span>
            </div>
            <ErrorNote problem={call.problem} />
          </div>
        </section>
        <section>
          <h2>{t('empty.formats.title')}</h2>
          <ul className={styles['formats']}>
            {formats.map(([name, ending, line]) => (
              <li key={name}>
                <span>
                  {name} <code>{ending}</code>
                </span>
                <code>{line}</code>
                <CopyButton value={line} label={t('copyNamed', { name: t('empty.formats.copy', { format: name }) })} />
              </li>
            ))}
            <li>
              <span>
                TF Hub <code>.tar.gz</code>
              </span>
              <span className={styles['dim']}>{t('empty.formats.drop')}</span>
            </li>
          </ul>
        </section>
      </div>
    </div>
  );
}
