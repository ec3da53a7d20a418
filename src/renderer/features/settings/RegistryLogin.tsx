import { Button, Collapse, PasswordInput, TextInput } from '@mantine/core';
import { useState } from 'react';
import type { ErrorReport } from '../../../shared/contract/errors.ts';
import { useText } from '../../app/i18n.tsx';
import { reportOf, useClient } from '../../app/store.ts';
import { ActProblem } from '../servings/ActProblem.tsx';
import styles from './settings.module.css';

/** Credentials for a registry that wants them. The password leaves this form at once and is not kept here. */
export function RegistryLogin() {
  const { t } = useText();
  const client = useClient();
  const [opened, setOpened] = useState(false);
  const [registry, setRegistry] = useState('');
  const [username, setUsername] = useState('');
  const [password, setPassword] = useState('');
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<ErrorReport | null>(null);
  const [kept, setKept] = useState<string | null>(null);

  const login = async (): Promise<void> => {
    setBusy(true);
    setKept(null);
    try {
      await client.engine.login({ registry, username, password });
      setProblem(null);
      setPassword('');
      setKept(registry === '' ? 'Docker Hub' : registry);
    } catch (error) {
      setProblem(reportOf(error));
    } finally {
      setBusy(false);
    }
  };

  return (
    <div>
      <Button size="xs" aria-expanded={opened} onClick={() => setOpened(!opened)}>
        {t('login.open')}
      </Button>
      <Collapse expanded={opened}>
        <form
          className={styles['login']}
          autoComplete="off"
          onSubmit={(event) => {
            event.preventDefault();
            if (username !== '' && password !== '') void login();
          }}
        >
          <TextInput
            label={t('login.registry')}
            placeholder="docker.io"
            value={registry}
            onChange={(event) => setRegistry(event.currentTarget.value)}
          />
          <TextInput
            label={t('login.username')}
            autoComplete="off"
            value={username}
            onChange={(event) => setUsername(event.currentTarget.value)}
          />
          <PasswordInput
            label={t('login.password')}
            description={t('login.hint')}
            inputWrapperOrder={['label', 'input', 'description']}
            autoComplete="off"
            value={password}
            onChange={(event) => setPassword(event.currentTarget.value)}
          />
          <ActProblem problem={problem} />
          <div className={styles['row']}>
            <Button type="submit" loading={busy} aria-disabled={username === '' || password === '' || undefined}>
              {t('login.submit')}
            </Button>
            <span role="status" className={styles['dim']}>
              {kept === null ? '' : t('login.kept', { registry: kept })}
            </span>
          </div>
        </form>
      </Collapse>
    </div>
  );
}
