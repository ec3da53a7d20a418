import { MantineProvider } from '@mantine/core';
import { lazy, Suspense, useEffect, type ReactNode } from 'react';
import { Route, Router, Switch, useLocation } from 'wouter';
import { useHashLocation } from 'wouter/use-hash-location';
import { again } from './again.ts';
import { theme, cssVariables } from '../ui/theme.ts';
import { Bar } from './Bar.tsx';
import { CrashGuard } from './CrashGuard.tsx';
import { DropTarget } from './DropTarget.tsx';
import { TextProvider, useText } from './i18n.tsx';
import { FolderPicker } from './FolderPicker.tsx';
import { Palette } from './Palette.tsx';
import { Rail } from './Rail.tsx';
import type { ShellConnection } from './shellConnection.ts';
import { ConnectionContext, useMirror } from './store.ts';
import { useKeys } from './useKeys.ts';
import styles from './App.module.css';

const ModelsPage = lazy(async () => ({ default: (await again(() => import('../features/models/ModelsPage.tsx'))).ModelsPage }));
const ModelPage = lazy(async () => ({ default: (await again(() => import('../features/models/ModelPage.tsx'))).ModelPage }));
const ComparePage = lazy(async () => ({ default: (await again(() => import('../features/library/ComparePage.tsx'))).ComparePage }));
const ImportSheet = lazy(async () => ({ default: (await again(() => import('../features/models/ImportSheet.tsx'))).ImportSheet }));
const ServingsPage = lazy(async () => ({ default: (await again(() => import('../features/servings/ServingsPage.tsx'))).ServingsPage }));
const ServingPage = lazy(async () => ({ default: (await again(() => import('../features/servings/ServingPage.tsx'))).ServingPage }));
const PlaygroundPage = lazy(async () => ({
  default: (await again(() => import('../features/playground/PlaygroundPage.tsx'))).PlaygroundPage,
}));
const SettingsPage = lazy(async () => ({ default: (await again(() => import('../features/settings/SettingsPage.tsx'))).SettingsPage }));

/** Places are in the address's fragment: they work under every shell's scheme. */
const routing = { hook: useHashLocation };

function Themed({ nonce, children }: { readonly nonce: string; readonly children: ReactNode }) {
  const scheme = useMirror((state) => state.settings.theme);
  return (
    <MantineProvider
      theme={theme}
      cssVariablesResolver={cssVariables}
      getStyleNonce={() => nonce}
      {...(scheme === 'system' ? { defaultColorScheme: 'auto' } : { forceColorScheme: scheme })}
    >
      {children}
    </MantineProvider>
  );
}

function ConnectionStrip() {
  const { t } = useText();
  const connection = useMirror((state) => state.connection);
  if (connection === 'connected' || connection === 'connecting') return null;
  return (
    <div className={styles['strip']} role="status">
      {t(connection === 'lost' ? 'connection.lost' : 'connection.refused')}
    </div>
  );
}

function Pages() {
  const { t } = useText();
  const known = useMirror((state) => state.facts !== null);
  const connection = useMirror((state) => state.connection);
  const [place] = useLocation();
  if (!known) return <p className={styles['waiting']}>{connection === 'refused' ? t('connection.refused') : t('connection.connecting')}</p>;
  return (
    // A place and what it is about; what follows is the page's own.
    <CrashGuard key={place.split('/').slice(0, 3).join('/')}>
      <Suspense fallback={null}>
        <Switch>
          <Route path="/servings" component={ServingsPage} />
          <Route path="/servings/:id">{({ id }) => <ServingPage id={id} />}</Route>
          <Route path="/playground/:id?">{({ id }) => <PlaygroundPage {...(id === undefined ? {} : { servingId: id })} />}</Route>
          <Route path="/settings" component={SettingsPage} />
          <Route path="/models/compare/:refs">
            {({ refs }) => (
              <div className={styles['padded']}>
                <ComparePage refs={refs} />
              </div>
            )}
          </Route>
          <Route path="/models/:id/:version?">
            {({ id, version }) => (
              <div className={styles['padded']}>
                <ModelPage id={id} version={version} />
              </div>
            )}
          </Route>
          <Route>
            <div className={styles['padded']}>
              <ModelsPage />
            </div>
          </Route>
        </Switch>
      </Suspense>
    </CrashGuard>
  );
}

function Frame() {
  useKeys();
  const [place] = useLocation();
  useEffect(() => {
    document.querySelector('main')?.scrollTo(0, 0);
  }, [place]);
  return (
    <DropTarget>
      <Bar />
      <ConnectionStrip />
      <div className={styles['body']}>
        <Rail />
        <main className={styles['page']} tabIndex={-1}>
          <Pages />
        </main>
      </div>
      <Suspense fallback={null}>
        <ImportSheet />
      </Suspense>
      <FolderPicker />
      <Palette />
    </DropTarget>
  );
}

/** The whole window, over a shell's connection. `nonce` admits the styles that the kit makes while it runs. */
export function App({ connection, nonce }: { readonly connection: ShellConnection; readonly nonce: string }) {
  return (
    <ConnectionContext value={connection}>
      <Themed nonce={nonce}>
        <TextProvider>
          <Router {...routing}>
            <Frame />
          </Router>
        </TextProvider>
      </Themed>
    </ConnectionContext>
  );
}
