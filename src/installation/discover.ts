/** Which engines this host has: daemons that run, and programs where engines are installed. */
import type { Host } from '../host/host.ts'
import type { Installation, RegistrableEngine } from '../registration/registration.ts'
import { type RunningProcess, runningProcesses } from './processes.ts'

/** How an engine is recognised and where it reads its configuration by default. */
interface Known {
  readonly engine: RegistrableEngine
  /** Base names of its program. */
  readonly programs: readonly string[]
  /** Options by which its daemon is told of another configuration file; empty where it has no daemon. */
  readonly options: readonly string[]
  readonly configuration: string
}

const knownEngines: readonly Known[] = [
  {
    engine: 'docker',
    // `-current` is what the docker package of CentOS 7 calls it.
    programs: ['dockerd', 'dockerd-current'],
    options: ['--config-file'],
    configuration: '/etc/docker/daemon.json',
  },
  {
    engine: 'containerd',
    programs: ['containerd'],
    options: ['--config', '-config', '-c'],
    configuration: '/etc/containerd/config.toml',
  },
  {
    engine: 'crio',
    programs: ['crio'],
    options: ['--config', '-config', '-c'],
    configuration: '/etc/crio/crio.conf',
  },
  {
    engine: 'podman',
    programs: ['podman'],
    options: [],
    configuration: '/etc/containers/containers.conf',
  },
  {
    engine: 'buildkit',
    programs: ['buildkitd'],
    options: ['--config', '-config'],
    configuration: '/etc/buildkit/buildkitd.toml',
  },
]

/** Where engines are installed: the usual PATH, and folders of their own. */
const programFolders = [
  '/usr/bin',
  '/usr/sbin',
  '/usr/local/bin',
  '/usr/local/sbin',
  '/opt/bin',
  '/opt/docker/bin',
  '/opt/containerd/bin',
  '/opt/crio/bin',
  '/opt/buildkit/bin',
] as const

/**
 * Kubernetes distributions with a containerd of their own: its program, and the configuration file they write for it
 * at every start (k3s pkg/agent/templates, rke2 pkg/rke2, k0s pkg/component/worker/containerd).
 */
const ownContainerds = [
  {
    program: '/var/lib/rancher/k3s/data/current/bin/containerd',
    configuration: '/var/lib/rancher/k3s/agent/etc/containerd/config.toml',
  },
  {
    program: '/var/lib/rancher/rke2/bin/containerd',
    configuration: '/var/lib/rancher/rke2/agent/etc/containerd/config.toml',
  },
  { program: '/var/lib/k0s/bin/containerd', configuration: '/etc/k0s/containerd.toml' },
] as const

/**
 * Every engine of this host, in a fixed order: root's daemons that run with this host's root file system (not those
 * inside a container), each with the configuration file it was told of; then engines that are only installed. A
 * containerd that dockerd started for itself is part of Docker and is left out.
 */
export const discover = (host: Host): readonly Installation[] => {
  const processes = runningProcesses(host).filter(({ uid, sameRoot }) => uid === 0 && sameRoot)
  const seen = new Map<string, string | undefined>()
  const version = (program: string): string | undefined => {
    if (!seen.has(program)) seen.set(program, programVersion(host, program))
    return seen.get(program)
  }
  return knownEngines.flatMap((known) => {
    const running = daemonsOf(known, processes)
    const all = [...running, ...installedOf(host, known, { running, processes })]
    return all.map((found) => ({ engine: known.engine, version: version(found.program), ...found }))
  })
}

type Found = Pick<Installation, 'program' | 'configuration' | 'daemon' | 'argv'>

const daemonsOf = (known: Known, processes: readonly RunningProcess[]): readonly Found[] =>
  known.options.length === 0
    ? []
    : processes
        .filter((each) => known.programs.includes(each.name) && !isDockersOwn(each, processes))
        .map((each) => ({
          program: each.executable,
          configuration: absoluteIn(each.folder, optionOf(each.argv, known.options)) ?? known.configuration,
          daemon: each.pid,
          argv: each.argv,
        }))

