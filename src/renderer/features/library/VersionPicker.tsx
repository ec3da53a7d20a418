import { Button, Popover, TextInput } from '@mantine/core';
import { useState, type KeyboardEvent, type ReactNode } from 'react';
import type { VersionRef } from '../../../shared/contract/library.ts';
import { numberOf } from '../../../shared/contract/state.ts';
import { useText } from '../../app/i18n.tsx';
import { useMirror } from '../../app/store.ts';
import { Icon } from '../../ui/Icon.tsx';
import { sameRef } from './versionRefs.ts';
import styles from './compare.module.css';

interface VersionPickerProps {
  readonly label: string;
  /** Versions of its model are offered first. */
  readonly beside: VersionRef | null;
  readonly taken: readonly VersionRef[];
  readonly onPick: (version: VersionRef) => void;
  readonly onRemove?: () => void;
  readonly removeLabel?: string;
  readonly subtle?: boolean;
  readonly children: ReactNode;
}

const maxShown = 50;

/** A button that opens the versions of the library, found by a few letters: `dig 3`. */
export function VersionPicker(props: VersionPickerProps) {
  const { t } = useText();
  const [open, setOpen] = useState(false);
  const { label, subtle = false, children } = props;
  return (
    <Popover opened={open} onChange={setOpen} position="bottom-start" width={260} trapFocus returnFocus>
      <Popover.Target>
        <Button
          variant={subtle ? 'subtle' : 'default'}
          aria-label={label}
          onClick={() => setOpen(!open)}
          {...(subtle ? {} : { rightSection: <Icon name="down" size={14} /> })}
        >
          <span className={styles['pick']}>{children}</span>
        </Button>
      </Popover.Target>
      <Popover.Dropdown aria-label={t('compare.choose')} p={6}>
        <Choices {...props} onDone={() => setOpen(false)} />
      </Popover.Dropdown>
    </Popover>
  );
}

function Choices({ beside, taken, onPick, onRemove, removeLabel, onDone }: VersionPickerProps & { readonly onDone: () => void }) {
  const { t } = useText();
  const models = useMirror((state) => state.models);
  const [text, setText] = useState('');
  const [at, setAt] = useState(0);
  const words = text.toLowerCase().split(/\s+/);
  const own = models.filter(({ id }) => id === beside?.modelId);
  const found = [...own, ...models.filter(({ id }) => id !== beside?.modelId)].flatMap((model) =>
    model.versions.flatMap((summary) => {
      const ref = { modelId: model.id, version: numberOf(model, summary) };
      const name = `${model.name} v${ref.version}`;
      const fits = words.every((word) => name.toLowerCase().includes(word)) && !taken.some((one) => sameRef(one, ref));
      return fits ? [{ ref, name }] : [];
    }),
  );
  const shown = found.slice(0, maxShown);
  const current = Math.min(at, shown.length - 1);
  const pick = (ref: VersionRef): void => {
    onDone();
    onPick(ref);
  };
  const onKey = (event: KeyboardEvent): void => {
    if (event.key === 'ArrowDown') setAt(Math.min(current + 1, shown.length - 1));
    else if (event.key === 'ArrowUp') setAt(Math.max(current - 1, 0));
    else if (event.key === 'Enter' && shown[current] !== undefined) pick(shown[current].ref);
    else return;
    event.preventDefault();
  };
  return (
    <>
      <TextInput
        size="xs"
        data-autofocus
        leftSection={<Icon name="search" size={14} />}
        placeholder={t('compare.find')}
        aria-label={t('compare.find')}
        role="combobox"
        aria-expanded
        aria-controls="compare-choices"
        aria-activedescendant={current < 0 ? undefined : `compare-choice-${current}`}
        value={text}
        onChange={(event) => {
          setText(event.currentTarget.value);
          setAt(0);
        }}
        onKeyDown={onKey}
      />
      <div id="compare-choices" role="listbox" aria-label={t('compare.choose')} className={styles['choices']} tabIndex={-1}>
        {shown.map(({ ref, name }, index) => (
          <div
            key={name}
            id={`compare-choice-${index}`}
            role="option"
            aria-selected={index === current}
            className={styles['choice']}
            onClick={() => pick(ref)}
          >
            {name}
          </div>
        ))}
      </div>
      {found.length > shown.length ? <p className={styles['caption']}>{t('record.more', { count: found.length - shown.length })}</p> : null}
      {onRemove === undefined ? null : (
        <Button
          size="xs"
          variant="subtle"
          fullWidth
          onClick={() => {
            onDone();
            onRemove();
          }}
        >
          {removeLabel}
        </Button>
      )}
    </>
  );
}
