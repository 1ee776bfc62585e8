/** The stage with CRI-O, of which Debian has no package: its programs are brought into the machine of the engines. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { openCrioRoot } from '../crio/crio-root.ts'
import { pauseImage, writePauseImage } from '../e2e/support/cri-image.ts'
import { versionedImage, writeImage } from '../e2e/support/image.ts'
import { crioCases, startCrio } from './crio-pods.ts'
import { administrator } from './engines.ts'
import { type Guest, openGuest } from './guest.ts'
import { withEngines } from './image.ts'
import { lintelDenials } from './labels.ts'
import { podCases } from './pods.ts'
import { openIdentityService } from './requests.ts'
import { lintel, readyImage, type Stage, seconds } from './stages.ts'

const here = fileURLToPath(new URL('.', import.meta.url))

export const crio: Stage = async (report) => {
  const image = await readyImage(withEngines)
  const programs = join(await openCrioRoot(), 'usr/bin')
  const folder = mkdtempSync(join(tmpdir(), 'lintel-selinux-in-'))
  const service = openIdentityService(folder)
  const archives = { 'image.tar': join(folder, 'image.tar'), 'pause.tar': join(folder, 'pause.tar') }
  await writeImage(archives['image.tar'], { names: [`docker.io/library/${versionedImage}`] })
  await writePauseImage(archives['image.tar'], archives['pause.tar'])
  const brought = { crio: join(programs, 'crio'), pinns: join(programs, 'pinns') }
  const began = Date.now()
  const files = {
    lintel,
    'policy.toml': join(here, 'engines.toml'),
    ...brought,
    ...archives,
    ...service.files,
  }
  const guest = await openGuest(image, files, 600)
  try {
    console.log(`# booted in ${seconds(began)}`)
    await prepare(guest)
    const scene = { guest, report, token: service.token, archive: archives['image.tar'] }
    await podCases(scene, { engine: 'CRI-O', port: guest.ports.crio, network: 'POD' })
    await crioCases(scene)
    report.is('SELinux denied lintel nothing in all this', await guest.tell(lintelDenials), '')
  } finally {
    await guest.close()
    rmSync(folder, { recursive: true })
  }
}

/** The programs with the labels the policy has for their paths, the images, the settings, lintel registered by itself. */
const prepare = async (guest: Guest): Promise<void> => {
  await guest.tell(`install -m 755 /root/in/crio /root/in/pinns /usr/bin/
cp /root/in/identity.jwks.json /etc/lintel/
modprobe -a bridge veth
mkdir -p /etc/crio/crio.conf.d /etc/cni/net.d /opt/cni/bin /srv
cp /usr/lib/cni/bridge /usr/lib/cni/host-local /usr/lib/cni/loopback /opt/cni/bin/
rm -f /etc/cni/net.d/*
echo '${network}' >/etc/cni/net.d/10-pods.conflist
echo '${trustingPolicy}' >/etc/crio/policy.json
cat >/etc/crio/crio.conf.d/10-crio.conf <<'TOML'
${settings}
TOML
for file in image pause; do cat /root/in/$file.tar | podman --storage-driver overlay load || exit 1; done
restorecon -RF /usr/bin/crio /usr/bin/pinns /etc/lintel /etc/crio /etc/cni /opt/cni /var/lib /run`)
  // Nothing runs yet that would have to be started again.
  await guest.tell(`${administrator} -c 'lintel install crio --restart-command true'`)
  await startCrio(guest)
}

const trustingPolicy = '{ "default": [{ "type": "insecureAcceptAnything" }] }'

/** What a package of CRI-O writes, with labels on. */
const settings = `[crio]
storage_driver = "overlay"
[crio.image]
signature_policy = "/etc/crio/policy.json"
pause_image = "${pauseImage}"
pause_command = ""
[crio.network]
plugin_dirs = ["/opt/cni/bin"]
[crio.runtime]
default_runtime = "runc"
selinux = true
cgroup_manager = "cgroupfs"
conmon_cgroup = "pod"
[crio.runtime.runtimes.runc]
runtime_path = "/usr/sbin/runc"
runtime_root = "/run/runc"
monitor_path = "/usr/bin/conmon"`

/** Pods have a network of their own: those of the host's have no label, unless the site says otherwise. */
const network = JSON.stringify({
  cniVersion: '0.4.0',
  name: 'pods',
  plugins: [
    { type: 'bridge', bridge: 'cni0', ipam: { type: 'host-local', ranges: [[{ subnet: '10.85.0.0/16' }]] } },
  ],
})
