import { ActionIcon, Button, Textarea, TextInput } from '@mantine/core';
import { useEffect, useState, type ReactNode, type SubmitEvent } from 'react';
import type { Detail, Metric, RecordChanges, Source, Tag, VersionRecord } from '../../../shared/contract/library.ts';
import type { VersionSummary } from '../../../shared/contract/savedModel.ts';
import type { Model } from '../../../shared/contract/state.ts';
import { useText } from '../../app/i18n.tsx';
import { FactList } from '../../ui/FactList.tsx';
import { useClient } from '../../app/store.ts';
import { useCall, type Call } from '../../app/useCall.ts';
import { ErrorNote } from '../../ui/ErrorNote.tsx';
import { Icon } from '../../ui/Icon.tsx';
import { decimalsOf, metricText } from './metricText.ts';
import { tagText } from './TagList.tsx';
import styles from './library.module.css';

type Edit = (changes: Omit<RecordChanges, 'modelId' | 'version'>) => Promise<boolean>;

/** Changes what is said of a model or of one of its versions; what changed comes back by the mirror. */
export function useEdit(modelId: string, version: string | null): { readonly call: Call; readonly edit: Edit } {
  const client = useClient();
  const call = useCall();
  return {
    call,
    edit: (changes) => call.run(() => client.library.edit({ modelId, ...(version === null ? {} : { version }), ...changes })),
  };
}

/** All that is said and known of one version: metrics and tags to be typed in, a note, and what was found. */
export function RecordPanel({
  model,
  summary,
  record,
}: {
  readonly model: Model;
  readonly summary: VersionSummary;
  readonly record: VersionRecord;
}) {
  const { t } = useText();
  const { call, edit } = useEdit(model.id, record.version);
  const title = t('record.title', { name: model.name, version: record.version });
  return (
    <aside className={styles['panel']} aria-label={title}>
      <h2>{title}</h2>
      <div className={styles['panelBody']}>
        <ErrorNote problem={call.problem} />
        <Metrics metrics={record.metrics} edit={edit} />
        <Tags tags={record.tags} edit={edit} />
        <Note key={`${model.id} ${record.version}`} note={record.note} edit={edit} />
        <Facts model={model} summary={summary} record={record} />
        <Words modelId={model.id} record={record} />
      </div>
    </aside>
  );
}

/** Where a metric was read, in a few words. */
export function useSourceWords(): (source: Source) => string {
  const { t } = useText();
  return (source) =>
    source.kind === 'typed'
      ? t(source.by === 'person' ? 'record.source.typed' : 'record.source.import')
      : source.scope === 'model'
        ? t('record.sourceModel', { file: source.file })
        : source.file;
}

function Metrics({ metrics, edit }: { readonly metrics: readonly Metric[]; readonly edit: Edit }) {
  const { t } = useText();
  const [adding, setAdding] = useState(false);
  const [all, setAll] = useState(false);
  const shown = all ? metrics : metrics.slice(0, 8);
  return (
    <section>
      <div className={styles['partHead']}>
        <h3>{t('record.metrics')}</h3>
        <ActionIcon size={24} aria-label={t('record.addMetric')} aria-expanded={adding} onClick={() => setAdding(!adding)}>
          <Icon name="plus" size={14} />
        </ActionIcon>
      </div>
      {metrics.length === 0 && !adding ? <p className={styles['caption']}>{t('record.noMetrics')}</p> : null}
      {metrics.length === 0 ? null : (
        <ul className={styles['metrics']}>
          {shown.map((metric) => (
            <MetricRow key={metric.name} metric={metric} edit={edit} />
          ))}
        </ul>
      )}
      {shown.length < metrics.length ? (
        <Button size="xs" variant="subtle" onClick={() => setAll(true)}>
          {t('record.more', { count: metrics.length - shown.length })}
        </Button>
      ) : null}
      {adding ? <MetricForm edit={edit} onDone={() => setAdding(false)} /> : null}
    </section>
  );
}

