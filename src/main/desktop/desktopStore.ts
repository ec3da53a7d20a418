import Store from 'electron-store';
import { settingsOf, type SettingsStore } from '../settings/settingsStore.ts';
import type { WindowPlace } from './windowPlace.ts';

export interface DesktopStore {
  readonly settings: SettingsStore;
  /** As it was kept, unchecked: a person may have edited the file. */
  readWindowPlace(): unknown;
  writeWindowPlace(place: WindowPlace): void;
}

/** Settings by electron-store in the data folder, in the file and format that every shell reads; the window's place beside them. */
export function openDesktopStore(home: string): DesktopStore {
  const store = new Store<Record<string, unknown>>({
    cwd: home,
    name: 'settings',
    // A damaged file falls back to the defaults, as it does in the other shells.
    clearInvalidConfig: true,
    accessPropertiesByDotNotation: false,
    configFileMode: 0o600,
  });
  return {
    settings: {
      read: () => settingsOf(store.store),
      write(changes) {
        store.set(changes as Record<string, unknown>);
        return settingsOf(store.store);
      },
    },
    readWindowPlace: () => store.get('window'),
    writeWindowPlace: (place) => store.set('window', place),
  };
}
