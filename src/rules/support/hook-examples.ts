/** Examples of `hooks`: the engines' own, and every way to make a known one do something else. */
import { hostFacts } from '../../core/example.ts'
import type { HostFacts, OwnershipFact } from '../../core/facts.ts'
import type { Hook } from '../../core/oci.ts'
import type { BadExample, Example } from '../../core/rule.ts'

const ctk: Hook = {
  path: '/usr/bin/nvidia-ctk',
  args: ['nvidia-ctk', 'hook', 'update-ldcache'],
  env: ['NVIDIA_CTK_DEBUG=false'],
}

const hooked = (hook: Hook, stage = 'createRuntime'): object => ({ hooks: { [stage]: [hook] } })

const ofRoot: OwnershipFact = { uid: 0, gid: 0, mode: 0o755, kind: 'file' }

const initial = { '/proc/self/uid_map': '0 0 4294967295\n' }

/** A host where these files are root's but for what is said here, and the program is this. */
const host = (
  changes: { readonly [path: string]: Partial<OwnershipFact> } = {},
  path = '/usr/bin/nvidia-ctk',
  real = path,
): Partial<HostFacts> => {
  const folders = ['/', '/usr', '/usr/bin', '/usr/local', '/usr/local/bin', '/opt', '/srv', path]
  return {
    ...hostFacts({ [path]: { real } }),
    texts: initial,
    ownership: Object.fromEntries(folders.map((file) => [file, { ...ofRoot, ...changes[file] }])),
  }
}

const setKey: Hook = {
  path: '/proc/4711/exe',
  args: ['libnetwork-setkey', '-exec-root=/run/docker', '0123', '4567'],
}

const nerdctl: Hook = {
  path: '/usr/local/bin/nerdctl',
  args: ['/usr/local/bin/nerdctl', 'internal', 'oci-hook', 'createRuntime'],
}

export const hooksGood: readonly Example[] = [
  { name: 'no hooks' },
  { name: 'no hooks, in empty lists', config: { hooks: { prestart: [], poststop: [] } } },
  { name: "NVIDIA's tool", config: hooked(ctk), facts: host() },
  {
    name: "NVIDIA's hook, a link to another program",
    config: hooked(ctk),
    facts: host({}, '/usr/bin/nvidia-ctk', '/usr/bin/nvidia-container-toolkit'),
  },
  { name: "nerdctl's network", config: hooked(nerdctl), facts: host({}, '/usr/local/bin/nerdctl') },
  {
    name: 'the network hook of dockerd',
    config: hooked(setKey, 'prestart'),
    identity: { engine: 'docker', proven: true },
    facts: host(),
  },
  {
    name: 'the network hook of dockerd, called through a script',
    config: hooked(setKey, 'prestart'),
    facts: host({}, '/proc/4711/exe', '/usr/bin/dockerd'),
  },
  {
    name: 'a known hook of a rootless caller, whose own file it is',
    config: hooked(nerdctl),
    facts: {
      ...host({ '/usr/local/bin/nerdctl': { uid: 1000 } }, '/usr/local/bin/nerdctl'),
      texts: { '/proc/self/uid_map': '0 1000 1\n' },
    },
  },
  {
    name: 'a hook inside the container is its own affair',
    config: hooked({ path: '/bin/sh', args: ['sh', '-c', 'ldconfig'] }, 'startContainer'),
    facts: host(),
  },
]

export const hooksBad: readonly BadExample<
  'unlisted' | 'interpreter' | 'environment' | 'writable' | 'unchecked'
>[] = [
  {
    name: 'a program nobody knows',
    config: hooked({ path: '/srv/hook', args: ['hook'] }),
    message: 'unlisted',
  },
  {
    name: 'at the end of the container',
    config: hooked({ path: '/srv/hook' }, 'poststop'),
    message: 'unlisted',
  },
  {
    name: 'a relative path',
    config: hooked({ ...ctk, path: 'nvidia-ctk' }),
    facts: host(),
    message: 'unlisted',
  },
  {
    name: 'a known program with other arguments',
    config: hooked({ ...nerdctl, args: ['nerdctl', 'run'] }),
    message: 'unlisted',
  },
  {
    name: "a path that climbs to a known name's neighbour",
    config: hooked({ path: '/usr/libexec/oci/hooks.d/../../../../srv/x' }),
    message: 'unlisted',
  },
  {
    name: 'a shell',
    config: hooked({ path: '/bin/sh', args: ['sh', '-c', 'touch /x'] }),
    message: 'interpreter',
  },
  {
    name: 'a shell that the policy allows by mistake',
    config: hooked({ path: '/usr/bin/env', args: ['env', 'sh'] }, 'createContainer'),
    parameters: { allow: ['env'] },
    facts: host({}, '/usr/bin/env'),
    message: 'interpreter',
  },
  {
    name: 'a library loaded into a known one',
    config: hooked({ ...ctk, env: ['LD_PRELOAD=/srv/x.so'] }),
    facts: host(),
    message: 'environment',
  },
  {
    name: 'a file of somebody else',
    config: hooked(ctk),
    facts: host({ '/usr/bin/nvidia-ctk': { uid: 1000 } }),
    message: 'writable',
  },
  {
    name: 'a file that the group may write',
    config: hooked(ctk),
    facts: host({ '/usr/bin/nvidia-ctk': { mode: 0o775 } }),
    message: 'writable',
  },
  {
    name: 'a folder that everyone may write',
    config: hooked(ctk),
    facts: host({ '/usr': { mode: 0o777 } }),
    message: 'writable',
  },
  {
    name: 'a known name in a folder of somebody else',
    config: hooked({ ...ctk, path: '/srv/nvidia-ctk' }),
    facts: host({ '/srv': { uid: 1000 } }, '/srv/nvidia-ctk'),
    message: 'writable',
  },
  {
    name: 'a link that leads where nobody looked',
    config: hooked(ctk),
    facts: host({}, '/usr/bin/nvidia-ctk', '/home/ada/nvidia-ctk'),
    message: 'unchecked',
  },
  {
    name: 'a file that is not there',
    config: hooked({ ...ctk, path: '/opt/nvidia-ctk' }),
    facts: host(),
    message: 'unchecked',
  },
  { name: 'a known name, away from the host', config: hooked(ctk), message: 'unchecked' },
  {
    name: 'the network hook of dockerd, away from the host',
    config: hooked(setKey, 'prestart'),
    message: 'unchecked',
  },
  {
    name: 'the program of some process, not proven to be dockerd',
    config: hooked(setKey, 'prestart'),
    identity: { engine: 'docker', proven: false },
    facts: host({}, '/proc/4711/exe', '/srv/dockerd'),
    message: 'unlisted',
  },
]
