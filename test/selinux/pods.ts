/** Cases of pods, for every engine that serves CRI and gives labels. */
import { connectCri, type NamespaceMode } from '../e2e/support/cri-client.ts'
import { answerTo, type ContainerOptions, type Cri, criOf, labelled, type Pod } from './cri.ts'
import { drawn, levelOfVolume, makeVolume, processType, type Scene, tellLabel } from './labels.ts'

/** What cases of pods need. */
interface PodScene extends Scene {
  readonly cri: Cri
  /** As it stands in the names of cases. */
  readonly engine: string
}

/** An engine that serves CRI, and how its pods are connected. */
export interface CriService {
  readonly engine: string
  readonly port: number
  readonly network: NamespaceMode
}

/** Judges the pods of an engine; leaves none. */
export const podCases = async (scene: Scene, { engine, port, network }: CriService): Promise<void> => {
  const client = connectCri(`127.0.0.1:${port}`)
  const cri = criOf(client, network)
  const judged = { ...scene, cri, engine }
  try {
    await pods(judged)
    await clearances(judged)
    await confinement(judged)
    await volumes(judged)
    await cri.close()
  } finally {
    client.close()
  }
}

const pods = async ({ cri, engine, report }: PodScene): Promise<void> => {
  const [one, other] = [await cri.runPod('one'), await cri.runPod('other')]
  const tell = async (pod: Pod, name: string): Promise<string> =>
    cri.exec(await cri.start(pod, name), tellLabel)
  const [first, second, stranger] = [
    await tell(one, 'first'),
    await tell(one, 'second'),
    await tell(other, 'first'),
  ]
  report.matches(`${engine}: no level asked for: a pair is drawn, which exec keeps`, first, drawn)
  report.is(`${engine}: containers of one pod have one level`, second, first)
  report.matches(`${engine}: those of another have another`, stranger, drawn)
  report.is(`${engine}: which differs`, `${stranger === first}`, 'false')
  const level = first.split(':').slice(3).join(':')
  report.has(
    `${engine}: the level of another pod: refused, with what to change`,
    await answerTo(cri.start(other, 'intruder', labelled({ level }))),
    `the SELinux level ${level} is that of another container`,
    'remove securityContext.seLinuxOptions.level',
  )
}

const clearances = async ({ cri, engine, report, token }: PodScene): Promise<void> => {
  const claims = (pod: string): string => token({ namespace: 'shop', pod })
  const plot = await cri.runPod('plot', {}, claims('plot'))
  const within = await cri.start(plot, 'within', labelled({ level: 's0:c21,c22', type: 'container_t' }))
  report.is(
    `${engine}: within the clearance, of an allowed type: runs with it`,
    await cri.exec(within, tellLabel),
    `${processType}:s0:c21,c22`,
  )
  report.has(
    `${engine}: beyond the clearance: refused, with what to change`,
    await answerTo(cri.start(plot, 'beyond', labelled({ level: 's0:c30,c31' }))),
    'the level is beyond the clearance of its requester: s0:c30,c31 for alice; the clearance is s0-s0:c20.c23',
    'choose a level within it in securityContext.seLinuxOptions.level',
  )
  report.has(
    `${engine}: a pair the engine drew for somebody cleared for others: refused`,
    await answerTo(cri.start(plot, 'drawn')),
    'the level is beyond the clearance of its requester: s0:c',
  )
  const chart = await cri.runPod('chart', { selinuxOptions: { level: 's0:c20,c23' } }, claims('chart'))
  report.is(
    `${engine}: a level for the pod is that of its containers`,
    await cri.exec(await cri.start(chart, 'first'), tellLabel),
    `${processType}:s0:c20,c23`,
  )
}

const confinement = async ({ cri, engine, report }: PodScene): Promise<void> => {
  const pod = await cri.runPod('strong', { privileged: true })
  report.has(
    `${engine}: seLinuxOptions.type spc_t: refused, with what to change`,
    await answerTo(cri.start(pod, 'typed', labelled({ type: 'spc_t', level: 's0:c50,c51' }))),
    'would have the SELinux type spc_t',
    'remove securityContext.seLinuxOptions.type',
  )
  report.has(
    `${engine}: privileged: true: refused, with what to change`,
    await answerTo(cri.start(pod, 'privileged', { securityContext: { privileged: true } })),
    'would run without a SELinux label',
    'remove privileged: true',
  )
}

const volumes = async ({ cri, engine, guest, report, token }: PodScene): Promise<void> => {
  const folder = '/srv/pods'
  await makeVolume(guest, folder, 's0:c40,c41')
  const pod = await cri.runPod('stored', { selinuxOptions: { level: 's0:c42,c43' } })
  const mounted = (selinuxRelabel: boolean): ContainerOptions => ({
    mounts: [{ containerPath: '/v', hostPath: folder, selinuxRelabel }],
  })
  const read = async (name: string, options: ContainerOptions): Promise<string> =>
    cri.exec(await cri.start(pod, name, options), 'cat /v/data')
  report.has(
    `${engine}: a volume of another level cannot be read`,
    await read('left', mounted(false)),
    'Permission denied',
  )
  const own = await read('relabelled', mounted(true))
  report.is(
    `${engine}: selinux_relabel gives a volume the level of its container`,
    `${own} ${await levelOfVolume(guest, folder)}`,
    'secret s0:c42,c43',
  )
  const taker = await cri.runPod('taker', {}, token({ namespace: 'shop', pod: 'taker' }))
  const beyond = { ...mounted(true), ...labelled({ level: 's0:c60,c61' }) }
  await answerTo(cri.start(taker, 'given-away', beyond))
  report.is(
    `${engine}: selinux_relabel of a refused container has given its files away`,
    await levelOfVolume(guest, folder),
    's0:c60,c61',
  )
}
