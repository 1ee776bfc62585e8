/** Cases of CRI-O alone: its domains, its sandboxes with a process, the labels it leaves out. */
import { connectCri } from '../e2e/support/cri-client.ts'
import { answerTo, type Cri, criOf } from './cri.ts'
import { type Guest, until } from './guest.ts'
import { drawn, type Scene, tellLabel } from './labels.ts'

interface CrioScene extends Scene {
  readonly cri: Cri
}

/** Starts CRI-O, in the domain its label makes of a service, and waits for its socket. */
export const startCrio = async (guest: Guest): Promise<void> => {
  await guest.tell('setsid sh -c "crio 2>&1 | cat" </dev/null >>/tmp/crio.log 2>&1 &')
  await until(async () => (await guest.run('crio status config')).status === 0, 'CRI-O to answer')
}

/** Judges them; leaves no pod, and CRI-O started again with labels for pods of the host's network. */
export const crioCases = async (scene: Scene): Promise<void> => {
  const client = connectCri(`127.0.0.1:${scene.guest.ports.crio}`)
  const cri = criOf(client, 'POD')
  try {
    await domains({ ...scene, cri })
    await sandboxes({ ...scene, cri })
    await hostNetwork({ ...scene, cri })
    await cri.close()
  } finally {
    client.close()
  }
}

const domains = async ({ cri, guest, report }: CrioScene): Promise<void> => {
  const id = await cri.start(await cri.runPod('plain'), 'plain')
  const of = (program: string): Promise<string> => guest.tell(`ps -C ${program} -o label= | sort -u`)
  report.is('CRI-O has its own domain', await of('crio'), 'system_u:system_r:crio_t:s0')
  report.is(
    'its conmon has another, which lintel asks /proc about',
    await of('conmon'),
    'system_u:system_r:crio_conmon_t:s0',
  )
  report.has(
    'lintel knows CRI-O by it',
    await guest.tell(`grep ${id} /var/log/lintel/decisions.jsonl`),
    '"engine":{"id":"crio","proven":true',
    '"pod":"plain"',
  )
}

/** Nobody in a nested host may lower what the kernel kills first; root of a machine may. */
const sandboxes = async ({ cri, guest, report }: CrioScene): Promise<void> => {
  const namespaceOptions = { network: 'POD', pid: 'POD' } as const
  const pod = await cri.runPod('shared', { namespaceOptions })
  const id = await cri.start(pod, 'member', { securityContext: { namespaceOptions } })
  const process = `/proc/$(pgrep -xf "sleep 1000000")`
  report.is(
    'CRI-O: a sandbox with a process is the last to be killed',
    await guest.tell(`cat ${process}/oom_score_adj`),
    '-998',
  )
  const label = await cri.exec(id, tellLabel)
  report.matches('CRI-O: a container of it has a pair', label, drawn)
  report.is('CRI-O: which is that of the sandbox', await guest.tell(`cat ${process}/attr/current`), label)
  // CRI-O would wait a minute for it to end of itself.
  await guest.tell('kill -KILL $(pgrep -xf "sleep 1000000")')
}

const hostNetwork = async ({ cri, guest, report }: CrioScene): Promise<void> => {
  const namespaceOptions = { network: 'NODE', pid: 'CONTAINER' } as const
  const options = { securityContext: { namespaceOptions, readonlyRootfs: true } }
  const pod = await cri.runPod('open', { namespaceOptions })
  report.has(
    'CRI-O: hostNetwork takes the label away: refused, with what to change',
    await answerTo(cri.start(pod, 'bare', options)),
    'container create failed: lintel refused',
    'would run without a SELinux label',
    'on CRI-O also hostNetwork',
  )
  await guest.tell(`kill $(pidof crio)
while pidof crio >/dev/null; do sleep 0.1; done
printf '[crio.runtime]\\nhostnetwork_disable_selinux = false\\n' >/etc/crio/crio.conf.d/20-site.conf
restorecon -RF /etc/crio`)
  await startCrio(guest)
  const id = await cri.start(pod, 'labelled', options)
  report.matches(
    'CRI-O: hostnetwork_disable_selinux = false: it has one',
    await cri.exec(id, tellLabel),
    drawn,
  )
}
