import { existsSync, globSync } from 'node:fs';
import { basename, resolve } from 'node:path';
import react from '@vitejs/plugin-react';
import { defineConfig } from 'electron-vite';
import type { Plugin } from 'vite';

const root = import.meta.dirname;
const file = (path: string): string => resolve(root, path);

/** Entries of main: the desktop app, the command, and every worker, all in one flat folder so that they find each other by name. */
const mainEntries = Object.fromEntries(
  ['src/main/index.ts', 'src/main/cli/slipway.ts', ...globSync('src/main/**/*Worker.ts', { cwd: root })]
    .filter((path) => existsSync(file(path)))
    .map((path) => [basename(path, '.ts'), file(path)]),
);

const htmlEntries = Object.fromEntries(
  ['web', 'desktop'].map((shell) => [shell, file(`src/renderer/index.${shell}.html`)] as const).filter(([, path]) => existsSync(path)),
);

/**
 * dockerode loads what it needs for builds by BuildKit and for engines over ssh at once: gRPC, protobuf.js, ssh2. Slipway does
 * neither, and a command would wait for them.
 */
const withoutUnusedTransports: Plugin = {
  name: 'without-unused-transports',
  enforce: 'pre',
  resolveId(source, importer = '') {
    const unused = /dockerode.lib.docker\.js$/.test(importer)
      ? source === './session'
      : /docker-modem.lib/.test(importer) && source === './ssh';
    return unused ? '\0unused-transport' : null;
  },
  load: (id) => (id === '\0unused-transport' ? 'export default () => { throw new Error("not part of Slipway"); };' : null),
};

export default defineConfig({
  main: {
    plugins: [withoutUnusedTransports],
    build: {
      outDir: file('out/main'),
      target: 'node24',
      // A command starts faster from a few files than from a package's hundreds.
      externalizeDeps: {
        exclude: ['dockerode', 'docker-modem', 'zod', '@orpc/client', '@orpc/contract', '@orpc/server', '@orpc/standard-server-peer'],
      },
      rollupOptions: {
        input: mainEntries,
        output: { format: 'es', entryFileNames: '[name].js', chunkFileNames: '[name]-[hash].js' },
      },
    },
  },
  preload: {
    build: {
      outDir: file('out/preload'),
      rollupOptions: {
        input: { preload: file('src/preload/preload.ts') },
        // A sandboxed preload must be CommonJS.
        output: { format: 'cjs', entryFileNames: '[name].cjs' },
      },
    },
  },
  renderer: {
    root: file('src/renderer'),
    plugins: [react()],
    build: {
      outDir: file('out/renderer'),
      emptyOutDir: true,
      target: 'chrome140',
      modulePreload: { polyfill: false },
      rollupOptions: { input: htmlEntries },
    },
  },
});
