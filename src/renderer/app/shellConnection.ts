import type { ContractClient } from '../../shared/rpc/connectClient.ts';

/**
 * connecting: not yet connected since the page was loaded.
 * lost: was connected; it is tried again without end, servings go on.
 * refused: this page's right to connect is gone (a link used twice, or a restarted Slipway); only a new link helps.
 */
export type ConnectionStatus = 'connecting' | 'connected' | 'lost' | 'refused';

export interface ImportDroppedOptions {
  /** Bytes of all that was dropped together; called with the whole sum as soon as it is known, then as bytes are sent. */
  readonly onProgress?: (sentBytes: number, totalBytes: number) => void;
  readonly signal?: AbortSignal;
}

/** What a screen needs of the shell it runs in. Made once by the entry of each shell. */
export interface ShellConnection {
  /**
   * The client of the present connection: ask for it anew for each call, since a reconnect replaces it.
   * While there is no connection its calls fail with CONNECTION_LOST.
   */
  client(): ContractClient;
  readonly status: ConnectionStatus;
  /** Calls back at every change of status; answers the function that ends it. After `connected` all streams must be opened anew. */
  subscribe(listener: (status: ConnectionStatus) => void): () => void;
  /**
   * One promise of an import ticket for each dropped folder or file, in their order.
   * Must be called before the drop handler's first `await`: afterwards the browser has taken the items away.
   * A failed or aborted one rejects with an AppError and leaves nothing behind.
   */
  importDropped(dropped: DataTransfer | readonly File[], options?: ImportDroppedOptions): readonly Promise<string>[];
}
