import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { Arch, type Configuration } from 'electron-builder';

type Fuses = NonNullable<Configuration['electronFuses']>;

/** Every fuse by name: what Electron's own default is does not matter. */
const fuses: Required<Omit<Fuses, 'resetAdHocDarwinSignature'>> = {
  runAsNode: false,
  enableCookieEncryption: true,
  enableNodeOptionsEnvironmentVariable: false,
  enableNodeCliInspectArguments: false,
  enableEmbeddedAsarIntegrityValidation: true,
  onlyLoadAppFromAsar: true,
  loadBrowserProcessSpecificV8Snapshot: false,
  grantFileProtocolExtraPrivileges: false,
};

/** Has the engine's native library a binary for a system? Elsewhere the one in WebAssembly takes its place. */
const hasNative = (platform: string, arch: Arch): boolean =>
  existsSync(join(import.meta.dirname, 'node_modules', 'onnxruntime-node', 'bin', 'napi-v6', platform, Arch[arch]));

/** Packages of the desktop shell. Nothing is compiled: the one native module comes with its library. */
const configuration: Configuration = {
  appId: 'dev.slipway.app',
  productName: 'Slipway',
  directories: { output: 'dist', buildResources: 'resources' },
  npmRebuild: false,
  // Read by `files`, whose own ${platform} is the system that packs and not the one that is packed for.
  beforePack({ electronPlatformName, arch }) {
    process.env['PACKED_PLATFORM'] = electronPlatformName;
    process.env['SPARE_LIBRARY'] = hasNative(electronPlatformName, arch) ? 'onnxruntime-web' : 'onnxruntime-node';
  },
  asar: true,
  // Models are mounted into containers: they must be files of the disk.
  asarUnpack: ['resources/**', '**/node_modules/onnxruntime-node/bin/**'],
  files: [
    'out/**',
    'resources/**',
    'package.json',
    '!out/.stamp',
    // The command's Node, for those who run the project.
    '!**/node_modules/node-*/**',
    // Optional parts of ssh2 and of streams in another runtime: binaries, and nothing that we call.
    '!**/node_modules/{cpu-features,nan,buildcheck}/**',
    '!**/node_modules/bare-*/**',
    '!**/*.{bare,exe,so}',
    '!**/!(ort-wasm-simd-threaded).wasm',
    '!**/!(onnxruntime_binding).node',
    '!**/!(onnxruntime|DirectML|dxcompiler|dxil).dll',
    '!**/!(libonnxruntime*).dylib',
    '!**/node_modules/**/*.{ts,mts,cts,map,md,markdown,c,cc,h,gyp,gypi,bat}',
    '!**/*.map',
    // The engine's library for other systems, and the script that would fetch more of it.
    '!**/onnxruntime-node/bin/napi-v6/!(${env.PACKED_PLATFORM})/**',
    '!**/onnxruntime-node/bin/napi-v6/${env.PACKED_PLATFORM}/!(${arch})/**',
    '!**/onnxruntime-node/script/**',
    // One of its two libraries; of the one in WebAssembly what Node loads, which holds its dependencies.
    '!**/node_modules/${env.SPARE_LIBRARY}/**',
    '!**/onnxruntime-web/lib/**',
    '!**/onnxruntime-web/dist/!(ort.node.min.mjs|ort-wasm-simd-threaded.mjs|ort-wasm-simd-threaded.wasm)',
    '!**/node_modules/{flatbuffers,guid-typescript,platform}/**',
  ],
  electronFuses: fuses,
  linux: { target: ['AppImage', 'deb'], category: 'Development', maintainer: 'The Slipway authors <slipway@localhost>' },
  mac: { target: ['dmg'], category: 'public.app-category.developer-tools' },
  win: { target: ['nsis'] },
};

export default configuration;
