/** Builds the scene of one recorded call: the files, links, sockets and processes it found, and the call itself. */
import { dirname } from 'node:path'
import { containerOf, optionOf, parentOf } from './engine.ts'
import { callsOf, type Descriptor, type FixtureCall, optionalDocument, readDocument } from './fixture.ts'
import { compact } from './json-text.ts'
import { type CallPlan, callStep, type Step } from './plan.ts'
import { decisionLog, lintelPath, policyPath } from './tools.ts'

/** Engines write 0644 and root: another mode and group show whether lintel keeps them. */
const configMode = '640'
const configOwner = ['0', '42'] as const

interface Config {
  readonly root?: { readonly path?: string }
  readonly mounts?: readonly { readonly source?: string; readonly destination: string }[]
}

/** The document a guarded call is about, where lintel may rewrite it. */
export interface Subject {
  /** Path inside the root; `-` for standard input. */
  readonly path: string
  readonly text: string
}

/** The calls lintel judges. */
export const isGuarded = ({ call }: FixtureCall): boolean =>
  ['create', 'run', 'restore', 'exec', 'update'].includes(call.command)

const bundleOf = ({ call }: FixtureCall): string => optionOf(call.argv, '--bundle') ?? call.cwd

/** The document of a call as the engine wrote it: without the blanks the recording added. */
export const subjectOf = (one: FixtureCall): Subject | undefined => {
  const { fixture, call } = one
  const text = (name: string): string => compact(readDocument(`${fixture}/${name}`))
  if (call.config !== undefined) return { path: `${bundleOf(one)}/config.json`, text: text(call.config) }
  if (call.process !== undefined) {
    return { path: optionOf(call.argv, '--process') ?? '', text: text(call.process) }
  }
  if (call.resources !== undefined) {
    return { path: optionOf(call.argv, '--resources') ?? '', text: text(call.resources) }
  }
  if (call.command !== 'update') return undefined
  // CRI-O's standard input was not recorded.
  return { path: '-', text: call.stdin === undefined ? '{}' : text(call.stdin) }
}

/** Descriptors of calls whose own were not recorded (CRI-O). */
const usualDescriptors: readonly Descriptor[] = [
  { number: 0, to: '/dev/null', access: 'r' },
  { number: 1, to: 'pipe:2', access: 'w' },
  { number: 2, to: 'pipe:3', access: 'w' },
]

const descriptorsOf = ({ call }: FixtureCall): readonly Descriptor[] => {
  if (call.descriptors !== undefined) return call.descriptors
  if (call.command !== 'update') return usualDescriptors
  return [{ number: 0, to: 'pipe:1', access: 'r' }, ...usualDescriptors.slice(1)]
}

/** Standard input where the recording has a pipe but no text. */
export const someInput = 'from whoever holds the other end\n'

const planOf = (one: FixtureCall, words: readonly string[]): CallPlan => {
  const { call } = one
  const [program = '', ...rest] = call.argv
  const subject = subjectOf(one)
  return {
    parent: parentOf(one),
    program: lintelPath,
    argv: [program, '--lintel-policy', policyPath, ...words, ...rest],
    env: call.env,
    cwd: call.cwd,
    descriptors: descriptorsOf(one),
    input: subject?.path === '-' ? subject.text : someInput,
    ignoresPipe: call.ignoresPipe === true,
    oomScoreAdjustment: call.oomScoreAdjustment ?? 0,
  }
}

/** The same call with `--dry-run`, its output in pipes of its own. */
const dryPlanOf = (one: FixtureCall): CallPlan => {
  const plan = planOf(one, ['--dry-run'])
  const others = plan.descriptors.filter(({ number }) => number !== 1 && number !== 2)
  const output = ([1, 2] as const).map(
    (number) => ({ number, to: `pipe:${29 + number}`, access: 'w' }) as const,
  )
  return { ...plan, descriptors: [...others, ...output] }
}

/** What lintel left in the bundle at the creation of a container. */
export interface Admitted {
  /** The configuration the container runs with. */
  readonly config: string
  /** What had been asked for, where lintel repaired it. */
  readonly asked: string | undefined
}

/** The file beside the configuration that tells what was asked for. */
export const askedPath = (configPath: string): string => `${dirname(configPath)}/lintel-asked.json`

/** The call in its surroundings, played dry first where lintel judges it. */
export const sceneOf = (one: FixtureCall, admitted: Admitted | undefined): readonly Step[] => {
  const subject = subjectOf(one)
  const log = optionOf(one.call.argv, '--log')
  const asked = one.call.config === undefined || subject === undefined ? undefined : askedPath(subject.path)
  const read = [subject?.path, asked, log, decisionLog, '/srv/out'].filter(
    (path) => path?.startsWith('/') === true,
  )
  const reads = read.map((path): Step => ['read', path ?? ''])
  return [
    ...hostSteps(one),
    ...(subject === undefined || subject.path === '-' ? [] : subjectSteps(subject)),
    ...(one.call.config === undefined || subject === undefined ? [] : bundleSteps(one, subject.text)),
    ...(admitted === undefined ? [] : admittedSteps(one, admitted)),
    ...(isGuarded(one) ? [callStep(dryPlanOf(one)), ...reads] : []),
    callStep(planOf(one, [])),
    ...reads,
  ]
}

const hostSteps = (one: FixtureCall): readonly Step[] => [
  ['folder', one.call.cwd],
  ['folder', '/srv'],
  ...['/run/docker.sock', '/run/containerd/containerd.sock', '/run/crio/crio.sock'].map(
    (path): Step => ['socket', path],
  ),
  ...sideSteps(one),
  ...namespaceSteps(one),
]