/** True for a containerd that dockerd runs: its child, or told of the file that dockerd writes for it. */
const isDockersOwn = (
  { name, parent, argv }: RunningProcess,
  processes: readonly RunningProcess[],
): boolean => {
  if (name !== 'containerd') return false
  const starter = processes.find(({ pid }) => pid === parent)
  if (starter !== undefined && dockerPrograms.includes(starter.name)) return true
  return optionOf(argv, ['--config', '-c'])?.endsWith('/docker/containerd/containerd.toml') === true
}

const dockerPrograms: readonly string[] = ['dockerd', 'dockerd-current']

const installedOf = (
  host: Host,
  known: Known,
  {
    running,
    processes,
  }: { readonly running: readonly Found[]; readonly processes: readonly RunningProcess[] },
): readonly Found[] => {
  const own = known.engine === 'containerd' ? ownContainerds : []
  const candidates: readonly Omit<Found, 'daemon'>[] = [
    ...programPaths(host, known).map((program) => ({ program, configuration: known.configuration })),
    ...own.filter(({ program }) => isProgram(host, program)),
  ]
  const added: Found[] = []
  for (const { program, configuration } of candidates) {
    const isListed = [...running, ...added].some(
      (each) => each.configuration === configuration || areSame(host, each.program, program),
    )
    if (!isListed && !servesDockerOnly(host, { known, configuration, processes }))
      added.push({ program, configuration, daemon: undefined })
  }
  return added
}

const areSame = (host: Host, one: string, other: string): boolean => {
  const [first, second] = [host.stat(one, true), host.stat(other, true)]
  return first.ok && second.ok && first.value.id === second.value.id
}

/** A containerd that only dockerd starts has no configuration file of its own. */
const servesDockerOnly = (
  host: Host,
  scene: {
    readonly known: Known
    readonly configuration: string
    readonly processes: readonly RunningProcess[]
  },
): boolean =>
  scene.known.engine === 'containerd' &&
  scene.processes.some((each) => isDockersOwn(each, scene.processes)) &&
  !host.stat(scene.configuration, true).ok

const programPaths = (host: Host, { programs }: Known): readonly string[] => {
  const paths = programs.flatMap((name) => programFolders.map((folder) => `${folder}/${name}`))
  return paths.filter((path) => isProgram(host, path))
}

const isProgram = (host: Host, path: string): boolean => {
  const found = host.stat(path, true)
  return found.ok && found.value.kind === 'file' && (found.value.mode & 0o111) !== 0
}

const versionTimeout = 5_000

/** `1.6.20` of what `PROGRAM --version` prints; undefined where it prints no version within five seconds. */
const programVersion = (host: Host, program: string): string | undefined => {
  const said = host.spawn([program, '--version'], '', versionTimeout)
  if (!said.ok || said.value.timedOut || said.value.status !== 0) return undefined
  return versionIn(said.value.stdout)
}

/** The first version number that stands as a word of its own in a text, without what follows it (`-rc1`, `+dfsg1`). */
export const versionIn = (text: string): string | undefined =>
  /(?:^|\s)v?(\d+\.\d+(?:\.\d+)?)/.exec(text)?.[1]

/** The value of the last of these options in an argument list, as `--option VALUE` or `--option=VALUE`. */
export const optionOf = (argv: readonly string[], options: readonly string[]): string | undefined => {
  let value: string | undefined
  for (const [index, word] of argv.entries()) {
    if (options.includes(word)) value = argv[index + 1] ?? value
    const equals = word.indexOf('=')
    if (equals > 0 && options.includes(word.slice(0, equals))) value = word.slice(equals + 1)
  }
  return value
}

const absoluteIn = (folder: string | undefined, path: string | undefined): string | undefined => {
  if (path === undefined || path === '') return undefined
  if (path.startsWith('/')) return path
  return folder === undefined
    ? undefined
    : `${folder === '/' ? '' : folder}/${path.replace(/^(?:\.\/)+/, '')}`
}
