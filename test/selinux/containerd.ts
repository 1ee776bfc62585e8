/** Cases of containerd's CRI with enable_selinux. */
import {
  type ContainerConfig,
  type CriClient,
  connectCri,
  detailsOf,
  type PodSandboxConfig,
  type SecurityContext,
  type SelinuxOption,
} from '../e2e/support/cri-client.ts'
import { criImage } from '../e2e/support/cri-containerd.ts'
import { drawn, levelOfVolume, makeVolume, processType, type Scene, tellLabel } from './labels.ts'

interface Pod {
  readonly id: string
  readonly config: PodSandboxConfig
}

type ContainerOptions = Pick<ContainerConfig, 'mounts'> & { readonly securityContext?: SecurityContext }

/** The parts of CRI the cases use, a pod being on the host's network: there are no plug-ins here. */
interface Cri {
  runPod(name: string, security?: PodSandboxConfig['linux']['securityContext'], token?: string): Promise<Pod>
  start(pod: Pod, name: string, options?: ContainerOptions): Promise<string>
  /** What a command of sh in it printed, both streams. */
  exec(containerId: string, command: string): Promise<string>
  /** Removes the pods, with all that is in them. */
  close(): Promise<void>
}

const network = { namespaceOptions: { network: 'NODE' } } as const

const criOf = (client: CriClient): Cri => {
  const sandboxes: string[] = []
  const runPod: Cri['runPod'] = async (name, security = {}, token) => {
    const config: PodSandboxConfig = {
      metadata: { name, uid: `uid-${name}`, namespace: 'shop' },
      annotations: token === undefined ? {} : { 'io.lintel.token': token },
      linux: { cgroupParent: '/pods', securityContext: { ...network, ...security } },
    }
    const { podSandboxId: id } = await client.call('RunPodSandbox', { config })
    sandboxes.push(id)
    return { id, config }
  }
  const start: Cri['start'] = async (pod, name, { mounts = [], securityContext = {} } = {}) => {
    const config: ContainerConfig = {
      metadata: { name },
      image: { image: criImage },
      command: ['sleep', '1000'],
      mounts,
      linux: { securityContext: { ...network, ...securityContext } },
    }
    const request = { podSandboxId: pod.id, config, sandboxConfig: pod.config }
    const { containerId } = await client.call('CreateContainer', request)
    await client.call('StartContainer', { containerId })
    return containerId
  }
  const exec: Cri['exec'] = async (containerId, command) => {
    const cmd = ['sh', '-c', command]
    const { stdout, stderr } = await client.call('ExecSync', { containerId, cmd, timeout: 60 })
    return `${stdout}${stderr}`.replaceAll('\0', '').trim()
  }
  const close = async (): Promise<void> => {
    for (const podSandboxId of sandboxes) {
      await client.call('StopPodSandbox', { podSandboxId })
      await client.call('RemovePodSandbox', { podSandboxId })
    }
  }
  return { runPod, start, exec, close }
}

/** What the engine said to a container it was to start. */
const answerTo = (started: Promise<string>): Promise<string> =>
  detailsOf(started).catch((error: unknown) => `not refused: ${String(error)}`)

/** seLinuxOptions of a container. */
const labelled = (selinuxOptions: SelinuxOption): ContainerOptions => ({
  securityContext: { selinuxOptions },
})

export const containerdCases = async (scene: Scene): Promise<void> => {
  const client = connectCri(`127.0.0.1:${scene.guest.ports.containerd}`)
  const cri = criOf(client)
  try {
    await pods(cri, scene)
    await clearances(cri, scene)
    await confinement(cri, scene)
    await volumes(cri, scene)
    await cri.close()
  } finally {
    client.close()
  }
}

