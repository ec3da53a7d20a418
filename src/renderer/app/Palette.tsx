import { Spotlight, type SpotlightActionData, type SpotlightActionGroupData } from '@mantine/spotlight';
import { useLocation } from 'wouter';
import { Icon } from '../ui/Icon.tsx';
import { useFolderPicker } from './FolderPicker.tsx';
import { useText } from './i18n.tsx';
import { places } from './Rail.tsx';
import { useClient, useMirror } from './store.ts';
import { useAppearance } from './useAppearance.ts';
import { showTasks } from './tasksMenu.ts';
import { useServeSample } from './useServeSample.ts';
import styles from './App.module.css';

/** Places, models, servings and acts by a few letters. */
export function Palette() {
  const { t } = useText();
  const [, go] = useLocation();
  const client = useClient();
  const { pick } = useFolderPicker();
  const { toggleTheme, toggleLanguage } = useAppearance();
  const { serveSample } = useServeSample();
  const models = useMirror((state) => state.models);
  const servings = useMirror((state) => state.servings);
  const act = (id: string, label: string, onClick: () => void, key?: string): SpotlightActionData => ({
    id,
    label,
    onClick,
    ...(key === undefined ? {} : { rightSection: <kbd className={styles['key']}>{key}</kbd>, keywords: key }),
  });
  // What a stop or start fails with is told on the serving's own page.
  const quietly = (work: Promise<unknown>): void => void work.catch(() => undefined);
  const groups: SpotlightActionGroupData[] = [
    { group: t('palette.places'), actions: places.map(({ path, name, key }) => act(path, t(name), () => go(path), key)) },
    { group: t('palette.models'), actions: models.map(({ id, name }) => act(`model ${id}`, name, () => go(`/models/${id}`))) },
    { group: t('palette.servings'), actions: servings.map(({ id, name }) => act(`serving ${id}`, name, () => go(`/servings/${id}`))) },
    {
      group: t('palette.acts'),
      actions: [
        act('add', t('palette.add'), pick, 'O'),
        act('tasks', t('palette.tasks'), () => showTasks(true), '⇧T'),
        act('sample', t('palette.sample'), () => void serveSample()),
        ...servings.map(({ id, name, state }) =>
          state.kind === 'serving'
            ? act(`stop ${id}`, t('palette.stop', { name }), () => quietly(client.servings.stop({ id })))
            : act(`start ${id}`, t('palette.start', { name }), () => quietly(client.servings.startAgain({ id }))),
        ),
        act('theme', t('palette.theme'), toggleTheme),
        act('language', t('palette.language'), toggleLanguage),
      ],
    },
  ];
  return (
    <Spotlight
      actions={groups.filter(({ actions }) => actions.length > 0)}
      shortcut={['mod + K']}
      nothingFound={t('palette.nothing')}
      scrollable
      maxHeight={420}
      size={560}
      yOffset={96}
      overlayProps={{ color: 'var(--sl-scrim)', backgroundOpacity: 1, blur: 0 }}
      attributes={{ content: { 'aria-label': t('bar.search') } }}
      searchProps={{ placeholder: t('bar.search'), 'aria-label': t('bar.search'), leftSection: <Icon name="search" /> }}
    />
  );
}
