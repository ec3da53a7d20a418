import { ActionIcon, Button, Menu, TextInput } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { useEffect, useState } from 'react';
import type { ErrorReport } from '../../../../shared/contract/errors.ts';
import type { HistoryPage, PastRequest, RequestOutcome } from '../../../../shared/contract/history.ts';
import { useText, type Text } from '../../../app/i18n.tsx';
import { reportOf, useClient } from '../../../app/store.ts';
import { useCall } from '../../../app/useCall.ts';
import { ErrorNote } from '../../../ui/ErrorNote.tsx';
import { Icon } from '../../../ui/Icon.tsx';
import { StateGlyph } from '../../../ui/StateMark.tsx';
import type { Replay } from './useReplay.ts';
import styles from './history.module.css';

const outcomes = ['answered', 'refused', 'failed'] as const satisfies readonly RequestOutcome[];

interface Filter {
  readonly outcome?: PastRequest['outcome'];
  readonly version?: string;
  readonly signature?: string;
  readonly pinned?: true;
}

/** The requests of the model, newest first; what was read stays while more is read. */
function useHistory(modelId: string, text: string, filter: Filter) {
  const client = useClient();
  const [page, setPage] = useState<HistoryPage | null>(null);
  const [problem, setProblem] = useState<ErrorReport | null>(null);
  const [round, setRound] = useState(0);
  useEffect(() => {
    const end = new AbortController();
    client.history.list({ modelId, text, ...filter }, { signal: end.signal }).then(
      (found) => {
        if (end.signal.aborted) return;
        setPage(found);
        setProblem(null);
      },
      (error: unknown) => (end.signal.aborted ? undefined : setProblem(reportOf(error))),
    );
    return () => end.abort();
  }, [client, modelId, text, filter, round]);
  const more = async (): Promise<void> => {
    const before = page?.requests.at(-1)?.id;
    if (page === null || before === undefined) return;
    const next = await client.history.list({ modelId, text, ...filter, before });
    setPage({ ...next, requests: [...page.requests, ...next.requests] });
  };
  return { page, problem, more, again: () => setRound((last) => last + 1) };
}

/** What was asked of the model before: found, filled in or sent again, pinned, deleted. */
export function HistoryTab({ modelId, replay }: { readonly modelId: string; readonly replay: Replay }) {
  const { t, number } = useText();
  const client = useClient();
  const [typed, setTyped] = useState('');
  const [text] = useDebouncedValue(typed, 200);
  const [filter, setFilter] = useState<Filter>({});
  const [sure, setSure] = useState(false);
  const { page, problem, more, again } = useHistory(modelId, text, filter);
  const acting = useCall();
  const act = (work: () => Promise<unknown>): void =>
    void acting.run(async () => {
      await work();
      again();
    });
  const fill = (id: number, send: boolean): void => void acting.run(async () => replay.fill(await client.history.get({ id }), { send }));

  if (page === null) return <ErrorNote problem={problem} />;
  const { requests, count } = page;
  if (count === 0) return <p className={styles['dim']}>{t('history.empty')}</p>;
  const filtered = Object.keys(filter).length;
  return (
    <section className={styles['history']} aria-label={t('history.title')}>
      <div className={styles['row']}>
        <TextInput
          className={styles['search']}
          type="search"
          aria-label={t('history.search')}
          placeholder={t('history.search')}
          leftSection={<Icon name="search" size={14} />}
          value={typed}
          onChange={(event) => setTyped(event.currentTarget.value)}
        />
        <FilterMenu page={page} filter={filter} onChange={setFilter} />
      </div>
      <Different parts={replay.different} />
      <ErrorNote problem={problem ?? acting.problem} />
      {requests.length === 0 ? (
        <p className={styles['dim']} role="status">
          {t('history.none')}
        </p>
      ) : null}
      <ol className={styles['list']} aria-label={t('history.requests')}>
        {requests.map((past) => (
          <Past
            key={past.id}
            past={past}
            onFill={() => fill(past.id, false)}
            onSend={() => fill(past.id, true)}
            onPin={() => act(() => client.history.pin({ id: past.id, pinned: !past.pinned }))}
            onRemove={() => act(() => client.history.remove({ id: past.id }))}
          />
        ))}
      </ol>
      {page.more ? (
        <Button size="xs" className={styles['more']} loading={acting.busy} onClick={() => void acting.run(more)}>
          {t('history.more')}
        </Button>
      ) : null}
      <div className={styles['foot']}>
        <span className={styles['caption']}>
          {t('history.kept', {
            count,
            size: number.bytes(page.storedBytes),
            limit: number.bytes(page.limitBytes),
          })}
        </span>
        {sure ? (
          <span className={styles['row']} role="alert">
            {t('history.clear.sure')}
            <Button
              size="xs"
              color="red"
              onClick={() => {
                setSure(false);
                act(() => client.history.clear({ modelId }));
              }}
            >
              {t('history.clear.all')}
            </Button>
            <Button size="xs" data-autofocus onClick={() => setSure(false)}>
              {t('history.cancel')}
            </Button>
          </span>
        ) : (
          <Button size="xs" variant="subtle" disabled={filtered > 0 || text !== ''} onClick={() => setSure(true)}>
            {t('history.clear')}
          </Button>
        )}
      </div>
    </section>
  );
}

