/** Examples of `forged-annotations`. */
import type { Identity } from '../../core/identity.ts'
import type { BadExample, Example } from '../../core/rule.ts'

const of = (engine: Identity['engine'], changes: Partial<Identity> = {}): Partial<Identity> => ({
  engine,
  proven: true,
  caller: 'caller',
  ...changes,
})

const cri = of('containerd', { speaker: 'kubernetes' })

const annotated = (annotations: { readonly [key: string]: string }): object => ({ annotations })

const pause = annotated({
  'io.kubernetes.cri.container-type': 'sandbox',
  'io.kubernetes.cri.sandbox-id': '0123',
})

const binding = (source: string, destination: string): object => ({
  mounts: [{ destination, type: 'bind', source, options: ['rbind'] }],
})

export const forgedGood: readonly Example[] = [
  { name: 'no annotations', identity: of('docker') },
  {
    name: 'ordinary ones',
    config: annotated({ 'org.x/y': 'z', 'io.kubernetes.pod.name': 'web' }),
    identity: of('docker'),
  },
  { name: 'a configuration that no engine brought', config: pause },
  {
    name: 'a member of a pod',
    config: annotated({ 'io.kubernetes.cri.container-type': 'container' }),
    identity: cri,
  },
  { name: 'the sandbox of a pod', config: pause, identity: { ...cri, sandbox: true } },
  {
    name: 'the sandbox of a pod that shares the IPC of the host',
    config: { ...pause, ...binding('/dev/shm', '/dev/shm') },
    identity: { ...cri, sandbox: true },
  },
  {
    name: "CRI-O's own, and what `podman generate kube` wrote into the pod",
    config: annotated({
      'io.container.manager': 'cri-o',
      'io.kubernetes.cri-o.ContainerType': 'container',
      'io.podman.annotations.ulimit': 'nofile=1024:1024',
    }),
    identity: of('crio', { speaker: 'kubernetes' }),
  },
  {
    name: "Podman's own",
    config: annotated({
      'io.container.manager': 'libpod',
      'io.kubernetes.cri-o.ContainerType': 'container',
      'io.kubernetes.cri-o.SandboxID': '0123',
      'io.podman.annotations.privileged': 'FALSE',
    }),
    identity: of('podman'),
  },
  {
    name: "nerdctl's own",
    config: annotated({ 'nerdctl/name': 'web' }),
    identity: of('containerd', { speaker: 'docker' }),
  },
  {
    name: 'one that the policy allows',
    config: annotated({ 'nerdctl/name': 'web' }),
    identity: of('docker'),
    parameters: { allow: ['nerdctl/*'] },
  },
]

export const forgedBad: readonly BadExample<'foreign' | 'sandbox' | 'caller'>[] = [
  {
    name: 'Docker asked for a container of CRI-O (--annotation)',
    config: annotated({ 'io.container.manager': 'cri-o', 'io.kubernetes.cri-o.PrivilegedRuntime': 'true' }),
    identity: of('docker'),
    message: 'foreign',
  },
  {
    name: "Podman's manager replaced",
    config: annotated({ 'io.container.manager': 'cri-o' }),
    identity: of('podman'),
    message: 'foreign',
  },
  {
    name: 'annotations of CRI-O that Podman never writes',
    config: annotated({ 'io.kubernetes.cri-o.SeccompProfilePath': '' }),
    identity: of('podman'),
    message: 'foreign',
  },
  {
    name: "a pod's annotations on a container of ctr",
    config: annotated({ 'io.kubernetes.cri.sandbox-namespace': 'kube-system' }),
    identity: of('containerd', { speaker: 'ctr' }),
    message: 'foreign',
  },
  {
    name: 'a build step with a name',
    config: annotated({ 'nerdctl/name': 'web' }),
    identity: of('buildkit'),
    message: 'foreign',
  },
  { name: 'Docker asked for a sandbox', config: pause, identity: of('docker'), message: 'sandbox' },
  {
    name: 'Podman asked for a sandbox',
    config: annotated({ 'io.kubernetes.cri-o.ContainerType': 'sandbox' }),
    identity: of('podman'),
    message: 'sandbox',
  },
  { name: 'a member of a pod that says it is the sandbox', config: pause, identity: cri, message: 'sandbox' },
  {
    name: 'a sandbox with a root to write to',
    config: { ...pause, root: { readonly: false } },
    identity: { ...cri, sandbox: true },
    message: 'sandbox',
  },
  {
    name: 'a sandbox with a folder of the host',
    config: { ...pause, ...binding('/srv', '/dev/shm/../x') },
    identity: { ...cri, sandbox: true },
    message: 'sandbox',
  },
  {
    name: 'conmon with a bundle of its own',
    identity: { engine: 'podman', proven: false, caller: 'conmon --exit-command' },
    message: 'caller',
  },
]
