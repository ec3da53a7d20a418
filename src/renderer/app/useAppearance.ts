import { useComputedColorScheme } from '@mantine/core';
import { useText } from './i18n.tsx';
import { useClient } from './store.ts';

/** Changes of theme and language go to main and come back by the mirror. */
export function useAppearance(): { readonly isDark: boolean; readonly toggleTheme: () => void; readonly toggleLanguage: () => void } {
  const client = useClient();
  const { language } = useText();
  const isDark = useComputedColorScheme('light') === 'dark';
  // A lost connection is told by the strip; the setting simply stays.
  const set = (changes: Parameters<typeof client.settings.set>[0]): void => void client.settings.set(changes).catch(() => undefined);
  return {
    isDark,
    toggleTheme: () => set({ theme: isDark ? 'light' : 'dark' }),
    toggleLanguage: () => set({ language: language === 'en' ? 'zh' : 'en' }),
  };
}