/** Says what could not be brought back, so that nobody takes the answer for the same question's. */
function Different({ parts }: { readonly parts: Replay['different'] }) {
  const { t } = useText();
  if (parts.length === 0) return null;
  return (
    <p className={styles['note']} role="status">
      <StateGlyph mark="attention" /> {parts.map((part) => t(`history.different.${part}`)).join(' ')}
    </p>
  );
}

function FilterMenu({
  page,
  filter,
  onChange,
}: {
  readonly page: HistoryPage;
  readonly filter: Filter;
  readonly onChange: (filter: Filter) => void;
}) {
  const { t } = useText();
  const set = (part: Filter, name: keyof Filter): void => {
    const { [name]: before, ...rest } = filter;
    onChange(before === part[name] ? rest : { ...rest, ...part });
  };
  const item = (name: keyof Filter, part: Filter, words: string) => (
    <Menu.CheckboxItem key={`${name} ${words}`} checked={filter[name] === part[name]} onChange={() => set(part, name)}>
      {words}
    </Menu.CheckboxItem>
  );
  const count = Object.keys(filter).length;
  return (
    <Menu position="bottom-end" closeOnItemClick={false}>
      <Menu.Target>
        <Button leftSection={<Icon name="filter" size={14} />}>
          {count === 0 ? t('history.filter') : t('history.filters', { count })}
        </Button>
      </Menu.Target>
      <Menu.Dropdown>
        {item('pinned', { pinned: true }, t('history.pinnedOnly'))}
        <Menu.Divider />
        {outcomes.map((outcome) => item('outcome', { outcome }, t(`history.outcome.${outcome}`)))}
        {page.versions.length < 2 ? null : <Menu.Divider />}
        {page.versions.length < 2 ? null : page.versions.slice(0, 12).map((version) => item('version', { version }, `v${version}`))}
        {page.signatures.length < 2 ? null : <Menu.Divider />}
        {page.signatures.length < 2 ? null : page.signatures.slice(0, 12).map((signature) => item('signature', { signature }, signature))}
      </Menu.Dropdown>
    </Menu>
  );
}

interface PastProps {
  readonly past: PastRequest;
  readonly onFill: () => void;
  readonly onSend: () => void;
  readonly onPin: () => void;
  readonly onRemove: () => void;
}

