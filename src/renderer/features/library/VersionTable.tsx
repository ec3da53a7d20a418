import { ActionIcon, Button, Menu } from '@mantine/core';
import { useState, type ReactNode } from 'react';
import { useLocation } from 'wouter';
import type { ArrivingVersion, VersionRecord } from '../../../shared/contract/library.ts';
import type { VersionSummary } from '../../../shared/contract/savedModel.ts';
import type { Serving } from '../../../shared/contract/serving.ts';
import type { Model } from '../../../shared/contract/state.ts';
import { usableVersions } from '../../../shared/contract/servedState.ts';
import { useText } from '../../app/i18n.tsx';
import { useClient, useMirror } from '../../app/store.ts';
import { useCall, type Call } from '../../app/useCall.ts';
import { ErrorNote } from '../../ui/ErrorNote.tsx';
import { Icon } from '../../ui/Icon.tsx';
import noteStyles from '../../ui/Note.module.css';
import { RowGrid, type GridColumn } from '../../ui/RowGrid.tsx';
import { StateGlyph, StateMark } from '../../ui/StateMark.tsx';
import { commonMetrics, decimalsOf, metricOf, metricText, metricTitle } from './metricText.ts';
import { ServedChips } from '../servings/switch/ServedChips.tsx';
import { isTried } from '../servings/switch/switchWords.ts';
import { useSwitchable, type SwitchActs } from '../servings/switch/useSwitch.ts';
import { actByKey, LabelDialog, SwitchButton, VersionMenuItems, type VersionActsProps } from '../servings/switch/VersionActs.tsx';
import { TagList } from './TagList.tsx';
import { comparePath, olderFirst } from './versionRefs.ts';
import styles from './library.module.css';

/** A version with what is said of it. */
export interface ModelVersion {
  readonly summary: VersionSummary;
  readonly record: VersionRecord;
}

export function versionsOf({ versions, record }: Pick<Model, 'versions' | 'record'>): readonly ModelVersion[] {
  return versions.flatMap((summary, index) => {
    const known = record.versions[index];
    return known === undefined ? [] : [{ summary, record: known }];
  });
}

interface VersionTableProps {
  readonly model: Model;
  /** The version that the page is about. */
  readonly shown: string | null;
  readonly onShow: (version: string) => void;
  readonly chosen: readonly string[];
  readonly onChoose: (versions: readonly string[]) => void;
  readonly onRemove: (version: string) => void;
  /** Of the model's running serving. */
  readonly acts: SwitchActs;
}

/** Columns for at most two metrics, those that most of the newest versions have. */
const metricColumns = (versions: readonly ModelVersion[]): readonly string[] =>
  commonMetrics(versions.slice(0, 200).map(({ record }) => record)).slice(0, 2);

