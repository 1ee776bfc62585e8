/**
 * What CRI-O 1.37 does around a container, replayed from its recordings: no package of it is to be had here. Real are
 * conmon, the shim under test, runc and the root file system; the configurations are the recorded ones.
 */

import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { execa } from 'execa'
import { type Created, environment, execute, folders, type Monitored, monitor } from './conmon.ts'
import { kubeletPaths } from './cri-containerd.ts'
import { allowCgroup } from './decisions.ts'
import { type Outcome, openPrivateHost, type PrivateHost } from './private-host.ts'

const fixtures = fileURLToPath(new URL('../../../fixtures', import.meta.url))
const runRoot = '/run/containers/storage/overlay-containers'
const graphRoot = '/var/lib/containers/storage/overlay-containers'
const runtimeRoot = '/run/containers/storagec'

/** The members of a recorded configuration that are read or changed here. */
export interface RecordedConfig {
  readonly process: { readonly args: readonly string[] } & Readonly<Record<string, unknown>>
  readonly root: { readonly path: string } & Readonly<Record<string, unknown>>
  readonly mounts: readonly {
    readonly destination: string
    readonly source: string
    readonly type: string
    readonly options: readonly string[]
  }[]
  readonly annotations: Readonly<Record<string, string>>
  readonly linux: {
    readonly namespaces: readonly { readonly type: string; readonly path?: string }[]
  } & Readonly<Record<string, unknown>>
}

/** A change a test makes to a recorded configuration, as another pod specification would have. */
export type Change = (config: RecordedConfig) => RecordedConfig

/** What the recording, made without a kubelet, lacks of a hardened pod: hidden paths, a group, a version. */
export const asHardenedPod =
  (image: string): Change =>
  (config) => ({
    ...config,
    process: { ...config.process, user: { uid: 1000, gid: 1000, additionalGids: [1000] } },
    annotations: {
      ...config.annotations,
      'io.kubernetes.cri-o.Image': image,
      'io.kubernetes.cri-o.ImageName': image,
    },
    linux: { ...config.linux, ...kubeletPaths },
  })

export interface CrioContainer extends Monitored {
  readonly fixture: string
  readonly created: Created
}

export interface Crio {
  readonly host: PrivateHost
  /** A recorded sandbox: its namespaces are made, its configuration laid out, conmon started; then `start`. */
  runSandbox(fixture: string, options?: SandboxOptions): Promise<CrioContainer>
  /** A recorded container of that sandbox, created by conmon and not started. */
  create(fixture: string, sandbox: CrioContainer, change?: Change): Promise<CrioContainer>
  /** Calls the runtime as the crio daemon itself does. */
  runtime(args: readonly string[], input?: string): Promise<Outcome>
  /** ExecSync, with the recorded process file but for its arguments and what `change` says. */
  execSync(container: CrioContainer, args: readonly string[], change?: object): Promise<ExecSync>
  /** What `kubectl exec` gets: crio calls the runtime in the foreground. */
  execStream(container: CrioContainer, args: readonly string[], change?: object): Promise<Outcome>
}

export interface SandboxOptions {
  readonly change?: Change
  /** Pins the host's network namespace where that of the pod is recorded. */
  readonly hostNetwork?: boolean
}

/** An ExecSync reply; `message` where it failed. */
export interface ExecSync {
  readonly exitCode: number
  readonly stdout: string
  readonly stderr: string
  readonly message?: string
}

/** Opens a host with an empty store of CRI-O. */
export const openCrio = async (): Promise<Crio> => {
  const host = await openPrivateHost(['conmon'])
  allowCgroup(host)
  for (const folder of Object.values(folders)) mkdirSync(host.path(folder), { recursive: true })
  const runtime = runtimeOf(host)
  return {
    host,
    runtime,
    runSandbox: async (fixture, options = {}) => {
      const sandbox = await createSandbox(host, fixture, options)
      if (sandbox.created.pid > 0) await runtime(['start', sandbox.id])
      return sandbox
    },
    create: (fixture, sandbox, change = (config) => config) =>
      createContainer(host, { fixture, config: recorded(fixture, '03-create.config.json') }, (config) =>
        change(inPidNamespaceOf(sandbox, config)),
      ),
    execSync: (container, args, change = {}) => execSync(host, container, { args, change }),
    execStream: (container, args, change = {}) => {
      const file = processFile(host, container.fixture, { args, ...change })
      return runtime(['exec', '--process', file, container.id])
    },
  }
}

const recorded = (fixture: string, document: string): RecordedConfig => JSON.parse(textOf(fixture, document))

const textOf = (fixture: string, document: string): string =>
  readFileSync(join(fixtures, fixture, document), 'utf8')

/** The parent of the runtime must be an executable called crio: a shell under that name. */
const runtimeOf = (host: PrivateHost): Crio['runtime'] => {
  const crio = join(host.workspace, 'crio')
  copyFileSync('/bin/dash', crio)
  return (args, input = '') => {
    const call = [host.runtime, '--root', runtimeRoot, ...args]
    // More than one command, so that the shell stays and does not become the runtime.
    const script = '"$@"; exit "$?"'
    return host.run('env', ['-i', ...environment, crio, '-c', script, 'crio', ...call], { input })
  }
}