function Past({ past, onFill, onSend, onPin, onRemove }: PastProps) {
  const text = useText();
  const { t, number, time } = text;
  const { at, input, answer, options, outcome, pinned } = past;
  const preview = input.preview.replaceAll(/\s+/g, ' ').trim();
  const version = options.version ?? answer?.version ?? null;
  const when = whenText(at, text);
  const name = t('history.name', { when, preview: preview.slice(0, 60) });
  return (
    <li className={styles['past']}>
      <button type="button" className={styles['fill']} title={t('history.fill.title')} onClick={onFill}>
        <span className="sl-hidden">{t('history.fill.title')}: </span>
        <span className={styles['line']}>
          <StateGlyph mark={outcome === 'answered' ? 'serving' : outcome === 'refused' ? 'failed' : 'attention'} />
          <b>{outcome === 'failed' ? t('history.outcome.failed') : statusText(past)}</b>
          <span className={styles['dim']}>
            {[options.signature, ...(version === null ? [] : [`v${version}`]), ...labelOf(past), wayOf(past, text)].join(' · ')}
          </span>
          <span className={styles['space']} />
          {pinned ? <span className={styles['caption']}>{t('history.pinned')}</span> : null}
          <time className={styles['caption']} dateTime={at} title={time.absolute(at)}>
            {when}
          </time>
        </span>
        <code className={styles['preview']}>{preview}</code>
        <span className={styles['caption']}>
          {answerWords(past, text)}
          {answer === null ? null : ` · ${number.ms(answer.latencyMs)} · ${number.bytes(answer.requestBytes)}`}
          {past.origin === 'command' ? ` · slipway predict` : null}
        </span>
      </button>
      <span className={styles['acts']}>
        <ActionIcon
          variant="subtle"
          color="gray"
          size={24}
          aria-label={t('history.send', { name })}
          title={t('history.send.title')}
          onClick={onSend}
        >
          <Icon name="play" size={14} />
        </ActionIcon>
        <ActionIcon
          variant="subtle"
          color={pinned ? 'blue' : 'gray'}
          size={24}
          aria-pressed={pinned}
          aria-label={t('history.pin', { name })}
          title={t(pinned ? 'history.unpin.title' : 'history.pin.title')}
          onClick={onPin}
        >
          <Icon name="pin" size={14} />
        </ActionIcon>
        <ActionIcon
          variant="subtle"
          color="gray"
          size={24}
          aria-label={t('history.remove', { name })}
          title={t('history.remove.title')}
          onClick={onRemove}
        >
          <Icon name="close" size={14} />
        </ActionIcon>
      </span>
    </li>
  );
}

/** To the second today, by the day before. */
function whenText(at: string, { time }: Text): string {
  return new Date(at).toDateString() === new Date().toDateString() ? time.clock(at) : time.relative(at);
}

const statusText = ({ answer }: PastRequest): string => answer?.grpcStatus ?? String(answer?.status ?? '');
const labelOf = ({ options: { label } }: PastRequest): readonly string[] => (label === undefined ? [] : [label]);

function wayOf({ options, answer }: PastRequest, { t }: Text): string {
  const protocol = (answer?.mode ?? options.mode) === 'grpc' ? 'gRPC' : 'REST';
  return options.backend === 'embedded' ? t('history.byEngine', { protocol }) : protocol;
}

/** `scores 8: 0.9158`, or why there is none. */
function answerWords({ answer, problem }: PastRequest, { errorWords }: Text): string {
  if (answer === null) return problem === null ? '' : errorWords(problem).title;
  if (answer.error !== null) return answer.error.slice(0, 200);
  return answer.outputs
    .slice(0, 3)
    .map(({ name, shape, top }) =>
      `${name} [${shape.join(', ')}] ${top === null ? '' : top.index === null ? top.value : `${top.index}: ${shortValue(top.value)}`}`.trim(),
    )
    .join(', ');
}

/** A score with four decimals; what is not a plain fraction stays as it is. */
function shortValue(value: string): string {
  return /^-?\d+\.\d{5,}$/.test(value) ? Number(value).toFixed(4) : value;
}
