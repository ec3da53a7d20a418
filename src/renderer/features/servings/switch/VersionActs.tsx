import { ActionIcon, Button, Group, Menu, Modal, TextInput } from '@mantine/core';
import { useState } from 'react';
import type { Serving } from '../../../../shared/contract/serving.ts';
import { useText } from '../../../app/i18n.tsx';
import { Icon } from '../../../ui/Icon.tsx';
import { answersNow, serveTarget } from './switchWords.ts';
import type { SwitchActs } from './useSwitch.ts';
import styles from './switch.module.css';

export interface VersionActsProps {
  readonly serving: Serving;
  readonly version: string;
  /** The newest version that would serve. */
  readonly newest: string | undefined;
  readonly acts: SwitchActs;
  readonly onLabel: (version: string) => void;
}

const usualLabels = ['stable', 'canary'];

const pinnedAlone = ({ plan }: Serving, version: string): boolean =>
  plan.versions.kind === 'specific' && plan.versions.versions.join() === version;

/** Switches to a version; nothing where it answers already. */
export function SwitchButton({
  serving,
  version,
  newest,
  acts,
  inGrid = false,
}: Omit<VersionActsProps, 'onLabel'> & { readonly inGrid?: boolean }) {
  const { t } = useText();
  if (answersNow(serving) === version) return null;
  return (
    <Button
      size="xs"
      tabIndex={inGrid ? -1 : 0}
      disabled={acts.busy}
      aria-label={t('switch.toNamed', { version })}
      title={`${t('switch.toNamed', { version })} (V)`}
      onClick={() => acts.begin(serveTarget(version, newest))}
    >
      {t('switch.to')}
    </Button>
  );
}

/** Everything that can be done with a version of a running serving, as items of its row's menu. */
export function VersionMenuItems({ serving, version, newest, acts, onLabel }: VersionActsProps) {
  const { t } = useText();
  const { labels = {}, mode } = serving.plan.served ?? {};
  const names = [...new Set([...usualLabels, ...Object.keys(labels)])];
  const key = (letter: string) => ({ rightSection: <kbd className={styles['key']}>{letter}</kbd>, disabled: acts.busy });
  return (
    <>
      {answersNow(serving) === version ? null : (
        <Menu.Item {...key('V')} onClick={() => acts.begin(serveTarget(version, newest))}>
          {t('switch.toNamed', { version })}
        </Menu.Item>
      )}
      {pinnedAlone(serving, version) ? null : (
        <Menu.Item {...key('P')} onClick={() => acts.begin({ kind: 'pin', versions: [version] })}>
          {t('switch.pinNamed', { version })}
        </Menu.Item>
      )}
      {mode === 'follow'
        ? null
        : names.map((label) => (
            <Menu.Item
              key={label}
              disabled={acts.busy}
              onClick={() => acts.begin({ kind: 'label', label, version: labels[label] === version ? null : version })}
            >
              {t(labels[label] === version ? 'switch.labelTake' : 'switch.labelGive', { label, version })}
            </Menu.Item>
          ))}
      {mode === 'follow' ? null : (
        <Menu.Item {...key('L')} onClick={() => onLabel(version)}>
          {t('switch.labelOther')}
        </Menu.Item>
      )}
    </>
  );
}

/** What can be done with one version, as buttons of a row. */
export function VersionActs(props: VersionActsProps) {
  const { t } = useText();
  return (
    <span className={styles['acts']}>
      <SwitchButton {...props} />
      <Menu position="bottom-end" withinPortal>
        <Menu.Target>
          <ActionIcon size={26} aria-label={t('library.rowMenu', { version: `v${props.version}` })}>
            <Icon name="more" />
          </ActionIcon>
        </Menu.Target>
        <Menu.Dropdown>
          <VersionMenuItems {...props} />
        </Menu.Dropdown>
      </Menu>
    </span>
  );
}

/** V, P, L and R on the row of a version. Answers whether it was one of them. */
export function actByKey(key: string, { serving, version, newest, acts, onLabel }: VersionActsProps): boolean {
  if (acts.busy || !['v', 'p', 'l', 'r'].includes(key)) return false;
  if (key === 'l') {
    if (serving.plan.served?.mode === 'guarded') onLabel(version);
  } else if (key === 'r') acts.begin({ kind: 'back' });
  else if (key === 'p') acts.begin({ kind: 'pin', versions: [version] });
  else if (answersNow(serving) !== version) acts.begin(serveTarget(version, newest));
  return true;
}

/** Gives any label to a version, and says whom it is taken from. */
export function LabelDialog({
  serving,
  version,
  acts,
  onClose,
}: Pick<VersionActsProps, 'serving' | 'acts'> & { readonly version: string | null; readonly onClose: () => void }) {
  const { t } = useText();
  const [label, setLabel] = useState('');
  const before = serving.plan.served?.labels[label];
  const valid = /^[A-Za-z0-9_][A-Za-z0-9_.-]{0,63}$/.test(label);
  const close = (): void => {
    setLabel('');
    onClose();
  };
  return (
    <Modal
      opened={version !== null}
      onClose={close}
      title={t('switch.labelTitle', { name: serving.name, version: version ?? '' })}
      closeButtonProps={{ 'aria-label': t('close') }}
    >
      <form
        onSubmit={(event) => {
          event.preventDefault();
          if (!valid || version === null) return;
          acts.begin({ kind: 'label', label, version });
          close();
        }}
      >
        <TextInput
          data-autofocus
          label={t('switch.labelName')}
          description={
            before === undefined || before === version ? t('switch.labelHint') : t('switch.labelMoves', { label, version: before })
          }
          value={label}
          onChange={(event) => setLabel(event.currentTarget.value)}
          error={label === '' || valid ? null : t('switch.labelWrong')}
        />
        <Group justify="flex-end" mt="lg" gap="sm">
          <Button onClick={close}>{t('cancel')}</Button>
          <Button type="submit" variant="filled" disabled={!valid}>
            {t('switch.labelGo')}
          </Button>
        </Group>
      </form>
    </Modal>
  );
}
