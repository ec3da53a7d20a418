import type { Channel, ChannelMessage } from '../../shared/rpc/channel.ts';
import { connectClient } from '../../shared/rpc/connectClient.ts';
import { AppError } from '../../shared/contract/errors.ts';
import type { ShellConnection } from './shellConnection.ts';

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
    // Main lives as long as the window: its port does not close before it.
    onClose: () => undefined,
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
  const client = connectClient(portChannel(await openPort(bridge)));
  const ticketFor = async (file: File): Promise<string> => {
    const ticket = await bridge.ticketFor(file);
    if (typeof ticket !== 'string') throw new AppError('PATH_REFUSED', { detail: 'It is no folder of this machine.' });
    return ticket;
  };
  return {
    client: () => client,
    status: 'connected',
    subscribe: () => () => undefined,
    importDropped: (dropped) => [...(dropped instanceof DataTransfer ? dropped.files : dropped)].map(ticketFor),
  };
}
