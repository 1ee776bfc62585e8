/** The stage with engines: Docker, Podman and containerd's CRI in one machine, lintel being their runtime. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { pauseImage, writePauseImage } from '../e2e/support/cri-image.ts'
import { versionedImage, writeImage } from '../e2e/support/image.ts'
import { containerdCases } from './containerd.ts'
import { dockerCases } from './docker.ts'
import { type Guest, openGuest, until } from './guest.ts'
import { withEngines } from './image.ts'
import { lintelDenials } from './labels.ts'
import { podmanCases } from './podman.ts'
import { openIdentityService } from './requests.ts'
import { lintel, readyImage, type Stage, seconds } from './stages.ts'

const here = fileURLToPath(new URL('.', import.meta.url))

export const engines: Stage = async (report) => {
  const image = await readyImage(withEngines)
  const folder = mkdtempSync(join(tmpdir(), 'lintel-selinux-in-'))
  const service = openIdentityService(folder)
  const archives = { 'image.tar': join(folder, 'image.tar'), 'pause.tar': join(folder, 'pause.tar') }
  await writeImage(archives['image.tar'], { names: [versionedImage] })
  await writePauseImage(archives['image.tar'], archives['pause.tar'])
  const began = Date.now()
  const files = { lintel, 'policy.toml': join(here, 'engines.toml'), ...archives, ...service.files }
  const guest = await openGuest(image, files, 900)
  try {
    console.log(`# booted in ${seconds(began)}`)
    await prepare(guest)
    for (const judge of [dockerCases, containerdCases, podmanCases]) {
      const start = Date.now()
      await judge({ guest, report, token: service.token, archive: archives['image.tar'] })
      console.log(`# ${judge.name} in ${seconds(start)}`)
    }
    report.is('SELinux denied lintel nothing in all this', await guest.tell(lintelDenials), '')
  } finally {
    await guest.close()
    rmSync(folder, { recursive: true })
  }
}

/** The clearances and keys of the policy, and the engines' settings, each with lintel registered by itself. */
const prepare = async (guest: Guest): Promise<void> => {
  await guest.tell(`cp /root/in/identity.jwks.json /etc/lintel/
mkdir -p /etc/docker /etc/containerd /srv
cat >/etc/docker/daemon.json <<'JSON'
${daemonSettings}
JSON
cat >/etc/containerd/config.toml <<'TOML'
${containerdSettings}
TOML
cat >/etc/containers/containers.conf <<'TOML'
${podmanSettings}
TOML
restorecon -RF /etc/lintel /etc/docker /etc/containerd /etc/containers /var/lib /run`)
  await guest.tell(`${administrator} -c 'lintel install podman'
${ofAdministrator}`)
  await guest.tell('setsid sh -c "containerd 2>&1 | cat" </dev/null >/tmp/containerd.log 2>&1 &')
  await until(async () => (await guest.run('ctr version')).status === 0, 'containerd to answer')
  await guest.tell(
    'for file in image pause; do ctr --namespace k8s.io images import /root/in/$file.tar || exit 1; done',
  )
  await guest.tell('setsid sh -c "dockerd 2>&1 | cat" </dev/null >/tmp/dockerd.log 2>&1 &')
}

/** The domain of whoever logs in as root, in which engines run that they call, and lintel. */
export const administrator = 'runcon unconfined_u:unconfined_r:unconfined_t:s0-s0:c0.c1023 sh'

/** What Podman made in that domain, and does not find again in its own: a host has one or the other. */
const ofAdministrator = `rm -rf /run/lock/* /dev/shm/*
restorecon -RF /run /var/lib/containers`

const daemonSettings = JSON.stringify({
  'selinux-enabled': true,
  bridge: 'none',
  iptables: false,
  ip6tables: false,
  'exec-opts': ['native.cgroupdriver=cgroupfs'],
  'default-runtime': 'lintel',
  runtimes: { lintel: { path: '/usr/bin/lintel-runtime' } },
})

const containerdSettings = `version = 2
[plugins."io.containerd.grpc.v1.cri"]
  enable_selinux = true
  sandbox_image = "${pauseImage}"
  [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
    runtime_type = "io.containerd.runc.v2"
    pod_annotations = ["io.lintel.*"]
    [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc.options]
      BinaryName = "/usr/bin/lintel-runtime"`

const podmanSettings = `[containers]
netns = "none"
label = true
[engine]
cgroup_manager = "cgroupfs"
events_logger = "file"`
