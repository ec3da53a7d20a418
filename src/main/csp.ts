export interface ContentSecurityPolicyOptions {
  /** Base64url text, new for each document; what the component kit and the editor put on the styles they make. */
  readonly styleNonce: string;
  /** Further origins that may be connected to: the WebSocket's own, such as `ws://127.0.0.1:4711`. */
  readonly connect?: readonly string[];
}

/** The Content-Security-Policy header of both shells; SECURITY.md says why each part is as it is. */
export function contentSecurityPolicy({ styleNonce, connect = [] }: ContentSecurityPolicyOptions): string {
  return [
    "default-src 'none'",
    "script-src 'self'",
    `style-src 'self' 'nonce-${styleNonce}'`,
    "img-src 'self' data: blob:",
    "font-src 'self'",
    "media-src 'self' blob:",
    "worker-src 'self'",
    ["connect-src 'self'", ...connect].join(' '),
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join('; ');
}
