/** The examples of `loader-environment`: libraries of the image, and ways of bringing others in. */
import type { BadExample, Example } from '../../core/rule.ts'

const environment = (...env: readonly string[]): Pick<Example, 'process'> => ({ process: { env } })

const volume = (destination: string, ...options: readonly string[]): object => ({
  mounts: [{ destination, type: 'bind', source: '/srv/data', options: ['rbind', ...options] }],
})

const hook = (env?: readonly string[]): object => ({
  hooks: { createContainer: [{ path: '/usr/bin/nvidia-ctk', args: ['nvidia-ctk', 'hook'], env }] },
})

const allocator = 'LD_PRELOAD=/usr/lib/x86_64-linux-gnu/libjemalloc.so.2'

export const goodLoaders: readonly Example[] = [
  { name: 'nothing of the kind', ...environment('PATH=/usr/bin:/bin', 'LD_NOTHING=1', 'LIBCONTAINER_X=1') },
  { name: 'a library of the image', ...environment(allocator), config: volume('/data', 'rw') },
  { name: 'a library the loader looks for itself', ...environment('LD_PRELOAD=libjemalloc.so.2') },
  {
    name: 'what images made for GPUs set',
    ...environment(
      'NVIDIA_VISIBLE_DEVICES=all',
      'NVIDIA_DRIVER_CAPABILITIES=compute,utility',
      'LD_LIBRARY_PATH=/usr/local/nvidia/lib:/usr/local/nvidia/lib64',
    ),
    config: volume('/usr/local/nvidia', 'ro'),
  },
  {
    name: 'a library path with an empty end, in a working directory of the image',
    ...environment('LD_LIBRARY_PATH=/opt/lib:'),
    config: volume('/data', 'rw'),
  },
  { name: 'a library path from the program on', ...environment('LD_LIBRARY_PATH=$ORIGIN/../lib') },
  { name: 'no library', ...environment('LD_PRELOAD=') },
  {
    name: 'a hook with an environment of its own',
    ...environment(allocator),
    config: hook(['PATH=/usr/bin']),
  },
  { name: 'no devices', ...environment('NVIDIA_MIG_CONFIG_DEVICES=void') },
  {
    name: 'a library the site allows',
    ...environment('LD_PRELOAD=/opt/agent/lib/agent.so'),
    config: volume('/opt/agent', 'rw'),
    parameters: { libraries: ['/opt/agent/*'] },
  },
  {
    name: 'an exec with the environment its container was admitted with',
    operation: 'exec',
    config: { process: { env: [allocator] }, ...hook() },
    process: { env: [allocator] },
  },
]

const injected = { message: 'injected' } as const

export const badLoaders: readonly BadExample<'reserved' | 'injected' | 'searched' | 'hook' | 'devices'>[] = [
  {
    name: "the runtime's own variables",
    ...environment('_LIBCONTAINER_INITPIPE=3', 'PATH=/bin', '_LIBCONTAINER_LOGPIPE=4'),
    message: 'reserved',
  },
  { name: "the monitor's own variables", ...environment('_OCI_SYNCPIPE=3'), message: 'reserved' },
  {
    name: 'a library on a volume',
    ...environment('LD_PRELOAD=/data/evil.so'),
    config: volume('/data', 'ro'),
    ...injected,
  },
  {
    name: 'the second of two libraries, the path spelled differently',
    ...environment('LD_PRELOAD=/usr/lib/good.so:/usr/../data//evil.so'),
    config: volume('/data/', 'rw'),
    ...injected,
  },
  {
    name: 'separated by a blank',
    ...environment('LD_PRELOAD=libgood.so /data/evil.so'),
    config: volume('/data', 'rw'),
    ...injected,
  },
  {
    name: 'an auditing library',
    ...environment('LD_AUDIT=/data/evil.so'),
    config: volume('/data', 'rw'),
    ...injected,
  },
  {
    name: 'the way CVE-2025-23266 was used',
    ...environment('LD_PRELOAD=/proc/self/cwd/poc.so'),
    ...injected,
  },
  {
    name: 'a symbolic link of the image that leads to a volume',
    ...environment('LD_PRELOAD=/lib/evil.so'),
    config: volume('/usr/lib', 'rw'),
    facts: {
      onHost: true,
      inside: {
        '/lib/evil.so': { real: '/usr/lib/evil.so', links: ['/lib -> usr/lib'], exists: true },
      },
    },
    ...injected,
  },
  {
    name: 'a relative path, with the working directory on a volume',
    process: { cwd: '/data', env: ['LD_PRELOAD=./evil.so'] },
    config: volume('/data', 'rw'),
    ...injected,
  },
  {
    name: 'a file system in memory',
    ...environment('LD_PRELOAD=/tmp/evil.so'),
    config: { mounts: [{ destination: '/tmp', type: 'tmpfs', source: 'tmpfs', options: ['nosuid'] }] },
    ...injected,
  },
  {
    name: 'a library path on a volume that can be written to',
    ...environment('LD_LIBRARY_PATH=/usr/lib:/data/lib'),
    config: volume('/data', 'rw'),
    message: 'searched',
    fixable: false,
  },
  {
    name: 'an empty library path, with the working directory on a volume',
    process: { cwd: '/data', env: ['LD_LIBRARY_PATH=/usr/lib:'] },
    config: volume('/data', 'rw'),
    message: 'searched',
    fixable: false,
  },
  { name: 'a library that a hook would load', ...environment(allocator), config: hook(), message: 'hook' },
  {
    name: 'the administration of all GPUs',
    ...environment('NVIDIA_MIG_CONFIG_DEVICES=all'),
    message: 'devices',
    fixable: false,
  },
  {
    name: 'all GPUs, where images may not help themselves',
    ...environment('NVIDIA_VISIBLE_DEVICES=all'),
    parameters: { devices: ['NVIDIA_VISIBLE_DEVICES'] },
    message: 'devices',
    fixable: false,
  },
  {
    name: 'an exec that brings one',
    operation: 'exec',
    config: { process: { env: ['PATH=/bin'] }, ...volume('/data', 'rw') },
    process: { env: ['PATH=/bin', 'LD_PRELOAD=/data/evil.so'] },
    ...injected,
  },
  {
    name: 'an exec with what was removed at create',
    operation: 'exec',
    config: { process: { env: ['PATH=/bin'] } },
    asked: { env: ['PATH=/bin', '_LIBCONTAINER_X=1'] },
    process: { env: ['PATH=/bin', '_LIBCONTAINER_X=1'] },
    message: 'reserved',
  },
  {
    name: 'a checkpoint, which brings its environment along',
    operation: 'restore',
    ...environment('_OCI_SYNCPIPE=3'),
    message: 'reserved',
    fixable: false,
  },
]
