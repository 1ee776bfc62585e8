/** SELinux and AppArmor on this host: what rules about labels and profiles can rely on. */
import type { Host } from '../host/host.ts'
import type { Found } from './diagnosis.ts'
import type { Scene } from './scene.ts'

/** One note about both. */
export const securityModules = ({ host }: Scene): readonly Found[] => {
  const [selinux, apparmor] = [selinuxState(host), apparmorState(host)]
  const isConfined = selinux === 'enforcing' || apparmor === 'on'
  return [
    {
      level: 'note',
      about: 'kernel',
      message: `SELinux ${selinux}, AppArmor ${apparmor}`,
      advice: isConfined ? '' : 'containers are confined by neither; switch one of them on',
    },
  ]
}

const firstLine = (host: Host, path: string): string | undefined => {
  const text = host.readText(path, 4096, true)
  return text.ok ? text.value.trim() : undefined
}

const selinuxState = (host: Host): string => {
  const text = firstLine(host, '/sys/fs/selinux/enforce')
  if (text === undefined) return 'off'
  return text === '1' ? 'enforcing' : 'permissive'
}

const apparmorState = (host: Host): string =>
  firstLine(host, '/sys/module/apparmor/parameters/enabled') === 'Y' ? 'on' : 'off'
