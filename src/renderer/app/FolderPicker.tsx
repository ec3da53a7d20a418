import { Button, Group, Modal, ScrollArea, Text as Paragraph } from '@mantine/core';
import { useEffect, useRef, useState, type KeyboardEvent } from 'react';
import { create } from 'zustand';
import type { FolderListing } from '../../shared/contract/index.ts';
import { ErrorNote } from '../ui/ErrorNote.tsx';
import { Icon } from '../ui/Icon.tsx';
import { useText } from './i18n.tsx';
import { openImport, reportOf, useClient, useMirror } from './store.ts';
import { useCall } from './useCall.ts';
import styles from './FolderPicker.module.css';

/** What is chosen from the tree, and what happens with its ticket; null where nothing is asked. */
type Purpose = { readonly kind: 'model' } | { readonly kind: 'image' | 'folder'; readonly onTicket: (ticket: string) => void };

const usePicker = create<{ readonly purpose: Purpose | null }>()(() => ({ purpose: null }));

/** Opens the tree of this machine for a `docker save` file. */
export function pickImageFile(onTicket: (ticket: string) => void): void {
  usePicker.setState({ purpose: { kind: 'image', onTicket } });
}

/** Opens the way of this shell to choose a folder: its dialog, or the tree of this machine. */
export function useFolderPicker(): {
  readonly pick: () => void;
  /** For a folder that something is written into. */
  readonly pickFor: (onTicket: (ticket: string) => void) => void;
} {
  const client = useClient();
  const dialog = useMirror((state) => state.facts?.capabilities.pickFolderDialog ?? false);
  const ask = (purpose: Purpose, onTicket: (ticket: string) => void): void => {
    if (!dialog) {
      usePicker.setState({ purpose });
      return;
    }
    // A failed dialog is told by main's own log; nothing was chosen.
    void client.folders.pick().then((picked) => (picked === null ? undefined : onTicket(picked.ticket)), reportOf);
  };
  return {
    pick: () => ask({ kind: 'model' }, openImport),
    pickFor: (onTicket) => ask({ kind: 'folder', onTicket }, onTicket),
  };
}

/** What a purpose wants, where that is one kind. */
const wantedKind = { image: 'image-file', folder: 'folder' } as const;
const titles = { model: 'tree.title', image: 'tree.titleImage', folder: 'tree.titleFolder' } as const;
const texts = { model: 'tree.text', image: 'tree.textImage', folder: 'tree.textFolder' } as const;

type Entry = FolderListing['entries'][number];

interface Row {
  readonly entry: Entry;
  readonly level: number;
}

/** The tree, flat: each entry with its level, children after their parent where it is open. */
function rowsOf(entries: readonly Entry[], open: ReadonlyMap<string, readonly Entry[]>, level = 1): readonly Row[] {
  return entries.flatMap((entry) => [{ entry, level }, ...rowsOf(open.get(entry.node) ?? [], open, level + 1)]);
}

