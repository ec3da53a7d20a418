import { ActionIcon, Button, NativeSelect, Popover, TextInput } from '@mantine/core';
import { useState, type ReactNode, type SubmitEvent } from 'react';
import type { LibraryAnswer } from '../../../shared/contract/library.ts';
import { useText } from '../../app/i18n.tsx';
import { Icon } from '../../ui/Icon.tsx';
import { addFilter, dropFilter, useQuery } from './useSearch.ts';
import styles from './library.module.css';

const quoted = (text: string): string => (/[\s"]/.test(text) ? `"${text.replaceAll('"', '')}"` : text);

/** What is looked for: typed, or put together from what the library knows. */
export function SearchBar({ answer }: { readonly answer: LibraryAnswer | null }) {
  const { t } = useText();
  const query = useQuery((state) => state.query);
  const [open, setOpen] = useState(false);
  return (
    <div className={styles['search']} role="search">
      <TextInput
        data-page-search
        className={styles['field'] ?? ''}
        leftSection={<Icon name="search" size={14} />}
        rightSection={
          query === '' ? (
            <kbd className={styles['key']} aria-hidden="true">
              /
            </kbd>
          ) : (
            <ActionIcon size={22} aria-label={t('library.clear')} onClick={() => useQuery.setState({ query: '' })}>
              <Icon name="close" size={14} />
            </ActionIcon>
          )
        }
        placeholder={t('library.searchHint')}
        aria-label={t('library.search')}
        aria-keyshortcuts="/"
        value={query}
        onChange={(event) => useQuery.setState({ query: event.currentTarget.value })}
        onKeyDown={(event) => {
          if (event.key === 'Escape' && query !== '') useQuery.setState({ query: '' });
        }}
      />
      <Popover opened={open} onChange={setOpen} position="bottom-end" width={360} trapFocus returnFocus>
        <Popover.Target>
          <Button leftSection={<Icon name="filter" />} onClick={() => setOpen(!open)}>
            {t('library.filter')}
          </Button>
        </Popover.Target>
        <Popover.Dropdown aria-label={t('library.filters')}>
          <Filters answer={answer} onAdded={() => setOpen(false)} />
        </Popover.Dropdown>
      </Popover>
    </div>
  );
}

function Filters({ answer, onAdded }: { readonly answer: LibraryAnswer | null; readonly onAdded: () => void }) {
  const { t } = useText();
  const tags = answer?.known.tags ?? [];
  const metrics = answer?.known.metrics ?? [];
  const [tag, setTag] = useState('');
  const [value, setValue] = useState('');
  const [metric, setMetric] = useState('');
  const [is, setIs] = useState('>=');
  const [bound, setBound] = useState('');
  const [shape, setShape] = useState('');
  const [after, setAfter] = useState('');
  const [before, setBefore] = useState('');
  const chosenTag = tags.find(({ key }) => key === tag) ?? tags[0];
  const chosenMetric = metrics.find(({ name }) => name === metric) ?? metrics[0];
  const add = (part: string): void => {
    addFilter(part);
    onAdded();
  };
  return (
    <div className={styles['filters']}>
      {chosenTag === undefined ? (
        <p className={styles['caption']}>{t('library.filter.noTags')}</p>
      ) : (
        <Filter onAdd={() => add(`tag:${quoted(value === '' ? chosenTag.key : `${chosenTag.key}=${value}`)}`)}>
          <NativeSelect
            label={t('library.filter.tag')}
            data={tags.map(({ key }) => key)}
            value={chosenTag.key}
            onChange={(event) => {
              setTag(event.currentTarget.value);
              setValue('');
            }}
          />
          <NativeSelect
            label={t('library.filter.value')}
            data={[
              { value: '', label: t('library.filter.any') },
              ...chosenTag.values.filter((one) => one !== '').map((one) => ({ value: one, label: one })),
            ]}
            value={value}
            onChange={(event) => setValue(event.currentTarget.value)}
          />
        </Filter>
      )}
      {chosenMetric === undefined ? (
        <p className={styles['caption']}>{t('library.filter.noMetrics')}</p>
      ) : (
        <Filter
          onAdd={() =>
            Number.isFinite(Number(bound)) && bound.trim() !== '' ? add(`${quoted(chosenMetric.name)}${is}${bound.trim()}`) : undefined
          }
        >
          <NativeSelect
            label={t('library.filter.metric')}
            data={metrics.map(({ name }) => name)}
            value={chosenMetric.name}
            onChange={(event) => setMetric(event.currentTarget.value)}
          />
          <NativeSelect
            label={t('library.filter.is')}
            w={60}
            data={['>=', '>', '<=', '<', '=', '!=']}
            value={is}
            onChange={(event) => setIs(event.currentTarget.value)}
          />
          <TextInput
            label={t('library.filter.value')}
            w={84}
            inputMode="decimal"
            placeholder={String(Number(chosenMetric.max.toPrecision(3)))}
            value={bound}
            onChange={(event) => setBound(event.currentTarget.value)}
          />
        </Filter>
      )}
      <Filter onAdd={() => (shape.trim() === '' ? undefined : add(`shape:[${shape.replace(/[[\]\s]/g, '')}]`))}>
        <TextInput
          label={t('library.filter.shape')}
          placeholder="[?, 8, 8, 1]"
          value={shape}
          onChange={(event) => setShape(event.currentTarget.value)}
        />
      </Filter>
      <Filter
        onAdd={() => {
          const parts = [...(after === '' ? [] : [`after:${after}`]), ...(before === '' ? [] : [`before:${before}`])];
          if (parts.length > 0) add(parts.join(' '));
        }}
      >
        <TextInput type="date" label={t('library.filter.after')} value={after} onChange={(event) => setAfter(event.currentTarget.value)} />
        <TextInput
          type="date"
          label={t('library.filter.before')}
          value={before}
          onChange={(event) => setBefore(event.currentTarget.value)}
        />
      </Filter>
    </div>
  );
}

function Filter({ children, onAdd }: { readonly children: ReactNode; readonly onAdd: () => void }) {
  const { t } = useText();
  const submit = (event: SubmitEvent): void => {
    event.preventDefault();
    onAdd();
  };
  return (
    <form className={styles['filterRow']} onSubmit={submit}>
      {children}
      <Button type="submit">{t('library.filter.add')}</Button>
    </form>
  );
}

/** How the query was understood, part by part, and what was not. */
export function Understood({ answer }: { readonly answer: LibraryAnswer }) {
  const { t } = useText();
  const query = useQuery((state) => state.query);
  // What is shown is of the answer, which may be of a moment ago.
  const parts = answer.understood.filter(({ kind, text }) => kind !== 'word' && query.includes(text));
  return (
    <>
      {parts.length === 0 ? null : (
        <ul className={styles['parts']}>
          {parts.map(({ text }, index) => (
            <li key={`${index} ${text}`} className={styles['part']}>
              <code>{text}</code>
              <ActionIcon size={20} aria-label={t('library.without', { filter: text })} onClick={() => dropFilter(text)}>
                <Icon name="close" size={12} />
              </ActionIcon>
            </li>
          ))}
        </ul>
      )}
      {answer.notUnderstood.length === 0 ? null : (
        <p className={styles['hint']} role="status">
          {t('library.notUnderstood', { parts: answer.notUnderstood.join(', ') })}
        </p>
      )}
    </>
  );
}
