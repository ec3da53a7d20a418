import { Button, Checkbox, Chip, Group, SegmentedControl, TextInput } from '@mantine/core';
import { useState } from 'react';
import type { Serving, VersionPolicy } from '../../../../shared/contract/serving.ts';
import type { SwitchTarget } from '../../../../shared/contract/switching.ts';
import { useText } from '../../../app/i18n.tsx';
import { SwitchForecastView } from './SwitchForecastView.tsx';
import { answersNow } from './switchWords.ts';
import { useCaseCount, useForecast, type SwitchActs } from './useSwitch.ts';
import styles from './switch.module.css';

const targetOf = (policy: VersionPolicy): SwitchTarget =>
  policy.kind === 'specific' ? { kind: 'pin', versions: [...policy.versions] } : { kind: policy.kind };

const sorted = (versions: readonly string[]): string[] => versions.toSorted((a, b) => (BigInt(a) < BigInt(b) ? 1 : -1));

const samePolicy = (a: VersionPolicy, b: VersionPolicy): boolean =>
  a.kind === b.kind && (a.kind !== 'specific' || b.kind !== 'specific' || sorted(a.versions).join() === sorted(b.versions).join());

/** Which of the versions are to be served: the latest, all, or some. Another choice tells what it would do before it is made. */
export function PolicyChoice({
  serving,
  versions,
  acts,
}: {
  readonly serving: Serving;
  readonly versions: readonly string[];
  readonly acts: SwitchActs;
}) {
  const { t } = useText();
  const { versions: present } = serving.plan;
  const [drafted, setDrafted] = useState<VersionPolicy | null>(null);
  const [reason, setReason] = useState('');
  const [anyway, setAnyway] = useState(false);
  const policy = drafted ?? present;
  const isOther = drafted !== null && !samePolicy(drafted, present);
  const isEmpty = policy.kind === 'specific' && policy.versions.length === 0;
  const forecast = useForecast(serving, isOther && !isEmpty ? targetOf(policy) : null);
  const cases = useCaseCount(serving.modelId);
  const tooLittle = forecast !== null && 'memory' in forecast && forecast.problem?.code === 'MEMORY_TOO_SMALL';
  const refused = forecast === null || 'code' in forecast || (forecast.problem !== null && !(tooLittle && anyway));
  const clear = (): void => {
    setDrafted(null);
    setReason('');
    setAnyway(false);
  };
  const answers = answersNow(serving);
  return (
    <form
      className={styles['choice']}
      onSubmit={(event) => {
        event.preventDefault();
        if (!isOther || refused) return;
        acts.begin(targetOf(policy), { reason, anyway });
        clear();
      }}
    >
      <div className={styles['line']}>
        <span id="switch-policy" className={styles['dim']}>
          {t('switch.serves')}
        </span>
        <SegmentedControl
          size="xs"
          aria-labelledby="switch-policy"
          value={policy.kind}
          disabled={acts.busy}
          data={(['latest', 'all', 'specific'] as const).map((kind) => ({ value: kind, label: t(`switch.policy.${kind}`) }))}
          onChange={(kind) =>
            setDrafted(
              kind === 'specific' ? { kind, versions: answers === null ? [] : [answers] } : { kind: kind === 'all' ? 'all' : 'latest' },
            )
          }
        />
        {policy.kind === 'specific' ? (
          <Chip.Group
            multiple
            value={[...policy.versions]}
            onChange={(chosen) => setDrafted({ kind: 'specific', versions: sorted(chosen) })}
          >
            {versions.slice(0, 12).map((version) => (
              <Chip key={version} size="xs" value={version} disabled={acts.busy}>
                v{version}
              </Chip>
            ))}
          </Chip.Group>
        ) : null}
      </div>
      {isEmpty ? <p className={styles['dim']}>{t('switch.chooseOne')}</p> : null}
      {isOther && !isEmpty ? (
        <div className={styles['ask']}>
          <SwitchForecastView forecast={forecast} cases={cases} />
          {tooLittle ? (
            <Checkbox label={t('switch.anyway')} checked={anyway} onChange={(event) => setAnyway(event.currentTarget.checked)} />
          ) : null}
          <TextInput label={t('switch.reason')} value={reason} maxLength={500} onChange={(event) => setReason(event.currentTarget.value)} />
          <Group gap="sm">
            <Button type="submit" variant="filled" disabled={acts.busy || refused}>
              {t('switch.go')}
            </Button>
            <Button variant="subtle" onClick={clear}>
              {t('switch.leave')}
            </Button>
          </Group>
        </div>
      ) : null}
    </form>
  );
}