const pods = async (cri: Cri, { report }: Scene): Promise<void> => {
  const [one, other] = [await cri.runPod('one'), await cri.runPod('other')]
  const tell = async (pod: Pod, name: string): Promise<string> =>
    cri.exec(await cri.start(pod, name), tellLabel)
  const [first, second, stranger] = [
    await tell(one, 'first'),
    await tell(one, 'second'),
    await tell(other, 'first'),
  ]
  report.matches('CRI: no level asked for: a pair is drawn, which exec keeps', first, drawn)
  report.is('CRI: containers of one pod have one level', second, first)
  report.matches('CRI: those of another have another', stranger, drawn)
  report.is('CRI: which differs', `${stranger === first}`, 'false')
  const level = first.split(':').slice(3).join(':')
  report.has(
    'CRI: the level of another pod: refused, with what to change',
    await answerTo(cri.start(other, 'intruder', labelled({ level }))),
    `the SELinux level ${level} is that of another container`,
    'remove securityContext.seLinuxOptions.level',
  )
}

const clearances = async (cri: Cri, { report, token }: Scene): Promise<void> => {
  const claims = (pod: string): string => token({ namespace: 'shop', pod })
  const plot = await cri.runPod('plot', {}, claims('plot'))
  const within = await cri.start(plot, 'within', labelled({ level: 's0:c21,c22', type: 'container_t' }))
  report.is(
    'CRI: within the clearance, of an allowed type: runs with it',
    await cri.exec(within, tellLabel),
    `${processType}:s0:c21,c22`,
  )
  report.has(
    'CRI: beyond the clearance: refused, with what to change',
    await answerTo(cri.start(plot, 'beyond', labelled({ level: 's0:c30,c31' }))),
    'the level is beyond the clearance of its requester: s0:c30,c31 for alice; the clearance is s0-s0:c20.c23',
    'choose a level within it in securityContext.seLinuxOptions.level',
  )
  report.has(
    'CRI: a pair the engine drew for somebody cleared for others: refused',
    await answerTo(cri.start(plot, 'drawn')),
    'the level is beyond the clearance of its requester: s0:c',
  )
  const chart = await cri.runPod('chart', { selinuxOptions: { level: 's0:c20,c23' } }, claims('chart'))
  report.is(
    'CRI: a level for the pod is that of its containers',
    await cri.exec(await cri.start(chart, 'first'), tellLabel),
    `${processType}:s0:c20,c23`,
  )
}

const confinement = async (cri: Cri, { report }: Scene): Promise<void> => {
  const pod = await cri.runPod('strong', { privileged: true })
  report.has(
    'CRI: seLinuxOptions.type spc_t: refused, with what to change',
    await answerTo(cri.start(pod, 'typed', labelled({ type: 'spc_t', level: 's0:c50,c51' }))),
    'would have the SELinux type spc_t',
    'remove securityContext.seLinuxOptions.type',
  )
  report.has(
    'CRI: privileged: true: refused, with what to change',
    await answerTo(cri.start(pod, 'privileged', { securityContext: { privileged: true } })),
    'would run without a SELinux label',
    'remove privileged: true',
  )
}

const volumes = async (cri: Cri, { guest, report }: Scene): Promise<void> => {
  const folder = '/srv/pods'
  await makeVolume(guest, folder, 's0:c40,c41')
  const pod = await cri.runPod('stored', { selinuxOptions: { level: 's0:c42,c43' } })
  const mounted = (selinuxRelabel: boolean): ContainerOptions => ({
    mounts: [{ containerPath: '/v', hostPath: folder, selinuxRelabel }],
  })
  const read = async (name: string, options: ContainerOptions): Promise<string> =>
    cri.exec(await cri.start(pod, name, options), 'cat /v/data')
  report.has(
    'CRI: a volume of another level cannot be read',
    await read('left', mounted(false)),
    'Permission denied',
  )
  const own = await read('relabelled', mounted(true))
  report.is(
    'CRI: selinux_relabel gives a volume the level of its container',
    `${own} ${await levelOfVolume(guest, folder)}`,
    'secret s0:c42,c43',
  )
  const spc = { ...mounted(true), ...labelled({ type: 'spc_t', level: 's0:c60,c61' }) }
  await answerTo(cri.start(pod, 'given-away', spc))
  report.is(
    'CRI: selinux_relabel of a refused container has given its files away',
    await levelOfVolume(guest, folder),
    's0:c60,c61',
  )
}