/** The versions of a model, newest first, with those that still arrive above them. */
export function VersionTable({ model, shown, onShow, chosen, onChoose, onRemove, acts }: VersionTableProps) {
  const { t, number, time } = useText();
  const call = useCall();
  const served = useServedVersions(model.id);
  const versions = versionsOf(model);
  const serving = useMirror((state) =>
    state.servings.some(({ modelId, state: { kind } }) => modelId === model.id && kind !== 'stopped' && kind !== 'failed'),
  );
  const metrics = metricColumns(versions);
  const running = useSwitchable(model.id);
  const [labelled, setLabelled] = useState<string | null>(null);
  const servable = running === undefined ? [] : usableVersions(model, running.plan.tags);
  const switchOf = ({ record: { version } }: ModelVersion): VersionActsProps | null =>
    running === undefined || !servable.includes(version)
      ? null
      : { serving: running, version, newest: servable[0], acts, onLabel: setLabelled };
  const toggle = ({ record: { version } }: ModelVersion): void =>
    onChoose(chosen.includes(version) ? chosen.filter((one) => one !== version) : [...chosen, version]);
  const columns: readonly GridColumn<ModelVersion>[] = [
    {
      id: 'choose',
      head: <span className="sl-hidden">{t('library.compareChosen')}</span>,
      width: 28,
      renderCell: (one) => (
        <input
          type="checkbox"
          tabIndex={-1}
          className={styles['check']}
          aria-label={t('library.choose', { version: `v${one.record.version}` })}
          checked={chosen.includes(one.record.version)}
          onClick={(event) => event.stopPropagation()}
          onChange={() => toggle(one)}
        />
      ),
    },
    { id: 'version', head: t('model.column.version'), width: 64, renderCell: ({ record }) => <strong>v{record.version}</strong> },
    {
      id: 'state',
      head: t('model.column.state'),
      width: 108,
      renderCell: (one) => <VersionState version={one} served={served} serving={running} />,
    },
    {
      id: 'tags',
      head: t('library.column.labels'),
      renderCell: ({ record }) => (
        <>
          {running === undefined ? null : <ServedChips serving={running} version={record.version} />}
          <TagList tags={record.tags} />
        </>
      ),
    },
    ...metrics.map((name, index): GridColumn<ModelVersion> => {
      const values = versions.slice(0, 200).flatMap(({ record }) => metricOf(record, name)?.value ?? []);
      const decimals = decimalsOf(values);
      return {
        id: `metric ${name}`,
        head: <span title={name}>{metricTitle(name)}</span>,
        width: 84,
        right: true,
        ...(index === 0 ? {} : { from: 720 as const }),
        renderCell: ({ record }) => {
          const metric = metricOf(record, name);
          return metric === undefined ? null : metricText(metric.value, decimals, number);
        },
      };
    }),
    {
      id: 'size',
      head: t('model.column.size'),
      width: 76,
      right: true,

      renderCell: ({ summary }) => number.bytes(summary.size_bytes),
    },
    {
      id: 'added',
      head: t('models.column.added'),
      width: 100,
      from: 640,
      renderCell: ({ record: { addedAt } }) => (
        <time className={styles['dim']} dateTime={addedAt} title={time.absolute(addedAt)}>
          {time.relative(addedAt)}
        </time>
      ),
    },
    {
      id: 'acts',
      head: <span className="sl-hidden">{t('library.rowMenu', { version: '' })}</span>,
      width: serving && running === undefined ? 44 : 112,
      right: true,
      renderCell: (one) => (
        <RowActs
          model={model}
          version={one}
          versions={versions}
          call={call}
          serving={serving}
          switching={switchOf(one)}
          onShow={onShow}
          onRemove={onRemove}
        />
      ),
    },
  ];
  return (
    <>
      <ErrorNote problem={call.problem} />
      {versions
        .filter(({ record }) => record.changed !== null)
        .slice(0, 3)
        .map(({ record }) => (
          <Changed key={record.version} model={model} record={record} />
        ))}
      {model.record.arriving.map((one) => (
        <Arriving key={one.version} arriving={one} />
      ))}
      <RowGrid
        label={t('model.versionsOf', { name: model.name })}
        columns={columns}
        count={versions.length}
        rowAt={(index) => versions[index]}
        keyOf={({ record }) => record.version}
        onOpen={({ record }) => onShow(record.version)}
        onSelect={toggle}
        isSelected={({ record }) => chosen.includes(record.version)}
        isShown={({ record }) => record.version === shown}
        onKey={(key, one) => {
          const props = switchOf(one);
          return props !== null && actByKey(key, props);
        }}
      />
      {running === undefined ? null : <LabelDialog serving={running} version={labelled} acts={acts} onClose={() => setLabelled(null)} />}
    </>
  );
}

/** The versions of a model that answer requests now. */
export function useServedVersions(modelId: string): readonly string[] {
  const served = useMirror((state) =>
    state.servings.flatMap(({ modelId: of, state: one }) => (of === modelId && one.kind === 'serving' ? one.versions : [])).join(' '),
  );
  return served === '' ? [] : served.split(' ');
}

function VersionState({
  version: { summary, record },
  served,
  serving,
}: {
  readonly version: ModelVersion;
  readonly served: readonly string[];
  readonly serving: Serving | undefined;
}) {
  const { t } = useText();
  const { current = null, held = [] } = serving?.switching ?? {};
  if (isTried(current, record.version)) return <StateMark mark="under-way" word={t('switch.tried')} />;
  if (served.includes(record.version)) return <StateMark mark="serving" word={t('model.available')} />;
  if (held.some(({ version, why }) => version === record.version && why.kind === 'refused'))
    return <StateMark mark="attention" word={t('switch.refused')} />;
  if (record.changed !== null) return <StateMark mark="attention" word={t('library.changed')} />;
  const wrong = summary.problems.some(({ severity }) => severity !== 'note');
  return <StateMark mark={wrong ? 'attention' : 'ready'} word={t(wrong ? 'models.attention' : 'models.ready')} />;
}

