import type { Configuration } from 'electron-builder';

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

/** Packages of the desktop shell. Nothing is compiled: the one native module comes with its library. */
const configuration: Configuration = {
  appId: 'dev.slipway.app',
  productName: 'Slipway',
  directories: { output: 'dist', buildResources: 'resources' },
  npmRebuild: false,
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
    '!**/*.{bare,wasm,exe,so}',
    '!**/!(onnxruntime_binding).node',
    '!**/!(onnxruntime|DirectML|dxcompiler|dxil).dll',
    '!**/!(libonnxruntime*).dylib',
    '!**/node_modules/**/*.{ts,mts,cts,map,md,markdown,c,cc,h,gyp,gypi,bat}',
    '!**/*.map',
    // The engine's library for other systems, and the script that would fetch more of it.
    '!**/onnxruntime-node/bin/napi-v6/!(${platform})/**',
    '!**/onnxruntime-node/bin/napi-v6/${platform}/!(${arch})/**',
    '!**/onnxruntime-node/script/**',
  ],
  electronFuses: fuses,
  linux: { target: ['AppImage', 'deb'], category: 'Development', maintainer: 'The Slipway authors <slipway@localhost>' },
  mac: { target: ['dmg'], category: 'public.app-category.developer-tools' },
  win: { target: ['nsis'] },
};

export default configuration;
