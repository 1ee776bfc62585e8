/** Runs a recorded configuration with the real runc, moved to a private host: what only the recording host had is replaced. */
import { copyFileSync, existsSync, linkSync, mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { PrivateHost } from '../../e2e/support/private-host.ts'

interface LiveMount {
  destination: string
  type?: string
  source?: string
  options?: string[]
}

/** The members that are moved; everything else runs as it was recorded or repaired. */
interface LiveConfig {
  process: {
    args: string[]
    terminal?: boolean
    cwd: string
    env: string[]
    oomScoreAdj?: number
    rlimits?: object
    apparmorProfile?: string
  }
  root: { path: string }
  mounts: LiveMount[]
  hooks?: object
  linux: { namespaces: { type: string; path?: string }[]; cgroupsPath?: string }
}

/** Kinds of namespaces runc 1.1 does not know. */
const newer = new Set(['time'])

const isBind = ({ type, options }: LiveMount): boolean =>
  type === 'bind' || options?.some((option) => option === 'bind' || option === 'rbind') === true

/** A stand-in for a source that only the recording host had: a file where the name looks like one. */
const sourceAt = (host: PrivateHost, source: string): string => {
  if (source.startsWith('/') && existsSync(host.path(source))) return source
  const moved = join(host.workspace, 'sources', source)
  const isFile =
    /(hostname|hosts|resolv\.conf|passwd|containerenv|-init|catatonit|termination-log|\.sock)$/.test(source)
  mkdirSync(isFile ? dirname(moved) : moved, { recursive: true })
  if (isFile && !existsSync(moved)) writeFileSync(moved, '')
  return moved
}

/** The configuration as it can run here: root, command, sources, joined namespaces and cgroup are replaced. */
const moved = (host: PrivateHost, name: string, text: string): LiveConfig => {
  const config: LiveConfig = JSON.parse(text)
  // Root may lack CAP_SYS_RESOURCE, which negative values and higher limits need; there is no AppArmor and no console.
  const { oomScoreAdj = 0, rlimits: ___, apparmorProfile: _, ...process } = config.process
  const { hooks: __, ...rest } = config
  const namespaces = config.linux.namespaces.filter(({ type }) => !newer.has(type))
  return {
    ...rest,
    process: {
      ...process,
      ...(oomScoreAdj > 0 ? { oomScoreAdj } : {}),
      args: ['/bin/busybox', 'sleep', '60'],
      terminal: false,
      cwd: '/',
    },
    root: { ...config.root, path: 'rootfs' },
    mounts: config.mounts.map((mount) =>
      isBind(mount) ? { ...mount, source: sourceAt(host, mount.source ?? '') } : mount,
    ),
    linux: {
      ...config.linux,
      namespaces: namespaces.map(({ type }) => ({ type })),
      cgroupsPath: `${host.cgroup}/${name}`,
    },
  }
}

/**
 * Creates, starts and asks for the state of the container, then removes it. Returns `running`, or what runc said.
 * `name` serves as its id and names its bundle.
 */
export const liveState = async (host: PrivateHost, name: string, text: string): Promise<string> => {
  const bundle = join(host.workspace, 'bundles', name)
  makeRoot(host, bundle)
  writeFileSync(join(bundle, 'config.json'), JSON.stringify(moved(host, name, text)))
  const script = [
    `runc --log ${bundle}/log create --bundle ${bundle} ${name} </dev/null >/dev/null 2>&1 || { cat ${bundle}/log; exit 1; }`,
    `runc start ${name} 2>&1 || exit 1`,
    `sleep 0.1`,
    `runc state ${name} | grep -o '"status": "[a-z]*"'`,
  ].join('\n')
  const ran = await host.run('sh', ['-c', script])
  await host.run('runc', ['delete', '--force', name])
  return ran.stdout.includes('"running"') ? 'running' : ran.all
}

const folders = ['bin', 'etc', 'root', 'tmp', 'home', 'proc', 'sys', 'dev', 'run', 'var/tmp', 'usr', 'sbin']

const makeRoot = (host: PrivateHost, bundle: string): void => {
  for (const folder of folders) mkdirSync(join(bundle, 'rootfs', folder), { recursive: true })
  const program = join(host.workspace, 'busybox')
  if (!existsSync(program)) copyFileSync('/bin/busybox', program)
  linkSync(program, join(bundle, 'rootfs/bin/busybox'))
}
