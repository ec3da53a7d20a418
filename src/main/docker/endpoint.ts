import type { DockerOptions } from 'dockerode';

/** Whether an endpoint leads to another machine: ssh, or tcp that is not loopback. */
export function isRemote(endpoint: string): boolean {
  if (endpoint.startsWith('ssh://')) return true;
  if (!/^(tcp|https?):\/\//.test(endpoint)) return false;
  const { hostname } = new URL(endpoint.replace(/^tcp:/, 'http:'));
  return !['localhost', '127.0.0.1', '[::1]', '::1'].includes(hostname);
}

/** How dockerode reaches an endpoint of this machine. Throws a TypeError for what is none: `fd://`, `https://`. */
export function connectionOf(endpoint: string): DockerOptions {
  if (endpoint.startsWith('unix://')) return { socketPath: endpoint.slice('unix://'.length) };
  if (endpoint.startsWith('npipe://'))
    return {
      socketPath: endpoint
        .slice('npipe://'.length)
        .replaceAll('/', '\\')
        .replace(/^\\{2,}/, '\\\\'),
    };
  if (!/^(tcp|http):\/\/./.test(endpoint)) throw new TypeError(`no address of an engine: ${endpoint}`);
  const url = new URL(endpoint.replace(/^tcp:/, 'http:'));
  return { protocol: 'http', host: url.hostname, port: Number(url.port || 2375) };
}
