/** Examples of `cgroup-parent`. */
import type { Identity } from '../../core/identity.ts'
import type { BadExample, Example } from '../../core/rule.ts'

const id = 'a'.repeat(64)
const other = 'b'.repeat(64)
const at = (cgroupsPath: string): object => ({ linux: { cgroupsPath } })
const called = (
  engine: Identity['engine'],
  speaker: Identity['speaker'],
  more: Partial<Identity> = {},
): Partial<Identity> => ({ engine, speaker, proven: true, containerId: id, ...more })
const docker = called('docker', 'docker')
const podman = called('podman', 'podman')
const pod = called('containerd', 'kubernetes')
const ctr = called('containerd', 'ctr', { namespace: 'default', containerId: 'web' })
const crio = called('crio', 'kubernetes')
const systemd = { systemdCgroup: true }

export const cgroupGood: readonly Example[] = [
  { name: 'Docker, cgroupfs', config: at(`/docker/${id}`), identity: docker },
  { name: 'Docker, systemd', config: at(`system.slice:docker:${id}`), identity: docker, call: systemd },
  {
    name: 'Docker with a cgroup-parent of its own',
    config: at(`/site/${id}`),
    identity: docker,
    parameters: { parents: ['/site'] },
  },
  {
    name: 'a build step',
    config: at('/docker/buildkit/x1'),
    identity: called('buildkit', 'docker', { containerId: 'x1', buildStep: true }),
  },
  {
    name: 'a build step below a cgroup-parent of its own',
    config: at('/site/buildkit/x1'),
    identity: called('buildkit', 'docker', { containerId: 'x1', buildStep: true }),
    parameters: { parents: ['/site'] },
  },
  {
    name: 'a pod',
    config: at(`kubepods-burstable-pod12.slice:cri-containerd:${id}`),
    identity: pod,
    call: systemd,
  },
  { name: 'a pod, cgroupfs', config: at(`/kubepods/besteffort/pod12/${id}`), identity: pod },
  { name: 'a pod without kubelet', config: at(`crio-${id}`), identity: crio },
  { name: 'ctr', config: at('/default/web'), identity: ctr },
  { name: 'nerdctl', config: at(`:nerdctl:${id}`), identity: { ...ctr, containerId: id }, call: systemd },
  { name: 'Podman', config: at(`machine.slice:libpod:${id}`), identity: podman, call: systemd },
  { name: 'a pod of Podman', config: at(`/libpod_parent/${other}/libpod-${id}`), identity: podman },
  {
    name: 'a pod of Podman below a parent of its own',
    config: at(`/site/${other}/libpod-${id}`),
    identity: podman,
    parameters: { parents: ['/site'] },
  },
  {
    name: 'a pod of Podman in a slice of its own',
    config: at(`site-libpod_pod_${other}.slice:libpod:${id}`),
    identity: podman,
    call: systemd,
    parameters: { parents: ['site.slice'] },
  },
  {
    name: 'a service that starts Podman, --cgroups=split',
    config: at(`/system.slice/web.service/libpod-payload-${id}`),
    identity: podman,
  },
  { name: 'Podman without cgroups', identity: podman },
  { name: 'a bundle of any engine, away from it', config: at(`/docker/${id}`) },
  { name: 'a bundle of CRI without kubelet, away from it', config: at(`crio-${id}`) },
  { name: 'a bundle that leaves it to the runtime' },
  {
    name: 'an exec into a cgroup below its container',
    operation: 'exec',
    process: {},
    call: { cgroups: ['cpu:sub'] },
  },
]

const left = { fixable: false } as const

export const cgroupBad: readonly BadExample<'parent' | 'name' | 'missing' | 'annotation' | 'exec'>[] = [
  {
    name: '--cgroup-parent of someone else',
    config: at(`/myparent/${id}`),
    identity: docker,
    message: 'parent',
    ...left,
  },
  { name: '--cgroup-parent=/', config: at(`/${id}`), identity: docker, message: 'parent', ...left },
  {
    name: '--cgroup-parent below another container',
    config: at(`/docker/${other}/${id}`),
    identity: docker,
    message: 'parent',
    ...left,
  },
  {
    name: 'below a container of Podman, where its parent is allowed',
    config: at(`/site/libpod-${other}/libpod-${id}`),
    identity: podman,
    parameters: { parents: ['/site'] },
    message: 'parent',
    ...left,
  },
  {
    name: 'a path that climbs back to an allowed parent',
    config: at(`/docker/../docker/${id}`),
    identity: docker,
    message: 'parent',
    ...left,
  },
  {
    name: 'the root slice',
    config: at(`-.slice:docker:${id}`),
    identity: docker,
    call: systemd,
    message: 'parent',
    ...left,
  },
  {
    name: 'the scope of the first process, where every parent is allowed',
    config: at(`/init.scope/${id}`),
    identity: docker,
    parameters: { parents: ['/*'] },
    message: 'parent',
    ...left,
  },
  {
    name: 'the slice of the pods, for a container of Podman',
    config: at(`kubepods.slice:libpod:${id}`),
    identity: podman,
    call: systemd,
    message: 'parent',
    ...left,
  },
  {
    name: 'below a service, under a name Podman would not give',
    config: at(`/system.slice/sshd.service/${id}`),
    identity: podman,
    message: 'parent',
    ...left,
  },
  { name: 'a foreign parent, away from its engine', config: at('/myparent/x'), message: 'parent', ...left },
  {
    name: 'the cgroup of another container',
    config: at(`/docker/${other}`),
    identity: docker,
    message: 'name',
    ...left,
  },
  { name: 'ctr run --cgroup', config: at('/default/db'), identity: ctr, message: 'name', ...left },
  { name: 'no path, though Docker always writes one', identity: docker, message: 'missing', ...left },
  {
    name: 'a slice by annotation',
    config: { ...at(`/docker/${id}`), annotations: { 'org.systemd.property.Slice': "'system.slice'" } },
    identity: docker,
    message: 'annotation',
  },
  {
    name: 'an exec that climbs out of its container',
    operation: 'exec',
    process: {},
    call: { cgroups: ['memory:../../system.slice'] },
    message: 'exec',
    ...left,
  },
]
