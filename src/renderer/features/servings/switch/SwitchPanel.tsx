import { Button, SegmentedControl } from '@mantine/core';
import { useState, type KeyboardEvent } from 'react';
import type { Serving } from '../../../../shared/contract/serving.ts';
import { keptOf, usableVersions } from '../../../../shared/contract/servedState.ts';
import { useText } from '../../../app/i18n.tsx';
import { useMirror } from '../../../app/store.ts';
import { StateMark } from '../../../ui/StateMark.tsx';
import { PolicyChoice } from './PolicyChoice.tsx';
import { ServedChips } from './ServedChips.tsx';
import { SwitchCard } from './SwitchCard.tsx';
import { isTried, versionList } from './switchWords.ts';
import { useSwitch, type SwitchActs } from './useSwitch.ts';
import { actByKey, LabelDialog, VersionActs, type VersionActsProps } from './VersionActs.tsx';
import styles from './switch.module.css';

/** Which versions a running serving serves, and everything that changes them. Nothing where they cannot be changed. */
export function SwitchPanel({ serving }: { readonly serving: Serving }) {
  const { t } = useText();
  const acts = useSwitch(serving);
  const model = useMirror((mirror) => mirror.models.find(({ id }) => id === serving.modelId));
  const { plan, state } = serving;
  if (plan.served === undefined || state.kind !== 'serving') return null;
  const { mode } = plan.served;
  const servable = model === undefined ? [] : usableVersions(model, plan.tags);
  return (
    <>
      <section className={styles['panel']} aria-label={t('switch.title')}>
        <div className={styles['line']}>
          <h2>{t('switch.title')}</h2>
          <span className={styles['space']} />
          <SegmentedControl
            size="xs"
            aria-label={t('switch.mode')}
            value={mode}
            disabled={acts.busy}
            data={(['guarded', 'follow'] as const).map((value) => ({ value, label: t(`switch.mode.${value}`) }))}
            onChange={(value) => acts.begin({ kind: 'mode', mode: value === 'follow' ? 'follow' : 'guarded' })}
          />
        </div>
        <p className={styles['dim']}>{t(`switch.modeHint.${mode}`)}</p>
        <PolicyChoice serving={serving} versions={servable} acts={acts} />
        <Versions serving={serving} known={model?.versions.flatMap(({ version }) => version ?? []) ?? []} servable={servable} acts={acts} />
      </section>
      <SwitchCard serving={serving} acts={acts} />
    </>
  );
}

/** The versions of the folder as rows; V, P, L and R act on the row that has the focus. */
function Versions({
  serving,
  known,
  servable,
  acts,
}: {
  readonly serving: Serving;
  readonly known: readonly string[];
  readonly servable: readonly string[];
  readonly acts: SwitchActs;
}) {
  const { t } = useText();
  const [labelled, setLabelled] = useState<string | null>(null);
  const loaded = serving.state.kind === 'serving' ? serving.state.versions : [];
  const propsOf = (version: string): VersionActsProps => ({ serving, version, newest: servable[0], acts, onLabel: setLabelled });
  const act = (event: KeyboardEvent<HTMLTableRowElement>, version: string): void => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.target instanceof HTMLInputElement) return;
    if (!event.currentTarget.contains(event.target as Node)) return;
    if (actByKey(event.key.toLowerCase(), propsOf(version))) event.preventDefault();
  };
  const kept = serving.switching.current?.state === 'running' ? [] : keptOf(serving.plan);
  return (
    <>
      <table className={styles['versions']}>
        <caption className={styles['hidden']}>{t('model.versionsOf', { name: serving.name })}</caption>
        <thead className={styles['hidden']}>
          <tr>
            <th>{t('switch.column.version')}</th>
            <th>{t('switch.column.state')}</th>
            <th>{t('switch.column.acts')}</th>
          </tr>
        </thead>
        <tbody>
          {[...new Set([...known, ...loaded])].map((version) => (
            <tr key={version} onKeyDown={(event) => act(event, version)}>
              <th scope="row">v{version}</th>
              <td>
                <span className={styles['state']}>
                  <VersionMark serving={serving} version={version} isServable={servable.includes(version)} />
                  <ServedChips serving={serving} version={version} />
                </span>
              </td>
              <td>{servable.includes(version) ? <VersionActs {...propsOf(version)} /> : null}</td>
            </tr>
          ))}
        </tbody>
      </table>
      {kept.length === 0 ? null : (
        <p className={styles['dim']}>
          {t('switch.keptNote', { versions: versionList(kept) })}{' '}
          <Button size="xs" variant="subtle" disabled={acts.busy} onClick={() => acts.begin({ kind: 'unload-kept' })}>
            {t('switch.unloadKept')}
          </Button>
        </p>
      )}
      <LabelDialog serving={serving} version={labelled} acts={acts} onClose={() => setLabelled(null)} />
    </>
  );
}

function VersionMark({
  serving,
  version,
  isServable,
}: {
  readonly serving: Serving;
  readonly version: string;
  readonly isServable: boolean;
}) {
  const { t } = useText();
  const { state, switching } = serving;
  const { current, held } = switching;
  const loaded = state.kind === 'serving' && state.versions.includes(version);
  if (isTried(current, version)) return <StateMark mark="under-way" word={t('switch.tried')} />;
  if (loaded && keptOf(serving.plan).includes(version)) return <StateMark mark="ready" word={t('switch.kept')} />;
  if (loaded) return <StateMark mark="serving" word={t('model.available')} />;
  if (held.some((one) => one.version === version && one.why.kind === 'refused'))
    return <StateMark mark="attention" word={t('switch.refused')} />;
  return <StateMark mark={isServable ? 'ready' : 'attention'} word={t(isServable ? 'models.ready' : 'models.attention')} />;
}
