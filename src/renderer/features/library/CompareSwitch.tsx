import { Button } from '@mantine/core';
import { useHotkeys } from '@mantine/hooks';
import { useLocation } from 'wouter';
import type { VersionRef } from '../../../shared/contract/library.ts';
import { usableVersions } from '../../../shared/contract/servedState.ts';
import { useText } from '../../app/i18n.tsx';
import { useClient, useMirror } from '../../app/store.ts';
import { useCall } from '../../app/useCall.ts';
import { ErrorNote } from '../../ui/ErrorNote.tsx';
import { answersNow, serveTarget } from '../servings/switch/switchWords.ts';
import { useSwitchable } from '../servings/switch/useSwitch.ts';

/** Switches the running serving to the version that is compared last; its steps stand on the model's page. Nothing where it answers already. */
export function CompareSwitch({ versions }: { readonly versions: readonly VersionRef[] }) {
  const { t } = useText();
  const client = useClient();
  const call = useCall();
  const [, go] = useLocation();
  const { modelId = '', version = '' } = versions.at(-1) ?? {};
  const serving = useSwitchable(modelId);
  const model = useMirror(({ models }) => models.find(({ id }) => id === modelId));
  const servable = serving === undefined || model === undefined ? [] : usableVersions(model, serving.plan.tags);
  const target =
    serving === undefined || !servable.includes(version) || answersNow(serving) === version ? null : serveTarget(version, servable[0]);
  const busy = call.busy || serving?.switching.current?.state === 'running';
  const begin = (): void => {
    if (serving === undefined || target === null || busy) return;
    void call.run(() => client.switching.start({ id: serving.id, target })).then((done) => (done ? go(`/models/${modelId}`) : undefined));
  };
  useHotkeys([['S', begin]]);
  if (target === null) return null;
  return (
    <>
      <Button variant="filled" disabled={busy} aria-keyshortcuts="S" title={`${t('switch.toNamed', { version })} (S)`} onClick={begin}>
        {t('switch.toNamed', { version })}
      </Button>
      <ErrorNote problem={call.problem} />
    </>
  );
}
