/** Requires that SELinux enforces its policy on the host that is to run the container. */
import { apparmorProbes, apparmorState, selinuxProbe, selinuxState } from '../../core/lsm.ts'
import { defineRule } from '../../core/rule.ts'

const enforcing = { '/sys/fs/selinux/enforce': '1' }

export const selinuxEnforcing = defineRule({
  id: 'selinux-enforcing',
  title: 'Ensure that containers run only where SELinux is enforcing',
  severity: 'high',
  category: 'lsm',
  references: [
    { url: 'https://github.com/SELinuxProject/selinux-notebook/blob/main/src/modes.md' },
    { url: 'https://docs.kernel.org/admin-guide/LSM/SELinux.html' },
  ],
  rationale:
    'Labels keep containers apart only while the kernel enforces them. A permissive host writes down what it would have refused; one without SELinux does not even that. Whether AppArmor in its place will do is the site’s to say; that the policy has categories is not asked here.',
  appliesTo: ['create', 'run', 'restore'],
  parameters: {
    'accept-apparmor': {
      type: 'boolean',
      description: 'Whether a host that has AppArmor in its place is as good.',
      default: false,
    },
  },
  messages: {
    permissive: {
      what: 'SELinux is permissive on this host',
      why: 'Labels are set, and nothing is refused by them.',
      remedy: { default: 'setenforce 1, and SELINUX=enforcing in /etc/selinux/config' },
    },
    off: {
      what: 'SELinux is off on this host',
      why: 'No label keeps a container from the files of the host or of another.',
      remedy: {
        default:
          'turn SELinux on (SELINUX=enforcing in /etc/selinux/config, then boot), or run it on a host that has it',
      },
    },
    unknown: {
      what: 'whether SELinux is enforcing is not known: {actual}',
      why: 'Only the host tells.',
      remedy: { default: 'judge the bundle on the host it is to run on' },
    },
  },
  probes: () => [selinuxProbe, ...apparmorProbes],
  check: ({ facts }, parameters) => {
    const state = selinuxState(facts)
    const instead = parameters['accept-apparmor'] && apparmorState(facts) === 'on'
    if (state === 'enforcing' || instead) return []
    const where = { pointer: '/process/selinuxLabel', expected: 'enforcing' }
    if (state !== 'unknown') return [{ message: state, ...where, actual: state }]
    return [{ message: 'unknown', ...where, actual: 'the host was not looked at', unknown: true }]
  },
  examples: {
    good: [
      { name: 'enforcing', facts: { onHost: true, texts: enforcing } },
      {
        name: 'AppArmor, where the site takes it for as good',
        facts: { onHost: true, texts: { '/sys/module/apparmor/parameters/enabled': 'Y\n' } },
        parameters: { 'accept-apparmor': true },
      },
    ],
    bad: [
      {
        name: 'permissive',
        facts: { onHost: true, texts: { '/sys/fs/selinux/enforce': '0' } },
        message: 'permissive',
      },
      { name: 'no SELinux', facts: { onHost: true }, message: 'off' },
      {
        name: 'AppArmor instead',
        facts: { onHost: true, texts: { '/sys/module/apparmor/parameters/enabled': 'Y\n' } },
        message: 'off',
      },
      {
        name: 'neither, where AppArmor would do',
        facts: { onHost: true },
        parameters: { 'accept-apparmor': true },
        message: 'off',
      },
      { name: 'away from the host', message: 'unknown' },
    ],
  },
})
