import { Button } from '@mantine/core';
import { Component, type ReactNode } from 'react';
import { useText } from './i18n.tsx';
import styles from './App.module.css';

function Crashed() {
  const { t } = useText();
  return (
    <div className={styles['waiting']} role="alert">
      <h1>{t('crash.title')}</h1>
      <p>{t('crash.text')}</p>
      <Button onClick={() => location.reload()}>{t('crash.reload')}</Button>
    </div>
  );
}

/** Keeps the frame when a page breaks. React knows only classes for this. */
export class CrashGuard extends Component<{ readonly children: ReactNode }, { readonly broken: boolean }> {
  override state = { broken: false };
  static getDerivedStateFromError(): { readonly broken: boolean } {
    return { broken: true };
  }
  override render(): ReactNode {
    return this.state.broken ? <Crashed /> : this.props.children;
  }
}
