import { ActionIcon, Button } from '@mantine/core';
import { useState, type ReactNode } from 'react';
import { useLocation } from 'wouter';
import type { Model } from '../../../shared/contract/state.ts';
import { useText } from '../../app/i18n.tsx';
import { Icon } from '../../ui/Icon.tsx';
import modelStyles from '../models/models.module.css';
import { SwitchCard } from '../servings/switch/SwitchCard.tsx';
import { useSwitch, useSwitchable } from '../servings/switch/useSwitch.ts';
import { RecordPanel } from './RecordPanel.tsx';
import { RemovalDialog } from './RemovalDialog.tsx';
import { useServedVersions, VersionTable, versionsOf } from './VersionTable.tsx';
import { SinceBefore, VersionTrend } from './VersionTrend.tsx';
import { comparePath, olderFirst } from './versionRefs.ts';
import styles from './library.module.css';

interface VersionsTabProps {
  readonly model: Model;
  /** The version that the page was opened for; the newest where there is none. */
  readonly version: string | undefined;
  /** What stands below. */
  readonly children: ReactNode;
}

/** The versions of a model, what is said of the one that is shown, and how the newest stands to those before. */
export function VersionsTab({ model, version, children }: VersionsTabProps) {
  const { t } = useText();
  const [, go] = useLocation();
  const [wanted, setWanted] = useState<string | null>(version ?? null);
  const [chosen, setChosen] = useState<readonly string[]>([]);
  const [removing, setRemoving] = useState<string | null>(null);
  const served = useServedVersions(model.id);
  const serving = useSwitchable(model.id);
  const acts = useSwitch(serving);
  const switchState = serving?.switching.current?.state;
  const versions = versionsOf(model);
  const shown = versions.find(({ record }) => record.version === wanted) ?? versions[0];
  // One that has gone is no longer chosen.
  const present = chosen.filter((one) => versions.some(({ record }) => record.version === one));
  const fits = present.length >= 2 && present.length <= 8;
  return (
    <div className={modelStyles['beside']}>
      <div>
        <VersionTable
          model={model}
          shown={shown?.record.version ?? null}
          onShow={setWanted}
          chosen={present}
          onChoose={setChosen}
          onRemove={setRemoving}
          acts={acts}
        />
        {present.length === 0 ? null : (
          <div className={styles['choose']}>
            <span role="status">{t('library.selected', { count: present.length })}</span>
            <ActionIcon size={24} aria-label={t('library.chooseNone')} onClick={() => setChosen([])}>
              <Icon name="close" size={14} />
            </ActionIcon>
            <Button
              size="xs"
              disabled={!fits}
              title={fits ? undefined : t('library.compareNeeds')}
              onClick={() => go(comparePath(olderFirst(present.map((one) => ({ modelId: model.id, version: one })))))}
            >
              {t('library.compareChosen')}
            </Button>
          </div>
        )}
        <div className={styles['below']}>
          <VersionTrend model={model} />
          <SinceBefore model={model} served={served} />
        </div>
        {children}
      </div>
      <div className={styles['side']} data-first={switchState === 'running' || switchState === 'failed' || undefined}>
        {serving === undefined ? null : <SwitchCard serving={serving} acts={acts} />}
        {shown === undefined ? null : <RecordPanel model={model} summary={shown.summary} record={shown.record} />}
      </div>
      {removing === null ? null : <RemovalDialog modelId={model.id} version={removing} onClose={() => setRemoving(null)} />}
    </div>
  );
}