interface RowActsProps {
  readonly model: Model;
  readonly version: ModelVersion;
  readonly versions: readonly ModelVersion[];
  readonly call: Call;
  /** A serving of the model runs or starts: what else it serves is a switch. */
  readonly serving: boolean;
  readonly switching: VersionActsProps | null;
  readonly onShow: (version: string) => void;
  readonly onRemove: (version: string) => void;
}

function RowActs({ model, version: { record }, versions, call, serving, switching, onShow, onRemove }: RowActsProps) {
  const { t } = useText();
  const client = useClient();
  const [, go] = useLocation();
  const { version } = record;
  const at = versions.findIndex((one) => one.record.version === version);
  const other = (versions[at + 1] ?? versions[at - 1])?.record.version;
  const serve = (): void =>
    void call.run(async () => {
      const { servingId } = await client.servings.start({ modelId: model.id, versions: { kind: 'specific', versions: [version] } });
      go(`/servings/${servingId}`);
    });
  const refs = (other_: string) => olderFirst([version, other_].map((one) => ({ modelId: model.id, version: one })));
  return (
    <span className={styles['acts']} onClick={(event) => event.stopPropagation()} role="presentation">
      {switching === null ? null : <SwitchButton {...switching} inGrid />}
      {serving ? null : (
        <Button size="xs" tabIndex={-1} aria-label={t('library.serveNamed', { version: `v${version}` })} onClick={serve}>
          {t('library.serveThis')}
        </Button>
      )}
      <Menu position="bottom-end" withinPortal>
        <Menu.Target>
          <ActionIcon size={26} tabIndex={-1} data-row-menu aria-label={t('library.rowMenu', { version: `v${version}` })}>
            <Icon name="more" />
          </ActionIcon>
        </Menu.Target>
        <Menu.Dropdown>
          {switching === null ? null : (
            <>
              <VersionMenuItems {...switching} />
              <Menu.Divider />
            </>
          )}
          {serving ? null : <Menu.Item onClick={serve}>{t('library.serveThis')}</Menu.Item>}
          {other === undefined ? null : (
            <Menu.Item onClick={() => go(comparePath(refs(other)))}>{t('library.compareWith', { version: `v${other}` })}</Menu.Item>
          )}
          <Menu.Item
            onClick={() => {
              onShow(version);
              // The panel is of this version by the next frame.
              requestAnimationFrame(() => document.querySelector<HTMLElement>('[data-tag-field]')?.focus());
            }}
          >
            {t('library.tagThis')}
          </Menu.Item>
          {model.source === 'managed' && versions.length > 1 ? (
            <Menu.Item onClick={() => onRemove(version)}>{t('library.deleteVersion')}</Menu.Item>
          ) : null}
        </Menu.Dropdown>
      </Menu>
    </span>
  );
}

/** Files that changed under the number that they had: it is said until a person says that it is meant. */
function Changed({ model, record }: { readonly model: Model; readonly record: VersionRecord }) {
  const { t, time } = useText();
  const client = useClient();
  const call = useCall();
  const { version, changed } = record;
  if (changed === null) return null;
  return (
    <div className={`${noteStyles['note'] ?? ''} ${styles['notice'] ?? ''}`} data-kind="warn" role="status">
      <StateGlyph mark="attention" />
      <div>
        <strong>{t('library.changedTitle', { version })}</strong>{' '}
        <span className={styles['dim']}>{t('library.changedText', { time: time.relative(changed.at) })}</span>
        <ErrorNote problem={call.problem} />
      </div>
      <Button size="xs" loading={call.busy} onClick={() => void call.run(() => client.library.accept({ modelId: model.id, version }))}>
        {t('library.accept', { version })}
      </Button>
    </div>
  );
}

/** A version whose folder is there and whose files are not, with what is still missing. */
function Arriving({ arriving: { version, missing, bytes, changedAt } }: { readonly arriving: ArrivingVersion }) {
  const { t, number, time, problemWords } = useText();
  const words: ReactNode = t('library.arrivingText', {
    size: number.bytes(bytes),
    since: t('library.arrivingNow', { time: time.clock(changedAt) }),
  });
  return (
    <div className={styles['arriving']} role="status">
      <strong>v{version}</strong>
      <StateMark mark="under-way" word={t('library.arriving')} />
      <span>
        {missing.slice(0, 1).map((problem) => problemWords(problem).message)} <span className={styles['dim']}>{words}</span>
      </span>
    </div>
  );
}
