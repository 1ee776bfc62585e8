/** Keeps the control sockets of container engines out of containers: by inode, in folders, wherever they listen. */
import { userSources } from '../../core/engine-files.ts'
import type { HostFacts, Probe } from '../../core/facts.ts'
import { describeHit, factOf, firstHit, submountsOf, viewsOf } from '../../core/host-paths.ts'
import type { HostSource } from '../../core/mounts.ts'
import { type PatchOperation, pointer } from '../../core/patch.ts'
import { defineRule, type Observation } from '../../core/rule.ts'
import { socketBad, socketGood } from '../support/docker-socket-examples.ts'

export const dockerSocket = defineRule({
  id: 'docker-socket',
  title: 'Ensure that the Docker socket is not mounted inside any containers',
  severity: 'critical',
  category: 'mounts',
  references: [
    { benchmark: 'cis-docker-1.13.0', item: '5.31' },
    { benchmark: 'cis-docker-1.7.0', item: '5.32' },
    { benchmark: 'pss-baseline', item: 'hostPath' },
    { benchmark: 'stig-docker-enterprise-2', item: 'DKER-EE-002130' },
    { url: 'https://docs.docker.com/engine/security/#docker-daemon-attack-surface' },
  ],
  rationale:
    'Whoever reaches the socket of an engine (or of systemd) starts privileged processes on the host; a read-only mount does not stop a connection.',
  appliesTo: ['create', 'run', 'restore'],
  parameters: {
    sockets: {
      type: 'array',
      items: { type: 'string' },
      description: 'Control sockets, or folders of them; `*` stands for any text within one path component.',
      default: [
        '/run/docker.sock',
        '/var/run/docker.sock',
        '/run/user/*/docker.sock',
        '/run/containerd/containerd.sock',
        '/run/docker/containerd/containerd.sock',
        '/run/crio/crio.sock',
        '/run/podman/podman.sock',
        '/run/user/*/podman/podman.sock',
        '/run/cri-dockerd.sock',
        '/run/buildkit/buildkitd.sock',
        '/run/k3s/containerd/containerd.sock',
        '/run/systemd/private',
        '/run/dbus/system_bus_socket',
        '/run/docker/plugins',
      ],
    },
  },
  messages: {
    socket: {
      what: 'the control socket {actual} is mounted',
      why: 'A process that can connect to it owns the host, read-only mount or not.',
      remedy: {
        docker: 'leave out that -v/--mount (and --use-api-socket)',
        podman: 'leave out that -v/--mount',
        kubernetes: 'leave out that hostPath volume',
        ctr: 'leave out that --mount',
        default: 'remove the mount',
      },
    },
    folder: {
      what: 'a host path with a control socket is mounted: {actual}',
      why: 'A process that can connect to the socket in it owns the host, read-only mount or not.',
      remedy: {
        docker: 'mount only the files that are needed instead of that folder',
        podman: 'mount only the files that are needed instead of that folder',
        kubernetes: 'name a narrower path in that hostPath volume',
        default: 'mount only the files that are needed instead of that folder',
      },
    },
  },
  listens: true,
  probes: (input, { sockets }) => {
    const sources = userSources(input)
    if (sources.length === 0) return []
    const targets = [...sockets.filter((path) => !path.includes('*')), ...listening(input.facts)]
    return [
      ...sources.map(({ path }): Probe => ({ path, mounts: true })),
      ...targets.map((path) => ({ path })),
      { path: dockerSettings, kind: 'text' },
    ]
  },
  check: (input, { sockets }) => {
    const sources = userSources(input)
    if (sources.length === 0) return []
    const targets = [...sockets, ...listening(input.facts), ...configured(input.facts)].map((path) =>
      factOf(input.facts, path),
    )
    return sources.flatMap((source): readonly Observation<'socket' | 'folder'>[] => {
      const fact = factOf(input.facts, source.path)
      const itself = firstHit(viewsOf(fact), targets, never)
      const hit = itself ?? firstHit(submountsOf(source, fact), targets, never)
      if (hit === undefined) return []
      const isSocket = itself !== undefined && itself.relation !== 'contains' && fact.kind !== 'directory'
      const actual = describeHit(source, hit, input.facts)
      return [
        {
          message: isSocket ? 'socket' : 'folder',
          pointer: pointerOf(source),
          actual,
          expected: 'not mounted',
        },
      ]
    })
  },
  // From the last to the first, so that the positions of those still to go stay right.
  fix: (observations) =>
    [...new Set(observations.filter(({ message }) => message === 'socket').map(({ pointer: at }) => at))]
      .toReversed()
      .map((path): PatchOperation => ({ op: 'remove', path })),
  examples: { good: socketGood, bad: socketBad },
})

const engineSocket = /^\/(?:.*\/)?(?:docker|containerd|crio|podman|buildkitd|cri-dockerd|dockershim)\.sock$/

/** Sockets that someone listens on and that are named as engines name theirs, wherever they were moved. */
const listening = ({ listeners }: HostFacts): readonly string[] =>
  listeners.filter((path) => engineSocket.test(path))

const dockerSettings = '/etc/docker/daemon.json'

/** Sockets that dockerd is told to listen on (`hosts` of daemon.json), by path: they are looked for under any name. */
const configured = ({ texts }: HostFacts): readonly string[] =>
  [...(texts[dockerSettings] ?? '').matchAll(/"unix:\/\/(\/[^"\\*]+)"/g)].map(([, path = '']) => path)

const never = (): boolean => false

const pointerOf = ({ index }: HostSource): string => pointer('mounts', index)
