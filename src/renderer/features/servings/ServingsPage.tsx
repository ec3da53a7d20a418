import { Button } from '@mantine/core';
import { useLocation } from 'wouter';
import { useText } from '../../app/i18n.tsx';
import { useMirror } from '../../app/store.ts';
import { Icon } from '../../ui/Icon.tsx';
import { ServingRow } from './ServingRow.tsx';
import styles from './servings.module.css';

/** All servings, one a row, one column a quantity: eyes go down a column. */
export function ServingsPage() {
  const { t } = useText();
  const [, go] = useLocation();
  const servings = useMirror((state) => state.servings);
  const running = servings.filter(({ state }) => state.kind === 'serving').length;

  return (
    <>
      <header className={styles['head']}>
        <h1>{t('servings.title')}</h1>
        {servings.length === 0 ? null : (
          <span className={styles['dim']}>{t('servings.count', { running, others: servings.length - running })}</span>
        )}
        <span className={styles['space']} />
        {servings.length === 0 ? null : (
          <Button leftSection={<Icon name="plus" />} onClick={() => go('/models')}>
            {t('servings.serveModel')}
          </Button>
        )}
      </header>
      <div className={styles['body']}>{servings.length === 0 ? <ServingsEmpty /> : <ServingsTable />}</div>
    </>
  );
}

function ServingsTable() {
  const { t } = useText();
  const servings = useMirror((state) => state.servings);
  return (
    <>
      <table className={styles['table']}>
        <thead>
          <tr>
            <th scope="col" className={styles['first']}>
              {t('servings.column.serving')}
            </th>
            <th scope="col">{t('figures.cpu')}</th>
            <th scope="col">{t('figures.memory')}</th>
            <th scope="col">{t('figures.network')}</th>
            <th scope="col">
              <span className={styles['hidden']}>{t('servings.column.acts')}</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {servings.map((serving) => (
            <ServingRow key={serving.id} serving={serving} />
          ))}
        </tbody>
      </table>
      <div className={styles['foot']}>
        <span>{t('servings.chartsNote')}</span>
        <span className={styles['space']} />
        <span>{t('servings.updatedNote')}</span>
      </div>
    </>
  );
}

/** What a serving is, drawn with the real thing: an address and what it answers. */
function ServingsEmpty() {
  const { t } = useText();
  const [, go] = useLocation();
  const models = useMirror((state) => state.models);
  return (
    <section className={styles['emptyPage']} aria-label={t('servings.empty.title')}>
      <h2 className={styles['hero']}>{t('servings.empty.title')}</h2>
      <p className={styles['dim']}>{t('servings.empty.text')}</p>
      <pre className={styles['code']} tabIndex={0} aria-label={t('servings.empty.example')}>
        {`POST http://127.0.0.1:8501/v1/models/digits:predict
{"instances": [[[[0.0], [0.31], … ]]]}

200 OK
{"predictions": [[0.00, 0.01, 0.98, … ]]}`}
      </pre>
      <div className={styles['emptyActs']}>
        <Button variant="filled" onClick={() => go('/models')}>
          {models.length === 0 ? t('servings.empty.addModel') : t('servings.empty.chooseModel')}
        </Button>
        <span className={styles['dim']}>{t('servings.empty.hint')}</span>
      </div>
    </section>
  );
}