const subjectSteps = ({ path, text }: Subject): readonly Step[] => [
  ['file', path, configMode, text],
  ['owner', path, ...configOwner],
]

/** What lay in the bundle, the root file system and the sources of mounts. */
const bundleSteps = (one: FixtureCall, text: string): readonly Step[] => {
  const bundle = bundleOf(one)
  const config: Config = JSON.parse(text)
  const { files = {}, work } = one.call.bundle ?? {}
  const root = config.root?.path ?? 'rootfs'
  return [
    ...Object.entries(files).map(([name, content]): Step => ['file', `${bundle}/${name}`, '600', content]),
    ...(work === undefined ? [] : [['link', `${bundle}/work`, work]]),
    ['folder', root.startsWith('/') ? root : `${bundle}/${root}`],
    ...(config.mounts ?? []).flatMap(({ source = '' }) => sourceSteps(source)),
  ]
}

const sourceSteps = (source: string): readonly Step[] => {
  const made = ['/run/', '/var/lib/', '/var/tmp/', '/srv/', '/tmp/'].some((folder) =>
    source.startsWith(folder),
  )
  if (!made || source.endsWith('.sock')) return []
  const isFile = /\/(hostname|hosts(\.\w+)?|resolv\.conf|passwd|\.containerenv)$/.test(source)
  return [isFile ? ['file', source, '644', ''] : ['folder', source]]
}

/** Side files of engines: Docker's of the container they name, Podman's list of containers. */
const sideSteps = ({ fixture, call }: FixtureCall): readonly Step[] => {
  const [admittedFixture = fixture] = call.admitted?.split('/') ?? []
  const inspected = optionalDocument(fixture, 'inspect.json')
  return [
    ...dockerSteps(fixture),
    ...(admittedFixture === fixture ? [] : dockerSteps(admittedFixture)),
    ...(inspected === undefined ? [] : podmanSteps(inspected)),
  ]
}

const dockerSteps = (fixture: string): readonly Step[] => {
  const config = optionalDocument(fixture, 'config.v2.json')
  if (config === undefined) return []
  const { ID: id }: { readonly ID: string } = JSON.parse(config)
  const host = optionalDocument(fixture, 'hostconfig.json') ?? '{}'
  return [
    ['file', `/var/lib/docker/containers/${id}/config.v2.json`, '600', config],
    ['file', `/var/lib/docker/containers/${id}/hostconfig.json`, '644', host],
  ]
}

/** The store's containers.json was not recorded; `podman inspect` was, and names the same things. */
const podmanSteps = (inspected: string): readonly Step[] => {
  const said: readonly {
    readonly Id: string
    readonly Name: string
    readonly Image: string
    readonly ImageName: string
  }[] = JSON.parse(inspected)
  const stored = said.map(({ Id, Name, Image, ImageName }) => {
    const metadata = JSON.stringify({ 'image-name': ImageName, 'image-id': Image, name: Name })
    return { id: Id, names: [Name], image: Image, metadata }
  })
  const store = '/var/lib/containers/storage/overlay-containers/containers.json'
  return [['file', store, '600', JSON.stringify(stored)]]
}

const types: { readonly [file: string]: string } = { net: 'network', ipc: 'ipc', uts: 'uts', pid: 'pid' }
const pins: { readonly [folder: string]: string } = { netns: 'net', ipcns: 'ipc', utsns: 'uts' }

/** A process for every `/proc/PID/ns/…` that is joined, a pinned namespace for every file elsewhere. */
const namespaceSteps = ({ call }: FixtureCall): readonly Step[] => {
  const joined = Object.entries(call.namespaces ?? {})
  const pids = new Set(joined.flatMap(([path]) => /^\/proc\/(\d+)\//.exec(path)?.[1] ?? []))
  const processes = [...pids].map((pid): Step => {
    const own = joined.filter(([path, owner]) => owner === 'own' && path.startsWith(`/proc/${pid}/`))
    return ['process', pid, own.map(([path]) => types[path.split('/').at(-1) ?? '']).join(',')]
  })
  const pinned = joined.filter(([path]) => !path.startsWith('/proc/'))
  if (pinned.length === 0) return processes
  const bound = pinned.map(([path, owner]): Step => {
    const file = pins[path.split('/').at(-2) ?? ''] ?? 'net'
    return ['bind', `/proc/${owner === 'own' ? pinnedPid : '1'}/ns/${file}`, path]
  })
  return [...processes, ['process', pinnedPid, 'network,ipc,uts'], ...bound]
}

/** Higher than any pid recorded, lower than the smallest kernel.pid_max. */
const pinnedPid = '32000'

/** runc's state of the container and its bundle, as exec and update find them. */
const admittedSteps = (one: FixtureCall, { config, asked }: Admitted): readonly Step[] => {
  const created = creationOf(one)
  if (created === undefined) return []
  const bundle = bundleOf(created)
  const id = containerOf(one.call.argv)
  const root = optionOf(one.call.argv, '--root') ?? '/run/runc'
  const state = { id, config: { rootfs: dirname(bundle), labels: [`bundle=${bundle}`] } }
  return [
    ['file', `${root}/${id}/state.json`, '600', JSON.stringify(state)],
    ['file', `${bundle}/config.json`, '644', config],
    ...(asked === undefined ? [] : [['file', `${bundle}/lintel-asked.json`, '600', asked] as const]),
  ]
}

/** The recorded creation of the container an exec or update is for. */
const creationOf = ({ call }: FixtureCall): FixtureCall | undefined => {
  const [fixture = '', document = ''] = call.admitted?.split('/') ?? []
  return call.admitted === undefined
    ? undefined
    : callsOf(fixture).find((created) => created.call.config === document)
}
