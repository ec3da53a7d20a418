import { pathToFileURL } from 'node:url';
import { app, mainModule } from './electron.ts';

/** Loads the app as Electron does, which is ready only once the app's own module has run to its end. */
await import(pathToFileURL(mainModule).href);
app.codeLoaded();