function Tree({ purpose, onChosen }: { readonly purpose: Purpose; readonly onChosen: (node: string) => void }) {
  const { t } = useText();
  const client = useClient();
  const call = useCall();
  const { run } = call;
  const [roots, setRoots] = useState<readonly Entry[]>([]);
  const [open, setOpen] = useState<ReadonlyMap<string, readonly Entry[]>>(new Map());
  const [chosen, setChosen] = useState<string | null>(null);
  const items = useRef(new Map<string, HTMLElement>());

  useEffect(() => {
    void run(async () => {
      const { entries } = await client.folders.list({});
      setRoots(entries);
      setChosen(entries[0]?.node ?? null);
    });
  }, [client, run]);
  // Opened by a key it is walked by keys at once: the first folder has the focus.
  useEffect(() => {
    const [first] = roots;
    if (first !== undefined) items.current.get(first.node)?.focus();
  }, [roots]);

  const rows = rowsOf(roots, open);
  const fits = (node: string | null): node is string =>
    rows.some(({ entry }) => entry.node === node && (purpose.kind === 'model' || entry.kind === wantedKind[purpose.kind]));
  const select = (node: string): void => {
    setChosen(node);
    items.current.get(node)?.focus();
  };
  const expand = (entry: Entry): void => {
    if (entry.kind !== 'folder' || open.has(entry.node)) return;
    void run(async () => {
      const { entries } = await client.folders.list({ node: entry.node });
      setOpen((before) => new Map(before).set(entry.node, entries));
    });
  };
  const collapse = (entry: Entry): void => {
    setOpen((before) => {
      const after = new Map(before);
      after.delete(entry.node);
      return after;
    });
  };
  const onKey = (event: KeyboardEvent): void => {
    const at = rows.findIndex(({ entry }) => entry.node === chosen);
    const row = rows[at];
    if (row === undefined) return;
    const to =
      event.key === 'ArrowDown'
        ? rows[at + 1]
        : event.key === 'ArrowUp'
          ? rows[at - 1]
          : event.key === 'Home'
            ? rows[0]
            : event.key === 'End'
              ? rows.at(-1)
              : undefined;
    if (to !== undefined) select(to.entry.node);
    else if (event.key === 'ArrowRight') expand(row.entry);
    else if (event.key === 'ArrowLeft' && open.has(row.entry.node)) collapse(row.entry);
    else if (event.key === 'ArrowLeft') {
      const parent = rows.slice(0, at).findLast(({ level }) => level < row.level);
      if (parent !== undefined) select(parent.entry.node);
    } else if (event.key === 'Enter' && fits(row.entry.node)) onChosen(row.entry.node);
    else return;
    event.preventDefault();
  };

  return (
    <>
      <ScrollArea h={360} className={styles['tree']} viewportProps={{ tabIndex: -1 }}>
        <ul role="tree" aria-label={t('tree.label')} onKeyDown={onKey}>
          {rows.map(({ entry, level }) => (
            <li
              key={entry.node}
              ref={(element) => {
                if (element === null) items.current.delete(entry.node);
                else items.current.set(entry.node, element);
              }}
              role="treeitem"
              aria-level={level}
              aria-selected={entry.node === chosen}
              aria-expanded={entry.kind === 'folder' ? open.has(entry.node) : undefined}
              tabIndex={entry.node === chosen ? 0 : -1}
              data-level={Math.min(level, 8)}
              className={styles['item']}
              onClick={() => select(entry.node)}
              onDoubleClick={() => (open.has(entry.node) ? collapse(entry) : expand(entry))}
            >
              <Icon name={entry.kind === 'folder' ? (open.has(entry.node) ? 'down' : 'right') : 'file'} size={14} />
              <Icon name={entry.kind === 'folder' ? 'folder' : 'file'} size={14} />
              <span>{entry.name}</span>
              {entry.looksLikeModel ? <span className={styles['model']}>{t('tree.model')}</span> : null}
            </li>
          ))}
        </ul>
      </ScrollArea>
      <ErrorNote problem={call.problem} />
      <Group justify="flex-end" mt="lg" gap="sm">
        <Button variant="filled" disabled={!fits(chosen)} onClick={() => (fits(chosen) ? onChosen(chosen) : undefined)}>
          {t('tree.choose')}
        </Button>
      </Group>
    </>
  );
}

/** The tree of this machine's folders, as far as its roots go. */
export function FolderPicker() {
  const { t } = useText();
  const client = useClient();
  const call = useCall();
  const purpose = usePicker((state) => state.purpose);
  const close = (): void => usePicker.setState({ purpose: null });
  if (purpose === null) return null;
  const choose = (node: string): void => {
    void call.run(async () => {
      const { ticket } = await client.folders.ticket({ node });
      close();
      if (purpose.kind === 'model') openImport(ticket);
      else purpose.onTicket(ticket);
    });
  };
  return (
    <Modal opened onClose={close} title={t(titles[purpose.kind])} size={560} closeButtonProps={{ 'aria-label': t('close') }}>
      <Paragraph c="dimmed" mb="sm">
        {t(texts[purpose.kind])}
      </Paragraph>
      <ErrorNote problem={call.problem} />
      <Tree purpose={purpose} onChosen={choose} />
    </Modal>
  );
}
