/** What the cases of every engine have in common. */
import type { Guest } from './guest.ts'
import type { Report } from './report.ts'
import type { IdentityService } from './requests.ts'

/** What the cases of an engine need. */
export interface Scene {
  readonly guest: Guest
  readonly report: Report
  readonly token: IdentityService['token']
  /** The image of the tests, here; in the machine it is /root/in/image.tar. */
  readonly archive: string
}

/** Label of a container's process, without its level. */
export const processType = 'system_u:system_r:container_t'
const fileType = 'system_u:object_r:container_file_t'

/** The pair an engine draws. */
export const drawn = /^system_u:system_r:container_t:s0:c\d+,c\d+$/

/** Command of sh in a container that tells its label. */
export const tellLabel = 'cat /proc/self/attr/current'

/** Makes a folder with one file `data`, both at this level, for containers to mount. */
export const makeVolume = (guest: Guest, folder: string, level: string): Promise<string> =>
  guest.tell(`mkdir -p ${folder} && echo secret >${folder}/data && chcon -R ${fileType}:${level} ${folder}`)

/** Level of the file in such a folder. */
export const levelOfVolume = async (guest: Guest, folder: string): Promise<string> => {
  const label = await guest.tell(`stat -c %C ${folder}/data`)
  return label.startsWith(`${fileType}:`) ? label.slice(fileType.length + 1) : label
}

/** Command of sh in the machine that tells what lintel was denied, but for what the kernel asks at every execve. */
export const lintelDenials =
  'dmesg | grep "avc:  denied" | grep comm=\\"lintel | grep -v "{ \\(noatsecure\\|rlimitinh\\|siginh\\) }" | sort -u'
