import { registerHooks } from 'node:module';

/** Preloaded by `node --import`: whatever imports `electron` gets the stand-in beside this file. */
registerHooks({
  resolve: (specifier, context, next) =>
    specifier === 'electron' ? { url: new URL('./electron.ts', import.meta.url).href, shortCircuit: true } : next(specifier, context),
});
