/** A host with a real CRI-O whose runtime is runc, as its packages set it up, and lintel lying beside it. */

import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type CriClient, connectCri } from '../e2e/support/cri-client.ts'
import { bridgeNetwork, type CriVerbs, criVerbs, type Pod } from '../e2e/support/cri-containerd.ts'
import { pauseImage, writePauseImage } from '../e2e/support/cri-image.ts'
import { versionedImage, writeImage } from '../e2e/support/image.ts'
import { type InstalledHost, openInstalledHost } from '../e2e/support/installed.ts'
import { until } from '../e2e/support/private-host.ts'
import { openCrioRoot } from './crio-root.ts'

export interface CrioHost extends CriVerbs {
  readonly host: InstalledHost
  readonly cri: CriClient
  /** Runs a command of lintel's; throws where it fails; answers both streams. */
  lintel(...args: readonly string[]): Promise<string>
  /** Stops and removes every pod there is. */
  removePods(): Promise<void>
  /** Waits until CRI serves again. */
  served(): Promise<void>
  close(): Promise<void>
}

/** What a package of CRI-O writes, but for its default runtime: crun 1.8 does not run on a hybrid of cgroup v1 and v2. */
const packaged = '/etc/crio/crio.conf.d/10-crio.conf'

/** Opens the host, with these drop-ins beside the packaged one (name to text), and waits until CRI serves. */
export const openCrioHost = async (dropIns: Readonly<Record<string, string>> = {}): Promise<CrioHost> => {
  const newer = await openCrioRoot()
  const host = await openInstalledHost(['podman', 'conmon', 'runc'], { newer })
  try {
    return await startIn(host, dropIns)
  } catch (error) {
    await host.close()
    throw error
  }
}

const startIn = async (host: InstalledHost, dropIns: Readonly<Record<string, string>>): Promise<CrioHost> => {
  for (const folder of ['/etc/crio/crio.conf.d', '/etc/cni/net.d'])
    mkdirSync(host.path(folder), { recursive: true })
  for (const [path, text] of Object.entries({ ...configuration, ...dropIns }))
    writeFileSync(host.path(path), text)
  await loadImages(host)
  writeFileSync(host.path(restartFile), restart)
  host.launch('crio', 'crio', [])
  const cri = connectCri(host.path('/run/crio/crio.sock'))
  const served = (): Promise<void> =>
    until(() => serves(cri), `CRI-O; its output is in ${join(host.workspace, 'crio.log')}`, 30_000)
  const close = async (): Promise<void> => {
    cri.close()
    await host.close()
  }
  try {
    await served()
  } catch (error) {
    cri.close()
    throw error
  }
  const lintel: CrioHost['lintel'] = async (...args) => {
    const { exitCode, all } = await host.lintel(args)
    if (exitCode !== 0) throw new Error(`lintel ${args.join(' ')} ended with ${exitCode}: ${all}`)
    return all
  }
  const verbs = criVerbs(host, cri)
  const pods: Pod[] = []
  const runPod: CriVerbs['runPod'] = async (...asked) => {
    const pod = await verbs.runPod(...asked)
    pods.push(pod)
    return pod
  }
  const removePods = async (): Promise<void> => {
    // As a kubelet does it; a sandbox that is stopped first waits ten seconds for each of its containers.
    const { containers } = await cri.call('ListContainers', {})
    for (const { id } of containers) await verbs.remove(id)
    for (const pod of pods.splice(0)) await verbs.removePod(pod)
  }
  return { host, cri, ...verbs, runPod, removePods, lintel, served, close }
}

/** CRI-O has no way to import an image; Podman writes the store both use. */
const loadImages = async (host: InstalledHost): Promise<void> => {
  const [archive, pause] = [join(host.workspace, 'image.tar'), join(host.workspace, 'pause.tar')]
  await writeImage(archive, { names: [`docker.io/library/${versionedImage}`] })
  await writePauseImage(archive, pause)
  for (const file of [archive, pause])
    await host.shell(`podman --storage-driver overlay load --input ${file}`)
}

const restartFile = '/run/restart'

/** For `--restart-command`: what an init script would do to have CRI-O read its files again. */
export const restarting = ['--restart-command', `sh ${restartFile}`] as const

const restart = `kill $(pidof crio)
while pidof crio >/dev/null; do sleep 0.1; done
setsid crio >>/run/crio.log 2>&1 </dev/null &
for _ in $(seq 100); do crio status config >/dev/null 2>&1 && exit 0; sleep 0.1; done
exit 1
`

const serves = async (cri: CriClient): Promise<boolean> => {
  try {
    const { status } = await cri.call('Status', {})
    return status.conditions.length > 0 && status.conditions.every((condition) => condition.status)
  } catch {
    return false
  }
}

/** With a bridge of Debian's CNI plug-ins, as for containerd. */
const configuration = {
  '/etc/cni/net.d/10-lintel.conflist': JSON.stringify(bridgeNetwork),
  '/etc/crio/policy.json': '{ "default": [{ "type": "insecureAcceptAnything" }] }',
  [packaged]: `[crio]
storage_driver = "overlay"

[crio.image]
signature_policy = "/etc/crio/policy.json"
pause_image = "${pauseImage}"
pause_command = ""

[crio.network]
plugin_dirs = ["/usr/lib/cni"]

[crio.runtime]
default_runtime = "runc"
cgroup_manager = "cgroupfs"
conmon_cgroup = "pod"

[crio.runtime.runtimes.runc]
runtime_path = "/usr/sbin/runc"
runtime_root = "/run/runc"
monitor_path = "/usr/bin/conmon"
allowed_annotations = ["io.kubernetes.cri-o.Devices"]
`,
}