function MetricRow({ metric, edit }: { readonly metric: Metric; readonly edit: Edit }) {
  const { t, number } = useText();
  const sourceWords = useSourceWords();
  const [editing, setEditing] = useState(false);
  if (editing)
    return (
      <li data-editing>
        <MetricForm metric={metric} edit={edit} onDone={() => setEditing(false)} />
      </li>
    );
  const typed = metric.source.kind === 'typed';
  const shown = metricText(metric.value, decimalsOf([metric.value]), number);
  return (
    <li>
      <span className={styles['metricName']} title={metric.name}>
        {metric.name}
        <span className={styles['caption']}>{sourceWords(metric.source)}</span>
      </span>
      <button
        type="button"
        className={styles['metricValue']}
        aria-label={`${shown}, ${t('record.editMetric', { name: metric.name })}`}
        title={String(metric.value)}
        onClick={() => setEditing(true)}
      >
        {shown}
      </button>
      {typed ? (
        <ActionIcon
          size={24}
          aria-label={t('record.removeMetric', { name: metric.name })}
          onClick={() => void edit({ removeMetrics: [metric.name] })}
        >
          <Icon name="close" size={12} />
        </ActionIcon>
      ) : (
        <span />
      )}
    </li>
  );
}

function MetricForm({ metric, edit, onDone }: { readonly metric?: Metric; readonly edit: Edit; readonly onDone: () => void }) {
  const { t } = useText();
  const [name, setName] = useState(metric?.name ?? '');
  const [value, setValue] = useState(metric === undefined ? '' : String(metric.value));
  const [tried, setTried] = useState(false);
  const nameRight = /^[^\s=<>]{1,256}$/.test(name);
  const valueRight = value.trim() !== '' && Number.isFinite(Number(value));
  const submit = (event: SubmitEvent): void => {
    event.preventDefault();
    setTried(true);
    if (!nameRight || !valueRight) return;
    void edit({ metrics: { [name]: Number(value) } }).then((done) => (done ? onDone() : undefined));
  };
  return (
    <form
      className={styles['metricForm']}
      onSubmit={submit}
      onKeyDown={(event) => {
        if (event.key === 'Escape') onDone();
      }}
    >
      {metric === undefined ? (
        <TextInput
          size="xs"
          aria-label={t('record.metric')}
          placeholder="val_accuracy"
          value={name}
          error={tried && !nameRight ? t('record.metricNameWrong') : null}
          onChange={(event) => setName(event.currentTarget.value)}
          data-autofocus
          autoFocus
        />
      ) : (
        <span className={styles['metricName']}>{metric.name}</span>
      )}
      <TextInput
        size="xs"
        w={84}
        aria-label={t('record.value')}
        placeholder="0.981"
        inputMode="decimal"
        value={value}
        error={tried && !valueRight ? t('record.metricValueWrong') : null}
        onChange={(event) => setValue(event.currentTarget.value)}
        autoFocus={metric !== undefined}
      />
      <ActionIcon
        type="submit"
        variant="default"
        size={26}
        aria-label={metric === undefined ? t('record.addMetric') : t('record.editMetric', { name })}
      >
        <Icon name="check" size={14} />
      </ActionIcon>
    </form>
  );
}

/** Tags as chips, and a line to type further ones: `prod`, `team=vision`. */
export function Tags({ tags, edit }: { readonly tags: readonly Tag[]; readonly edit: Edit }) {
  const { t } = useText();
  const [text, setText] = useState('');
  const [wrong, setWrong] = useState(false);
  const submit = (event: SubmitEvent): void => {
    event.preventDefault();
    const [, key, value = ''] = /^([^\s=<>:@]{1,128})(?:=(.{0,1000}))?$/s.exec(text.trim()) ?? [];
    setWrong(key === undefined);
    if (key === undefined) return;
    void edit({ tags: { [key]: value.trim() } }).then((done) => (done ? setText('') : undefined));
  };
  return (
    <section>
      <div className={styles['partHead']}>
        <h3>{t('record.tags')}</h3>
      </div>
      {tags.length === 0 ? null : (
        <ul className={styles['tagChips']}>
          {tags.map((tag) => (
            <li key={tag.key} className={styles['chip']}>
              {tagText(tag)}
              <ActionIcon
                size={18}
                aria-label={t('record.removeTag', { tag: tagText(tag) })}
                onClick={() => void edit({ removeTags: [tag.key] })}
              >
                <Icon name="close" size={12} />
              </ActionIcon>
            </li>
          ))}
        </ul>
      )}
      <form onSubmit={submit}>
        <TextInput
          size="xs"
          data-tag-field
          aria-label={t('record.addTag')}
          placeholder={t('record.tagHint')}
          value={text}
          error={wrong ? t('record.tagWrong') : null}
          onChange={(event) => {
            setText(event.currentTarget.value);
            setWrong(false);
          }}
        />
      </form>
    </section>
  );
}

