import { Button, Group, Modal, Radio } from '@mantine/core';
import { useEffect, useState } from 'react';
import { useLocation } from 'wouter';
import type { ErrorReport } from '../../../../shared/contract/errors.ts';
import type { JoinForecast } from '../../../../shared/contract/placeChange.ts';
import type { Serving } from '../../../../shared/contract/serving.ts';
import type { Model } from '../../../../shared/contract/state.ts';
import { useText } from '../../../app/i18n.tsx';
import { reportOf, useClient, useMirror } from '../../../app/store.ts';
import { useCall } from '../../../app/useCall.ts';
import { ErrorNote } from '../../../ui/ErrorNote.tsx';
import { hostsFor } from './hosts.ts';
import styles from './join.module.css';

/** Serves a model by a server that runs already for another: chosen, told what it means, begun. */
export function JoinDialog({ model, onClose }: { readonly model: Model; readonly onClose: () => void }) {
  const { t } = useText();
  const client = useClient();
  const call = useCall();
  const [, go] = useLocation();
  const servings = useMirror((state) => state.servings);
  const hosts = hostsFor(model, servings);
  const [chosen, setChosen] = useState(hosts[0]?.id ?? null);
  const host = hosts.find(({ id }) => id === chosen) ?? null;
  const { forecast, problem } = useJoinForecast(host?.id ?? null, model.id);

  const join = (): void =>
    void call.run(async () => {
      if (host === null) return;
      const { servingId } = await client.servings.start({ modelId: model.id, inServerOf: host.id });
      onClose();
      go(`/servings/${servingId}`);
    });

  return (
    <Modal
      opened
      onClose={onClose}
      title={t('join.title', { name: model.name })}
      size={560}
      closeButtonProps={{ 'aria-label': t('close') }}
    >
      {hosts.length === 0 ? (
        <p>{t('join.none')}</p>
      ) : (
        <Radio.Group label={t('join.server')} value={chosen} onChange={setChosen}>
          <div className={styles['hosts']}>
            {hosts.map((one) => (
              <Radio key={one.id} value={one.id} label={one.name} description={describe(one)} />
            ))}
          </div>
        </Radio.Group>
      )}
      <div className={styles['means']} role="status">
        {host !== null && forecast === null && problem === null ? <p>{t('join.looking')}</p> : null}
        {host !== null && forecast !== null ? <Means host={host} forecast={forecast} /> : null}
      </div>
      <ErrorNote problem={call.problem ?? problem} />
      <Group justify="flex-end" mt="lg" gap="sm">
        <Button onClick={onClose}>{t('cancel')}</Button>
        <Button variant="filled" loading={call.busy} disabled={forecast === null || !forecast.memory.fits} onClick={join}>
          {t('join.serve')}
        </Button>
      </Group>
    </Modal>
  );

  function describe({ engine, plan }: Serving): string {
    return t('join.host', { where: engine === 'docker' ? plan.image : t('servings.embedded'), port: String(plan.restPort) });
  }
}

/** What happens to the server, and whether there is memory for it. */
function Means({
  host: { name },
  forecast: { needsContainer, hasGap, memory },
}: {
  readonly host: Serving;
  readonly forecast: JoinForecast;
}) {
  const { t, number } = useText();
  const { usedBytes, addedBytes, limitBytes, fits } = memory;
  const sizes = { added: number.bytes(addedBytes), used: number.bytes(usedBytes ?? 0), limit: number.binaryBytes(limitBytes) };
  return (
    <>
      <p>{t(needsContainer ? (hasGap ? 'join.containerGap' : 'join.container') : 'join.atOnce', { name })}</p>
      <p>{t(fits ? 'join.memory' : 'join.noMemory', { name, ...sizes })}</p>
    </>
  );
}

/** What joining would mean; asked anew for each server. */
function useJoinForecast(
  id: string | null,
  modelId: string,
): { readonly forecast: JoinForecast | null; readonly problem: ErrorReport | null } {
  const client = useClient();
  const [forecast, setForecast] = useState<JoinForecast | null>(null);
  const [problem, setProblem] = useState<ErrorReport | null>(null);
  useEffect(() => {
    const end = new AbortController();
    setForecast(null);
    setProblem(null);
    if (id !== null)
      client.servings.foreseeJoin({ id, modelId }, { signal: end.signal }).then(setForecast, (error: unknown) => {
        if (!end.signal.aborted) setProblem(reportOf(error));
      });
    return () => end.abort();
  }, [client, id, modelId]);
  return { forecast, problem };
}
