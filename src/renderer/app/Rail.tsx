import { Link, useLocation } from 'wouter';
import { Icon, type IconName } from '../ui/Icon.tsx';
import { useText, type TextKey } from './i18n.tsx';
import { useMirror } from './store.ts';
import styles from './App.module.css';

/** The rail's places, in the order of their keys. */
export const places: readonly { readonly path: string; readonly icon: IconName; readonly name: TextKey; readonly key: string }[] = [
  { path: '/models', icon: 'models', name: 'nav.models', key: '1' },
  { path: '/servings', icon: 'servings', name: 'nav.servings', key: '2' },
  { path: '/playground', icon: 'playground', name: 'nav.playground', key: '3' },
  { path: '/settings', icon: 'settings', name: 'nav.settings', key: ',' },
];

export function Rail() {
  const { t } = useText();
  const [place] = useLocation();
  const models = useMirror((state) => state.models.length);
  const serving = useMirror((state) => state.servings.filter(({ state: { kind } }) => kind === 'serving' || kind === 'starting').length);
  const counts: Readonly<Record<string, number>> = { '/models': models, '/servings': serving };
  return (
    <nav className={styles['rail']} aria-label={t('nav.label')}>
      {places.map(({ path, icon, name }) => {
        const here = place === path || place.startsWith(`${path}/`) || (place === '/' && path === '/models');
        const count = counts[path] ?? 0;
        return (
          <div key={path}>
            {path === '/settings' ? <div className={styles['separator']} /> : null}
            <Link href={path} aria-current={here ? 'page' : undefined} title={t(name)}>
              <Icon name={icon} />
              <span>{t(name)}</span>
              {count > 0 ? (
                <span className={styles['count']} aria-hidden="true">
                  {count}
                </span>
              ) : null}
            </Link>
          </div>
        );
      })}
      <p className={styles['hint']}>
        {t('nav.dropHint')} <kbd className={styles['key']}>O</kbd>
      </p>
    </nav>
  );
}
