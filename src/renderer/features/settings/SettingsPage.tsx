import { NumberInput, SegmentedControl, Switch, TextInput } from '@mantine/core';
import { useEffect, useState, type ReactNode } from 'react';
import type { ErrorReport } from '../../../shared/contract/errors.ts';
import type { Settings } from '../../../shared/contract/settings.ts';
import { useText } from '../../app/i18n.tsx';
import { reportOf, useClient, useMirror } from '../../app/store.ts';
import { ActProblem } from '../servings/ActProblem.tsx';
import { EngineChoice } from './EngineChoice.tsx';
import { LoadImage } from './LoadImage.tsx';
import { RegistryLogin } from './RegistryLogin.tsx';
import styles from './settings.module.css';

/** What the person can set. Each change is saved at once; what is shown is what main holds. */
export function SettingsPage() {
  const { t } = useText();
  const settings = useMirror((state) => state.settings);
  const client = useClient();
  const [problem, setProblem] = useState<ErrorReport | null>(null);

  const save = async (part: Partial<Settings>): Promise<void> => {
    try {
      await client.settings.set(part);
      setProblem(null);
    } catch (error) {
      setProblem(reportOf(error));
    }
  };
  const set = (part: Partial<Settings>): void => void save(part);

  return (
    <div className={styles['page']}>
      <header className={styles['head']}>
        <h1>{t('settings.title')}</h1>
        <span className={styles['dim']}>{t('settings.savedAtOnce')}</span>
      </header>
      <ActProblem problem={problem} />
      <Part title={t('settings.look')}>
        <Field label={t('settings.theme')}>
          <SegmentedControl
            aria-label={t('settings.theme')}
            value={settings.theme}
            onChange={(theme) => set({ theme })}
            data={[
              { value: 'system', label: t('settings.asSystem') },
              { value: 'light', label: t('settings.light') },
              { value: 'dark', label: t('settings.dark') },
            ]}
          />
        </Field>
        <Field label={t('settings.language')}>
          <SegmentedControl
            aria-label={t('settings.language')}
            value={settings.language}
            onChange={(language) => set({ language })}
            data={[
              { value: 'system', label: t('settings.asSystem') },
              { value: 'en', label: 'English' },
              { value: 'zh', label: '简体中文' },
            ]}
          />
        </Field>
      </Part>
      <Part title={t('settings.image')}>
        <SavedText
          label={t('settings.imageReference')}
          hint={t('settings.imageHint')}
          value={settings.image}
          empty="tensorflow/serving:latest"
          onSave={(image) => set({ image })}
        />
        <SavedText
          label={t('settings.mirror')}
          hint={
            settings.mirror === ''
              ? t('settings.mirrorHint')
              : t('settings.mirrorNow', { reference: `${settings.mirror}/${settings.image}` })
          }
          value={settings.mirror}
          placeholder="registry.example.org"
          onSave={(mirror) => set({ mirror })}
        />
        <RegistryLogin />
        <LoadImage />
      </Part>
      <Part title={t('settings.engine')}>
        <EngineChoice />
      </Part>
      <Part title={t('settings.servings')}>
        <div className={styles['pair']}>
          <SavedNumber
            label={t('settings.logSize')}
            suffix=" MB"
            min={1}
            max={1024}
            value={settings.logMaxSizeMb}
            onSave={(logMaxSizeMb) => set({ logMaxSizeMb })}
          />
          <SavedNumber
            label={t('settings.logFiles')}
            min={1}
            max={20}
            value={settings.logMaxFiles}
            onSave={(logMaxFiles) => set({ logMaxFiles })}
          />
        </div>
        <p className={styles['caption']}>{t('settings.logHint')}</p>
        <SavedNumber
          label={t('history.setting')}
          suffix=" MB"
          min={0}
          max={100_000}
          value={settings.historyMaxMb}
          onSave={(historyMaxMb) => set({ historyMaxMb })}
        />
        <p className={styles['caption']}>{t('history.settingHint')}</p>
        <Switch
          label={t('settings.askBeforeQuit')}
          description={t('settings.askBeforeQuitHint')}
          checked={settings.askBeforeQuit}
          onChange={(event) => set({ askBeforeQuit: event.currentTarget.checked })}
        />
      </Part>
    </div>
  );
}

function Part({ title, children }: { readonly title: string; readonly children: ReactNode }) {
  return (
    <section className={styles['part']} aria-label={title}>
      <h2>{title}</h2>
      {children}
    </section>
  );
}

function Field({ label, children }: { readonly label: string; readonly children: ReactNode }) {
  return (
    <div>
      <span className={styles['label']} aria-hidden="true">
        {label}
      </span>
      {children}
    </div>
  );
}

interface SavedTextProps {
  readonly label: string;
  readonly hint: string;
  readonly value: string;
  readonly placeholder?: string;
  /** Saved in place of nothing. */
  readonly empty?: string;
  readonly onSave: (value: string) => void;
}

/** A text that is saved when the field is left or by Enter; Escape brings the saved one back. */
function SavedText({ label, hint, value, placeholder, empty = '', onSave }: SavedTextProps) {
  const [draft, setDraft] = useState(value);
  useEffect(() => setDraft(value), [value]);
  const save = (): void => {
    const next = draft.trim() === '' ? empty : draft.trim();
    setDraft(next);
    if (next !== value) onSave(next);
  };
  return (
    <TextInput
      label={label}
      description={hint}
      inputWrapperOrder={['label', 'input', 'description']}
      {...(placeholder === undefined ? {} : { placeholder })}
      className={styles['mono'] ?? ''}
      spellCheck={false}
      value={draft}
      onChange={(event) => setDraft(event.currentTarget.value)}
      onBlur={save}
      onKeyDown={(event) => {
        if (event.key === 'Enter') save();
        if (event.key === 'Escape') setDraft(value);
      }}
    />
  );
}

interface SavedNumberProps {
  readonly label: string;
  readonly suffix?: string;
  readonly min: number;
  readonly max: number;
  readonly value: number;
  readonly onSave: (value: number) => void;
}

/** A whole number within its bounds, saved when the field is left or by Enter. */
function SavedNumber({ label, suffix, min, max, value, onSave }: SavedNumberProps) {
  const [draft, setDraft] = useState<number | string>(value);
  useEffect(() => setDraft(value), [value]);
  const save = (): void => {
    const wanted = Math.round(Number(draft));
    const next = draft === '' || Number.isNaN(wanted) ? value : Math.min(max, Math.max(min, wanted));
    setDraft(next);
    if (next !== value) onSave(next);
  };
  return (
    <NumberInput
      label={label}
      {...(suffix === undefined ? {} : { suffix })}
      min={min}
      max={max}
      allowDecimal={false}
      value={draft}
      onChange={setDraft}
      onBlur={save}
      onKeyDown={(event) => {
        if (event.key === 'Enter') save();
      }}
    />
  );
}