/** A note, saved by its button, by Ctrl Enter, or when it is left. */
export function Note({ note, edit }: { readonly note: string; readonly edit: Edit }) {
  const { t } = useText();
  const [text, setText] = useState(note);
  const [before, setBefore] = useState(note);
  const [saved, setSaved] = useState(false);
  // Said elsewhere, and not being written here.
  if (note !== before) {
    setBefore(note);
    if (text === before) setText(note);
  }
  const save = (): void => {
    if (text !== note) void edit({ note: text }).then(setSaved);
  };
  return (
    <section>
      <div className={styles['partHead']}>
        <h3>{t('record.note')}</h3>
        <span className={styles['caption']} role="status">
          {saved && text === note ? t('record.noteSaved') : ''}
        </span>
        {text === note ? null : (
          <Button size="xs" onClick={save}>
            {t('record.saveNote')}
          </Button>
        )}
      </div>
      <Textarea
        aria-label={t('record.note')}
        placeholder={t('record.noteHint')}
        autosize
        minRows={2}
        maxRows={12}
        value={text}
        onChange={(event) => {
          setText(event.currentTarget.value);
          setSaved(false);
        }}
        onBlur={save}
        onKeyDown={(event) => {
          if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) save();
        }}
      />
    </section>
  );
}

function Facts({ model, summary, record }: { readonly model: Model; readonly summary: VersionSummary; readonly record: VersionRecord }) {
  const { t, number, time } = useText();
  const fingerprint = record.fingerprint?.value;
  const rows: readonly (readonly [string, ReactNode])[] = [
    [
      t('record.from'),
      <>
        <code>{record.importedFrom}</code>{' '}
        <span className={styles['chip']}>
          {t(model.source === 'linked' && record.how === 'linked' ? 'record.how.linked' : `record.how.${record.how}`)}
        </span>
      </>,
    ],
    [
      t('models.column.added'),
      <time key="added" dateTime={record.addedAt} title={time.absolute(record.addedAt)}>
        {time.relative(record.addedAt)}
      </time>,
    ],
    ...(summary.tensorflow_version === '' ? [] : [[t('model.about.exportedBy'), `TensorFlow ${summary.tensorflow_version}`] as const]),
    [t('model.column.parameters'), number.count(summary.total_params)],
    [t('model.column.size'), number.bytes(summary.size_bytes)],
    [t('model.about.ops'), t('model.about.opKinds', { count: Object.keys(summary.ops).length })],
    [t('record.checksums'), t(summary.verified ? 'model.verified' : 'model.notVerified')],
    ...(fingerprint === undefined
      ? []
      : [
          [
            t('record.content'),
            <code key="content" title={fingerprint}>
              {fingerprint.slice(0, 12)}
            </code>,
          ] as const,
        ]),
    ...(record.unread.length === 0 ? [] : [[t('record.unread'), record.unread.join(', ')] as const]),
  ];
  return (
    <section>
      <div className={styles['partHead']}>
        <h3>{t('record.facts')}</h3>
      </div>
      <FactList rows={rows} className={styles['facts']} />
    </section>
  );
}

/** What files beside the model say in words; read when it is asked for. */
function Words({ modelId, record }: { readonly modelId: string; readonly record: VersionRecord }) {
  const { t } = useText();
  const client = useClient();
  const [details, setDetails] = useState<readonly Detail[]>([]);
  useEffect(() => {
    let live = true;
    client.library.details({ modelId, version: record.version }).then(
      (found) => (live ? setDetails(found.details) : undefined),
      // What is known in words is an addition: without it nothing else is missing.
      () => undefined,
    );
    return () => {
      live = false;
    };
  }, [client, modelId, record]);
  if (details.length === 0) return null;
  return (
    <section>
      <div className={styles['partHead']}>
        <h3>{t('record.details')}</h3>
      </div>
      <dl className={styles['facts']}>
        {details.slice(0, 20).map(({ name, text }) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{text.length > 200 ? `${text.slice(0, 200)}…` : text}</dd>
          </div>
        ))}
      </dl>
    </section>
  );
}
