import type { Channel, ChannelMessage } from '../../shared/rpc/channel.ts';
import { connectClient, type ContractClient } from '../../shared/rpc/connectClient.ts';
import { AppError, errorTable, type ErrorReport } from '../../shared/contract/errors.ts';
import type { ConnectionStatus, ShellConnection } from './shellConnection.ts';

const pauseMs = 300;

/** What the preload gives the page. */
interface DesktopBridge {
  openPort(nonce: string): void;
  ticketFor(file: File): Promise<unknown>;
}

function portChannel(port: MessagePort): Channel {
  const early: ChannelMessage[] = [];
  let listener: ((message: ChannelMessage) => void) | undefined;
  port.addEventListener('message', ({ data }: MessageEvent<ChannelMessage>) => {
    if (listener === undefined) early.push(data);
    else listener(data);
  });
  port.start();
  return {
    send: (message) => port.postMessage(message),
    onMessage(set) {
      listener = set;
      for (const message of early.splice(0)) set(message);
    },
    onClose: (listener) => port.addEventListener('close', listener),
    close: () => port.close(),
  };
}

/** Asks the preload for the port to main; only a message of this very window with our nonce is taken. */
function openPort(bridge: DesktopBridge): Promise<MessagePort> {
  const { promise, resolve } = Promise.withResolvers<MessagePort>();
  const nonce = crypto.randomUUID();
  window.addEventListener(
    'message',
    ({ source, data, ports }: MessageEvent<{ readonly kind?: string; readonly nonce?: string } | null>) => {
      const [port] = ports;
      if (source === window && data?.kind === 'slipway:port' && data.nonce === nonce && port !== undefined) resolve(port);
    },
  );
  bridge.openPort(nonce);
  return promise;
}

/** Connects the desktop window with main. A dropped folder is linked: its path goes from the preload to main. */
export async function connect(): Promise<ShellConnection> {
  const bridge = (window as unknown as { readonly slipwayShell: DesktopBridge }).slipwayShell;
  const listeners = new Set<(status: ConnectionStatus) => void>();
  let status: ConnectionStatus = 'connected';
  function become(next: ConnectionStatus): void {
    if (next === status) return;
    status = next;
    for (const listener of listeners) listener(next);
  }
  async function open(): Promise<ContractClient> {
    const port = await openPort(bridge);
    // Its owner has gone, or refused what this page said: a new port leads to the next one.
    port.addEventListener('close', () => {
      become('lost');
      setTimeout(() => void reopen(), pauseMs);
    });
    return connectClient(portChannel(port));
  }
  async function reopen(): Promise<void> {
    client = await open();
    become('connected');
  }
  let client = await open();
  const ticketFor = async (file: File): Promise<string> => {
    const answer = (await bridge.ticketFor(file)) as { readonly ticket: string } | { readonly error: ErrorReport } | null;
    if (answer === null) throw new AppError('PATH_REFUSED', { detail: 'It is no folder of this machine.' });
    if ('ticket' in answer) return answer.ticket;
    throw answer.error.code in errorTable ? new AppError(answer.error.code, answer.error.data) : new AppError('INTERNAL', { incident: '' });
  };
  return {
    client: () => client,
    get status() {
      return status;
    },
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    importDropped: (dropped) => [...(dropped instanceof DataTransfer ? dropped.files : dropped)].map(ticketFor),
  };
}
