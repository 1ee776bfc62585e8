/** Requires that a failing container is started again a few times only. */

import { inapplicable, known, unknown } from '../../core/engine-context.ts'
import { defineRule } from '../../core/rule.ts'
import { untold, untoldMessage } from '../../core/untold.ts'

export const restartPolicy = defineRule({
  id: 'restart-policy',
  title: "Ensure that the 'on-failure' container restart policy is set to '5'",
  severity: 'low',
  category: 'engine',
  references: [
    { benchmark: 'cis-docker-1.13.0', item: '5.14' },
    { benchmark: 'cis-docker-1.7.0', item: '5.15' },
    { url: 'https://docs.docker.com/engine/containers/start-containers-automatically/' },
  ],
  rationale:
    'A container that is started again without end hides why it fails, and one that fails at once takes processor time and disk from the others for as long as nobody looks.',
  appliesTo: ['create', 'run', 'restore'],
  context: ['restart'],
  parameters: {
    'max-retries': {
      type: 'integer',
      description: 'How often a failing container may be started again.',
      default: 5,
      minimum: 1,
    },
  },
  messages: {
    endless: {
      what: 'the container is started again without end ({actual})',
      why: 'Why it fails stays hidden, and its starts take from the others.',
      remedy: {
        docker: 'set --restart {expected}, or leave --restart out',
        podman: 'set --restart {expected}, or leave --restart out',
        default: 'set the restart policy to {expected}',
      },
    },
    excessive: {
      what: 'the container is started again too often ({actual})',
      why: 'Why it fails stays hidden for that long.',
      remedy: {
        docker: 'set --restart {expected}',
        podman: 'set --restart {expected}',
        default: 'set the restart policy to {expected}',
      },
    },
    untold: untoldMessage('how often the container is started again'),
  },
  check: ({ engine: { restart } }, { 'max-retries': maxRetries }) => {
    if (restart.status !== 'known') return untold(restart)
    const { name, retries } = restart.value
    if (name === '' || name === 'no') return []
    const at = { pointer: '', expected: `on-failure:${maxRetries}` }
    // No count means no end, for any policy (moby restartmanager).
    if (name !== 'on-failure' || retries <= 0) return [{ message: 'endless', actual: name, ...at }]
    return retries > maxRetries ? [{ message: 'excessive', actual: `${name}:${retries}`, ...at }] : []
  },
  examples: {
    good: [
      { name: 'never started again' },
      { name: 'no policy', engine: { restart: known({ name: '', retries: 0 }) } },
      { name: 'five times after a failure', engine: { restart: known({ name: 'on-failure', retries: 5 }) } },
      {
        name: 'as often as the site allows',
        engine: { restart: known({ name: 'on-failure', retries: 10 }) },
        parameters: { 'max-retries': 10 },
      },
      { name: 'a pod', engine: { restart: inapplicable('kubelet decides that, from outside') } },
    ],
    bad: [
      { name: 'always', engine: { restart: known({ name: 'always', retries: 0 }) }, message: 'endless' },
      {
        name: 'unless-stopped',
        engine: { restart: known({ name: 'unless-stopped', retries: 0 }) },
        message: 'endless',
      },
      {
        name: 'on-failure without a count, which docker-bench lets pass',
        engine: { restart: known({ name: 'on-failure', retries: 0 }) },
        message: 'endless',
      },
      {
        name: 'a count below zero',
        engine: { restart: known({ name: 'on-failure', retries: -1 }) },
        message: 'endless',
      },
      {
        name: 'always with a count that means nothing',
        engine: { restart: known({ name: 'always', retries: 3 }) },
        message: 'endless',
      },
      {
        name: 'more than five times',
        engine: { restart: known({ name: 'on-failure', retries: 6 }) },
        message: 'excessive',
      },
      {
        name: 'an engine that keeps it to itself',
        engine: { restart: unknown('Podman keeps it in its database') },
        message: 'untold',
      },
    ],
  },
})
