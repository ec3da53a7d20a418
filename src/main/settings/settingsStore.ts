import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { defaultSettings } from '../../shared/contract/defaultSettings.ts';
import { settingsSchema, type Settings } from '../../shared/contract/settings.ts';

/** Where settings are kept: electron-store in the desktop shell, a file of the same format elsewhere. */
export interface SettingsStore {
  read(): Settings;
  /** Writes the given ones; the others stay. */
  write(changes: Partial<Settings>): Settings;
}

/** What a file says, each value on its own: a damaged one falls back to its default, the others are kept. */
export function settingsOf(found: Readonly<Record<string, unknown>>): Settings {
  const good = Object.entries(found).filter(
    ([key, value]) => key in defaultSettings && settingsSchema.partial().safeParse({ [key]: value }).success,
  );
  return { ...defaultSettings, ...(Object.fromEntries(good) as Partial<Settings>) };
}

/** Settings in a JSON file, replaced whole; keys of a newer Slipway are kept. */
export function openSettingsFile(path: string): SettingsStore {
  const readAll = (): Record<string, unknown> => {
    try {
      const value = JSON.parse(readFileSync(path, 'utf8')) as unknown;
      return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : {};
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT' || error instanceof SyntaxError) return {};
      throw error;
    }
  };
  return {
    read: () => settingsOf(readAll()),
    write(changes) {
      const all = { ...readAll(), ...changes };
      const temporary = `${path}.new`;
      writeFileSync(temporary, `${JSON.stringify(all, null, '\t')}\n`, { mode: 0o600 });
      renameSync(temporary, path);
      return settingsOf(all);
    },
  };
}