const createSandbox = async (
  host: PrivateHost,
  fixture: string,
  { change = (same) => same, hostNetwork = false }: SandboxOptions,
): Promise<CrioContainer> => {
  const config = recorded(fixture, '00-create.config.json')
  for (const { type, path } of config.linux.namespaces) {
    if (path === undefined) continue
    mkdirSync(host.path(dirname(path).replace('/var/run', '/run')), { recursive: true })
    const pin =
      type === 'network' && hostNetwork
        ? 'mount --bind /proc/1/ns/net "$1"'
        : `unshare --${type === 'network' ? 'net' : type}="$1" true`
    const pinned = await host.run('sh', ['-c', `touch "$1" && ${pin}`, 'sh', path])
    if (pinned.exitCode !== 0) throw new Error(`no ${type} namespace: ${pinned.all}`)
  }
  return createContainer(host, { fixture, config }, change)
}

const createContainer = async (
  host: PrivateHost,
  { fixture, config }: { readonly fixture: string; readonly config: RecordedConfig },
  change: Change,
): Promise<CrioContainer> => {
  const id = config.annotations['io.kubernetes.cri-o.ContainerID'] ?? ''
  const { 'io.kubernetes.cri-o.ContainerName': ofSandbox, 'io.kubernetes.cri-o.Name': own } =
    config.annotations
  const name = ofSandbox ?? own ?? ''
  const log = config.annotations['io.kubernetes.cri-o.LogPath'] ?? ''
  const bundle = `${runRoot}/${id}/userdata`
  const persistent = `${graphRoot}/${id}/userdata`
  for (const folder of [bundle, persistent, dirname(log)]) mkdirSync(host.path(folder), { recursive: true })
  await layRootFileSystem(host, config.root.path)
  for (const { source, type } of config.mounts) if (type === 'bind') layMountSource(host, source)
  writeFileSync(host.path(`${bundle}/config.json`), JSON.stringify(change(adapted(host, id, config))))
  const container = { id, name, bundle, persistent, log, root: runtimeRoot }
  return { ...container, fixture, created: await monitor(host, container) }
}

/**
 * Two members cannot stay as recorded: the cgroup, which must lie where the test tidies up, and an OOM score below the
 * caller's own, which the machine of the tests may not allow.
 */
const adapted = ({ cgroup }: PrivateHost, id: string, config: RecordedConfig): RecordedConfig => ({
  ...config,
  process: { ...config.process, oomScoreAdj: 0 },
  linux: { ...config.linux, cgroupsPath: `${cgroup}/crio-${id}` },
})

/** And a third: the recorded process whose namespace is joined is that of the sandbox now. */
const inPidNamespaceOf = ({ created }: CrioContainer, config: RecordedConfig): RecordedConfig => ({
  ...config,
  linux: {
    ...config.linux,
    namespaces: config.linux.namespaces.map((each) =>
      each.type === 'pid' ? { ...each, path: `/proc/${created.pid}/ns/pid` } : each,
    ),
  },
})

/** Busybox, and what the recorded sandbox calls: `/pause`. */
const layRootFileSystem = async (host: PrivateHost, path: string): Promise<void> => {
  const root = host.path(path)
  if (existsSync(root)) return
  for (const name of ['bin', 'dev', 'etc', 'proc', 'run', 'sys', 'tmp', 'var/tmp']) {
    mkdirSync(join(root, name), { recursive: true })
  }
  copyFileSync('/bin/busybox', join(root, 'bin/busybox'))
  const { stdout } = await execa('/bin/busybox', ['--list'])
  for (const applet of stdout.split('\n')) {
    if (applet !== 'busybox') symlinkSync('busybox', join(root, 'bin', applet))
  }
  writeFileSync(join(root, 'pause'), '#!/bin/sh\nexec sleep 1000000\n', { mode: 0o755 })
}

const layMountSource = (host: PrivateHost, source: string): void => {
  const path = host.path(source)
  mkdirSync(source.endsWith('/shm') ? path : dirname(path), { recursive: true })
  if (!existsSync(path)) writeFileSync(path, '')
}

let files = 0

const processFile = (host: PrivateHost, fixture: string, change: object): string => {
  const file = `/run/crio/exec-process-${files++}`
  const process: object = JSON.parse(textOf(fixture, '07-exec.process.json'))
  writeFileSync(host.path(file), JSON.stringify({ ...process, ...change }))
  return file
}

const execSync = async (
  host: PrivateHost,
  container: CrioContainer,
  { args, change }: { readonly args: readonly string[]; readonly change: object },
): Promise<ExecSync> => {
  const process = processFile(host, container.fixture, { args, ...change })
  const paths = { process, log: `${process}.log`, pid: `${process}.pid` }
  const { exit_code: exitCode, message } = await execute(host, container, paths)
  const log = host.path(paths.log)
  const lines = existsSync(log) ? readFileSync(log, 'utf8').split('\n') : []
  rmSync(host.path(process))
  const on = (stream: string): string =>
    lines
      .map((line) => new RegExp(`^[^ ]+ ${stream} F (.*)$`).exec(line)?.[1] ?? '')
      .filter(Boolean)
      .join('\n')
  return {
    exitCode,
    stdout: on('stdout'),
    stderr: on('stderr'),
    ...(message === undefined ? {} : { message }),
  }
}
