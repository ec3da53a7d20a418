import '@mantine/core/styles.css';
import '@mantine/spotlight/styles.css';
import 'uplot/dist/uPlot.min.css';
import './global.css';
import { setNonce } from 'get-nonce';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { App } from './App.tsx';
import type { ShellConnection } from './shellConnection.ts';
import { followState } from './store.ts';

/** Draws the window over a shell's connection. */
export function openWindow(connection: ShellConnection): void {
  // A nonce's attribute is hidden once the page is parsed; the property keeps it.
  const nonce = document.querySelector<HTMLMetaElement>('meta[property="csp-nonce"]')?.nonce ?? '';
  setNonce(nonce);
  followState(connection);
  const root = document.querySelector('#root');
  if (root === null) throw new Error('the page has no root');
  createRoot(root).render(
    <StrictMode>
      <App connection={connection} nonce={nonce} />
    </StrictMode>,
  );
}
