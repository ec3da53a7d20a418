import { ActionIcon, Button, Menu } from '@mantine/core';
import type { CompareSide } from '../../../../shared/contract/compareAnswers.ts';
import type { Serving } from '../../../../shared/contract/serving.ts';
import { useText, type Text } from '../../../app/i18n.tsx';
import { useMirror } from '../../../app/store.ts';
import { Icon } from '../../../ui/Icon.tsx';
import { otherTargets, sidesOf, type OtherTarget } from './compareTargets.ts';
import styles from './compareWith.module.css';

export interface CompareWithProps {
  readonly serving: Serving;
  /** Whom the playground asks now. */
  readonly target: CompareSide;
  readonly compare: (sides: readonly [CompareSide, CompareSide]) => void;
}

/** Asks the same of another version, protocol or engine too: the likeliest by a button, the others in its menu. */
export function CompareWith({ serving, target, compare }: CompareWithProps) {
  const text = useText();
  const model = useMirror((state) => state.models.find(({ id }) => id === serving.modelId));
  const [first, ...others] = otherTargets(target, serving, model);
  if (first === undefined || serving.state.kind !== 'serving') return null;
  const ask = (other: OtherTarget): void => compare(sidesOf(target, other, serving));
  return (
    <span className={styles['split']}>
      <Button size="xs" onClick={() => ask(first)}>
        {text.t('sideBySide.compareWith', { other: targetWords(first, text) })}
      </Button>
      {others.length === 0 ? null : (
        <Menu position="bottom-start">
          <Menu.Target>
            <ActionIcon variant="default" size={26} aria-label={text.t('sideBySide.more')}>
              <Icon name="down" size={14} />
            </ActionIcon>
          </Menu.Target>
          <Menu.Dropdown>
            <Menu.Label>{text.t('sideBySide.with')}</Menu.Label>
            {[first, ...others].map((other) => (
              <Menu.Item key={targetWords(other, text)} onClick={() => ask(other)} rightSection={<Aside other={other} />}>
                {targetWords(other, text)}
              </Menu.Item>
            ))}
          </Menu.Dropdown>
        </Menu>
      )}
    </span>
  );
}

/** What is to be known of a version before it is asked. */
function Aside({ other }: { readonly other: OtherTarget }) {
  const { t } = useText();
  if (other.kind !== 'version') return null;
  const words = other.served ? other.label : t('sideBySide.byEngine');
  return words === null ? null : <span className={styles['aside']}>{words}</span>;
}

function targetWords(other: OtherTarget, { t }: Text): string {
  if (other.kind === 'version') return `v${other.version}`;
  if (other.kind === 'protocol') return other.mode === 'grpc' ? 'gRPC' : 'REST';
  return t(other.backend === 'embedded' ? 'playground.embedded' : 'sideBySide.docker');
}
