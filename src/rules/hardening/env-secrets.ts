/** Forbids secrets in the environment, by name and by shape; tells which variable, never what it holds. */
import { environmentText, pickEntries, shownName } from '../../core/environment.ts'
import { matchesGlob } from '../../core/policy.ts'
import { defineRule } from '../../core/rule.ts'
import { looksSecret, mayBeSecret, mayHoldSecrets, namesSecret } from '../../core/secret-shape.ts'
import { badSecrets, goodSecrets } from '../support/env-secrets-examples.ts'

export const envSecrets = defineRule({
  id: 'env-secrets',
  title: 'Ensure that secrets are not handed over in environment variables',
  severity: 'medium',
  category: 'process',
  references: [
    { url: 'https://man7.org/linux/man-pages/man5/proc_pid_environ.5.html' },
    { url: 'https://kubernetes.io/docs/concepts/security/secrets-good-practices/' },
  ],
  rationale:
    'The environment is inherited by every process, shown by the inspection commands of the engine and in /proc, kept in the configuration on disk, and written into crash reports and logs.',
  appliesTo: ['create', 'run', 'restore', 'exec'],
  parameters: {
    names: {
      type: 'array',
      items: { type: 'string' },
      description: 'Further names of secrets; `*` stands for any characters.',
      default: [],
    },
    allow: {
      type: 'array',
      items: { type: 'string' },
      description:
        'Names that are no secrets whatever their words; `*` stands for any characters. A value that is plainly a key or token is found all the same.',
      default: ['*_FILE', '*_PATH', '*_DIR'],
    },
  },
  messages: {
    named: {
      what: 'the variable {actual} holds a secret, by its name',
      why: 'Whoever can inspect the container, or reads its logs and crash reports, has it.',
      remedy: {
        docker: 'mount it as a file (docker secret, --mount) and name the file in {expected}',
        podman: 'mount it as a file (--secret) and name the file in {expected}',
        kubernetes: 'mount the Secret as a volume and name the file in {expected}',
        default: 'mount it as a file and name the file in {expected}',
      },
    },
    shaped: {
      what: 'the variable {actual} holds a key, token or password, by its shape',
      why: 'Whoever can inspect the container, or reads its logs and crash reports, has it.',
      remedy: {
        docker: 'mount it as a file (docker secret, --mount) and name the file in {expected}',
        podman: 'mount it as a file (--secret) and name the file in {expected}',
        kubernetes: 'mount the Secret as a volume and name the file in {expected}',
        default: 'mount it as a file and name the file in {expected}',
      },
    },
  },
  check: (input, { names, allow }) => {
    if (names.length === 0 && !mayHoldSecrets(environmentText(input))) return []
    const isNamed = (name: string, value: string): boolean =>
      (namesSecret(name) || names.some((pattern) => matchesGlob(pattern, name))) &&
      mayBeSecret(value) &&
      !allow.some((pattern) => matchesGlob(pattern, name))
    const found = pickEntries(input, (entry, equals) => {
      const value = entry.slice(equals + 1)
      return looksSecret(value) || isNamed(entry.slice(0, equals), value)
    })
    return found.map(({ name, value, pointer }) => ({
      message: looksSecret(value) ? 'shaped' : 'named',
      pointer,
      actual: shownName(name),
      expected: `${/^\w{1,59}$/.test(name) ? name : 'NAME'}_FILE`,
    }))
  },
  examples: { good: goodSecrets, bad: badSecrets },
})
